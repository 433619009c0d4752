// An object that comes up in parts: held in order, joined when the last part is there and the check sum is right. [SPEC 7.2]

using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    // The whole object, or null: then the command is answered with what is held.
    private byte[]? AssembleUpload(SyncCommand command, string key, PartRange range, ReadOnlyMemory<byte> part)
    {
        if (range.Total is not { } total || range.Crc is not { } crc || part.Length > total)
        {
            Refuse(command, Status.ProtocolError, "a part needs total and crc");
            return null;
        }

        if (total > _limits.MaxObject)
        {
            Refuse(command, Status.TooLarge, $"{total} bytes, at most {_limits.MaxObject} are taken");
            return null;
        }

        UploadRow? held = _store.FindUpload(Replica, Collection.Id, key);
        if (held == null || held.Total != total || held.Crc != crc || held.Version != range.Version)
        {
            // another value than the one begun
            _store.StartUpload(Replica, Collection.Id, key, (int)total, crc, range.Version, _now);
            held = new UploadRow((int)total, crc, 0, range.Version);
        }

        long offset = range.Offset ?? 0;
        if (offset == held.Held && part.Length > 0 && offset + part.Length <= total)
        {
            _store.AddPart(Replica, Collection.Id, key, held.Held, part);
            held = held with { Held = held.Held + part.Length };
        }

        if (held.Held < total)
        {
            Respond(command, Status.Incomplete, null, new PartRange(held.Held, null, total, null, range.Version).ToStructure());
            return null;
        }

        byte[] whole = _store.JoinParts(Replica, Collection.Id, key);
        _store.DropUpload(Replica, Collection.Id, key);
        if (whole.Length == total && CrcSum.Of(whole) == crc)
        {
            return whole;
        }

        Respond(command, Status.Incomplete, "the check sum is not that of the parts", new PartRange(0, null, total, null, range.Version).ToStructure());
        return null;
    }
}
