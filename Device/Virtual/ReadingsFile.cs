// A CSV file of real readings (timestamp,value), replayed instead of this machine's sensors.

using System.Globalization;

namespace NanoSync.Virtual;

/// <summary>One row.</summary>
internal readonly record struct CsvReading(uint At, long Value);

/// <summary>Reads the file once, whole, before anything is stored: a bad row is named and nothing has happened yet.</summary>
internal static class ReadingsFile
{
    /// <summary>Digits kept behind the point.</summary>
    public const int Digits = 8;

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
                bad.Add($"  line {i + 1}: {fault}: {line}");
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
            return $"{parts.Length} columns instead of 2";
        }

        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (!DateTime.TryParse(parts[0], CultureInfo.InvariantCulture, Utc, out DateTime at) || at < DateTime.UnixEpoch || at.Year > 2105)
        {
            return "not a time from 1970 to 2105";
        }

        if (!decimal.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value) || Math.Abs(value) > 10_000_000_000m)
        {
            return "not a number of at most 10 billion";
        }

        reading = new CsvReading((uint)(at - DateTime.UnixEpoch).TotalSeconds, (long)Math.Round(value * 100_000_000m));
        return null;
    }
}
