// The parts of a server over one data folder, without HTTP: what the command line, the host and tests have in common.

using Microsoft.Extensions.Logging;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Sealed;
using NanoSync.Server.Stores.Postgres;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.Server;

/// <summary>Store, engine and services.</summary>
public sealed class ServerCore : IDisposable
{
    /// <summary>Name of the database in the data folder.</summary>
    public const string DatabaseFile = "nanosync.db";

    /// <summary>Joins the parts over a store; the store is disposed with them.</summary>
    /// <param name="store">The database.</param>
    /// <param name="options">What was set.</param>
    /// <param name="clock">The time.</param>
    /// <param name="log">Failures are told here; null = nowhere.</param>
    /// <param name="random">Source of the incarnation's codes; null = the platform's.</param>
    public ServerCore(IServerStore store, ServerOptions options, TimeProvider clock, ILogger? log = null, Func<int, byte[]>? random = null)
    {
        Options = options;
        Clock = clock;
        Store = store;
        ClassCatalog classes = Classes;
        Incarnation = new Incarnation(store, clock, random);
        Sync = new SyncService(store, clock, options.Limits, classes, log, incarnation: Incarnation);
        Held = new Waiting.HeldRequests(Sync, store, clock, options.Limits);
        Sync.Guard = new Proxy.LoopGuard(store, clock);
        Devices = new DeviceService(store, clock, Incarnation);
        Enrolment = new EnrolmentService(store, clock);
        Objects = new ObjectService(store, clock, options.Limits, classes, Incarnation);
        Retention = new Retention(store, clock, options.Retention, options.KeepNotes, options.KeepHistory);
        Sealed = new SealedService(this);
        Proxy = new Proxy.ProxyService(this, log);
        Access = new Access.AccessService(store, clock);
        Alerts = new Alerts.AlertService(store, clock, options.Alerts, options.Mail);
        Fleet = new Fleet.FleetService(store, clock, Incarnation, options.Fleet, Alerts);
        Sync.Watcher = Fleet;
        Groups = new Groups.GroupService(store, clock, options.Limits, classes);
        Readings = new Readings.ReadingService(store, classes);
        Tables = new Tables.TypedTables(store, Readings, Incarnation, NanoSync.Server.Tables.TableDatabase.Of(options));
    }

    /// <summary>What was set.</summary>
    public ServerOptions Options { get; }

    /// <summary>The time.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The database.</summary>
    public IServerStore Store { get; }

    /// <summary>The life of the database that this process is part of.</summary>
    public Incarnation Incarnation { get; }

    /// <summary>Classes that were named.</summary>
    public ClassCatalog Classes { get; } = new();

    /// <summary>Passing on to other servers; not started.</summary>
    public Proxy.ProxyService Proxy { get; }

    /// <summary>The message core.</summary>
    public SyncService Sync { get; }

    /// <summary>Requests whose answers wait until something is due.</summary>
    public Waiting.HeldRequests Held { get; }

    /// <summary>Devices.</summary>
    public DeviceService Devices { get; }

    /// <summary>Enrolling many, codes, replacing and deleting.</summary>
    public EnrolmentService Enrolment { get; }

    /// <summary>Objects.</summary>
    public ObjectService Objects { get; }

    /// <summary>Who may use REST.</summary>
    public Access.AccessService Access { get; }

    /// <summary>What is told to somebody; turned by who runs it.</summary>
    public Alerts.AlertService Alerts { get; }

    /// <summary>The fleet as an operator sees it; brought up to date by who runs it.</summary>
    public Fleet.FleetService Fleet { get; }

    /// <summary>What groups are to have; turned by who runs it.</summary>
    public Groups.GroupService Groups { get; }

    /// <summary>What is kept for how long.</summary>
    public Retention Retention { get; }

    /// <summary>Readings taken out.</summary>
    public Readings.ReadingService Readings { get; }

    /// <summary>Readings as tables; filled by who runs it.</summary>
    public Tables.TypedTables Tables { get; }

    /// <summary>Messages that come without TLS.</summary>
    public SealedService Sealed { get; }

    /// <summary>Opens the data folder, and makes it when missing.</summary>
    public static ServerCore Open(ServerOptions options, TimeProvider? clock = null, ILogger? log = null)
    {
        string folder = Path.GetFullPath(options.Data);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"Cannot make the data folder {folder}: {e.Message}");
        }

        return OpenStore(options, folder, clock ?? TimeProvider.System, log);
    }

    /// <summary>Opens what a server has made; where none has, nothing is made.</summary>
    public static ServerCore OpenExisting(ServerOptions options)
    {
        return OpenStore(options, ExistingFolder(options), TimeProvider.System, null);
    }

    /// <summary>The data folder, as a full path; a <see cref="StartupException"/> where no server has made its database there.</summary>
    public static string ExistingFolder(ServerOptions options)
    {
        string folder = Path.GetFullPath(options.Data);
        return options.Database != null || File.Exists(Path.Combine(folder, DatabaseFile)) ? folder
            : throw new StartupException($"There is no server's data in {folder}. --data names another folder; a new one is made by: serve --data {options.Data}");
    }

    private static ServerCore OpenStore(ServerOptions options, string folder, TimeProvider clock, ILogger? log)
    {
        try
        {
            IServerStore store = options.Database is { } database
                ? new PostgresStore(database, options.Patience, clock)
                : new SqliteStore(Path.Combine(folder, DatabaseFile), options.Patience, clock);
            return new ServerCore(store, options, clock, log);
        }
        catch (StoreException e)
        {
            throw new StartupException(e.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Held.Dispose();
        Store.Dispose();
    }
}
