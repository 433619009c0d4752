// A backup while devices sync, what is wrong with one, and putting it back. What devices do after that: RestoreTests.

using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class BackupTests
{
    private string _folder = "";

    public TestContext TestContext { get; set; } = null!;

    private string Data => Path.Combine(_folder, "data");

    private string Database => Path.Combine(Data, "nanosync.db");

    private string Backup => Path.Combine(_folder, "b.backup");

    [TestInitialize]
    public void Start() => _folder = Directory.CreateTempSubdirectory("nanosync-backup-").FullName;

    [TestCleanup]
    public void Stop() => Directory.Delete(_folder, true);

    [TestMethod]
    public void A_backup_is_one_state_whatever_is_written_meanwhile()
    {
        using ServerCore core = ServerData.Open(new ServerOptions { Data = Data });
        core.Devices.Add("d1");
        using CancellationTokenSource end = new();
        Task writing = Task.Run(() =>
        {
            // two objects that are always alike
            for (byte i = 0; !end.IsCancellationRequested; i++)
            {
                using IStoreTransaction store = core.Store.BeginWrite();
                CollectionRow collection = store.FindCollection(core.Devices.Get("d1").Id, "config")!;
                foreach (string id in (string[])["a", "b"])
                {
                    store.SaveObject(collection.Id, new ObjectRow { Id = id, Seq = ++collection.Seq, CreatedSeq = 1, Data = [i], Created = 1, Changed = 1 });
                }

                store.SaveCollection(collection);
                store.Commit();
            }
        });
        try
        {
            for (int i = 0; i < 10; i++)
            {
                BackupContent content = SqliteBackup.Make(Database, Backup);
                Assert.AreEqual(1, content.Devices);
                string copy = Path.Combine(_folder, "copy" + i);
                Directory.CreateDirectory(copy);
                File.Copy(Backup, Path.Combine(copy, "nanosync.db"));
                using ServerCore read = ServerData.OpenExisting(new ServerOptions { Data = copy });
                Assert.AreEqual(1, read.Objects.List("d1", "config").Select(o => o.Row.Data![0]).Distinct().Count() - (read.Objects.List("d1", "config").Count == 0 ? -1 : 0));
            }
        }
        finally
        {
            end.Cancel();
            writing.Wait(TestContext.CancellationToken);
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Backup));
        }
    }

    [TestMethod]
    public void It_is_put_back_by_the_command_line_while_no_server_runs_and_what_was_there_is_kept()
    {
        using (ServerCore core = ServerData.Open(new ServerOptions { Data = Data }))
        {
            core.Devices.Add("before");
            (int code, string output, string error) = Cli.Run(Data, "backup", Backup);
            Assert.AreEqual(0, code, error);
            StringAssert.Contains(output, "1 device");
            core.Devices.Add("after");
            (code, _, error) = Cli.Run(Data, "restore", Backup);
            Assert.AreEqual(4, code, error);
            StringAssert.Contains(error, "A server runs on");
            Assert.HasCount(2, core.Devices.List());
        }

        Assert.AreEqual(0, Cli.Run(Data, "backup", "--check", Backup).Code);
        (int done, string said, string why) = Cli.Run(Data, "restore", Backup);
        Assert.AreEqual(0, done, why);
        StringAssert.Contains(said, "nanosync.db.before-restore");
        using (ServerCore core = ServerData.OpenExisting(new ServerOptions { Data = Data }))
        {
            Assert.AreEqual("before", core.Devices.List().Single().Name);
        }

        Assert.AreEqual(2, SqliteBackup.Check(Database + ".before-restore").Devices);
    }

    [TestMethod]
    public void What_is_no_backup_or_damaged_is_refused_and_touches_nothing()
    {
        using (ServerCore core = ServerData.Open(new ServerOptions { Data = Data }))
        {
            core.Devices.Add("d1");
            for (int i = 0; i < 200; i++)
            {
                core.Objects.Put("d1", "config", "o" + i, new Server.Application.NewValue(null, new byte[500], null));
            }

            SqliteBackup.Make(Database, Backup);
        }

        byte[] whole = File.ReadAllBytes(Backup);
        byte[] bad = [.. whole];
        bad.AsSpan(bad.Length / 2, 4096).Fill(0x5A);
        foreach ((string name, byte[] bytes) in ((string, byte[])[])[("text", "no database"u8.ToArray()), ("damaged", bad), ("half", whole[..(whole.Length / 2)])])
        {
            string file = Path.Combine(_folder, name);
            File.WriteAllBytes(file, bytes);
            Assert.ThrowsExactly<StoreException>(() => SqliteBackup.Restore(file, Database), name);
            Assert.AreNotEqual(0, Cli.Run(Data, "restore", file).Code, name);
        }

        Assert.ThrowsExactly<StoreException>(() => SqliteBackup.Check(Path.Combine(_folder, "none")));
        Assert.IsFalse(File.Exists(Database + ".before-restore"));
        using ServerCore still = ServerData.OpenExisting(new ServerOptions { Data = Data });
        Assert.HasCount(200, still.Objects.List("d1", "config"));
    }

    [TestMethod]
    public void A_database_that_is_damaged_is_replaced()
    {
        using (ServerCore core = ServerData.Open(new ServerOptions { Data = Data }))
        {
            core.Devices.Add("d1");
            SqliteBackup.Make(Database, Backup);
        }

        File.WriteAllText(Database, new string('x', 8192));
        Assert.AreEqual(Database + ".before-restore", SqliteBackup.Restore(Backup, Database));
        using ServerCore again = ServerData.OpenExisting(new ServerOptions { Data = Data });
        Assert.AreEqual("d1", again.Devices.List().Single().Name);
    }

    [TestMethod]
    public void Each_restore_keeps_its_own_copy_of_what_was_there()
    {
        string[] names = ["first", "second", "third"];
        List<string> kept = [];
        using (ServerCore core = ServerData.Open(new ServerOptions { Data = Data }))
        {
            SqliteBackup.Make(Database, Backup);
        }

        foreach (string name in names)
        {
            using (ServerCore core = ServerData.OpenExisting(new ServerOptions { Data = Data }))
            {
                core.Devices.Add(name); // what somebody would miss who put back the wrong backup
            }

            (int code, string said, string error) = Cli.Run(Data, "restore", Backup);
            Assert.AreEqual(0, code, error);
            kept.Add(Directory.GetFiles(Data, "nanosync.db.before-restore*").Single(f => !kept.Contains(f)));
            StringAssert.Contains(said, $"kept as {kept[^1]}.");
        }

        CollectionAssert.AreEqual((string[])[Database + ".before-restore", Database + ".before-restore-2", Database + ".before-restore-3"], kept);
        for (int i = 0; i < names.Length; i++)
        {
            Directory.CreateDirectory(Path.Combine(_folder, names[i]));
            File.Copy(kept[i], Path.Combine(_folder, names[i], "nanosync.db"));
            using ServerCore core = ServerData.OpenExisting(new ServerOptions { Data = Path.Combine(_folder, names[i]) });
            Assert.AreEqual(names[i], core.Devices.List().Single().Name);
        }
    }

    [TestMethod]
    public void A_restore_that_is_refused_because_a_server_runs_leaves_its_tables()
    {
        using ServerCore core = ServerData.Open(new ServerOptions { Data = Data });
        core.Devices.Add("d1");
        SqliteBackup.Make(Database, Backup);
        Assert.AreEqual(0, Cli.Run(Data, "tables").Code);
        Assert.AreEqual(4, Cli.Run(Data, "restore", Backup).Code);
        Assert.IsTrue(File.Exists(Path.Combine(Data, "readings.db")));
    }
}
