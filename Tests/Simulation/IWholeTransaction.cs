// Whatever a store's transaction can do: parts of the server ask it for what is theirs by a cast, and a wrapped one must be that too.

using NanoSync.Server.Access;
using NanoSync.Server.Alerts;
using NanoSync.Server.Application;
using NanoSync.Server.Fleet;
using NanoSync.Server.Groups;
using NanoSync.Server.Proxy;
using NanoSync.Server.Readings;

namespace NanoSync.Simulation;

/// <summary>All ports to the database in one.</summary>
public interface IWholeTransaction : IAccessTransaction, IAlertTransaction, IEnrolTransaction, IFleetTransaction, IGroupTransaction, IHistoryTransaction, INoteTransaction,
    IProxyTransaction, IReadingTransaction;
