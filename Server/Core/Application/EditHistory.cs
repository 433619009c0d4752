// Who changed what, and what stood there before: of objects that the application or an operator wrote, and of groups' values.
// What a device changes itself is no edit; it is what the next edit replaces. Kept as long as retention says, and of each
// object the newest edits alone.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Application;

/// <summary>What an edit is of: an object of a collection, or a group's value.</summary>
/// <param name="Value">Number of the group's value; 0 = an object of a collection.</param>
/// <param name="Collection">Number of the collection; 0 = a group's value.</param>
/// <param name="ObjectId">The object's id.</param>
public readonly record struct EditKey(int Value, int Collection, string ObjectId);

/// <summary>A value as the history has it.</summary>
/// <param name="Class">name#hash; null = none named.</param>
/// <param name="Data">Its bytes; null when it is too large to be kept, or there is none.</param>
/// <param name="Size">How many bytes; -1 = there is none.</param>
public sealed record EditValue(string? Class, byte[]? Data, int Size)
{
    /// <summary>Bytes of which no more than their number is kept.</summary>
    public const int MostKept = 65_536;

    /// <summary>No value.</summary>
    public static readonly EditValue None = new(null, null, -1);

    /// <summary>The value of these bytes.</summary>
    public static EditValue Of(string? type, byte[]? data) => data == null ? None : new(type, data.Length > MostKept ? null : data, data.Length);

    /// <summary>The value of an object as it is; nothing when it is not there.</summary>
    public static EditValue Of(ObjectRow? row) => row is { Deleted: false } ? Of(row.Class, row.Data) : None;
}

/// <summary>An edit.</summary>
/// <param name="Time">When, milliseconds since 1970.</param>
/// <param name="Who">Name of the token, or of who runs the command line.</param>
/// <param name="Version">Number of the change that it made: of the object, or of the group's value.</param>
/// <param name="Note">How it came about: "restored 12", "group north, version 3"; "" = written.</param>
/// <param name="Old">What stood there.</param>
/// <param name="OldState">How far the device was with that: a state of <see cref="Delivery"/>; "" = there was none, or it is a group's.</param>
/// <param name="New">What was written.</param>
public sealed record EditRow(long Time, string Who, long Version, string Note, EditValue Old, string OldState, EditValue New);

/// <summary>The history in the database.</summary>
public interface IHistoryTransaction : IStoreTransaction
{
    /// <summary>Adds an edit; of its object the newest <see cref="EditHistory.Most"/> stay.</summary>
    void AddEdit(EditKey key, EditRow row);

    /// <summary>Edits of an object, newest first.</summary>
    List<EditRow> ListEdits(EditKey key, int count);
}

/// <summary>The rules of the history.</summary>
public static class EditHistory
{
    /// <summary>Edits kept of an object.</summary>
    public const int Most = 100;

    /// <summary>The value that the edit of this version wrote, to be written again.</summary>
    public static EditValue Find(IHistoryTransaction store, EditKey key, long version)
    {
        EditRow edit = store.ListEdits(key, Most).Find(e => e.Version == version)
            ?? throw new RefusedException(Refusal.NotFound, $"There is no version {version} of {key.ObjectId} in the history.") { Field = "version" };
        return edit.New.Size < 0
            ? throw new RefusedException(Refusal.BadInput, $"Version {version} of {key.ObjectId} is its deletion.") { Code = "out_of_range", Field = "version" }
            : edit.New.Data == null
            ? throw new RefusedException(Refusal.BadInput, $"Version {version} of {key.ObjectId} had {edit.New.Size} bytes; the history keeps values of up to {EditValue.MostKept}.") { Code = "out_of_range", Field = "version" }
            : edit.New;
    }

    /// <summary>What a device has of an object that it has not taken as it is now; null when that is not known.</summary>
    /// <param name="edits">Its edits, newest first.</param>
    /// <param name="seq">Number of the object now.</param>
    public static EditValue? OnDevice(IReadOnlyList<EditRow> edits, long seq)
    {
        if (edits.Count == 0 || edits[0].Version != seq)
        {
            return null; // changed since, not by an edit
        }

        // Goes back over the values that the device never took. When one was sent and not acknowledged, the device may have it or not.
        return edits.FirstOrDefault(e => e.OldState is not (Delivery.Waiting or Delivery.Refused)) is { OldState: Delivery.Applied or Delivery.Received, Old.Data: not null } taken ? taken.Old : null;
    }
}
