// What is kept of groups' values and of their members, in the server's database.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Groups;

/// <summary>How far an edit of a group's value goes. The numbers are those in the database.</summary>
public enum Stage
{
    /// <summary>To all members.</summary>
    All = 0,

    /// <summary>To the first devices; to the others when each of those has applied it.</summary>
    First = 1,

    /// <summary>To the first devices, and no further: one did not take it.</summary>
    Stopped = 2,
}

/// <summary>What the members of a group are to have of an object.</summary>
public sealed record GroupValueRow
{
    /// <summary>Its number.</summary>
    public int Id { get; init; }

    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>What each member calls the collection.</summary>
    public required string Collection { get; init; }

    /// <summary>The object's id.</summary>
    public required string ObjectId { get; init; }

    /// <summary>Number of the last edit; its ETag.</summary>
    public long Version { get; init; }

    /// <summary>Number of the edit that the value is of: lower than <see cref="Version"/> after one that was aborted.</summary>
    public long ValueVersion { get; init; }

    /// <summary>name#hash; null = none named.</summary>
    public string? Class { get; init; }

    /// <summary>Its bytes.</summary>
    public byte[] Data { get; init; } = [];

    /// <summary>When it was edited last, milliseconds since 1970.</summary>
    public long Time { get; init; }

    /// <summary>By whom.</summary>
    public required string Who { get; init; }

    /// <summary>True: nothing is wanted of the members any more.</summary>
    public bool Removed { get; init; }

    /// <summary>How far it goes.</summary>
    public Stage Stage { get; init; }

    /// <summary>While it does not go to all: number of the edit that the others' value is of; null = nothing is wanted of them.</summary>
    public long? GoodVersion { get; init; }

    /// <summary>Its class.</summary>
    public string? GoodClass { get; init; }

    /// <summary>Its bytes.</summary>
    public byte[]? GoodData { get; init; }

    /// <summary>Why it stopped.</summary>
    public string StopReason { get; init; } = "";

    /// <summary>True when members may have to be written.</summary>
    public bool Look { get; init; }

    /// <summary>Number of the edit whose value a member is to have; null = nothing is wanted of it.</summary>
    public long? Wanted(bool isFirst) => Stage == Stage.All || isFirst ? ValueVersion : GoodVersion;
}

/// <summary>A member of a group, seen from one of its values.</summary>
public sealed record MemberRow
{
    /// <summary>The device.</summary>
    public required int Device { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>True when it is kept out.</summary>
    public bool Revoked { get; init; }

    /// <summary>When it was last there.</summary>
    public long? LastSeen { get; init; }

    /// <summary>True when it has a collection of this name of its own, which is no outbox: only such a device can have the value.</summary>
    public bool CanHave { get; init; }

    /// <summary>True when it shares the collection with other devices.</summary>
    public bool Shares { get; init; }

    /// <summary>Number of the edit whose value was written for it; null = none was.</summary>
    public long? Version { get; init; }

    /// <summary>Number of its object then.</summary>
    public long Seq { get; init; }

    /// <summary>True for one of the first devices.</summary>
    public bool IsFirst { get; init; }

    /// <summary>True when it is to have a value of its own.</summary>
    public bool Overrides { get; init; }

    /// <summary>Number of its object now; 0 = it has none.</summary>
    public long ObjectSeq { get; init; }

    /// <summary>State of its object, as of any; "" = it has none.</summary>
    public string State { get; init; } = "";

    /// <summary>Why it is refused or dropped.</summary>
    public string? Reason { get; init; }
}

/// <summary>What is kept of a member.</summary>
/// <param name="Device">The device.</param>
/// <param name="Version">Number of the edit whose value was written for it; 0 = none yet.</param>
/// <param name="Seq">Number of its object then.</param>
/// <param name="IsFirst">True for one of the first devices.</param>
/// <param name="BeforeClass">Class of what a first device had.</param>
/// <param name="Before">What it had; null = nothing.</param>
public sealed record MemberNote(int Device, long Version, long Seq, bool IsFirst = false, string? BeforeClass = null, byte[]? Before = null);

/// <summary>Groups in the database.</summary>
public interface IGroupTransaction : IStoreTransaction
{
    /// <summary>Groups: how many devices, values, and staged edits that wait or were stopped.</summary>
    List<(string Group, int Devices, int Values, int Staged)> ListGroupsWithValues();

    /// <summary>A group's value, removed or not; locked where the transaction writes.</summary>
    GroupValueRow? FindGroupValue(string group, string collection, string id);

    /// <summary>The value of this number; locked where the transaction writes.</summary>
    GroupValueRow? FindGroupValue(int value);

    /// <summary>Values of a group that are not removed.</summary>
    List<GroupValueRow> ListGroupValues(string group);

    /// <summary>Makes a value; its number.</summary>
    int AddGroupValue(GroupValueRow row);

    /// <summary>Keeps a value.</summary>
    void SaveGroupValue(GroupValueRow row);

    /// <summary>Values whose members may have to be written, or whose first devices are waited for.</summary>
    List<int> ListGroupWork(int most);

    /// <summary>Members of a value's group; or its first devices alone.</summary>
    List<MemberRow> ListMembers(GroupValueRow value, bool firstOnly);

    /// <summary>Members for which another value was written last than they are to have, of those with numbers above one at most so many, in their order.</summary>
    List<(int Device, string Name, bool IsFirst)> ListUnwritten(GroupValueRow value, int above, int most);

    /// <summary>Devices that are no members any more and keep what was written for them, with the time since when.</summary>
    List<(string Name, long LeftAt)> ListLeft(GroupValueRow value);

    /// <summary>What is kept of members that are first devices.</summary>
    List<MemberNote> ListFirst(int value);

    /// <summary>Keeps what was written for a member.</summary>
    void SaveMember(int value, MemberNote note);

    /// <summary>Notes which devices are no members any more, and which are members again.</summary>
    void NoteLeft(GroupValueRow value, long now);

    /// <summary>No device is a first one any more.</summary>
    void EndStage(int value);

    /// <summary>Forgets the members of a value.</summary>
    void DropMembers(int value);

    /// <summary>Writes for this member again what its group's value is.</summary>
    void WriteAgain(int value, int device);

    /// <summary>The group of a device that has a value for an object.</summary>
    string? FindGroupOf(int device, string collection, string id);

    /// <summary>For which objects of a device's collection its group has a value, and whether the device has one of its own.</summary>
    List<(string ObjectId, string Group, bool Overrides)> ListGroupsOf(int device, string collection);

    /// <summary>True when a device is to have a value of its own.</summary>
    bool HasOverride(int device, string collection, string id);

    /// <summary>Says that a device is to have a value of its own.</summary>
    void SetOverride(int device, string collection, string id, string who, long now);

    /// <summary>Says that it is not.</summary>
    void DropOverride(int device, string collection, string id);

    /// <summary>The definition of name#hash that a member told, the first one told.</summary>
    string? FindClassOfGroup(string group, string wireName);

    /// <summary>Wire names of a class name among what the members told, newest first.</summary>
    List<string> FindClassesOfGroup(string group, string name);

    /// <summary>The class that most members have for an object, or else for the collection; null = they named none.</summary>
    string? FindUsualClass(string group, string collection, string id);
}
