// Where readings lie, for those who take them out.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Readings;

/// <summary>A collection that readings are taken out of, with one of the devices that have it.</summary>
public sealed record SourceRow(int Device, string Name, int Collection, string CollectionName, bool Shared, long Seq);

/// <summary>Looking for readings.</summary>
public interface IReadingTransaction : IStoreTransaction
{
    /// <summary>Collections of this name (null = any), of a device, of the devices of a group, or of all; by the device's name.</summary>
    List<SourceRow> ListSources(string? collection, string? device, string? group);

    /// <summary>name#hash of the classes in a collection, and a device that wrote with each (0 = the application).</summary>
    List<(string Class, int Device)> ListClassesIn(int collection);
}
