// What an operator says of the fields of classes.

using NanoSync.Server.Application;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction : INoteTransaction
{
    /// <inheritdoc/>
    public List<FieldNote> ListFieldNotes(string? className)
    {
        return All("SELECT class, field, label, unit, least, most, time, who FROM field_note " + (className == null ? "" : "WHERE class = @class ") + "ORDER BY class, field",
            r => new FieldNote(r.GetString(0), r.GetString(1), Text(r, 2), Text(r, 3), r.IsDBNull(4) ? null : r.GetDouble(4), r.IsDBNull(5) ? null : r.GetDouble(5), r.GetInt64(6), r.GetString(7)),
            className == null ? [] : [("class", className)]);
    }

    /// <inheritdoc/>
    public void SaveFieldNote(FieldNote note)
    {
        Run("INSERT INTO field_note (class, field, label, unit, least, most, time, who) VALUES (@class, @field, @label, @unit, @least, @most, @time, @who) "
            + "ON CONFLICT (class, field) DO UPDATE SET label = excluded.label, unit = excluded.unit, least = excluded.least, most = excluded.most, time = excluded.time, who = excluded.who",
            ("class", note.Class), ("field", note.Field), ("label", note.Label), ("unit", note.Unit), ("least", note.Least), ("most", note.Most), ("time", note.Time), ("who", note.Who));
    }

    /// <inheritdoc/>
    public bool DropFieldNote(string className, string field)
    {
        return Run("DELETE FROM field_note WHERE class = @class AND field = @field", ("class", className), ("field", field)) > 0;
    }
}
