using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.Simulation;

/// <summary>The server's process ended in the middle of a request.</summary>
public sealed class ServerKilled : Exception;

/// <summary>An older database, kept aside.</summary>
public sealed record Backup(object Database, (int, int) Book);

/// <summary>Two nodes on one database: each a real message core on a real store.</summary>
public sealed class SimServer : IDisposable
{
    private static readonly Lock s_gate = new();
    private static readonly Dictionary<string, byte[]> s_templates = [];
    private static readonly Dictionary<string, PostgresDatabase> s_postgresTemplates = [];

    private readonly World _world;
    private readonly SimDatabase _database;
    private readonly IServerStore[] _stores = new IServerStore[2];
    private readonly SyncService[] _nodes = new SyncService[2];
    private readonly ServerCore[] _cores = new ServerCore[2];
    private readonly Dictionary<(int, string), string> _keys = [];
    private readonly string _folder = $"nanosync-sim-{Guid.NewGuid():N}";
    private readonly Rng _codes; // of incarnations

    public SimServer(World world, string collections, IReadOnlyList<string> devices)
    {
        _world = world;
        bool flushes = !world.Simple && OperatingSystem.IsLinux() && new Rng(world.Seed ^ 0xF1005).Percent(15);
        _database = world.Cluster == null ? new SqliteDatabase(world.Clock, Template(collections, devices), flushes)
            : new PostgresDatabase(world.Clock, world.Cluster, PostgresTemplate(world.Cluster, collections, devices));
        Rng = new Rng(world.Seed ^ 0x5E5E);
        _codes = new Rng(world.Seed ^ 0xC0DE);
        Open();
    }

    public Mutation Mutation { get; init; }

    /// <summary>Whether commits are flushed, as a real server's are, so that the power of its machine may go.</summary>
    public bool Flushes => _database.Flushes;

    public Rng Rng { get; }

    public Trace Trace => _world.Trace;

    public Book Book { get; } = new();

    public ObjectService Objects { get; private set; } = null!;

    public DeviceService Devices { get; private set; } = null!;

    /// <summary>Called at each step of a request; may throw <see cref="ServerKilled"/>, or run another request at the other node.</summary>
    public Action<int, SyncStep>? Reached { get; set; }

    /// <summary>Called at each commit of a letter's work, before (false) and after (true); may throw <see cref="ServerKilled"/>.</summary>
    public Action<bool>? Committing { get; set; }

    /// <summary>At which call of the transactions that write the database fails, from 1; 0 = at none.</summary>
    public int FailsIn { get; set; }

    /// <summary>Requests that wait for a commit that they share.</summary>
    public int Waiting { get; private set; }

    /// <summary>Whether requests of several devices share a commit.</summary>
    public bool Shares => _database.SharesCommits && Mutation == Mutation.None && !_world.Alone;

    /// <summary>Key rows written since it was set to 0.</summary>
    public int WorkedOn { get; set; }

    /// <summary>How often an older database was put back.</summary>
    public int Restores { get; private set; }

    /// <summary>True when something was committed since the last <see cref="GoBack"/>.</summary>
    public bool Touched { get; set; } = true;

    public IServerStore Store => _stores[0];

    /// <summary>The token of every device.</summary>
    public static string Token { get; } = DeviceService.NewToken(count => new byte[count]);

    /// <summary>A folder for the files of a device.</summary>
    public string FolderOf(string device) => Path.Combine(SqliteDatabase.Folder, $"{_folder}.{device}");

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

    /// <summary>A request that waits for others: all share a commit once <see cref="WriteWaiting"/> is called.</summary>
    public Task<SyncReply> HandleTogether(int node, DeviceIdentity device, byte[] request, bool xml)
    {
        Waiting++;
        return _nodes[node].HandleAsync(device, request, xml ? MessageFormat.Xml : MessageFormat.Wbxml);
    }

    /// <summary>Work that is done later, on behalf of whoever asks now.</summary>
    public Func<T> AsNow<T>(Func<T> work)
    {
        (Action<int, SyncStep>? reached, int fails, string store, SimDevice? writing) = (Reached, FailsIn, _world.WritingStore, _world.Writing);
        return () =>
        {
            (Action<int, SyncStep>? outer, int failing, string before, SimDevice? other) = (Reached, FailsIn, _world.WritingStore, _world.Writing);
            (Reached, FailsIn, _world.WritingStore, _world.Writing) = (reached, fails, store, writing);
            try
            {
                return work();
            }
            finally
            {
                (Reached, FailsIn, _world.WritingStore, _world.Writing) = (outer, failing, before, other);
            }
        };
    }

    /// <summary>Does the requests that wait at a node, in one commit. Without it nothing of them was done.</summary>
    /// <param name="node">The node.</param>
    /// <param name="committing">Called before (false) and after (true) the commit; what it throws ends it there.</param>
    public void WriteWaiting(int node, Action<bool> committing)
    {
        SqliteStore store = (SqliteStore)_stores[node];
        ((int, int) mark, HashSet<(int, string, string)> refused) = (Book.Mark, [.. Book.Refused]);
        bool committed = false;
        store.Committing = after =>
        {
            committed |= after;
            committing(after);
        };
        Waiting = 0;
        store.WriteWaiting();
        store.Committing = null;
        if (!committed)
        {
            Trace.Line($"    nothing of it was done");
            Book.GoBack(mark);
            Book.Refused.IntersectWith(refused);
        }

        _world.JudgeDatabase("a shared commit");
    }

    /// <summary>A process ends, and another takes its place.</summary>
    public void Replace(int node)
    {
        Begin(node);
        Serve();
    }

    public string? KeyGiven(int device, string collection) => _keys.GetValueOrDefault((device, collection));

    public void Committed(Event e)
    {
        _world.Judge(e);
        Book.Add(e);
    }

    public void JudgeFull(int device, bool readings, IEnumerable<Event> saved) => _world.JudgeFull(device, readings, saved);

    public void NoteFork(int device) => _world.NoteFork(device);

    public void Violate(string what) => _world.Violate(what);

    public bool IsOutbox(string collection) => Array.Exists(Plan.All, p => p.Name == collection && p.Kind == Device.CollectionKind.Outbox);

    /// <summary>Retention goes through everything once, at the first node; null while it does not believe the clock.</summary>
    public RetentionPass? Retain() => _cores[0].Retention.Pass(TimeSpan.Zero, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>All processes end, and start again.</summary>
    public void Restart()
    {
        Close();
        Open();
    }

    public Backup Save()
    {
        Close();
        Backup backup = new(_database.Copy(running: false), Book.Mark);
        Open();
        return backup;
    }

    /// <summary>As <see cref="Save"/>, while the processes go on: keys that they give afterwards are of the same epoch.</summary>
    public Backup SaveRunning() => new(_database.Copy(running: true), Book.Mark);

    public void Restore(Backup backup)
    {
        Close();
        _database.PutBack(backup.Database);
        Open();
        Book.Restore(backup.Book);
        Restores++;
    }

    /// <summary>The power of the machine goes: what was not flushed is gone. What was committed must not be.</summary>
    public void PowerCut()
    {
        _database.LosePower(Close);
        Open();
    }

    /// <summary>A byte of a part that waits for the rest becomes another. False: there is none.</summary>
    public bool RotPart(Rng rng) => _database.RotPart(rng);

    /// <summary>Back to a moment before, as if nothing had happened since: the rows, and processes that know nothing.</summary>
    public void GoBack(Backup backup)
    {
        if (!Touched && Book.Mark == backup.Book)
        {
            return;
        }

        _database.Rewind(backup.Database);
        Begin();
        Book.GoBack(backup.Book);
        Touched = false;
    }

    public void Dispose()
    {
        Close();
        _database.Dispose();
    }

    private void Open()
    {
        for (int i = 0; i < _stores.Length; i++)
        {
            _stores[i] = _database.Open();
        }

        Begin();
    }

    // What a process has in memory begins anew.
    private void Begin()
    {
        for (int i = 0; i < _nodes.Length; i++)
        {
            Begin(i);
        }

        Serve();
    }

    private void Begin(int node)
    {
        _cores[node] = new ServerCore(new ObservedStore(_stores[node], this), new ServerOptions { Limits = _world.Limits, SealedPerHour = 0, Retention = _world.Rules }, _world.Clock, random: Codes);
        _nodes[node] = new SyncService(new ObservedStore(_stores[node], this), _world.Clock, _world.Limits, reached: step => Reached?.Invoke(node, step),
            incarnation: _cores[node].Incarnation);
    }

    // For the operator, at the first node.
    private void Serve()
    {
        ObservedStore store = new(_stores[0], this);
        Objects = new ObjectService(store, _world.Clock, _world.Limits, new ClassCatalog(), _cores[0].Incarnation);
        Devices = new DeviceService(store, _world.Clock, _cores[0].Incarnation);
    }

    private byte[] Codes(int count) => BitConverter.GetBytes(_codes.Next())[..count];

    private void Close() => Array.ForEach(_stores, s => s.Dispose());

    private void NoteKeys(DeviceIdentity device, byte[] request, bool xml)
    {
        try
        {
            foreach (CollectionElement collection in MessageParser.Parse(xml ? MessageFormat.Xml : MessageFormat.Wbxml, request).Collections)
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
    private static byte[] Template(string collections, IReadOnlyList<string> devices)
    {
        string what = collections + "|" + string.Join(',', devices);
        lock (s_gate)
        {
            if (!s_templates.TryGetValue(what, out byte[]? bytes))
            {
                using SqliteDatabase database = new(new SimClock(), null, flushes: false);
                Enrol(database, collections, devices);
                s_templates[what] = bytes = (byte[])database.Copy(running: false);
            }

            return bytes;
        }
    }

    private static PostgresDatabase PostgresTemplate(string cluster, string collections, IReadOnlyList<string> devices)
    {
        string what = cluster + "|" + collections + "|" + string.Join(',', devices);
        lock (s_gate)
        {
            if (!s_postgresTemplates.TryGetValue(what, out PostgresDatabase? database))
            {
                s_postgresTemplates[what] = database = new PostgresDatabase(new SimClock(), cluster, null);
                Enrol(database, collections, devices);
            }

            return database;
        }
    }

    private static void Enrol(SimDatabase database, string collections, IReadOnlyList<string> devices)
    {
        SimClock clock = new();
        using IServerStore store = database.Open();
        DeviceService service = new(store, clock, new Incarnation(store, clock), count => new byte[count]);
        foreach (string device in devices)
        {
            service.Add(device, collections, isSealed: true);
        }
    }
}
