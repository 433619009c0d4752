// What the tests share: the repository, a temp folder, the programs in it, and what stands on a server.

using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace NanoSync.Tests;

internal sealed record Ended(int Code, string Output);

internal sealed class Bench : IDisposable
{
    public static readonly string Root = FindRoot();

    private static readonly string s_output = Path.Combine("bin", AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Debug" : "Release", "net10.0");
    private static readonly string s_server = Program("Server", "NanoSync.Server");
    private static readonly string s_virtual = Program("Device/Virtual", "NanoSync.Virtual");

    private readonly List<RunningProgram> _running = [];
    private readonly HttpClient _http = new();

    public string Folder { get; } = Directory.CreateTempSubdirectory("nanosync-e2e-").FullName;

    /// <summary>Where a user's programs keep their data: here, not in the home of who runs the tests.</summary>
    public Dictionary<string, string> Home => new() { ["XDG_DATA_HOME"] = At("home") };

    public string At(string name) => Path.Combine(Folder, name);

    /// <summary>The built program of a project.</summary>
    public static string Program(string project, string name) => Path.Combine(Root, project, s_output, name + ".dll");

    /// <summary>Starts the virtual device.</summary>
    public RunningProgram StartDevice(params string[] arguments) => Keep(RunningProgram.Start("dotnet", [s_virtual, .. arguments], Folder, Home));

    /// <summary>The same, with more in its environment.</summary>
    public RunningProgram StartDevice(IReadOnlyDictionary<string, string> more, params string[] arguments) =>
        Keep(RunningProgram.Start("dotnet", [s_virtual, .. arguments], Folder, Home.Concat(more).ToDictionary()));

    /// <summary>Runs the virtual device to its end.</summary>
    public Ended Device(IReadOnlyDictionary<string, string> more, params string[] arguments) => Finish(StartDevice(more, arguments));

    /// <summary>Runs the virtual device to its end.</summary>
    public Ended Device(params string[] arguments) => Finish(StartDevice(arguments));

    /// <summary>Runs a verb of the server.</summary>
    public Ended Verb(params string[] arguments) => Finish(Keep(RunningProgram.Start("dotnet", [s_server, .. arguments], Folder, Home)));

    /// <summary>Runs any program.</summary>
    public Ended Run(string program, string folder, params string[] arguments) => Finish(Keep(RunningProgram.Start(program, arguments, folder, Home)));

    /// <summary>Runs any program to its end, with these settings.</summary>
    public Ended Run(string program, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Finish(Keep(RunningProgram.Start(program, arguments, Folder, environment)));

    /// <summary>Starts any program.</summary>
    public RunningProgram Start(string program, params string[] arguments) => Keep(RunningProgram.Start(program, arguments, Folder, Home));

    /// <summary>Starts a server on any free port; its URL.</summary>
    public (RunningProgram Program, string Url) Serve(string data, int port = 0, IReadOnlyDictionary<string, string>? settings = null)
    {
        RunningProgram program = Keep(RunningProgram.Start(
            "dotnet", [s_server, "serve", "--port", port.ToString(CultureInfo.InvariantCulture), "--data", data], Folder, settings));
        return (program, program.WaitFor("^NanoSync server on (http://[^ ,]+)").Groups[1].Value);
    }

    /// <summary>Makes a data folder, as the first start of a server does.</summary>
    public void Prepare(string data)
    {
        RunningProgram first = Serve(data).Program;
        first.WaitFor("^Ctrl-C");
        first.Interrupt();
        Assert.AreEqual(0, first.WaitForExit(), first.Output);
    }

    /// <summary>An admin token of a data folder; the one before ends.</summary>
    public string AdminToken(string data) => Verb("admin-token", "--renew", "--data", data).Output.Split('\n').Single(l => l.Length == 43 && !l.Contains(' '));

    /// <summary>Enrols a device; its token.</summary>
    public string Enrol(string name, string data, params string[] more)
    {
        if (!Directory.Exists(data))
        {
            Prepare(data);
        }

        Ended ended = Verb(["device", "add", name, "--data", data, .. more]);
        Assert.AreEqual(0, ended.Code, ended.Output);
        return ended.Output.Split('\n').Single(l => l.Length == 43 && !l.Contains(' '));
    }

    /// <summary>A call of the REST API.</summary>
    public (int Status, string Body) Rest(HttpMethod method, string url, string token, string? json = null)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (json is not null)
        {
            // as curl -d says it
            request.Content = new StringContent(json, new MediaTypeHeaderValue("application/x-www-form-urlencoded"));
        }

        using HttpResponseMessage response = _http.Send(request);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        return ((int)response.StatusCode, reader.ReadToEnd());
    }

    /// <summary>Signs in as the page does, with the code of a link; the status.</summary>
    public int SignIn(string url, string code)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url + "v1/session") { Content = new StringContent($$"""{"link":"{{code}}"}""", new MediaTypeHeaderValue("application/json")) };
        request.Headers.Add("X-NanoSync", "1");
        using HttpResponseMessage response = _http.Send(request);
        return (int)response.StatusCode;
    }

    /// <summary>Posts a message as XML; the status of HTTP.</summary>
    public int Raw(string url, string token, string message)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url.TrimEnd('/') + "/sync");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content = new StringContent(message, new MediaTypeHeaderValue("application/vnd.nanosync+xml"));
        using HttpResponseMessage response = _http.Send(request);
        return (int)response.StatusCode;
    }

    /// <summary>The objects that a data folder holds, by the command line: id and value.</summary>
    public List<(string Id, JsonElement Value)> Objects(string device, string collection, string data)
    {
        Ended ended = Verb("object", "list", device, collection, "--data", data);
        Assert.AreEqual(0, ended.Code, ended.Output);
        return [.. ended.Output.Split('\n').Where(l => l.Contains('{')).Select(l =>
            (l[..l.IndexOf(' ')], JsonDocument.Parse(l[l.IndexOf('{')..].Trim()).RootElement))];
    }

    public void Dispose()
    {
        foreach (RunningProgram program in _running)
        {
            program.Dispose();
        }

        _http.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static Ended Finish(RunningProgram program)
    {
        int code = program.WaitForExit();
        Ended ended = new(code, program.Output);
        Assert.DoesNotContain("Unhandled exception", ended.Output);
        Assert.DoesNotContain("   at ", ended.Output);
        return ended;
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "NanoSync.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("Not below the repository.");
    }

    private RunningProgram Keep(RunningProgram program)
    {
        _running.Add(program);
        return program;
    }
}
