// What goes wrong between device, proxy and upstream, and what may be broken on purpose.

namespace NanoSync.Simulation;

/// <summary>What can go wrong with a proxy. Counted by kind and link.</summary>
public enum ProxyFault
{
    LoseRequest,
    LoseReply,
    RepeatRequest,
    DelayRequest,
    LateReply,
    CutRequest,
    CutReply,
    AnswererKilledBeforeCommit,
    AnswererKilledAfterCommit,
    Away,
    KilledBeforeStaged,
    KilledStaged,
    KilledExchanged,
    KilledBeforeTaken,
    KilledTaken,
    PowerCut,
    PowerCutApp,
    Restart,
    RestoreProxy,
}

/// <summary>Something deliberately broken in the proxy.</summary>
public enum ProxyMutation
{
    None,

    /// <summary>What the upstream said is acknowledged, and its transaction is lost now and then.</summary>
    TakenNotKept,

    /// <summary>Own changes count as handed on, and the transaction that hands them on is lost now and then.</summary>
    StagedNotKept,

    /// <summary>The route's store is kept apart from the associations: its files survive what the transaction does not.</summary>
    StoreApart,

    /// <summary>Associations are lost now and then.</summary>
    MapNotKept,

    /// <summary>How far own changes were handed on is written ahead.</summary>
    PointAhead,

    /// <summary>The losing side of a conflict is dropped.</summary>
    NoLosers,

    /// <summary>What devices refuse is not told to the upstream.</summary>
    NotToldUp,

    /// <summary>What the upstream refuses is not told to devices.</summary>
    NotToldDown,
}
