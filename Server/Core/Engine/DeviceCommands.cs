// Commands for a device, and what it says became of them. Their ids come from a counter, so a database that was put back
// gives ids that the device has passed; the mark, a number at random, tells such a command from the one that it did. A
// command is told done only if the device says so of it. [SPEC 7.1]

using System.Globalization;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

/// <summary>The result of a command as a device tells it.</summary>
/// <param name="Id">The command's id.</param>
/// <param name="Status">See <see cref="Protocol.Status"/>.</param>
/// <param name="Reason">In words; "" = none.</param>
/// <param name="Mark">The command's mark; null when not told.</param>
/// <param name="Highest">With <see cref="Protocol.Status.NumberPassed"/>: the highest id done.</param>
public sealed record CommandResult(long Id, int Status, string Reason, long? Mark, long Highest);

/// <summary>Commands to devices.</summary>
public static class DeviceCommands
{
    private const string Id = "id";
    private const string Mark = "mark";

    /// <summary>Queues a command; its id.</summary>
    public static long Queue(IStoreTransaction store, Incarnation incarnation, int device, ObjectClass type, IEnumerable<KeyValuePair<string, string>> arguments, long now)
    {
        long mark = incarnation.NewMark();
        List<KeyValuePair<string, string>> given = [.. arguments, new(Mark, mark.ToString(CultureInfo.InvariantCulture))];
        return store.AddCommand(device, type.Name, id => Pack(type, id, given), mark, incarnation.Code, now);
    }

    /// <summary>Keeps a result.</summary>
    public static void Finish(IStoreTransaction store, Incarnation incarnation, int device, CommandResult result, long now)
    {
        List<DeviceCommandRow> waiting = store.ListCommands(device, all: false);
        if (waiting.Find(c => c.Id == result.Id) is not { } command || (result.Mark is { } mark && mark != command.Mark))
        {
            return; // told before, or of a command of a time that this database has lost
        }

        if (result.Status != Status.NumberPassed)
        {
            store.FinishCommand(device, result.Id, result.Status, result.Reason, now);
        }
        else if (!incarnation.IsPresentCode(store, command.Incarnation))
        {
            store.FinishCommand(device, result.Id, result.Status, "outcome unknown: it was told before the database was restored, and may have been carried out then", now);
        }
        else
        {
            // these commands were made since the database was put back, so the device has certainly done none of them
            foreach (DeviceCommandRow passed in waiting.Where(c => c.Id <= result.Highest && incarnation.IsPresentCode(store, c.Incarnation)))
            {
                Renumber(store, device, passed, result.Highest);
            }
        }
    }

    private static void Renumber(IStoreTransaction store, int device, DeviceCommandRow command, long above)
    {
        ObjectClass type = BuiltIn.Commands.Append(BuiltIn.Refused).First(c => c.Name == command.Class);
        List<KeyValuePair<string, string>> fields = RecordText.Unpack(type, command.Data)
            .ConvertAll(f => new KeyValuePair<string, string>(type.FieldName(f.Field), f.Text));
        fields.RemoveAll(f => f.Key == Id);
        store.RenumberCommand(device, command.Id, id => Pack(type, id, fields), above);
    }

    private static byte[] Pack(ObjectClass type, long id, IEnumerable<KeyValuePair<string, string>> fields)
    {
        return RecordText.Pack(type, [new(Id, id.ToString(CultureInfo.InvariantCulture)), .. fields]);
    }
}
