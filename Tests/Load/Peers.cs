// What the server is measured beside: the same inserts without a server, and a server without the rules.

using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace NanoSync.Load;

internal static class Peers
{
    /// <summary>The inserts alone: one row a reading, so many syncs a commit, in a file with WAL and synchronous=FULL.</summary>
    public static Row Bare(LoadOptions options, int syncsPerCommit, Action<string> progress)
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-load-").FullName;
        try
        {
            string file = Path.Combine(folder, "bare.db");
            List<float> latencies = [];
            double seconds;
            using (SqliteConnection connection = Open(file))
            {
                progress($"bare loop, {syncsPerCommit} syncs a commit");
                using SqliteCommand insert = Insert(connection);
                byte[] data = new byte[options.Bytes];
                long[] next = new long[options.Devices];
                int device = 0;
                long began = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(began).TotalSeconds < options.Seconds)
                {
                    long start = Stopwatch.GetTimestamp();
                    using (SqliteTransaction transaction = connection.BeginTransaction())
                    {
                        insert.Transaction = transaction;
                        for (int sync = 0; sync < syncsPerCommit; sync++)
                        {
                            device = (device + 1) % options.Devices;
                            for (int i = 0; i < options.Readings; i++)
                            {
                                insert.Parameters[0].Value = device;
                                insert.Parameters[1].Value = ++next[device];
                                BinaryPrimitives.WriteInt64LittleEndian(data, next[device]);
                                insert.Parameters[2].Value = data;
                                insert.ExecuteNonQuery();
                            }
                        }

                        transaction.Commit();
                    }

                    float took = (float)Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                    for (int sync = 0; sync < syncsPerCommit; sync++)
                    {
                        latencies.Add(took);
                    }
                }

                seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            }

            SqliteConnection.ClearAllPools();
            double size = (double)new FileInfo(file).Length / (latencies.Count * (long)options.Readings);
            string what = syncsPerCommit == 1 ? "bare loop, one sync a commit" : string.Create(CultureInfo.InvariantCulture, $"bare loop, {syncsPerCommit} syncs a commit");
            return Row.Of(what, 0, latencies, 0, seconds, options.Readings, string.Create(CultureInfo.InvariantCulture, $"{size:0.0} bytes of database a reading"));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>A plain endpoint: an array of readings, one row each, one commit a request.</summary>
    public static async Task Serve(string folder)
    {
        using SqliteConnection connection = Open(Path.Combine(folder, "json.db"));
        using SqliteCommand insert = Insert(connection);
        using SemaphoreSlim writer = new(1);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication app = builder.Build();
        app.MapPost("/readings/{device:int}", async (int device, HttpRequest request) =>
        {
            using JsonDocument body = await JsonDocument.ParseAsync(request.Body);
            await writer.WaitAsync();
            try
            {
                using SqliteTransaction transaction = connection.BeginTransaction();
                insert.Transaction = transaction;
                foreach (JsonElement reading in body.RootElement.EnumerateArray())
                {
                    byte[] data = new byte[12];
                    BinaryPrimitives.WriteInt64LittleEndian(data, reading.GetProperty("value").GetInt64());
                    BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(8), reading.GetProperty("more").GetInt32());
                    insert.Parameters[0].Value = device;
                    insert.Parameters[1].Value = reading.GetProperty("id").GetInt64();
                    insert.Parameters[2].Value = data;
                    insert.ExecuteNonQuery();
                }

                transaction.Commit();
            }
            finally
            {
                writer.Release();
            }

            return Results.NoContent();
        });
        await app.StartAsync();
        Console.WriteLine(app.Urls.First());
        await app.WaitForShutdownAsync();
    }

    private static SqliteConnection Open(string file)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE reading (device INTEGER, id INTEGER, data BLOB, PRIMARY KEY (device, id)) WITHOUT ROWID";
        command.ExecuteNonQuery();
        return connection;
    }

    private static SqliteCommand Insert(SqliteConnection connection)
    {
        SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO reading (device, id, data) VALUES ($device, $id, $data) ON CONFLICT DO NOTHING";
        foreach (string name in (string[])["$device", "$id", "$data"])
        {
            insert.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return insert;
    }
}
