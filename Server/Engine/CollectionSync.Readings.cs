// Readings: an Add of an outbox makes an object or changes nothing. It never replaces one: a device does not send other
// bytes under an id that it used, so if they come, they are another board's. [SPEC 5.4]

using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private const string ForkedReason = "another reading is known by this id: two boards have one store";

    private bool _forked; // from here on nothing of this message is a reading of this store

    private void AddReading(SyncCommand command, string clientId)
    {
        IdRow? known = _forked ? null : _store.FindId(Device, Collection.Id, clientId);
        if (_forked || (known == null && !HasRoom(command)))
        {
            return;
        }

        // in parts it is known by its length and check sum before it is here
        if (known != null && PartRange.TryFind(command.Options, out PartRange? range) && range is { Total: not null, Crc: not null })
        {
            if (range.Total != known.Length || range.Crc != known.Crc)
            {
                Fork(command, clientId);
            }

            return;
        }

        if (Content(command, "a:" + clientId) is not { } content)
        {
            return;
        }

        if (known == null)
        {
            IdRow made = new(NewServerId(clientId), content.Sum, content.Data.Length, content.Crc, content.Version);
            Save(new ObjectRow { Id = made.ServerId, Deleted = true, Created = _now }, content);
            _store.SaveId(Device, Collection.Id, clientId, made);
        }
        else if (!IsSame(known, content))
        {
            Fork(command, clientId);
        }
    }

    private void Fork(SyncCommand command, string clientId)
    {
        _forked = true;
        _store.Refused(Device, new RefusalRow(_row.Name, true, clientId, Status.Forked, ForkedReason, 1, _now));
        Respond(command, Status.Forked, null);
    }

    // The class may be named in full or by its hash, or not yet again since the device started over.
    private bool IsSame(IdRow known, Value content)
    {
        if (known.Length != content.Data.Length || known.Crc != content.Crc)
        {
            return false;
        }

        return known.Sum == content.Sum || content.Class == null || _store.FindObject(Collection.Id, known.ServerId) is not { Class: { } type }
            || HashOf(type) == HashOf(content.Class);
    }

    private static string HashOf(string type) => type[(type.LastIndexOf('#') + 1)..];
}
