// A PostgreSQL cluster of this test run: Debian's binaries, a folder of its own, a port of its own.

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace NanoSync.ServerTests;

/// <summary>A cluster that a test may stop as a power cut would, and start again.</summary>
internal sealed class PostgresCluster : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nanosync-postgres-").FullName;
    private readonly string _binaries;

    /// <summary>Makes and starts a cluster.</summary>
    /// <param name="settings">Lines of postgresql.conf.</param>
    public PostgresCluster(params string[] settings)
        : this((PostgresCluster?)null, settings)
    {
    }

    private PostgresCluster(PostgresCluster? primary, string[] settings)
    {
        _binaries = Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(d => Path.Combine(d, "bin")).LastOrDefault(d => File.Exists(Path.Combine(d, "initdb")))
            ?? throw new InvalidOperationException("PostgreSQL's server is missing: test.sh installs it.");
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", "postgres", _folder); // it does not run as root
        }

        if (primary == null)
        {
            AsPostgres("initdb", "-D", Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        }
        else
        {
            AsPostgres("pg_basebackup", "-h", "127.0.0.1", "-p", primary.Port.ToString(CultureInfo.InvariantCulture), "-U", "postgres", "-D", Data, "-R", "-X", "stream", "-c", "fast", "--no-sync");
        }

        for (int left = 3; ; left--) // other programs take ports, too
        {
            Port = FreePort();
            File.AppendAllLines(Path.Combine(Data, "postgresql.conf"), [ // of two lines the last counts
                "listen_addresses = '127.0.0.1'",
                string.Create(CultureInfo.InvariantCulture, $"port = {Port}"),
                $"unix_socket_directories = '{_folder}'",
                .. settings,
            ]);
            try
            {
                Start();
                return;
            }
            catch (InvalidOperationException) when (left > 0 && File.ReadAllText(Log).Contains("Address already in use", StringComparison.Ordinal))
            {
            }
        }
    }

    /// <summary>A second cluster that follows one.</summary>
    public static PostgresCluster StandbyOf(PostgresCluster primary)
    {
        PostgresCluster standby = new(primary, []);
        primary.Wait("SELECT EXISTS (SELECT 1 FROM pg_stat_replication WHERE state = 'streaming')");
        return standby;
    }

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port { get; private set; }

    /// <summary>How to reach it.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Username=postgres;Database=postgres");

    private string Data => Path.Combine(_folder, "data");

    private string Log => Path.Combine(_folder, "log");

    /// <summary>Starts it, after a crash too.</summary>
    public void Start()
    {
        AsPostgres("pg_ctl", "-D", Data, "-l", Log, "-w", "-t", "60", "start");
    }

    /// <summary>Changes a setting while it runs.</summary>
    public void Set(string setting, string value)
    {
        Execute($"ALTER SYSTEM SET {setting} = '{value}'");
        Execute("SELECT pg_reload_conf()");
    }

    /// <summary>A standby becomes a database that is written to.</summary>
    public void Promote() => AsPostgres("pg_ctl", "-D", Data, "-w", "-t", "60", "promote");

    /// <summary>A standby gets nothing more from its primary.</summary>
    public void StopFollowing(PostgresCluster primary)
    {
        Set("primary_conninfo", "");
        primary.Wait("SELECT NOT EXISTS (SELECT 1 FROM pg_stat_replication)");
    }

    /// <summary>Runs one of PostgreSQL's own tools as somebody types it, on this cluster's database and in its folder.</summary>
    public void Tool(string command)
    {
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string here = string.Create(CultureInfo.InvariantCulture, $"--dbname=host=127.0.0.1 port={Port} user=postgres dbname=postgres");
        AsPostgres(words[0], [.. words[1..].Select(w => w.StartsWith("--dbname=", StringComparison.Ordinal) ? here : w)]);
    }

    /// <summary>Ends it at once: what was not committed is gone, connections are cut.</summary>
    public void Crash()
    {
        AsPostgres("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");
        NpgsqlConnection.ClearAllPools();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NpgsqlConnection.ClearAllPools();
        try
        {
            AsPostgres("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");
        }
        catch (InvalidOperationException)
        {
            // a test had stopped it
        }

        Directory.Delete(_folder, true);
    }

    private static int FreePort()
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }

    private void Execute(string sql)
    {
        using NpgsqlConnection connection = new(ConnectionString + ";Pooling=false");
        connection.Open();
        using NpgsqlCommand command = new(sql, connection);
        command.ExecuteNonQuery();
    }

    private void Wait(string condition)
    {
        using NpgsqlConnection connection = new(ConnectionString + ";Pooling=false");
        connection.Open();
        using NpgsqlCommand command = new(condition, connection);
        if (!SpinWait.SpinUntil(() => command.ExecuteScalar() is true, TimeSpan.FromSeconds(30)))
        {
            throw new InvalidOperationException("Not within 30 s: " + condition);
        }
    }

    private void AsPostgres(string program, params string[] arguments)
    {
        string file = Path.Combine(_binaries, program);
        if (Environment.IsPrivilegedProcess)
        {
            Run("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", file, .. arguments]);
        }
        else
        {
            Run(file, arguments);
        }
    }

    private void Run(string file, params string[] arguments)
    {
        // no pipes: pg_ctl's server would hold them open
        ProcessStartInfo start = new("/bin/sh") { WorkingDirectory = _folder };
        string output = Path.Combine(Path.GetTempPath(), Path.GetFileName(_folder) + ".out");
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("exec \"$@\" >\"$0\" 2>&1 </dev/null");
        start.ArgumentList.Add(output);
        start.ArgumentList.Add(file);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        process.WaitForExit();
        string said = File.ReadAllText(output);
        File.Delete(output);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{Path.GetFileName(file)} {string.Join(' ', arguments)} ended with {process.ExitCode}: {said}");
        }
    }
}
