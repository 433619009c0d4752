// What the store keeps, as plain data. The migrations say the same in SQL.

namespace NanoSync.Server.Engine;

/// <summary>A device that may sync.</summary>
public sealed record DeviceIdentity(int Id, string Name);

/// <summary>A device as the operator sees it.</summary>
public sealed record DeviceRow(int Id, string Name, long Created, long? Revoked, long? LastSeen, string Collections)
{
    /// <summary>When it was deleted, its data being kept; null = it was not.</summary>
    public long? Retired { get; init; }
}

/// <summary>A collection: private to a device, or shared by the devices of a group.</summary>
public sealed class CollectionRow
{
    /// <summary>Its number.</summary>
    public int Id { get; init; }

    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>True when several devices may hold it.</summary>
    public bool Shared { get; init; }

    /// <summary>Number of the last change.</summary>
    public long Seq { get; set; }

    /// <summary>Objects that are not deleted.</summary>
    public long Live { get; set; }

    /// <summary>True for readings, which devices drop once acknowledged: they do not count against the quota of objects.</summary>
    public bool IsOutbox { get; set; }
}

/// <summary>One store of a device: two boards on one token, or a flash that was wiped, are several. [SPEC 5.2]</summary>
public sealed class ReplicaRow
{
    /// <summary>Its number, never given twice. Key rows, what is due and set aside, uploads and the writer of an object belong to it.</summary>
    public int Id { get; init; }

    /// <summary>The device.</summary>
    public int Device { get; init; }

    /// <summary>The store's id; "" = one that tells none.</summary>
    public required string StoreId { get; set; }

    /// <summary>When it was first there, milliseconds since 1970.</summary>
    public long FirstSeen { get; init; }

    /// <summary>When it was last there.</summary>
    public long LastSeen { get; init; }

    /// <summary>The store that it was one with until both were told apart; null = none.</summary>
    public string? CameFrom { get; init; }

    /// <summary>Why it is there, in words; "" = the device's first.</summary>
    public string Why { get; init; } = "";

    /// <summary>True for one made of a database that did not know stores: it takes the id of the store that goes on with it.</summary>
    public bool Migrated { get; init; }
}

/// <summary>Why a device that starts over does so.</summary>
public enum Asked
{
    /// <summary>Nobody asked it: it may have lost its flash.</summary>
    No = 0,

    /// <summary>Its key was not known.</summary>
    Unknown = 1,

    /// <summary>Its key is of a time that this database has lost: an older state of it was restored. [SPEC 5.8]</summary>
    WentBack = 2,
}

/// <summary>Replies <see cref="First"/> to <see cref="Last"/> of a replica's collection have keys with this epoch.</summary>
public sealed record EpochRow(int Replica, string Epoch, int First, int Last);

/// <summary>A replica's side of a collection: the key row. [SPEC 5.2]</summary>
public sealed class KeyRow
{
    /// <summary>The device.</summary>
    public int Device { get; init; }

    /// <summary>The replica.</summary>
    public int Replica { get; init; }

    /// <summary>See <see cref="ReplicaRow.Migrated"/>.</summary>
    public bool IsMigrated { get; init; }

    /// <summary>What the device calls the collection.</summary>
    public string Name { get; init; } = "";

    /// <summary>The collection; locked with this row.</summary>
    public required CollectionRow Collection { get; init; }

    /// <summary>Number of the last reply given.</summary>
    public int N { get; set; }

    /// <summary>Key of the last reply given; null before the first.</summary>
    public string? Key { get; set; }

    /// <summary>Epoch of that key: 2 characters of the server's incarnation, 2 at random; null = a key of version 0.1.</summary>
    public string? Epoch { get; set; }

    /// <summary>The key that the request of the last reply held; "0" when it started over.</summary>
    public string? PreviousKey { get; set; }

    /// <summary>What a device holding <see cref="PreviousKey"/> has seen of the feed.</summary>
    public long FromPoint { get; set; }

    /// <summary>What a device holding <see cref="Key"/> has seen of the feed.</summary>
    public long ToPoint { get; set; }

    /// <summary>Number of the last change when the device last started over: its own writes up to here are sent.</summary>
    public long ResetSeq { get; set; }

    /// <summary>What the device had seen for certain before it last started over.</summary>
    public long KnownSeq { get; set; }

    /// <summary>Whether the device was told to start over: then it does so with what it has.</summary>
    public Asked AskedOver { get; set; }

    /// <summary>Numbers of the starts handled last, at most 4, newest last: another request with one of them is late. [SPEC 7.2, `store`]</summary>
    public List<long> Starts { get; init; } = [];

    /// <summary>Number of the first reply to the last start.</summary>
    public int StartN { get; set; }

    /// <summary>From this number to <see cref="StartN"/> - 1 go the keys that were held when it last started over.</summary>
    public int LiveN { get; set; }

    /// <summary><see cref="N"/> when a key given and since replaced was last seen; 0 = none was.</summary>
    public int OldKeyN { get; set; }

    /// <summary>True in a pass after <see cref="Asked.WentBack"/>: what the device holds is newer than the database. [SPEC 5.8]</summary>
    public bool Recovering { get; set; }

    /// <summary>SHA-256 of the request that the last reply answers.</summary>
    public byte[]? RequestHash { get; set; }

    /// <summary>The last reply: a message in the binary form with this collection alone.</summary>
    public byte[]? Reply { get; set; }

    /// <summary>Number of the device's last change when it made the newest request that was answered under <see cref="PreviousKey"/>; 0 = none told.</summary>
    public long LastChange { get; set; }

    /// <summary>What was applied since the device was last seen to have moved on: 8 bytes for each change. [SPEC 5.2]</summary>
    public byte[]? Applied { get; set; }

    /// <summary>Commands in the last reply.</summary>
    public int ReplyCommands { get; set; }

    /// <summary>What a device holding <see cref="Key"/> has told.</summary>
    public Told Told { get; set; } = Told.Nothing;

    /// <summary>What a device holding <see cref="PreviousKey"/> has told.</summary>
    public Told ToldBefore { get; set; } = Told.Nothing;

    /// <summary>What a device holding this key has told; it is <see cref="Key"/> or <see cref="PreviousKey"/>.</summary>
    public Told ToldWith(string key) => key == Key ? Told : ToldBefore;

    /// <summary>Times the last reply was asked for again.</summary>
    public int Repeats { get; set; }

    /// <summary>Window as shrunk by repeats; 0 = not shrunk. [SPEC 5.7]</summary>
    public int Shrunk { get; set; }

    /// <summary>The object that the last reply held alone; null when it held another number.</summary>
    public string? AloneId { get; set; }

    /// <summary>Times that object was sent alone without being acknowledged.</summary>
    public int AloneCount { get; set; }

    /// <summary>True when the device was seen to hold <see cref="Key"/> although that request was idle.</summary>
    public bool Acknowledged { get; set; }
}

/// <summary>What a device tells of a collection and need not tell again: it is remembered with the key of the reply, until key 0. [SPEC 2.3]</summary>
/// <param name="Class">Class of its objects; null = none.</param>
/// <param name="Window">WindowSize.</param>
/// <param name="Limit">Limit, bytes.</param>
/// <param name="Conflict">0 device wins, 1 server wins.</param>
public sealed record Told(string? Class, int? Window, int? Limit, int? Conflict)
{
    /// <summary>Of a device that starts over.</summary>
    public static readonly Told Nothing = new(null, null, null, null);

    /// <summary>The same after a request.</summary>
    public Told After(CollectionElement request)
    {
        return new Told(request.Class ?? Class, request.WindowSize ?? Window, request.Limit ?? Limit, request.Conflict ?? Conflict);
    }
}

/// <summary>An object.</summary>
public sealed class ObjectRow
{
    /// <summary>Its id on the server.</summary>
    public required string Id { get; init; }

    /// <summary>Number of its last change in the collection.</summary>
    public long Seq { get; set; }

    /// <summary>Number of the change that made it.</summary>
    public long CreatedSeq { get; set; }

    /// <summary>name#hash; null when never named.</summary>
    public string? Class { get; set; }

    /// <summary>Its bytes; null when deleted.</summary>
    public byte[]? Data { get; set; }

    /// <summary>True for what is left of a deleted object.</summary>
    public bool Deleted { get; set; }

    /// <summary>Who changed it last: a replica, or 0 for the application.</summary>
    public int Writer { get; set; }

    /// <summary>The device that changed it last, whoever changed it since; 0 = none.</summary>
    public int LastDevice { get; set; }

    /// <summary>The device that changed it last; 0 = the application did.</summary>
    public int Author => Writer == 0 ? 0 : LastDevice;

    /// <summary><see cref="ContentSum"/> of what that device wrote; 0 = it deleted.</summary>
    public long LastDeviceSum { get; set; }

    /// <summary>Version of the transfer by which its value came in parts; null = it came otherwise.</summary>
    public long? Version { get; set; }

    /// <summary>When made, milliseconds since 1970.</summary>
    public long Created { get; set; }

    /// <summary>When changed, milliseconds since 1970.</summary>
    public long Changed { get; set; }

    /// <summary>True for a reading as it came, of the log: saved again it becomes an object.</summary>
    public bool IsLogged { get; init; }
}

/// <summary>Readings that follow each other. Each has a number one above that of the one before, as a reading and as a change of the collection.</summary>
/// <param name="Device">The device.</param>
/// <param name="Replica">The replica that wrote them.</param>
/// <param name="First">Id of the first one.</param>
/// <param name="FirstSeq">Number of the change that made it.</param>
/// <param name="Class">name#hash; null when never named.</param>
/// <param name="Time">When they came, milliseconds since 1970.</param>
public sealed record LogRun(int Device, int Replica, ReadingId First, long FirstSeq, string? Class, long Time);

/// <summary>A collection of readings.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Live">Readings in it.</param>
public sealed record OutboxRow(int Id, string Name, long Live);

/// <summary>How far a log goes.</summary>
/// <param name="Last">The highest number taken; -1 = none was.</param>
/// <param name="HasOthers">True when an id may stand for something beside the log, too.</param>
public readonly record struct LogMark(long Last, bool HasOthers);

/// <summary>An object as the feed offers it; Data is null when it is deleted or large.</summary>
public sealed record FeedRow(string Id, long Seq, long CreatedSeq, string? Class, bool Deleted, int Length, byte[]? Data, bool WasAdd, DueKind? Due);

/// <summary>Why an object or a command goes to a device although its number is not above the device's point.</summary>
public enum DueKind
{
    /// <summary>The object is sent again.</summary>
    Send = 0,

    /// <summary>The device is asked to drop its copy.</summary>
    Drop = 1,

    /// <summary>The device is asked for its copy.</summary>
    Fetch = 2,
}

/// <summary>A ClientId that was seen. [SPEC 5.4]</summary>
/// <param name="ServerId">The object.</param>
/// <param name="Sum">Content sum of what the Add brought.</param>
/// <param name="Length">Its bytes; -1 = a reading that was taken and is gone, its content is no longer known.</param>
/// <param name="Crc">Its check sum.</param>
/// <param name="Version">Version of the transfer, if it came in parts and told one.</param>
public sealed record IdRow(string ServerId, long Sum, int Length, uint Crc, long? Version)
{
    /// <summary>True for a reading that was taken, of which only that is known.</summary>
    public bool IsGone => Length < 0;
}

/// <summary>An object that a device does not take. [SPEC 5.7]</summary>
public sealed record AsideRow(string ServerId, long Seq, bool WasAdd, int Status, string Reason, long Time);

/// <summary>The losing side of a conflict. [SPEC 5.6]</summary>
public sealed record LoserRow(string ServerId, bool FromDevice, bool Deleted, string? Class, byte[]? Data, long Time);

/// <summary>Something refused, for the operator.</summary>
public sealed record RefusalRow(string Collection, bool ByServer, string ObjectId, int Status, string Reason, int Times, long Time);

/// <summary>A command queued for a device. [SPEC 7.1]</summary>
public sealed record DeviceCommandRow(long Id, string Class, byte[] Data, long Created, long? Done, int? Status, string? Reason)
{
    /// <summary>Tells it from another command of this id in another life of the database; 0 = one of version 0.1, or without.</summary>
    public long Mark { get; init; }

    /// <summary>Code of the incarnation in which it was given its id; "" = one of version 0.1.</summary>
    public string Incarnation { get; init; } = "";
}

/// <summary>The parts held of an object that comes up in parts. [SPEC 7.2]</summary>
public sealed record UploadRow(int Total, uint Crc, int Held, long? Version);

/// <summary>A structure a device told last.</summary>
public sealed record InfoRow(string Class, byte[] Data, long Time);

/// <summary>A device that may send sealed messages.</summary>
public sealed record SealKeyRow(DeviceIdentity Device, byte[] Key);

/// <summary>A number accepted. [SPEC 8.2]</summary>
/// <param name="Number">The highest.</param>
/// <param name="Answered">True when its reply was handed over.</param>
/// <param name="Time">When it was accepted.</param>
/// <param name="Proofs">Of the requests accepted last, the first 8 bytes of the proof of each, newest last; null = not kept by version 0.1.</param>
public sealed record SealedNumberRow(long Number, bool Answered, long Time, byte[]? Proofs = null);
