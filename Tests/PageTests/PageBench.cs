// A real server with a clock that a test moves, devices, and a browser that a script of scenarios drives.

using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Tests;

namespace NanoSync.PageTests;

/// <summary>The machine's time, moved on by a test.</summary>
internal sealed class SkewedClock : TimeProvider
{
    public TimeSpan Skew { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Skew;
}

internal sealed class PageBench : IAsyncDisposable
{
    public static readonly string Root = FindRoot();

    private static readonly Lazy<string> s_modules = new(Install);
    private static readonly string s_output = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Debug" : "Release";

    private readonly List<RunningProgram> _programs = [];
    private int _port;

    private PageBench(EmbeddedServer server, SkewedClock clock, string folder)
    {
        Server = server;
        Clock = clock;
        Folder = folder;
        _port = new Uri(server.Url).Port;
    }

    /// <summary>The folder of the packages from npm.</summary>
    public static string Modules => s_modules.Value;

    public EmbeddedServer Server { get; private set; }

    public SkewedClock Clock { get; }

    public string Folder { get; }

    public ServerCore Core => Server.Core;

    public static async Task<PageBench> Start()
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-page-").FullName;
        SkewedClock clock = new();
        return new PageBench(await EmbeddedServer.Start(Path.Combine(folder, "server"), clock: clock), clock, folder);
    }

    /// <summary>Ends the server; <see cref="Revive"/> starts one at the same port over the same data.</summary>
    public ValueTask Stop() => Server.DisposeAsync();

    public async Task Revive() => Server = await EmbeddedServer.Start(Path.Combine(Folder, "server"), _port, clock: Clock);

    /// <summary>A message of a device with a status.</summary>
    public void Tell(string device, params KeyValuePair<string, string>[] status)
    {
        SyncMessage message = new() { Version = "1.0" };
        message.Options.Add(new Structure(BuiltIn.DeviceStatus.Name, RecordText.Pack(BuiltIn.DeviceStatus, status)));
        Exchange(device, message);
    }

    /// <summary>A message of a device with its diary.</summary>
    public void TellDiary(string device, byte[] diary)
    {
        SyncMessage message = new() { Version = "1.0" };
        message.Options.Add(new Structure("diary", diary));
        Exchange(device, message);
    }

    /// <summary>Starts a device's collection as a store; the key it then has.</summary>
    public string StartSync(string device, string collection, string? store = null)
    {
        CollectionElement first = new() { Id = collection, SyncKey = "0", GetChanges = true };
        if (store != null)
        {
            first.Options.Add(new Structure(BuiltIn.Store.Name, RecordText.Pack(BuiltIn.Store, [new("id", store), new("start", "1")])));
        }

        return Sync(device, first)!.SyncKey;
    }

    /// <summary>A message of a device with one collection; the reply's, null when nothing is new.</summary>
    public CollectionElement? Sync(string device, CollectionElement collection)
    {
        SyncMessage message = new() { Version = "1.0" };
        message.Collections.Add(collection);
        return Exchange(device, message)?.Collections.Single();
    }

    /// <summary>A device that does not take an object, and says why.</summary>
    public void Refuse(string device, string collection, string key, string id, string reason)
    {
        CollectionElement refusing = new() { Id = collection, SyncKey = key, GetChanges = true };
        refusing.Responses.Add(new SyncCommand { Tag = Tags.Change, ServerId = id, Status = Status.BadObject, Data = System.Text.Encoding.UTF8.GetBytes(reason) });
        Sync(device, refusing);
    }

    /// <summary>A virtual device as a process, against this server.</summary>
    public RunningProgram StartDevice(string name, int interval = 1)
    {
        string token = Server.Enrol(name);
        RunningProgram program = RunningProgram.Start("dotnet",
            [Path.Combine(Root, "Device/Virtual/bin", s_output, "net10.0/NanoSync.Virtual.dll"), "--server", Server.Url, "--token", token, "--data", Path.Combine(Folder, name), "--interval", $"{interval}"], Folder);
        _programs.Add(program);
        return program;
    }

    /// <summary>A virtual device with a server of its own, as README's first command starts it but at any free port and with data of its own.</summary>
    public RunningProgram StartFirst()
    {
        RunningProgram program = RunningProgram.Start("dotnet",
            [Path.Combine(Root, "Device/Virtual/bin", s_output, "net10.0/NanoSync.Virtual.dll"), "--port", "0", "--data", Path.Combine(Folder, "first")], Folder);
        _programs.Add(program);
        return program;
    }

    /// <summary>Puts an object as an application does.</summary>
    public long Put(string device, string collection, string id, string json, string? type = null)
    {
        return Core.Objects.Put(device, collection, id, ObjectJson.Parse(System.Text.Encoding.UTF8.GetBytes(json), type)).Row.Seq;
    }

    /// <summary>Runs a scenario of scenarios.mjs in the browser. What it asks for meanwhile is done by name.</summary>
    public async Task Browse(string scenario, object? given = null, Dictionary<string, Func<Task>>? asked = null, string? url = null)
    {
        JsonObject settings = new()
        {
            ["url"] = url ?? Server.Url,
            ["admin"] = Server.AdminToken,
            ["modules"] = s_modules.Value,
            ["pictures"] = Environment.GetEnvironmentVariable("NANOSYNC_PICTURES") ?? Path.Combine(Folder, "pictures"),
            ["given"] = JsonSerializer.SerializeToNode(given),
        };
        ProcessStartInfo start = new("node", [Path.Combine(Root, "Tests/PageTests/scenarios.mjs"), scenario, settings.ToJsonString()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("node did not start.");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        List<string> lines = [];
        try
        {
            using CancellationTokenSource patience = new(TimeSpan.FromMinutes(4));
            while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                lines.Add(line);
                if (line.StartsWith("? ", StringComparison.Ordinal))
                {
                    await asked![line[2..]]();
                    await process.StandardInput.WriteLineAsync("done");
                }
            }

            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        foreach (string line in lines.Where(l => l.StartsWith("figures: ", StringComparison.Ordinal)))
        {
            Console.WriteLine(line);
        }

        Assert.AreEqual(0, process.ExitCode, $"{scenario}:\n{string.Join('\n', lines)}\n{await errors}");
        Assert.AreEqual("well", lines.LastOrDefault(), "the scenario came to its end");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RunningProgram program in _programs)
        {
            program.Dispose();
        }

        await Server.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    // Playwright and axe, as the lock file has them.
    private static string Install()
    {
        string page = Path.Combine(Root, "Server/Page");
        if (!File.Exists(Path.Combine(page, "node_modules/playwright-core/package.json")))
        {
            using RunningProgram npm = RunningProgram.Start("npm", ["ci", "--no-audit", "--no-fund"], page);
            Assert.AreEqual(0, npm.WaitForExit(), npm.Output);
        }

        return Path.Combine(page, "node_modules");
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

    private SyncMessage? Exchange(string device, SyncMessage message)
    {
        DeviceIdentity identity = new(Core.Devices.Get(device).Id, device);
        SyncReply reply = Core.Sync.Handle(identity, MessagePrinter.Print(MessageFormat.Wbxml, message), MessageFormat.Wbxml);
        while (Core.Fleet.Flush())
        {
        }

        return reply.IsEmpty ? null : MessageParser.Parse(MessageFormat.Wbxml, reply.Body);
    }
}
