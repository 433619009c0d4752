// The OpenAPI document as others' tools see it: a reader with the rules of the specification finds nothing, and a client that a
// generator (Kiota, a tool of this repository: .config/dotnet-tools.json) makes of it compiles and gets what it says.

using System.Diagnostics;
using System.Net;
using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json.Nodes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using NanoSync.Server.Application;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class OpenApiClientTests
{
    private string _folder = "";

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void Start() => _folder = Directory.CreateTempSubdirectory("nanosync-client-").FullName;

    [TestCleanup]
    public void Stop() => Directory.Delete(_folder, true);

    [TestMethod]
    public async Task A_reader_with_the_rules_of_the_specification_finds_nothing_wrong()
    {
        await using OpsServer ops = await OpsServer.Start();
        string document = await ops.Client.GetStringAsync("/openapi/v1.json", TestContext.CancellationToken);
        Assert.AreEqual("", Lint(document));

        // the reader sees what is wrong: a reference to nothing, an operation without an answer, a path that is none
        JsonNode broken = JsonNode.Parse(document)!;
        JsonObject get = broken["paths"]!["/v1/fleet"]!["get"]!.AsObject();
        get.Remove("responses");
        Assert.AreNotEqual("", Lint(broken.ToJsonString()));
        broken = JsonNode.Parse(document)!;
        broken["paths"]!.AsObject().Add("no-slash", broken["paths"]!["/v1/fleet"]!.DeepClone());
        Assert.AreNotEqual("", Lint(broken.ToJsonString()));
        broken = JsonNode.Parse(document)!;
        broken["info"]!.AsObject().Remove("title");
        Assert.AreNotEqual("", Lint(broken.ToJsonString()));
    }

    [TestMethod]
    public async Task A_client_that_a_generator_makes_of_it_does_what_it_says()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Core.Devices.Add("known");
        ops.Core.Objects.Put("known", "readings", "r1", ObjectJson.Parse("""{"at":"2026-03-01T10:30:00Z","temperature":21.5}"""u8.ToArray(), Bench.Reading));
        string file = Path.Combine(_folder, "openapi.json"), code = Path.Combine(_folder, "client");
        await File.WriteAllTextAsync(file, await ops.Client.GetStringAsync("/openapi/v1.json", TestContext.CancellationToken), TestContext.CancellationToken);
        Tool("restore");
        string said = Tool("run", "kiota", "--", "generate", "-d", file, "-l", "CSharp", "-c", "NanoSyncClient", "-n", "NanoSync.Client", "-o", code, "--clear-cache");
        Assert.IsFalse(said.Contains("error:", StringComparison.OrdinalIgnoreCase) || said.Contains("crit:", StringComparison.OrdinalIgnoreCase), said);

        string told = await (Task<string>)Compile(code).GetType("Program")!.GetMethod("Run")!.Invoke(null, [ops.Server.Url, ops.Server.AdminToken])!;
        Assert.AreEqual("""
            two:True:19 three:True:19
            4 known one
            roof NeverSeen config,readings
            4 4 1
            send-diary True True
            readings 10:30
            reader
            403 role 
            409 conflict 
            404 not_found 
            400 out_of_range limit
            410 gone 
            401 no_token 
            """.ReplaceLineEndings("\n"), told);
        Assert.AreEqual("two", ops.Core.Devices.List().Single(d => d.Retired != null).Name);
    }

    private static string Lint(string document)
    {
        ReadResult read = OpenApiDocument.Parse(document, "json", new OpenApiReaderSettings { RuleSet = ValidationRuleSet.GetDefaultRuleSet() });
        return string.Join('\n', (read.Diagnostic?.Errors ?? []).Concat(read.Diagnostic?.Warnings ?? []).Select(e => $"{e.Pointer}: {e.Message}").Where(e => !e.Contains("servers", StringComparison.Ordinal)));
    }

    // The generated files and the program, as one assembly of this process.
    private static Assembly Compile(string folder)
    {
        using Stream program = typeof(OpenApiClientTests).Assembly.GetManifestResourceStream("Client.txt")!;
        using StreamReader reader = new(program);
        CSharpParseOptions options = CSharpParseOptions.Default.WithPreprocessorSymbols("NETCOREAPP3_1_OR_GREATER", "NET5_0_OR_GREATER", "NET8_0_OR_GREATER");
        List<SyntaxTree> trees = [.. Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories).Select(f => CSharpSyntaxTree.ParseText(File.ReadAllText(f), options, f))];
        Assert.IsGreaterThan(50, trees.Count);
        trees.Add(CSharpSyntaxTree.ParseText(reader.ReadToEnd(), options, "Client.txt"));
        IEnumerable<MetadataReference> parts = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Concat(Directory.GetFiles(AppContext.BaseDirectory, "Microsoft.Kiota.*.dll")).DistinctBy(Path.GetFileName).Where(File.Exists).Select(f => MetadataReference.CreateFromFile(f));
        CSharpCompilation compilation = CSharpCompilation.Create("client", trees, parts, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using MemoryStream assembly = new();
        string[] errors = [.. compilation.Emit(assembly).Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString())];
        Assert.IsEmpty(errors, string.Join('\n', errors.Take(10)));
        assembly.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(assembly);
    }

    private static string Tool(params string[] arguments)
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "NanoSync.sln")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        ProcessStartInfo info = new("dotnet", ["tool", .. arguments]) { WorkingDirectory = root, RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["KIOTA_OFFLINE_ENABLED"] = "true"; // it asks nobody for a newer one
        info.Environment["KIOTA_TUTORIAL_ENABLED"] = "false";
        using Process process = Process.Start(info)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, output + error.Result);
        return output + error.Result;
    }
}
