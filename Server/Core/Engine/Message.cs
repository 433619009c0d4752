// The message as plain data, the same for requests and replies. [SPEC 2.2]

namespace NanoSync.Server.Engine;

/// <summary>Sync: a whole message.</summary>
public sealed class SyncMessage
{
    /// <summary>Version; null when absent.</summary>
    public string? Version { get; set; }

    /// <summary>Status of the whole message; 1 = absent.</summary>
    public int Status { get; set; } = Protocol.Status.Success;

    /// <summary>Wait: minutes for which the answer may be held; null when absent.</summary>
    public int? Wait { get; set; }

    /// <summary>HeartbeatInterval: the same in seconds; null when absent.</summary>
    public int? Heartbeat { get; set; }

    /// <summary>Limit: with Status 14, the nearest time that is in range; null when absent.</summary>
    public int? Limit { get; set; }

    /// <summary>Embedded structures of the message.</summary>
    public List<Structure> Options { get; } = [];

    /// <summary>The collections, in order.</summary>
    public List<CollectionElement> Collections { get; } = [];
}

/// <summary>Collection.</summary>
public sealed class CollectionElement
{
    /// <summary>Class of the objects in Commands; null when absent.</summary>
    public string? Class { get; set; }

    /// <summary>SyncKey.</summary>
    public string SyncKey { get; set; } = "";

    /// <summary>CollectionId.</summary>
    public string Id { get; set; } = "";

    /// <summary>Status; 1 = absent.</summary>
    public int Status { get; set; } = Protocol.Status.Success;

    /// <summary>DeletesAsMoves: an outbox.</summary>
    public bool DeletesAsMoves { get; set; }

    /// <summary>GetChanges.</summary>
    public bool GetChanges { get; set; }

    /// <summary>MoreAvailable.</summary>
    public bool MoreAvailable { get; set; }

    /// <summary>WindowSize; null when absent.</summary>
    public int? WindowSize { get; set; }

    /// <summary>Limit in Options; null when absent.</summary>
    public int? Limit { get; set; }

    /// <summary>Conflict in Options; null when absent.</summary>
    public int? Conflict { get; set; }

    /// <summary>Embedded structures of the collection.</summary>
    public List<Structure> Options { get; } = [];

    /// <summary>Responses, in order.</summary>
    public List<SyncCommand> Responses { get; } = [];

    /// <summary>Commands, in order.</summary>
    public List<SyncCommand> Commands { get; } = [];
}

/// <summary>A command, or the response to one.</summary>
public sealed class SyncCommand
{
    /// <summary>Add, Change, Delete, SoftDelete or Fetch: a code of <see cref="Protocol.Tags"/>.</summary>
    public required byte Tag { get; init; }

    /// <summary>Class of this object alone; null when absent.</summary>
    public string? Class { get; set; }

    /// <summary>ClientId; null when absent.</summary>
    public string? ClientId { get; set; }

    /// <summary>ServerId; null when absent.</summary>
    public string? ServerId { get; set; }

    /// <summary>Status; 1 = absent.</summary>
    public int Status { get; set; } = Protocol.Status.Success;

    /// <summary>Embedded structures of the command.</summary>
    public List<Structure> Options { get; } = [];

    /// <summary>ApplicationData; null when absent.</summary>
    public ReadOnlyMemory<byte>? Data { get; set; }

    /// <summary>ApplicationData given as fields of the text form; null otherwise. [SPEC 6.4]</summary>
    public List<KeyValuePair<string, string>>? Fields { get; set; }
}

/// <summary>An embedded structure: with data it tells, without it asks. [SPEC 7]</summary>
public sealed class Structure
{
    /// <summary>Makes a structure.</summary>
    public Structure(string type, ReadOnlyMemory<byte>? data = null)
    {
        Class = type;
        Data = data;
    }

    /// <summary>Its class.</summary>
    public string Class { get; }

    /// <summary>Its record; null when it asks.</summary>
    public ReadOnlyMemory<byte>? Data { get; set; }
}
