// The rules of a server over one database: what the command line, the host and tests have in common.

using Microsoft.Extensions.Logging;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Sealed;

namespace NanoSync.Server;

/// <summary>Store, engine and services.</summary>
public sealed class ServerCore : IDisposable
{
    /// <summary>Joins the parts over a store; the store is disposed with them.</summary>
    /// <param name="store">The database.</param>
    /// <param name="options">What was set.</param>
    /// <param name="clock">The time.</param>
    /// <param name="log">Failures are told here; null = nowhere.</param>
    /// <param name="random">Source of the incarnation's codes; null = the platform's.</param>
    /// <param name="channels">Where alerts are told; null = nowhere.</param>
    public ServerCore(IServerStore store, CoreOptions options, TimeProvider clock, ILogger? log = null, Func<int, byte[]>? random = null,
        IReadOnlyList<Alerts.IAlertChannel>? channels = null)
    {
        Options = options;
        Clock = clock;
        Store = store;
        ClassCatalog classes = Classes;
        Incarnation = new Incarnation(store, clock, random);
        Sync = new SyncService(store, clock, options.Limits, classes, log, incarnation: Incarnation);
        Held = new Waiting.HeldRequests(Sync, store, clock, options.Limits);
        Devices = new DeviceService(store, clock, Incarnation);
        Enrolment = new EnrolmentService(store, clock);
        Objects = new ObjectService(store, clock, options.Limits, classes, Incarnation);
        Retention = new Retention(store, clock, options.Retention, options.KeepNotes, options.KeepHistory);
        Sealed = new SealedService(this);
        Access = new Access.AccessService(store, clock);
        Alerts = new Alerts.AlertService(store, clock, options.Alerts, channels ?? []);
        Fleet = new Fleet.FleetService(store, clock, Incarnation, options.Fleet, Alerts);
        Sync.Watcher = Fleet;
        Groups = new Groups.GroupService(store, clock, options.Limits, classes);
        Readings = new Readings.ReadingService(store, classes);
        Notes = new FieldNotes(store, clock);
    }

    /// <summary>What was set.</summary>
    public CoreOptions Options { get; }

    /// <summary>The time.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The database.</summary>
    public IServerStore Store { get; }

    /// <summary>The life of the database that this process is part of.</summary>
    public Incarnation Incarnation { get; }

    /// <summary>Classes that were named.</summary>
    public ClassCatalog Classes { get; } = new();

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

    /// <summary>Alerts and their deliveries; whoever runs the server calls it regularly.</summary>
    public Alerts.AlertService Alerts { get; }

    /// <summary>The fleet as an operator sees it; whoever runs the server brings it up to date.</summary>
    public Fleet.FleetService Fleet { get; }

    /// <summary>Values for groups; whoever runs the server calls it regularly.</summary>
    public Groups.GroupService Groups { get; }

    /// <summary>What is kept for how long.</summary>
    public Retention Retention { get; }

    /// <summary>Readings taken out.</summary>
    public Readings.ReadingService Readings { get; }

    /// <summary>What is said of the fields of classes.</summary>
    public FieldNotes Notes { get; }

    /// <summary>Threads for requests that only read: a writer that waits keeps nobody from looking.</summary>
    public Waiting.WaitingThreads Readers { get; } = new("reads", 16);

    /// <summary>Threads for what changes something and is no message of a device with a token, which the store does on threads of its own.</summary>
    public Waiting.WaitingThreads Writers { get; } = new("changes", 32);

    /// <summary>Messages that come without TLS.</summary>
    public SealedService Sealed { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Held.Dispose();
        Sealed.Dispose();
        Store.Dispose();
        Readers.Dispose();
        Writers.Dispose();
    }
}
