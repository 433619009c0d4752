// Bytes on the wire, one figure a line.

using System.Globalization;
using NanoSync.Device;
using NanoSync.Protocol;

namespace NanoSync.Benchmarks;

/// <summary>The verb sizes.</summary>
internal static class Sizes
{
    /// <summary>Prints all figures.</summary>
    public static void Run(TextWriter output, string[] files)
    {
        List<DataSet> sets = [DataSet.Readings(1000)];
        if (DataSet.Machine() is { } machine)
        {
            sets.Add(machine);
        }

        sets.AddRange(files.Select(DataSet.Csv));
        foreach (DataSet set in sets)
        {
            Forms(output, set);
        }

        Engine(output, sets[0]);
    }

    private static void Forms(TextWriter output, DataSet set)
    {
        var record = new RecordWriter(256);
        long packed = 0;
        for (int row = 0; row < DataSet.Series; row++)
        {
            Form.Record(record, set, row);
            packed += record.Length;
        }

        Print(output, $"{set.Name}, packed record alone", packed / (double)DataSet.Series, "bytes");
        foreach (Form form in Form.All)
        {
            int one = form.Encode(set, 1).Length;
            int all = form.Encode(set, DataSet.Series).Length;
            Print(output, $"{set.Name}, {form.Name}, each further of {DataSet.Series}", (all - one) / (DataSet.Series - 1.0), "bytes");
        }
    }

    // What the engine really sends to the real server, and gets from it.
    private static void Engine(TextWriter output, DataSet set)
    {
        foreach (bool series in new[] { false, true })
        {
            string form = series ? "series" : "plain Adds";
            using var device = new SyncBench(set.Type, series, twoWay: false);
            int idle = device.Round().BytesUp;
            device.Append(set, DataSet.Series);
            RoundResult all = device.Round();
            Print(output, $"engine, whole message of {DataSet.Series} readings, {form}", all.BytesUp, "bytes");
            Print(output, $"engine, {form}, per reading, all that an idle message has not", (all.BytesUp - idle) / (double)DataSet.Series, "bytes");
            Print(output, $"engine, {form}, acknowledgement of the outbox in all", all.BytesDown, "bytes");
        }

        using var two = new SyncBench(set.Type, true, twoWay: true);
        RoundResult nothing = two.Round();
        Print(output, "engine, idle sync of two collections, up", nothing.BytesUp, "bytes");
        Print(output, "engine, idle sync of two collections, down", nothing.BytesDown, "bytes");
    }

    internal static void Print(TextWriter output, string name, double value, string unit)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {value:0.##} {unit}"));
    }
}
