// What a transaction makes due, noted where it is written: who calls for it cannot forget to tell.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction
{
    /// <inheritdoc/>
    public List<DeviceIdentity> ListDue(DueNote note)
    {
        string where = note.To switch
        {
            DueTo.Device => " AND d.id = @id",
            DueTo.Collection => " AND EXISTS (SELECT 1 FROM device_collection g WHERE g.collection_id = @id AND g.device_id = d.id)",
            _ => "",
        };
        return All("SELECT d.id, d.name FROM device d WHERE d.revoked IS NULL" + where + " ORDER BY d.name",
            r => new DeviceIdentity(r.GetInt32(0), r.GetString(1)), note.To == DueTo.Everybody ? [] : [("id", note.Id)]);
    }

    /// <summary>Leaves a note for other processes on the database, where it has a table for that; its number.</summary>
    protected long LeaveNote(DueNote note)
    {
        return Number("INSERT INTO due_note (kind, id, seq) VALUES (@kind, @id, (SELECT COALESCE(MAX(seq), 0) + 1 FROM due_note)) "
            + "ON CONFLICT (kind, id) DO UPDATE SET seq = excluded.seq RETURNING seq", ("kind", (int)note.To), ("id", note.Id));
    }

    /// <summary>The notes above a number, in order.</summary>
    protected List<(long Seq, DueNote Note)> NotesAbove(long seq)
    {
        return All("SELECT seq, kind, id FROM due_note WHERE seq > @seq ORDER BY seq",
            r => (r.GetInt64(0), new DueNote((DueTo)r.GetInt32(1), r.GetInt32(2))), ("seq", seq));
    }

    /// <summary>Tells all who listen on a channel, an expression, once this is committed.</summary>
    protected void Notify(string channel, string payload)
    {
        One($"SELECT pg_notify({channel}, @payload)", _ => 0, ("payload", payload));
    }

    private void Note(DueTo to, int id)
    {
        DueNote note = new(to, id);
        if (!Notes.Contains(note))
        {
            Notes.Add(note);
        }
    }

    private void NoteReplica(int replica)
    {
        int device = (int)Number("SELECT device_id FROM replica WHERE id = @replica", ("replica", replica));
        if (device != 0)
        {
            Note(DueTo.Device, device);
        }
    }
}
