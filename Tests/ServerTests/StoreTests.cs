// The database file: what is wrong with it is said in words, and other processes may work on it meanwhile.

using Microsoft.Data.Sqlite;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Sql;
using NanoSync.Server.Stores.Sqlite;
using SQLitePCL;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class StoreTests
{
    [TestMethod]
    public void A_commit_is_durable_and_what_was_not_committed_is_gone()
    {
        using Bench bench = new();
        bench.Device();
        using (IStoreTransaction store = bench.Core.Store.BeginWrite())
        {
            store.SaveObject(1, new ObjectRow { Id = "a", Seq = 1, Data = [1] });
        }

        Assert.AreEqual("", bench.Held("d1"));
        bench.PutBytes("d1", "a", 1);
        bench.Restart();
        Assert.AreEqual("a=01", bench.Held("d1"));
    }

    [TestMethod]
    public void The_file_is_in_WAL_mode_and_flushed_at_each_commit()
    {
        using Bench bench = new();
        using SqliteStore store = new(Path.Combine(bench.Folder, "second.db"), TimeSpan.FromSeconds(1), bench.Clock);
        using SqliteConnection connection = new($"Data Source={Path.Combine(bench.Folder, "second.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode";
        Assert.AreEqual("wal", command.ExecuteScalar());
    }

    // SQLite looked at the number of a LIMIT and planned the statement anew for each: a third of what a sync cost.
    [TestMethod]
    public void A_statement_is_planned_once_whatever_its_values()
    {
        using Bench bench = new();
        using SqliteStore store = new(Path.Combine(bench.Folder, "second.db"), TimeSpan.FromSeconds(1), bench.Clock);
        using SqlSession session = store.Open();
        sqlite3 database = ((SqliteConnection)session.Connection).Handle!;
        const string Sql = "SELECT seq FROM object WHERE collection_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
        Assert.AreEqual(raw.SQLITE_OK, raw.sqlite3_prepare_v2(database, Sql, out sqlite3_stmt statement));
        using (statement)
        {
            for (int i = 1; i <= 5; i++)
            {
                raw.sqlite3_reset(statement);
                for (int value = 1; value <= 3; value++)
                {
                    raw.sqlite3_bind_int64(statement, value, i);
                }

                Assert.AreEqual(raw.SQLITE_DONE, raw.sqlite3_step(statement));
            }

            const int Reprepare = 5, Run = 6; // SQLITE_STMTSTATUS_...
            Assert.AreEqual(5, raw.sqlite3_stmt_status(statement, Run, 0));
            Assert.AreEqual(0, raw.sqlite3_stmt_status(statement, Reprepare, 0));
        }
    }

    [TestMethod]
    public void The_files_are_the_servers_users_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Windows has no such rights.");
            return;
        }

        using Bench bench = new();
        bench.Device();
        string[] files = Directory.GetFiles(bench.Folder, Path.GetFileName(bench.Database) + "*");
        Assert.IsGreaterThan(1, files.Length, "the log lies beside it");
        foreach (string file in files)
        {
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file), file);
        }
    }

    [TestMethod]
    public void A_reader_does_not_wait_for_a_writer_and_sees_one_state()
    {
        using Bench bench = new();
        bench.Device();
        using IStoreTransaction reading = bench.Core.Store.BeginRead();
        Assert.IsNull(reading.FindObject(1, "a"));
        bench.PutBytes("d1", "a", 1);
        Assert.IsNull(reading.FindObject(1, "a"));
        Assert.AreEqual("a=01", bench.Held("d1"));
    }

    [TestMethod]
    public void Two_stores_on_one_file_see_each_others_commits()
    {
        using Bench bench = new();
        bench.Device();
        using ServerCore other = new(new SqliteStore(bench.Database, TimeSpan.FromSeconds(1), bench.Clock), bench.Options, bench.Clock);
        bench.PutBytes("d1", "a", 1);
        other.Objects.Delete("d1", "config", "a");
        Assert.AreEqual("", bench.Held("d1"));
    }

    [TestMethod]
    public void A_writer_that_waits_too_long_is_told_so()
    {
        using Bench bench = new();
        using SqliteStore other = new(bench.Database, TimeSpan.FromSeconds(1), bench.Clock);
        using IStoreTransaction held = other.BeginWrite();
        Assert.ThrowsExactly<StoreBusyException>(() => bench.Device());
    }

    [TestMethod]
    public void A_file_that_is_no_database_is_named()
    {
        using Bench bench = new();
        string file = Path.Combine(bench.Folder, "x", "nanosync.db");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, new string('x', 5000));
        StartupException thrown = Assert.ThrowsExactly<StartupException>(() => ServerData.Open(new ServerOptions { Data = Path.GetDirectoryName(file)! }));
        StringAssert.Contains(thrown.Message, file);
        Assert.AreEqual(5000, new FileInfo(file).Length, "left as it was");
    }

    [TestMethod]
    public void A_damaged_page_is_a_store_error_and_no_crash()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        for (int i = 0; i < 200; i++)
        {
            bench.PutBytes("d1", "o" + i, new byte[100]);
        }

        bench.Core.Dispose();
        using (FileStream stream = new(bench.Database, FileMode.Open))
        {
            stream.Position = 4096 * 3;
            stream.Write(Enumerable.Repeat((byte)0xEE, (int)(stream.Length - stream.Position)).ToArray());
        }

        StoreException thrown = Assert.Throws<StoreException>(() =>
        {
            bench.Restart();
            device.Start();
            device.Pull();
        });
        StringAssert.Contains(thrown.Message, "malformed");
    }

    [TestMethod]
    public void A_database_of_a_newer_program_is_left_alone()
    {
        using Bench bench = new();
        bench.Core.Dispose();
        using (SqliteConnection connection = new($"Data Source={bench.Database};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "INSERT INTO migration (number, name, time) VALUES (999, '999-future.sql', 0)";
            command.ExecuteNonQuery();
        }

        StringAssert.Contains(Assert.ThrowsExactly<StoreException>(bench.Restart).Message, "newer version");
    }

    [TestMethod]
    public void A_migration_whose_number_was_left_out_is_applied_later()
    {
        using Bench bench = new();
        bench.Core.Dispose();
        using (SqliteConnection connection = new($"Data Source={bench.Database};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "DELETE FROM migration WHERE number = 10; ALTER TABLE device DROP COLUMN mail";
            command.ExecuteNonQuery();
        }

        bench.Restart();
        bench.Device().Start();
    }

    [TestMethod]
    public void A_data_folder_that_cannot_be_made_is_named()
    {
        using Bench bench = new();
        string folder = Path.Combine(bench.Database, "data"); // a file stands where a folder should
        StringAssert.Contains(Assert.ThrowsExactly<StartupException>(() => ServerData.Open(new ServerOptions { Data = folder })).Message, folder);
    }

    [TestMethod]
    public void A_reading_of_12_bytes_takes_at_most_40_bytes_of_the_file_indexes_and_all()
    {
        using Bench bench = new();
        const int Devices = 20, Syncs = 100, Readings = 20;
        TestDevice[] devices = [.. Enumerable.Range(1, Devices).Select(i => bench.Device("d" + i, "log"))];
        foreach (TestDevice device in devices)
        {
            device.StoreId = "Ab1_";
            device.Start("log", c => c.DeletesAsMoves = true);
        }

        bench.Core.Dispose();
        long before = new FileInfo(bench.Database).Length;
        bench.Restart();
        for (int sync = 0; sync < Syncs; sync++)
        {
            bench.Clock.Now += TimeSpan.FromMinutes(20);
            foreach (TestDevice device in devices)
            {
                device.Sync(device.Log([.. Enumerable.Range(1 + (sync * Readings), Readings).Select(i => TestDevice.Add("Ab1_" + i, [.. BitConverter.GetBytes((long)i), 1, 2, 3, 4]))]));
            }
        }

        bench.Core.Dispose();
        double bytes = (double)(new FileInfo(bench.Database).Length - before) / (Devices * Syncs * Readings);
        Console.WriteLine($"{bytes:0.0} bytes a reading");
        Assert.IsLessThan(40, bytes);
        bench.Restart();
    }
}
