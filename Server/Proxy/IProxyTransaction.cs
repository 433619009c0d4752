// What the proxy keeps in the server's database, in the same transactions as everything else.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Proxy;

/// <summary>How an own object and the upstream's stand to each other. The number is the one in the database.</summary>
public enum MapState
{
    /// <summary>Both sides have the same.</summary>
    InStep = 0,

    /// <summary>A change of ours is on its way.</summary>
    Sending = 1,

    /// <summary>The upstream refused our change: kept, sent again when it changes or someone asks.</summary>
    Refused = 2,

    /// <summary>Someone asked to send a refused one again.</summary>
    Retry = 3,

    /// <summary>Deleted on both sides.</summary>
    Deleted = 4,
}

/// <summary>The association of an own object with the upstream's.</summary>
public sealed class MapRow
{
    /// <summary>The own object.</summary>
    public required string OwnId { get; init; }

    /// <summary>The upstream's; null until it was named there.</summary>
    public string? UpstreamId { get; set; }

    /// <summary>The store's number of an object that we added; 0 = none.</summary>
    public long LocalId { get; set; }

    /// <summary>The store's version of what was last sent or taken: a higher one came from the upstream.</summary>
    public long Version { get; set; }

    /// <summary>Number of the own object's change that was last sent or written from the upstream.</summary>
    public long Seq { get; set; }

    /// <summary>Number of the change that the upstream was told a device refuses.</summary>
    public long ReportedSeq { get; set; }

    /// <summary>ETag, of a target that has them.</summary>
    public string? Tag { get; set; }

    /// <summary>How they stand.</summary>
    public MapState State { get; set; }

    /// <summary>Refused: the upstream's status.</summary>
    public int Status { get; set; }

    /// <summary>Refused: its reason.</summary>
    public string Reason { get; set; } = "";

    /// <summary>When this row changed, milliseconds since 1970.</summary>
    public long Time { get; set; }
}

/// <summary>One collection and its counterpart upstream.</summary>
public sealed class RouteRow
{
    /// <summary>Its number.</summary>
    public int Id { get; init; }

    /// <summary>Name of the target.</summary>
    public required string Target { get; init; }

    /// <summary>The own collection.</summary>
    public int Collection { get; init; }

    /// <summary>The collection's name upstream.</summary>
    public required string Upstream { get; init; }

    /// <summary>Own changes up to here were handed on.</summary>
    public long Point { get; set; }

    /// <summary>Class of most objects.</summary>
    public string? Class { get; set; }

    /// <summary>Outcome of the last exchange, in words.</summary>
    public string Outcome { get; set; } = "";

    /// <summary>When the last one that went well ended.</summary>
    public long? Done { get; set; }
}

/// <summary>A collection with those that hold it: "d1" or "" and "site".</summary>
public sealed record CollectionName(int Id, string Name, string? Device, string? Group);

/// <summary>A device's refusal that the upstream is to be told.</summary>
public sealed record DeviceRefusal(string Device, string OwnId, long Seq, bool WasAdd, int Status, string Reason);

/// <summary>See <see cref="IStoreTransaction"/>; a store that can be a proxy's gives transactions that are this too.</summary>
public interface IProxyTransaction : IStoreTransaction
{
    /// <summary>The name of this server among proxies; made from <paramref name="random"/> when there is none.</summary>
    string SelfName(string random);

    /// <summary>The name of this server; null before it was ever a proxy.</summary>
    string? FindSelfName();

    /// <summary>Targets given on the command line: name and settings.</summary>
    List<(string Name, string Settings)> ListTargets();

    /// <summary>Keeps a target; null settings forget it. False when there was none to forget.</summary>
    bool SaveTarget(string name, string? settings);

    /// <summary>All collections.</summary>
    List<CollectionName> ListCollections();

    /// <summary>A collection, locked in a write transaction.</summary>
    CollectionRow FindCollection(int id);

    /// <summary>Devices that hold a collection.</summary>
    List<(int Id, string Device, string Name)> ListMembers(int collection);

    /// <summary>Routes of a target, or all.</summary>
    List<RouteRow> ListRoutes(string? target);

    /// <summary>The route, made when missing.</summary>
    RouteRow FindRoute(string target, int collection, string upstream);

    /// <summary>Keeps how far a route is.</summary>
    void SaveRoute(RouteRow route);

    /// <summary>The association of an own object.</summary>
    MapRow? FindOwn(int route, string ownId);

    /// <summary>The association of an upstream's object.</summary>
    MapRow? FindUpstream(int route, string upstreamId);

    /// <summary>The association of an object by the store's number.</summary>
    MapRow? FindLocal(int route, long localId);

    /// <summary>Keeps an association.</summary>
    void SaveMap(int route, MapRow row);

    /// <summary>Associations of a route in a state, or all; by own id.</summary>
    List<MapRow> ListMap(int route, MapState? state, int count = int.MaxValue, string after = "");

    /// <summary>Makes what the upstream refused to be sent again: one object, or all. How many.</summary>
    int RetryMap(int route, string? ownId);

    /// <summary>Refusals of values that came from the upstream, which it was not told yet.</summary>
    List<DeviceRefusal> ListUntold(int route, int collection, int count);

    /// <summary>The name of a class by tag.</summary>
    string? FindTag(int route, long tag);

    /// <summary>Keeps what a tag stands for.</summary>
    void SaveTag(int route, long tag, string name);

    /// <summary>Names of the classes seen on a route.</summary>
    List<string> ListTags(int route);

    /// <summary>Pieces of a route's files, in order.</summary>
    List<(uint File, byte[] Data)> ListFiles(int route);

    /// <summary>Appends to a file.</summary>
    void AppendFile(int route, uint file, int position, byte[] data);

    /// <summary>Deletes a file.</summary>
    void DeleteFile(int route, uint file);

    /// <summary>What a device said of the way its messages of a collection took; "" = it comes itself.</summary>
    string FindVia(int device, int collection);

    /// <summary>Keeps that.</summary>
    void SaveVia(int device, int collection, string path);

    /// <summary>All ways that lead into a collection.</summary>
    List<string> ListVia(int collection);
}
