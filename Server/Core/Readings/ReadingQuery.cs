// What is asked for when readings are read out or followed: one form for REST and the command line.

namespace NanoSync.Server.Readings;

/// <summary>Which readings are asked for, and how.</summary>
public sealed record ReadingQuery
{
    /// <summary>The collection; null = any.</summary>
    public string? Collection { get; init; }

    /// <summary>Name or name#hash of their class; null = any.</summary>
    public string? Class { get; init; }

    /// <summary>The device; null = any.</summary>
    public string? Device { get; init; }

    /// <summary>The devices of this group; null = any.</summary>
    public string? Group { get; init; }

    /// <summary>From this time on: that which the reading says, else that at which it came. Milliseconds since 1970.</summary>
    public long? From { get; init; }

    /// <summary>Before this time.</summary>
    public long? To { get; init; }

    /// <summary>Only these fields; null = all.</summary>
    public IReadOnlyList<string>? Fields { get; init; }

    /// <summary>Milliseconds over which the numbers are summed up; null = each reading.</summary>
    public long? Bucket { get; init; }

    /// <summary>What is said of fields, for the head of a table; empty = names alone.</summary>
    public IReadOnlyList<Application.FieldNote> Units { get; init; } = [];
}

/// <summary>How readings are written.</summary>
public enum ReadingFormat
{
    /// <summary>A line each, with a head.</summary>
    Csv,

    /// <summary>A JSON object on each line.</summary>
    Ndjson,

    /// <summary>A JSON array.</summary>
    Json,
}
