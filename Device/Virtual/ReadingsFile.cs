// A CSV file of real readings (timestamp,value), replayed instead of this machine's sensors.

using System.Globalization;
using NanoSync.Firmware;

namespace NanoSync.Virtual;

/// <summary>One row.</summary>
internal readonly record struct CsvReading(uint At, long Value);

/// <summary>Reads the file once, whole, before anything is stored: a bad row is named and nothing has happened yet.</summary>
internal static class ReadingsFile
{
    /// <summary>Digits kept behind the point.</summary>
    public const int Digits = 8;

    private const int MostShown = 60;

    private static readonly string[] s_forms =
    [
        "yyyy-MM-dd", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
    ];

    /// <summary>All rows in the file's order.</summary>
    /// <exception cref="UserError">The file cannot be read, or a row is not a time and a number; says which.</exception>
    public static List<CsvReading> Load(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"Cannot read {path}: {e.Message}");
        }

        var rows = new List<CsvReading>(lines.Length);
        var bad = new List<string>();
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || (i == 0 && line.StartsWith("timestamp", StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            if (Parse(line, out CsvReading reading) is { } fault)
            {
                bad.Add($"  line {i + 1}: {fault}: {Shown(line)}");
            }
            else
            {
                rows.Add(reading);
            }
        }

        if (bad.Count > 0)
        {
            throw new UserError($"{path}: {bad.Count} bad row{(bad.Count == 1 ? "" : "s")}, nothing was replayed. Each row is timestamp,value, such as 2013-07-04 00:00:00,69.88\n"
                + string.Join('\n', bad.Take(10)) + (bad.Count > 10 ? $"\n  and {bad.Count - 10} more" : ""));
        }

        if (rows.Count == 0)
        {
            throw new UserError($"{path}: no rows. Each row is timestamp,value.");
        }

        return rows;
    }

    private static string? Parse(string line, out CsvReading reading)
    {
        reading = default;
        string[] parts = line.Split(',');
        if (parts.Length != 2)
        {
            return $"{parts.Length} columns instead of 2 (a number has a point, no comma)";
        }

        if (Time(parts[0].Trim()) is not { } at)
        {
            return "not a time: ISO 8601 (2026-03-01T12:30:00Z, UTC where it does not say) or Unix seconds of 9 or 10 digits, from 1970 to 2099";
        }

        if (!decimal.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value) || Math.Abs(value) > 10_000_000_000m)
        {
            return "not a number of at most 10 billion";
        }

        reading = new CsvReading(at, (long)Math.Round(value * 100_000_000m));
        return null;
    }

    // Only what can be read in one way: 01.03.2026 is a day in January or in March, 12:30 is some day's, and eight digits are a
    // date to one and seconds to another.
    private static uint? Time(string text)
    {
        if (text.All(char.IsAsciiDigit))
        {
            return text.Length is 9 or 10 && uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint seconds) && seconds < FieldClock.Latest ? seconds : null;
        }

        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTime.TryParseExact(text.Replace(' ', 'T'), s_forms, CultureInfo.InvariantCulture, Utc, out DateTime at) && at >= DateTime.UnixEpoch && at.Year < 2100
            ? (uint)(at - DateTime.UnixEpoch).TotalSeconds : null;
    }

    // As much of a line as a person needs to find it, without what a terminal would obey.
    private static string Shown(string line)
    {
        string shown = new([.. line.Take(MostShown).Select(c => char.IsControl(c) ? '?' : c)]);
        return line.Length > MostShown ? $"{shown}... ({line.Length} characters)" : shown;
    }
}
