// Proxies in a circle. Each proxy has a name of its own and sends with each message the way that the objects of the
// collection took: its name, then the names on the ways by which they came to it. A server that finds itself on the way
// refuses the message with Status 203; nothing of it is applied. [SPEC 7.1]

using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Proxy;

/// <summary>Looks at the way of each message.</summary>
public sealed class LoopGuard(IServerStore database, TimeProvider clock) : IMessageGuard
{
    private const int MostBytes = 1024; // of a way: longer ones are proxies in a circle too

    /// <summary>The way of a collection's objects from a proxy on.</summary>
    public static string WayOf(string self, IEnumerable<string> ways)
    {
        return string.Join(' ', new[] { self }.Concat(ways.SelectMany(w => w.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Distinct());
    }

    /// <summary>The way as a record.</summary>
    public static byte[] Pack(string way)
    {
        RecordWriter writer = new(Encoding.UTF8.GetByteCount(way) + 16);
        writer.Begin(BuiltIn.Via);
        writer.Text(way);
        return writer.Buffer[..writer.Length];
    }

    /// <inheritdoc/>
    public Structure? Refuses(IStoreTransaction reading, DeviceIdentity device, SyncMessage request)
    {
        Structure? told = request.Options.Find(s => s.Class == BuiltIn.Via.Name && s.Data != null);
        string way = told == null ? "" : Unpack(told.Data!.Value.ToArray());
        if (reading is not IProxyTransaction store)
        {
            return null;
        }

        if (way.Length > 0 && (Encoding.UTF8.GetByteCount(way) > MostBytes || (store.FindSelfName() is { } self && way.Split(' ').Contains(self))))
        {
            Note(device, way);
            return new Structure(BuiltIn.Via.Name, Pack(way));
        }

        if (request.Collections.TrueForAll(c => store.FindCollection(device.Id, c.Id) is not { } own || store.FindVia(device.Id, own.Id) == way))
        {
            return null;
        }

        using IProxyTransaction writing = (IProxyTransaction)database.BeginWrite();
        foreach (CollectionElement collection in request.Collections)
        {
            if (writing.FindCollection(device.Id, collection.Id) is { } own)
            {
                writing.SaveVia(device.Id, own.Id, way);
            }
        }

        writing.Commit();
        return null;
    }

    private void Note(DeviceIdentity device, string way)
    {
        using IStoreTransaction store = database.BeginWrite();
        store.Refused(device.Id, new RefusalRow("", true, BuiltIn.Via.Name, Status.Loop,
            $"loop: the messages of this device came through this server before ({way})", 1, clock.GetUtcNow().ToUnixTimeMilliseconds()));
        store.Commit();
    }

    private static string Unpack(byte[] record)
    {
        RecordReader reader = new();
        reader.Begin(BuiltIn.Via, record, 0, record.Length);
        return reader.Next() && reader.Field == 0 ? reader.Text() : "";
    }
}
