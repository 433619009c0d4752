// What is measured: rows of numbers with a class. The first field is the time.

using System.Globalization;
using System.Text.RegularExpressions;
using NanoSync.Protocol;

namespace NanoSync.Benchmarks;

/// <summary>Rows of one class; numbers in steps of their field, times in seconds since 1970.</summary>
internal sealed record DataSet(string Name, ObjectClass Type, long[][] Rows)
{
    /// <summary>Rows in a series.</summary>
    public const int Series = 64;

    /// <summary>A value as people write it: 2153 with two digits is 21.53.</summary>
    public decimal Value(int row, int field)
    {
        return Rows[row][field] / (decimal)Math.Pow(10, Type.DigitsOf(field));
    }

    /// <summary>The reading that all figures speak of: a room, measured every 10 minutes by a clock that is a second late now and then.</summary>
    public static DataSet Readings(int count)
    {
        var random = new Random(1);
        var rows = new long[count][];
        long at = 1764547200, temperature = 2153, humidity = 45, co2 = 612, battery = 371;
        for (int i = 0; i < count; i++)
        {
            rows[i] = [at, temperature, humidity, co2, battery];
            at += random.Next(10) == 0 ? 601 : 600;
            temperature += random.Next(-15, 16);
            humidity += random.Next(-1, 2);
            co2 = Math.Clamp(co2 + random.Next(-40, 41), 400, 2000);
            battery -= random.Next(12) == 0 ? 1 : 0;
        }

        return new DataSet("reading", new ObjectClass("reading").Time("at").Fixed("temperature", 2).UInt("humidity").UInt("co2").Fixed("battery", 2), rows);
    }

    /// <summary>This machine: load, free memory, processes and bytes received, sampled now; null where there is no /proc.</summary>
    public static DataSet? Machine()
    {
        if (!File.Exists("/proc/loadavg") || !File.Exists("/proc/net/dev") || !File.Exists("/proc/meminfo"))
        {
            return null;
        }

        var rows = new long[Series][];
        for (int i = 0; i < rows.Length; i++)
        {
            string[] load = File.ReadAllText("/proc/loadavg").Split(' ');
            Match free = Regex.Match(File.ReadAllText("/proc/meminfo"), @"MemAvailable:\s+(\d+)");
            long received = Regex.Matches(File.ReadAllText("/proc/net/dev"), @":\s*(\d+)").Sum(m => Long(m.Groups[1].Value));

            // the samples lie close together, their times a minute apart, as a device would take them
            rows[i] = [1764547200 + i * 60, Long(load[0].Replace(".", "")), Long(free.Groups[1].Value) / 1024, Long(load[3].Split('/')[1]), received / 1024];
            Thread.Sleep(50);
        }

        return new DataSet("machine", new ObjectClass("machine").Time("at").Fixed("load", 2).UInt("freeMegabytes").UInt("threads").UInt("receivedKilobytes"), rows);
    }

    /// <summary>A file of timestamp,value; its first line may name the columns.</summary>
    /// <exception cref="FormatException">Names the file, the line and what is wrong.</exception>
    public static DataSet Csv(string path)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        var times = new List<long>();
        var values = new List<decimal>();
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            string[] parts = line.Split(',');
            if (parts.Length == 2 && DateTime.TryParse(parts[0], CultureInfo.InvariantCulture, Utc, out DateTime at) && decimal.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value))
            {
                times.Add((long)(at - DateTime.UnixEpoch).TotalSeconds);
                values.Add(value);
            }
            else if (number > 1 && line.Trim().Length > 0)
            {
                throw new FormatException($"{path}, line {number}: not timestamp,value: {line}");
            }
        }

        if (times.Count < Series)
        {
            throw new FormatException($"{path}: {times.Count} rows; a series of {Series} is measured.");
        }

        int digits = Math.Min(9, values.Max(v => (int)v.Scale));
        decimal steps = (decimal)Math.Pow(10, digits);
        return new DataSet(
            Path.GetFileNameWithoutExtension(path),
            new ObjectClass("value").Time("at").Fixed("value", digits),
            [.. times.Zip(values, (at, value) => new[] { at, (long)Math.Round(value * steps) })]);
    }

    private static long Long(string digits)
    {
        return long.Parse(digits, CultureInfo.InvariantCulture);
    }
}
