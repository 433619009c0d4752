// The history of edits.

using NanoSync.Server.Application;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction : IHistoryTransaction
{
    /// <inheritdoc/>
    public void AddEdit(EditKey key, EditRow row)
    {
        (string, object?)[] which = [("value", key.Value), ("collection", key.Collection), ("object", key.ObjectId)];
        Run("INSERT INTO edit (value_id, collection_id, object_id, version, time, who, note, old_class, old_data, old_size, old_state, class, data, size) "
            + "VALUES (@value, @collection, @object, @version, @time, @who, @note, @oldClass, @oldData, @oldSize, @oldState, @class, @data, @size)",
            [.. which, ("version", row.Version), ("time", row.Time), ("who", row.Who), ("note", row.Note), ("oldClass", row.Old.Class), ("oldData", row.Old.Data),
            ("oldSize", row.Old.Size), ("oldState", row.OldState), ("class", row.New.Class), ("data", row.New.Data), ("size", row.New.Size)]);
        Run("DELETE FROM edit WHERE value_id = @value AND collection_id = @collection AND object_id = @object AND id <= "
            + "(SELECT id FROM edit WHERE value_id = @value AND collection_id = @collection AND object_id = @object ORDER BY id DESC LIMIT 1 OFFSET @most)",
            [.. which, ("most", EditHistory.Most)]);
    }

    /// <inheritdoc/>
    public List<EditRow> ListEdits(EditKey key, int count)
    {
        return All("SELECT time, who, version, note, old_class, old_data, old_size, old_state, class, data, size FROM edit "
            + "WHERE value_id = @value AND collection_id = @collection AND object_id = @object ORDER BY id DESC LIMIT @count",
            r => new EditRow(r.GetInt64(0), r.GetString(1), r.GetInt64(2), r.GetString(3), new EditValue(Text(r, 4), Bytes(r, 5), r.GetInt32(6)), r.GetString(7),
                new EditValue(Text(r, 8), Bytes(r, 9), r.GetInt32(10))),
            ("value", key.Value), ("collection", key.Collection), ("object", key.ObjectId), ("count", count));
    }

    /// <inheritdoc/>
    public int DropEdits(long before, int most)
    {
        return Run("DELETE FROM edit WHERE id IN (SELECT id FROM edit WHERE time < @before ORDER BY time LIMIT @most)", ("before", before), ("most", most));
    }
}
