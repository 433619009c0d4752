// What the store keeps, as plain data. The migrations say the same in SQL.

namespace NanoSync.Server.Engine;

/// <summary>A device that may sync.</summary>
public sealed record DeviceIdentity(int Id, string Name);

/// <summary>A device as the operator sees it.</summary>
public sealed record DeviceRow(int Id, string Name, long Created, long? Revoked, long? LastSeen, string Collections);

/// <summary>A collection: private to a device, or shared by the devices of a group.</summary>
public sealed class CollectionRow
{
    /// <summary>Its number.</summary>
    public int Id { get; init; }

    /// <summary>True when several devices may hold it.</summary>
    public bool Shared { get; init; }

    /// <summary>Number of the last change.</summary>
    public long Seq { get; set; }

    /// <summary>Objects that are not deleted.</summary>
    public long Live { get; set; }
}

/// <summary>A device's side of a collection: the key row. [SPEC 5.2]</summary>
public sealed class KeyRow
{
    /// <summary>The device.</summary>
    public int Device { get; init; }

    /// <summary>What the device calls the collection.</summary>
    public string Name { get; init; } = "";

    /// <summary>The collection; locked with this row.</summary>
    public required CollectionRow Collection { get; init; }

    /// <summary>Number of the last reply given.</summary>
    public int N { get; set; }

    /// <summary>Key of the last reply given; null before the first.</summary>
    public string? Key { get; set; }

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

    /// <summary>True when the device was told that its key is not known: it starts over with what it has.</summary>
    public bool AskedOver { get; set; }

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

    /// <summary>Class the device named last; null = none. Remembered until key 0, like the next three. [SPEC 2.3]</summary>
    public string? Class { get; set; }

    /// <summary>WindowSize.</summary>
    public int? Window { get; set; }

    /// <summary>Limit, bytes.</summary>
    public int? Limit { get; set; }

    /// <summary>Conflict: 0 device wins, 1 server wins.</summary>
    public int? Conflict { get; set; }

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

    /// <summary>Who changed it last: a device, or 0 for the application.</summary>
    public int Writer { get; set; }

    /// <summary>The device that changed it last, whoever changed it since; 0 = none.</summary>
    public int LastDevice { get; set; }

    /// <summary><see cref="ContentSum"/> of what that device wrote; 0 = it deleted.</summary>
    public long LastDeviceSum { get; set; }

    /// <summary>When made, milliseconds since 1970.</summary>
    public long Created { get; set; }

    /// <summary>When changed, milliseconds since 1970.</summary>
    public long Changed { get; set; }
}

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
public sealed record IdRow(string ServerId, long Sum, int Length, uint Crc);

/// <summary>An object that a device does not take. [SPEC 5.7]</summary>
public sealed record AsideRow(string ServerId, long Seq, bool WasAdd, int Status, string Reason, long Time);

/// <summary>The losing side of a conflict. [SPEC 5.6]</summary>
public sealed record LoserRow(string ServerId, bool FromDevice, bool Deleted, string? Class, byte[]? Data, long Time);

/// <summary>Something refused, for the operator.</summary>
public sealed record RefusalRow(string Collection, bool ByServer, string ObjectId, int Status, string Reason, int Times, long Time);

/// <summary>A command queued for a device. [SPEC 7.1]</summary>
public sealed record DeviceCommandRow(long Id, string Class, byte[] Data, long Created, long? Done, int? Status, string? Reason);

/// <summary>The parts held of an object that comes up in parts. [SPEC 7.2]</summary>
public sealed record UploadRow(int Total, uint Crc, int Held);

/// <summary>A structure a device told last.</summary>
public sealed record InfoRow(string Class, byte[] Data, long Time);

/// <summary>A device that may send sealed messages.</summary>
public sealed record SealKeyRow(DeviceIdentity Device, byte[] Key);

/// <summary>A number accepted. [SPEC 8.2]</summary>
public sealed record SealedNumberRow(long Number, bool Answered, long Time);
