namespace NanoSync.StorageTests;

/// <summary>The test runner has its own entry; this one is for the process that <see cref="KillTests"/> kills.</summary>
public static class Program
{
    public static int Main(string[] args)
    {
        if (args is ["--write-until-killed", var folder])
        {
            KillTests.Child(folder);
        }
        return 2;
    }
}
