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
[TestCategory("Slow")]
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
    public async Task A_client_that_a_generator_makes_of_it_calls_each_operation_and_does_what_it_says()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Core.Devices.Add("known");
        ops.Core.Objects.Put("known", "readings", "r1", ObjectJson.Parse("""{"at":"2026-03-01T10:30:00Z","temperature":21.5}"""u8.ToArray(), Bench.Reading));
        string file = Path.Combine(_folder, "openapi.json"), code = Path.Combine(_folder, "client");
        await File.WriteAllTextAsync(file, await ops.Client.GetStringAsync("/openapi/v1.json", TestContext.CancellationToken), TestContext.CancellationToken);
        Tool("restore");
        string said = Tool("run", "kiota", "--", "generate", "-d", file, "-l", "CSharp", "-c", "NanoSyncClient", "-n", "NanoSync.Client", "-o", code, "--clear-cache");
        Assert.IsFalse(said.Contains("error:", StringComparison.OrdinalIgnoreCase) || said.Contains("crit:", StringComparison.OrdinalIgnoreCase), said);

        Type program = Compile(code).GetType("Program")!;
        string told = await (Task<string>)program.GetMethod("Run")!.Invoke(null, [ops.Server.Url, ops.Server.AdminToken])!;
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
        await EachOperation(ops, program);
    }

    // Each operation of the document, by what the generator made of it: the way to it is that of its path.
    private async Task EachOperation(OpsServer ops, Type program)
    {
        ops.Core.Devices.Add("calls");
        ops.Core.Fleet.Place("calls", "gen", null);
        ops.Core.Objects.Put("calls", "config", "a", ObjectJson.Parse("""{"interval":5,"sensors":null}"""u8.ToArray(), Bench.Sampling));
        long version = ops.Core.Objects.Get("calls", "config", "a").Row.Seq;
        foreach (string id in (string[])["g", "go", "back"])
        {
            ops.Core.Groups.Put("gen", "config", id, ObjectJson.Parse("""{"interval":5,"sensors":null}"""u8.ToArray(), Bench.Sampling), null, id == "g" ? null : new Server.Groups.FirstDevices(1, null), "test");
        }

        using (Server.Engine.IStoreTransaction store = ops.Core.Store.BeginWrite())
        {
            store.SaveInfo(ops.Core.Devices.Get("calls").Id, new Server.Engine.InfoRow("diary", Convert.FromHexString("d1010100010000000000000000000000000000000000000000000000000000000000000000005848"), 0));
            ops.Core.Alerts.See(store, 1, "calls", [("overdue", "it is so")], 0);
            store.Commit();
        }

        ops.Core.Alerts.Turn();
        const string Objects = "/v1/devices/{device}/collections/{collection}/objects", Values = "/v1/groups/{group}/collections/{collection}/objects/{id}";
        Dictionary<string, string> places = new() { ["device"] = "calls", ["group"] = "gen", ["collection"] = "config", ["id"] = "a", ["token"] = "made", ["class"] = "sampling", ["field"] = "interval", ["alert"] = ops.Core.Alerts.List().Single().Alert.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        const string Value = """{"interval":6,"sensors":null}""";
        (string Operation, string? Body, string? Id)[] calls =
        [
            ("GET /v1/fleet", null, null), ("GET /v1/devices", null, null), ("POST /v1/devices", """{"name":"gone"}""", null), ("POST /v1/devices/enrol", """{"devices":[{"name":"out"}]}""", null),
            ("GET /v1/devices/{device}", null, null), ("GET /v1/devices/{device}/diary", null, null), ("PATCH /v1/devices/{device}", """{"note":"x"}""", null), ("POST /v1/devices/{device}/rotate", null, null), ("POST /v1/devices/{device}/claim", null, null),
            ("POST /v1/devices/{device}/replace", null, null), ("GET /v1/devices/{device}/refusals", null, null), ("POST /v1/devices/{device}/commands", """{"class":"send-status"}""", null),
            ("GET /v1/devices/{device}/commands", null, null), ("POST /v1/devices/{device}/diary", null, null),
            ("POST /v1/devices/{device}/delete", """{"data":true}""", "gone"), ("DELETE /v1/devices/{device}", null, "out"),
            ("GET " + Objects, null, null), ("POST " + Objects, Value, null), ("GET " + Objects + "/{id}", null, null), ("PUT " + Objects + "/{id}", Value, null), ("GET " + Objects + "/{id}/history", null, null),
            ("POST " + Objects + "/{id}/restore", $$"""{"version":{{version}}}""", null), ("POST " + Objects + "/{id}/retry", null, null), ("POST " + Objects + "/{id}/drop", null, null),
            ("POST " + Objects + "/{id}/fetch", null, null), ("POST " + Objects + "/{id}/follow", null, "g"), ("GET /v1/devices/{device}/collections/{collection}/conflicts", null, null), ("DELETE " + Objects + "/{id}", null, null),
            ("GET /v1/groups", null, null), ("GET /v1/groups/{group}", null, null), ("PUT " + Values, Value, "g"), ("GET " + Values, null, "g"), ("GET " + Values + "/devices", null, "g"), ("GET " + Values + "/history", null, "g"),
            ("POST " + Values + "/restore", """{"version":1}""", "g"), ("POST " + Values + "/continue", null, "go"), ("POST " + Values + "/abort", null, "back"), ("DELETE " + Values, null, "g"),
            ("GET /v1/readings", null, null), ("GET /v1/classes", null, null), ("PUT /v1/classes/{class}/fields/{field}", """{"unit":"s"}""", null), ("GET /v1/fields", null, null), ("DELETE /v1/classes/{class}/fields/{field}", null, null),
            ("GET /v1/changes", null, null), ("GET /v1/retention", null, null), ("POST /v1/decode", """{"hex":"03016a00"}""", null), ("GET /v1/alerts", null, null), ("POST /v1/alerts/{alert}/acknowledge", "{}", null),
            ("POST /v1/tokens", """{"name":"made","role":"read"}""", null), ("GET /v1/tokens", null, null), ("POST /v1/tokens/{token}/renew", null, null), ("DELETE /v1/tokens/{token}", null, null),
            ("GET /v1/audit", null, null), ("POST /v1/session", $$"""{"token":"{{ops.Server.AdminToken}}"}""", null), ("GET /v1/session", null, null), ("POST /v1/session/link", null, null), ("DELETE /v1/session", null, null),
        ];
        string[] described = [.. (await ops.Get("/openapi/v1.json"))["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => $"{o.Key.ToUpperInvariant()} {p.Key}"))];
        CollectionAssert.AreEquivalent(described, calls.Select(c => c.Operation).ToArray(), "each operation of the document is called here");

        using Heard heard = new() { InnerHandler = new SocketsHttpHandler() };
        using HttpClient http = new(heard);
        http.DefaultRequestHeaders.Add("X-NanoSync", "1");
        object client = program.GetMethod("Over")!.Invoke(null, [http, ops.Server.Url, ops.Server.AdminToken])!;
        List<string> wrong = [];
        foreach ((string operation, string? body, string? id) in calls)
        {
            string[] words = operation.Split(' ');
            Dictionary<string, string> filled = id == null ? places : new(places) { [words[1].Contains("{id}", StringComparison.Ordinal) ? "id" : "device"] = id };
            string path = string.Join('/', words[1].Split('/').Select(s => s.StartsWith('{') ? filled[s[1..^1]] : s));
            heard.Last = "";
            try
            {
                await Call(client, words[1], words[0], filled, body);
            }
            catch (Exception e)
            {
                wrong.Add($"{operation}: {(e as TargetInvocationException)?.InnerException ?? e}"[..Math.Min(400, operation.Length + 300)]);
            }

            if (!heard.Last.StartsWith($"{words[0]} {path} 2", StringComparison.Ordinal))
            {
                wrong.Add($"{operation}: {heard.Last}");
            }

        }

        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }

    private static async Task Call(object client, string path, string method, Dictionary<string, string> places, string? body)
    {
        object at = client;
        foreach (string segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            IEnumerable<PropertyInfo> properties = at.GetType().GetProperties().Where(p => p.GetCustomAttribute<ObsoleteAttribute>() == null);
            if (segment.StartsWith('{'))
            {
                PropertyInfo item = properties.First(p => p.GetIndexParameters().Length == 1);
                at = item.GetValue(at, [Convert.ChangeType(places[segment[1..^1]], item.GetIndexParameters()[0].ParameterType, System.Globalization.CultureInfo.InvariantCulture)])!;
            }
            else
            {
                at = properties.First(p => p.GetIndexParameters().Length == 0 && (p.Name.Equals(segment, StringComparison.OrdinalIgnoreCase) || p.Name.Equals(segment + "Path", StringComparison.OrdinalIgnoreCase))).GetValue(at)!;
            }
        }

        MethodInfo call = at.GetType().GetMethods().Where(m => m.Name.Equals(method + "Async", StringComparison.OrdinalIgnoreCase) && m.GetCustomAttribute<ObsoleteAttribute>() == null)
            .OrderByDescending(m => m.GetParameters().Any(p => typeof(Microsoft.Kiota.Abstractions.Serialization.IParsable).IsAssignableFrom(p.ParameterType))).First();
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(path == "/v1/changes" ? 2 : 30)); // that one goes on for ever
        List<object?> given = [];
        foreach (ParameterInfo parameter in call.GetParameters())
        {
            given.Add(parameter.ParameterType == typeof(CancellationToken) ? patience.Token
                : parameter.ParameterType == typeof(string) ? "application/json"
                : parameter.ParameterType == typeof(Stream) ? new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body!))
                : typeof(Microsoft.Kiota.Abstractions.Serialization.IParsable).IsAssignableFrom(parameter.ParameterType) ? await Parsed(parameter.ParameterType, body!)
                : null);
        }

        try
        {
            await (Task)call.Invoke(at, [.. given])!;
        }
        catch (OperationCanceledException) when (path == "/v1/changes")
        {
            // its answer began
        }
    }

    private static async Task<object?> Parsed(Type type, string json)
    {
        Task parsing = (Task)typeof(Microsoft.Kiota.Abstractions.Serialization.KiotaJsonSerializer).GetMethods()
            .Single(m => m.Name == "DeserializeAsync" && m.IsGenericMethod && m.GetParameters() is [{ ParameterType: var first }, _] && first == typeof(string)).MakeGenericMethod(type).Invoke(null, [json, CancellationToken.None])!;
        await parsing;
        return parsing.GetType().GetProperty("Result")!.GetValue(parsing);
    }

    // What went over the connection last.
    private sealed class Heard : DelegatingHandler
    {
        public string Last { get; set; } = "";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
            Last = $"{request.Method} {request.RequestUri!.AbsolutePath} {(int)response.StatusCode}";
            if (!response.IsSuccessStatusCode)
            {
                await response.Content.LoadIntoBufferAsync(cancellationToken);
                Last += " " + await response.Content.ReadAsStringAsync(cancellationToken);
            }

            return response;
        }
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
