// Bytes on the wire, one figure a line.

using System.Globalization;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;
using NanoSync.Tests;

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

    // What the engine really sends and gets. The other side is the scripted one of the engine's tests, which answers as 5.2 says.
    private static void Engine(TextWriter output, DataSet set)
    {
        foreach (bool series in new[] { false, true })
        {
            string form = series ? "series" : "plain Adds";
            var device = new Bench(set, series, twoWay: false);
            int idle = device.Round().BytesUp;
            device.Append(DataSet.Series);
            RoundResult all = device.Round();
            Print(output, $"engine, whole message of {DataSet.Series} readings, {form}", all.BytesUp, "bytes");
            Print(output, $"engine, {form}, per reading, all that an idle message has not", (all.BytesUp - idle) / (double)DataSet.Series, "bytes");
            Print(output, $"engine, {form}, acknowledgement of the outbox in all", all.BytesDown, "bytes");
        }

        var two = new Bench(set, true, twoWay: true);
        RoundResult nothing = two.Round();
        Print(output, "engine, idle sync of two collections, up", nothing.BytesUp, "bytes");
        Print(output, "engine, idle sync of two collections, down", nothing.BytesDown, "bytes");
    }

    private static void Print(TextWriter output, string name, double value, string unit)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {value:0.##} {unit}"));
    }

    /// <summary>A device in step with a server that knows its classes.</summary>
    private sealed class Bench
    {
        private readonly DataSet _set;
        private readonly FlashStore _store = new(new MemoryVolume(256 * 1024, 64), new StoreOptions());
        private readonly SyncEngine _engine;
        private readonly SyncCollection _log;
        private readonly RecordWriter _record = new(256);

        public Bench(DataSet set, bool series, bool twoWay)
        {
            _set = set;
            var server = new ScriptedServer(4096) { ReadingClass = set.Type };
            _engine = new SyncEngine(_store, server, new SyncOptions { Window = DataSet.Series, Series = series });
            _log = _engine.AddOutbox("log", set.Type, 64 * 1024, false);
            if (twoWay)
            {
                _engine.AddTwoWay("config", new ObjectClass("setting").UInt("value"), 16, null, false);
            }

            _engine.Open();
            while (Round().Outcome == RoundOutcome.More)
            {
            }
        }

        public void Append(int count)
        {
            for (int row = 0; row < count; row++)
            {
                Form.Record(_record, _set, row);
                _store.Append(_log.Number, _set.Type.Hash, _record.Buffer, 0, _record.Length, out _);
            }
        }

        public RoundResult Round()
        {
            RoundResult result = _engine.Round();
            return result.Outcome == RoundOutcome.Failed ? throw new InvalidOperationException("the round failed: " + result.Message + " " + result.Store) : result;
        }
    }
}
