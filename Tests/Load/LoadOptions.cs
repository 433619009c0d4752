// What a run is made of.

namespace NanoSync.Load;

/// <summary>One measurement.</summary>
/// <param name="Devices">Devices, each with a connection of its own.</param>
/// <param name="Seconds">How long each part is measured, after it has run in.</param>
/// <param name="Readings">Readings a sync.</param>
/// <param name="Bytes">Bytes a reading, 8 or more.</param>
/// <param name="Database">Npgsql's connection string; null = a SQLite file of its own.</param>
/// <param name="Nodes">Servers on one PostgreSQL database; a device goes to one of them.</param>
internal sealed record LoadOptions(int Devices, int Seconds, int Readings, int Bytes, string? Database, int Nodes);
