using Microsoft.Data.Sqlite;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.Simulation;

/// <summary>The server's process ended in the middle of a request.</summary>
public sealed class ServerKilled : Exception;

/// <summary>An older database, kept aside.</summary>
public sealed record Backup(byte[] File, (int, int) Book);

/// <summary>Two nodes on one database: each a real message core on a real SQLite store.</summary>
public sealed class SimServer : IDisposable
{
    private static readonly Lock s_gate = new();
    private static readonly string s_folder = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
    private static readonly Dictionary<string, byte[]> s_templates = [];
    private static readonly Guid s_run = Guid.NewGuid(); // several may run in one process
    private static int s_files;

    private readonly World _world;
    private readonly string _path;
    private readonly SqliteStore[] _stores = new SqliteStore[2];
    private readonly SyncService[] _nodes = new SyncService[2];
    private readonly ServerCore[] _cores = new ServerCore[2];
    private readonly Dictionary<(int, string), string> _keys = [];
    private readonly Rng _codes; // of incarnations
    private (Backup? To, Rewinder? Of) _rewinder;

    public SimServer(World world, string collections, IReadOnlyList<string> devices)
    {
        _world = world;
        _path = Path.Combine(s_folder, $"nanosync-sim-{s_run:N}-{Interlocked.Increment(ref s_files)}.db");
        File.WriteAllBytes(_path, Template(collections, devices));
        Rng = new Rng(world.Seed ^ 0x5E5E);
        _codes = new Rng(world.Seed ^ 0xC0DE);
        Flushes = !world.Simple && OperatingSystem.IsLinux() && new Rng(world.Seed ^ 0xF1005).Percent(15);
        if (Flushes)
        {
            CrashDisk.Watch(_path);
        }

        Open();
    }

    public Mutation Mutation { get; init; }

    /// <summary>Whether commits are flushed, as a real server's are, so that the power of its machine may go.</summary>
    public bool Flushes { get; }

    public Rng Rng { get; }

    public Trace Trace => _world.Trace;

    public Book Book { get; } = new();

    public ObjectService Objects { get; private set; } = null!;

    public DeviceService Devices { get; private set; } = null!;

    /// <summary>Called at each step of a request; may throw <see cref="ServerKilled"/>, or run another request at the other node.</summary>
    public Action<int, SyncStep>? Reached { get; set; }

    /// <summary>Called at each commit of a letter's work, before (false) and after (true); may throw <see cref="ServerKilled"/>.</summary>
    public Action<bool>? Committing { get; set; }

    /// <summary>Key rows written since it was set to 0.</summary>
    public int WorkedOn { get; set; }

    public bool Restored { get; private set; }

    /// <summary>True when something was committed since the last <see cref="GoBack"/>.</summary>
    public bool Touched { get; set; } = true;

    public IServerStore Store => _stores[0];

    /// <summary>The token of every device.</summary>
    public static string Token { get; } = DeviceService.NewToken(count => new byte[count]);

    /// <summary>A folder for the files of a device.</summary>
    public string FolderOf(string device) => _path + "." + device;

    /// <summary>A node, as mail and files see it.</summary>
    public ServerCore Core(int node) => _cores[node];

    public SyncReply Handle(int node, DeviceIdentity device, byte[] request, bool xml)
    {
        if (Mutation != Mutation.None)
        {
            NoteKeys(device, request, xml);
        }

        return _nodes[node].Handle(device, request, xml ? MessageFormat.Xml : MessageFormat.Wbxml);
    }

    public string? KeyGiven(int device, string collection) => _keys.GetValueOrDefault((device, collection));

    public void Committed(Event e)
    {
        _world.Judge(e);
        Book.Add(e);
    }

    public void JudgeFull(int device, IEnumerable<Event> saved) => _world.JudgeFull(device, saved);

    /// <summary>All processes end, and start again.</summary>
    public void Restart()
    {
        Close();
        Open();
    }

    public Backup Save()
    {
        Close();
        Backup backup = new(File.ReadAllBytes(_path), Book.Mark);
        Open();
        return backup;
    }

    /// <summary>As <see cref="Save"/>, while the processes go on: keys that they give afterwards are of the same epoch.</summary>
    public Backup SaveRunning()
    {
        string copy = _path + ".backup";
        using (SqliteConnection connection = new($"Data Source={_path};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = $"VACUUM INTO '{copy}'";
            command.ExecuteNonQuery();
        }

        Backup backup = new(File.ReadAllBytes(copy), Book.Mark);
        File.Delete(copy);
        return backup;
    }

    public void Restore(Backup backup)
    {
        Close();
        File.WriteAllBytes(_path, backup.File);
        Rewatch();
        Open();
        Book.Restore(backup.Book);
        Restored = true;
    }

    /// <summary>The power of the machine goes: what was not flushed is gone. What was committed must not be.</summary>
    public void PowerCut()
    {
        (byte[] database, byte[]? log) = CrashDisk.Durable(_path);
        Close();
        File.Delete(_path + "-shm");
        File.Delete(_path + "-wal");
        File.WriteAllBytes(_path, database);
        if (log != null)
        {
            File.WriteAllBytes(_path + "-wal", log);
        }

        CrashDisk.Watch(_path);
        Open();
    }

    /// <summary>A byte of a part that waits for the rest becomes another. False: there is none.</summary>
    public bool RotPart(Rng rng)
    {
        using SqliteConnection connection = new($"Data Source={_path};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT rowid, data FROM upload_part WHERE length(data) > 0 ORDER BY rowid";
        List<(long Row, byte[] Data)> parts = [];
        using (SqliteDataReader reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                parts.Add((reader.GetInt64(0), (byte[])reader[1]));
            }
        }

        if (parts.Count == 0)
        {
            return false;
        }

        (long row, byte[] data) = rng.Pick(parts);
        data[rng.Below(data.Length)] ^= (byte)(1 << rng.Below(8));
        command.CommandText = "UPDATE upload_part SET data = @data WHERE rowid = @row";
        command.Parameters.AddWithValue("@data", data);
        command.Parameters.AddWithValue("@row", row);
        command.ExecuteNonQuery();
        return true;
    }

    /// <summary>Back to a moment before, as if nothing had happened since: the rows, and processes that know nothing.</summary>
    public void GoBack(Backup backup)
    {
        if (!Touched && Book.Mark == backup.Book)
        {
            return;
        }

        if (_rewinder.To != backup)
        {
            _rewinder.Of?.Dispose();
            _rewinder = (backup, new Rewinder(_path, backup.File));
        }

        _rewinder.Of!.Rewind();
        Begin();
        Book.GoBack(backup.Book);
        Touched = false;
    }

    public void Dispose()
    {
        CrashDisk.Forget(_path);
        Close();
        File.Delete(_path);
    }

    private void Open()
    {
        for (int i = 0; i < _stores.Length; i++)
        {
            _stores[i] = new SqliteStore(_path, TimeSpan.FromSeconds(5), _world.Clock, flush: Flushes);
        }

        Begin();
    }

    // What a process has in memory begins anew.
    private void Begin()
    {
        for (int i = 0; i < _nodes.Length; i++)
        {
            int node = i;
            _cores[i] = new ServerCore(new ObservedStore(_stores[i], this), new ServerOptions { Limits = _world.Limits, SealedPerHour = 0 }, _world.Clock, random: Codes);
            _nodes[i] = new SyncService(new ObservedStore(_stores[i], this), _world.Clock, _world.Limits, reached: step => Reached?.Invoke(node, step),
                incarnation: _cores[i].Incarnation);
        }

        ObservedStore store = new(_stores[0], this);
        Objects = new ObjectService(store, _world.Clock, _world.Limits, new ClassCatalog(), _cores[0].Incarnation);
        Devices = new DeviceService(store, _world.Clock, _cores[0].Incarnation);
    }

    private byte[] Codes(int count) => BitConverter.GetBytes(_codes.Next())[..count];

    private void Rewatch()
    {
        if (Flushes)
        {
            CrashDisk.Watch(_path);
        }
    }

    private void Close()
    {
        _rewinder.Of?.Dispose();
        _rewinder = default;
        foreach (SqliteStore store in _stores)
        {
            store.Dispose();
        }
    }

    private void NoteKeys(DeviceIdentity device, byte[] request, bool xml)
    {
        try
        {
            foreach (SyncCollection collection in MessageParser.Parse(xml ? MessageFormat.Xml : MessageFormat.Wbxml, request).Collections)
            {
                _keys[(device.Id, collection.Id)] = collection.SyncKey;
            }
        }
        catch (MessageException)
        {
            // it will be answered so
        }
    }

    // A database with the devices enrolled, made once.
    private byte[] Template(string collections, IReadOnlyList<string> devices)
    {
        string what = collections + "|" + string.Join(',', devices);
        lock (s_gate)
        {
            if (s_templates.TryGetValue(what, out byte[]? bytes))
            {
                return bytes;
            }

            string path = _path + ".template";
            SimClock clock = new();
            using (SqliteStore store = new(path, TimeSpan.FromSeconds(5), clock))
            {
                DeviceService service = new(store, clock, new Incarnation(store, clock), count => new byte[count]);
                foreach (string device in devices)
                {
                    service.Add(device, collections, isSealed: true);
                }
            }

            bytes = File.ReadAllBytes(path);
            File.Delete(path);
            return s_templates[what] = bytes;
        }
    }
}
