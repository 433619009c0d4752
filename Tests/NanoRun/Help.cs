namespace NanoSync.NanoRun;

internal static class Help
{
    public const string Text = """
        Runs board code in nanoFramework's virtual device (nanoCLR) on this machine.

          Tests/run-nanoclr.sh                     the device tests; the last line is "N passed, N failed"
          Tests/run-nanoclr.sh run FOLDER          the program of the one .nfproj in FOLDER
          Tests/run-nanoclr.sh sizes FOLDER...     bytes of the pe files of these projects and of those below them; runs nothing

          Tests/run-nanoclr.sh budgets             heap, instructions, opens and bytes beside their budgets; 1 when one is passed.
                                                   --write puts the table into docs/figures.md; --quick leaves the
                                                   smallest heaps out, which take minutes

        Rows that count instructions, files or sockets need a nanoCLR that has them and answers "##reset" and "##report NAME"
        with its counts (il, alloc, opens, erases, connects, sent, received); a heap of NANO_HEAP_BYTES and a flash of
        NANO_FLASH_KB in the file NANO_FLASH_IMAGE are asked for by these variables. What the host has not is told, not passed.

        It needs the .NET SDK and three things of nanoFramework's, each named by an environment variable or by the member of
        the same meaning in Tests/nanoclr.local.json (not under version control). The variable wins.

          NANOSYNC_NANOCLR         "host"               nanoCLR: the official tool, or a build of its POSIX target
                                                        (nanoFramework.nanoCLR.test). Default: nanoclr on the PATH.
          NANOSYNC_NANO_MDP        "metadataProcessor"  command line of nanoFramework.Tools.MetadataProcessor, which makes pe
                                                        files. Default: that name on the PATH.
          NANOSYNC_NANO_ASSEMBLIES "assemblies"         folders with nanoFramework's assemblies, .dll and .pe side by side
                                                        (separated as in PATH; in the file a list). Default: packages/*/lib,
                                                        where `nuget restore NanoSync.sln` puts them. mscorlib is not among
                                                        them: the build restores it from nanoFramework.CoreLibrary.

          { "host": "/opt/nanoclr/nanoFramework.nanoCLR.test",
            "metadataProcessor": "dotnet /opt/mdp/nanoFramework.Tools.MetadataProcessor.dll",
            "assemblies": [ "/opt/nano/lib" ] }

        Exit code: 0 all passed, or the program ended well; 1 not so; 2 wrong use; 3 cannot run here, neither pass nor failure.

        """;

    /// <summary>How to get what is missing.</summary>
    public const string GetHost =
        "nanoCLR: Windows: dotnet tool install -g nanoclr. Elsewhere: build targets/posix of github nanoframework/nf-interpreter; set NANOSYNC_NANOCLR to nanoFramework.nanoCLR.test.";

    public const string GetMetadataProcessor =
        "metadata processor: part of the nanoFramework extension of Visual Studio and VS Code, or build github nanoframework/metadata-processor; set NANOSYNC_NANO_MDP.";

    public const string GetAssemblies =
        "nanoFramework assemblies (dll and pe): nuget restore NanoSync.sln fills packages/; else set NANOSYNC_NANO_ASSEMBLIES.";
}
