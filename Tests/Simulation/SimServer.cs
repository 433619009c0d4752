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
    private static int s_files;

    private readonly World _world;
    private readonly string _path;
    private readonly SqliteStore[] _stores = new SqliteStore[2];
    private readonly SyncService[] _nodes = new SyncService[2];
    private readonly Dictionary<(int, string), string> _keys = [];

    public SimServer(World world, string collections, IReadOnlyList<string> devices)
    {
        _world = world;
        _path = Path.Combine(s_folder, $"nanosync-sim-{Environment.ProcessId}-{Interlocked.Increment(ref s_files)}.db");
        File.WriteAllBytes(_path, Template(collections, devices));
        Rng = new Rng(world.Seed ^ 0x5E5E);
        Open();
    }

    public Mutation Mutation { get; init; }

    public Rng Rng { get; }

    public Trace Trace => _world.Trace;

    public Book Book { get; } = new();

    public ObjectService Objects { get; private set; } = null!;

    public DeviceService Devices { get; private set; } = null!;

    /// <summary>Called at each step of a request; may throw <see cref="ServerKilled"/>, or run another request at the other node.</summary>
    public Action<int, SyncStep>? Reached { get; set; }

    public bool Restored { get; private set; }

    /// <summary>True when something was committed since the last <see cref="GoBack"/>.</summary>
    public bool Touched { get; set; } = true;

    public IServerStore Store => _stores[0];

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

    public void Restore(Backup backup)
    {
        Close();
        File.WriteAllBytes(_path, backup.File);
        Open();
        Book.Restore(backup.Book);
        Restored = true;
    }

    /// <summary>Back to a moment before, as if nothing had happened since.</summary>
    public void GoBack(Backup backup)
    {
        if (!Touched && Book.Mark == backup.Book)
        {
            return;
        }

        Close();
        File.WriteAllBytes(_path, backup.File);
        Open();
        Book.GoBack(backup.Book);
        Touched = false;
    }

    public void Dispose()
    {
        Close();
        File.Delete(_path);
    }

    private void Open()
    {
        for (int i = 0; i < _nodes.Length; i++)
        {
            int node = i;
            _stores[i] = new SqliteStore(_path, TimeSpan.FromSeconds(5), _world.Clock, flush: false);
            _nodes[i] = new SyncService(new ObservedStore(_stores[i], this), _world.Clock, _world.Limits, reached: step => Reached?.Invoke(node, step));
        }

        ObservedStore store = new(_stores[0], this);
        Objects = new ObjectService(store, _world.Clock, _world.Limits, new ClassCatalog());
        Devices = new DeviceService(store, _world.Clock);
    }

    private void Close()
    {
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
                DeviceService service = new(store, clock, count => new byte[count]);
                foreach (string device in devices)
                {
                    service.Add(device, collections);
                }
            }

            bytes = File.ReadAllBytes(path);
            File.Delete(path);
            return s_templates[what] = bytes;
        }
    }
}
