// An operator is root, the server a user of its own that owns the data folder and nothing else, as under the unit file: whatever
// verb root runs, the server opens what is there afterwards. The tests have to be root for it; the server's user is nobody.

using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using NanoSync.Server;
using NanoSync.Server.Cli;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")]
[DoNotParallelize]
[SupportedOSPlatform("linux")] // elsewhere Start says that it cannot run
public sealed class OwnerTests
{
    private static readonly string[] s_asNobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups", "env", "HOME=/nonexistent"];

    private string _folder = "";
    private string _program = "";
    private FileOwner _nobody;

    public TestContext TestContext { get; set; } = null!;

    private string Data => Path.Combine(_folder, "data");

    private string Database => Path.Combine(Data, "nanosync.db");

    private string Backup => Path.Combine(_folder, "b.backup");

    [TestInitialize]
    public void Start()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Assert.Inconclusive("Only root on Linux can be an operator beside a server of another user.");
            return;
        }

        _folder = Directory.CreateTempSubdirectory("nanosync-owner-").FullName;
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(Data, (UnixFileMode)0b111_000_000);
        Assert.AreEqual(0, Run("chown", "nobody:nogroup", Data).Code);
        _nobody = FileOwner.Of(Data)!.Value;
        Assert.IsFalse(_nobody.IsRoot);
        _program = AppContext.BaseDirectory;
        if (Run("setpriv", [.. s_asNobody, "test", "-r", Path.Combine(_program, "NanoSync.Server.dll")]).Code != 0)
        {
            // the repository lies where nobody may not go
            _program = Path.Combine(_folder, "program");
            Assert.AreEqual(0, Run("cp", "-r", AppContext.BaseDirectory, _program).Code);
            Assert.AreEqual(0, Run("chmod", "-R", "a+rX", _program).Code);
        }
    }

    [TestCleanup]
    public void Stop()
    {
        if (_folder.Length > 0)
        {
            Directory.Delete(_folder, true);
        }
    }

    [TestMethod]
    public async Task A_backup_that_root_puts_back_is_served_by_the_servers_own_user()
    {
        await ServesAsNobody(); // and makes the database
        Assert.AreEqual(0, await Verb("device", "add", "before"));
        Assert.AreEqual(0, await Verb("backup", Backup));
        Assert.AreEqual(0, await Verb("device", "add", "after"));
        UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        File.SetUnixFileMode(Database, mode); // somebody lets a group read it
        Assert.AreEqual(0, await Verb("restore", Backup));
        IsNobodys("restore");
        Assert.AreEqual((mode, mode), (File.GetUnixFileMode(Database), File.GetUnixFileMode(Database + ".before-restore")));
        Assert.IsTrue(FileOwner.Of(Backup)!.Value.IsRoot, "outside of the data folder it is who made it");
        await ServesAsNobody();

        // what an earlier version left
        Assert.AreEqual(0, Run("chown", "root:root", Database).Code);
        Assert.AreEqual(0, await Verb("restore", Backup));
        Assert.AreEqual(_nobody, FileOwner.Of(Database));
        await ServesAsNobody();
    }

    [TestMethod]
    public async Task A_backup_that_root_puts_into_an_empty_folder_is_its_owners()
    {
        string other = Path.Combine(_folder, "other");
        ServerData.Open(new ServerOptions { Data = other }).Dispose();
        SqliteBackup.Make(Path.Combine(other, "nanosync.db"), Backup);
        Assert.AreEqual(0, await Verb("restore", Backup));
        IsNobodys("restore");
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Database));
        await ServesAsNobody();
    }

    [TestMethod]
    public void What_root_has_open_beside_the_server_is_the_servers_at_every_moment()
    {
        using SqliteStore store = new(Database, TimeSpan.FromSeconds(2), TimeProvider.System); // a folder in which nothing was yet
        using IStoreLock held = store.TryLock("retention")!;
        using (IStoreTransaction writing = store.BeginWrite())
        {
            writing.AddDevice("d1", new byte[32], 0);
            IsNobodys("a transaction");
            writing.Commit();
        }

        string[] files = [.. Directory.GetFiles(Data).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        CollectionAssert.AreEqual((string[])["nanosync.db", "nanosync.db-shm", "nanosync.db-wal", "nanosync.db.retention.lock"], files);
        IsNobodys("a commit");
    }

    [TestMethod]
    public async Task No_verb_that_root_runs_leaves_a_file_that_is_not_the_folders_owners()
    {
        ServerData.Open(new ServerOptions { Data = Data }).Dispose();
        string table = Path.Combine(_folder, "boards.csv");
        await File.WriteAllTextAsync(table, "name\nshed-1\n", TestContext.CancellationToken);
        string upstream = "--url http://127.0.0.1:1 --token t --collections readings";
        foreach (string line in (string[])[
            "device add d1", "device list", "doctor", "settings", "admin-token --renew", "token add t --role read", "audit", "tables", $"init-tls localhost", $"init-tls localhost --folder {Data}/more/tls",
            $"backup {Data}/nanosync.backup", $"backup --check {Data}/nanosync.backup", $"readings --collection readings --file {Data}/readings.csv", $"device enrol --csv {table} --out {Data}/boards",
            $"proxy add hq {upstream}", "proxy list", "object list d1 config", $"restore {Data}/nanosync.backup", "tables", "device list"])
        {
            Assert.AreEqual(0, await Commands.Run([.. line.Split(' '), "--data", Data]) & ~1, line); // doctor may find what is wrong here
            IsNobodys(line);
        }

        foreach (string file in (string[])["tls/server-key.pem", "more/tls/ca.pem", "nanosync.backup", "readings.csv", "readings.db", "nanosync.db.before-restore"])
        {
            Assert.IsTrue(File.Exists(Path.Combine(Data, file)), file);
        }

        Assert.IsNotEmpty(Directory.GetFiles(Path.Combine(Data, "boards")));
    }

    [TestMethod]
    public async Task Doctor_says_which_files_are_not_the_folders_owners()
    {
        ServerData.Open(new ServerOptions { Data = Data }).Dispose();
        Assert.Contains("ok data folder", Said("doctor"));
        string copy = Path.Combine(Data, "copy");
        await File.WriteAllTextAsync(copy, "", TestContext.CancellationToken);
        Assert.Contains($"look data folder {copy} belongs to 0:0, and its folder to {_nobody}", Said("doctor"));
        Assert.AreEqual(0, Run("chown", "root:root", Database).Code);
        Assert.Contains($"wrong data folder {Database} belongs to 0:0, and its folder to {_nobody}, as which the server may not open it: chown {_nobody} {Database}; so it is with 1 more", Said("doctor"));
    }

    [TestMethod]
    public void Who_may_not_hand_a_file_over_is_told_what_to_run()
    {
        Assert.AreEqual(0, Run("chown", "daemon:nogroup", Data).Code);
        File.SetUnixFileMode(Data, (UnixFileMode)0b111_111_111); // so that nobody may put a file there
        FileOwner owner = FileOwner.Of(Data)!.Value;
        string other = Path.Combine(_folder, "other");
        ServerData.Open(new ServerOptions { Data = other }).Dispose();
        SqliteBackup.Make(Path.Combine(other, "nanosync.db"), Backup);
        Assert.AreEqual(0, Run("chmod", "a+r", Backup).Code);
        (int code, string said) = Run("setpriv", [.. s_asNobody, "dotnet", Path.Combine(_program, "NanoSync.Server.dll"), "restore", Backup, "--data", Data]);
        Assert.AreEqual(0, code, said);
        Assert.Contains($"{Database} belongs to {_nobody}, and its folder to {owner}, as which the server may not open it: chown {owner} {Database}", said);
        Assert.AreEqual(_nobody, FileOwner.Of(Database));
    }

    private static (int Code, string Said) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string said = process.StandardOutput.ReadToEnd() + error.Result;
        process.WaitForExit();
        return (process.ExitCode, said);
    }

    private Task<int> Verb(params string[] arguments) => Commands.Run([.. arguments, "--data", Data]);

    private string Said(params string[] arguments) => Regex.Replace(Cli.Run(Data, arguments).Output, " +", " ");

    private void IsNobodys(string after)
    {
        Assert.AreEqual("", string.Join(", ", FileOwner.Strangers(Data).Select(s => $"{s.Path} {s.Owner}")), after);
    }

    // Starts the server as its user until it listens and says that it is well; then ends it as systemd does.
    private async Task ServesAsNobody()
    {
        ProcessStartInfo start = new("setpriv", [.. s_asNobody, "dotnet", Path.Combine(_program, "NanoSync.Server.dll"), "serve", "--port", "0", "--data", Data])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Data,
        };
        using Process server = Process.Start(start)!;
        Task<string> error = server.StandardError.ReadToEndAsync(TestContext.CancellationToken);
        string said = "";
        while (await server.StandardOutput.ReadLineAsync(TestContext.CancellationToken) is { } line)
        {
            said += line + "\n";
            if (Regex.Match(said, "NanoSync server on (http://[^ ,]+)") is { Success: true } match)
            {
                using HttpClient http = new();
                Assert.AreEqual("ok", (await http.GetStringAsync(match.Groups[1].Value.TrimEnd('/') + "/health", TestContext.CancellationToken)).Trim());
                using (Process kill = Process.Start("kill", ["-TERM", server.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
                {
                    await kill.WaitForExitAsync(TestContext.CancellationToken);
                }

                await server.StandardOutput.ReadToEndAsync(TestContext.CancellationToken);
                await server.WaitForExitAsync(TestContext.CancellationToken);
                Assert.AreEqual(0, server.ExitCode, await error);
                IsNobodys("serve");
                return;
            }
        }

        Assert.Fail($"It did not start: {said}{await error}");
    }
}
