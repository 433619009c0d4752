// A device engine over a store in memory, and a server core over a real database, joined in one process.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.ServerTests;
using NanoSync.Storage;

namespace NanoSync.Benchmarks;

/// <summary>One device, in step with its server from the start.</summary>
internal sealed class SyncBench : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nanosync-benchmark-").FullName;
    private readonly ServerCore _server;
    private readonly FlashStore _store = new(new MemoryVolume(256 * 1024, 64), new StoreOptions());
    private readonly SyncEngine _engine;
    private readonly SyncCollection _log;
    private readonly RecordWriter _record = new(256);

    public SyncBench(ObjectClass type, bool series, bool twoWay)
    {
        _server = ServerData.Open(new ServerOptions { Data = _folder });
        _server.Devices.Add("device", twoWay ? "log,config" : "log");
        _engine = new SyncEngine(_store, new CoreCarrier(_server, "device"), new SyncOptions { Window = DataSet.Series, Series = series });
        _log = _engine.AddOutbox("log", type, 64 * 1024, false);
        if (twoWay)
        {
            _engine.AddTwoWay("config", new ObjectClass("setting").UInt("value"), 16, null, false);
        }

        Check(_engine.Open());
        while (Round().Outcome == RoundOutcome.More)
        {
        }

        // one reading, so that the definition of its class has been asked for and told
        _record.Begin(type);
        _record.End();
        Check(_store.Append(_log.Number, type.Hash, _record.Buffer, 0, _record.Length, out _));
        while (Round().Outcome == RoundOutcome.More || _engine.Pending > 0)
        {
        }

        Round();
    }

    public void Append(DataSet set, int count)
    {
        for (int row = 0; row < count; row++)
        {
            Form.Record(_record, set, row);
            Check(_store.Append(_log.Number, set.Type.Hash, _record.Buffer, 0, _record.Length, out _));
        }
    }

    public RoundResult Round()
    {
        RoundResult result = _engine.Round();
        return result.Outcome == RoundOutcome.Failed
            ? throw new InvalidOperationException($"The round failed: message {result.Message}, store {result.Store}, status {result.Status}.")
            : result;
    }

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, true);
    }

    private static void Check(StoreError error)
    {
        if (error != StoreError.None)
        {
            throw new InvalidOperationException("The store failed: " + error);
        }
    }
}
