using NanoSync.StorageTests;

namespace NanoSync.Simulation;

/// <summary>What can go wrong. Counted by kind.</summary>
public enum Fault
{
    LoseRequest,
    LoseReply,
    RepeatRequest,
    RepeatAtOtherNode,
    RepeatInTheMiddle,
    OtherDeviceInTheMiddle,
    LateRequest,
    LateReply,
    CutRequest,
    CutRequestUnseen,
    CutReply,
    CutReplyUnseen,
    FlipRequest,
    FlipReply,
    PowerCut,
    PowerCutApp,
    PowerCutMount,
    KillBeforeCommit,
    KillAfterCommit,
    RestartDevice,
    RestartServer,
    ServerPowerCut,
    RestoreDatabase,
    WipeFlash,
    ImagePutBack,
    CloneLives,
    VolumeFails,
    Refuse503,
    TimeComesLate,
    TimeNeverComes,
    DropsOldest,
    PartRots,
    DownloadRots,
    HeldUntilOther,
    HeldAndGivenUp,
    SharesCommit,
    SharedCommitFails,
    KillBeforeShared,
    KillAfterShared,
    FailsInShared,
    StatementFails,
    Retention,
    NoRoomForReading,
}

/// <summary>What goes wrong in one round. Places are drawn before, as a share of what is not known yet.</summary>
public sealed class FaultPlan
{
    public HashSet<Fault> Faults { get; } = [];

    /// <summary>Where, 0 to 999,999 millionths of the length; or an exact place when below 0: -1 - place.</summary>
    public int RequestAt { get; set; }

    public int ReplyAt { get; set; }

    public int Step { get; set; } // which commit of the request

    public int Node { get; set; }

    public ulong Pick { get; set; }

    /// <summary>The file call at which the power goes, from 1; 0 = drawn.</summary>
    public int CallAt { get; set; }

    public Torn Torn { get; set; }

    public bool Has(Fault fault) => Faults.Contains(fault);

    public static int Place(int at, int length) => at < 0 ? -1 - at : length == 0 ? 0 : (int)((long)at * length / 1_000_000);
}
