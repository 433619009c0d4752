// What follows from a group's value: members are written, in steps between which devices sync, and a staged edit goes on when
// its first devices have applied it. All of it stands in the database, so a server that ends in between, or another one, goes on.

using System.Globalization;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Groups;

public sealed partial class GroupService
{
    private const string Job = "groups";
    private const string Server = "server"; // as an author
    private const int Step = 200; // members written in a transaction
    private readonly System.Collections.Concurrent.ConcurrentDictionary<int, (long Version, Stage Stage, int Device)> _upTo = new(); // of this process: who ends begins anew
    private const int MostValues = 1000; // looked at in a turn

    /// <summary>A turn by one process at a time; true when there is more to do.</summary>
    public bool TurnAlone()
    {
        if (Work().Count == 0)
        {
            return false;
        }

        using IDisposable? held = store.TryLock(Job);
        return held != null && Turn();
    }

    // After an edit: small groups are written at once, and what is left, or in somebody's way, is the job's.
    private void TurnNow()
    {
        try
        {
            Turn();
        }
        catch (StoreBusyException)
        {
            // the job comes to it
        }
    }

    /// <summary>Does a step for each value that wants one; true when there is more to do.</summary>
    public bool Turn()
    {
        bool more = false;
        foreach (int value in Work())
        {
            more |= Turn(value);
        }

        return more;
    }

    private List<int> Work()
    {
        using IGroupTransaction groups = Read();
        return groups.ListGroupWork(MostValues);
    }

    private bool Turn(int number)
    {
        using (IGroupTransaction reading = Read())
        {
            if (reading.FindGroupValue(number) is not { Removed: false } seen || (!seen.Look && Judge(reading, seen) == Verdict.Wait))
            {
                return false;
            }
        }

        using IGroupTransaction groups = Write();
        if (groups.FindGroupValue(number) is not { Removed: false } value)
        {
            return false;
        }

        // from where the step before ended: members that are written are not walked over again. What came up behind it meanwhile is
        // found by the last walk, from the first.
        int above = _upTo.TryGetValue(number, out (long Version, Stage Stage, int Device) done) && (done.Version, done.Stage) == (value.Version, value.Stage) ? done.Device : 0;
        if (above == 0)
        {
            groups.NoteLeft(value, Now);
        }

        List<(int Device, string Name, bool IsFirst)> unwritten = groups.ListUnwritten(value, above, Step);
        foreach ((int device, string _, bool isFirst) in unwritten)
        {
            WriteMember(groups, value, device, isFirst);
        }

        bool more = unwritten.Count == Step || above > 0;
        _upTo[number] = (value.Version, value.Stage, unwritten.Count == Step ? unwritten[^1].Device : 0);
        if (!more)
        {
            groups.SaveGroupValue(value with { Look = false });
            value = value with { Look = false };
            if (unwritten.Count == 0)
            {
                more = GoOnOrStop(groups, value);
            }
        }

        groups.Commit();
        return more;
    }

    private bool GoOnOrStop(IGroupTransaction groups, GroupValueRow value)
    {
        switch (Judge(groups, value))
        {
            case Verdict.GoOn:
                GoOn(groups, value, Server, "applied by the first, goes to all");
                return true;
            case Verdict.Stop:
                string why = WhyStopped(groups, value);
                groups.SaveGroupValue(value with { Stage = Stage.Stopped, StopReason = why });
                Note(groups, value, Server, "stopped: " + why, EditValue.Of(value.Class, value.Data), EditValue.Of(value.Class, value.Data));
                return false;
            default:
                return false;
        }
    }

    private void GoOn(IGroupTransaction groups, GroupValueRow value, string by, string note)
    {
        groups.SaveGroupValue(value with { Stage = Stage.All, GoodVersion = null, GoodClass = null, GoodData = null, StopReason = "", Look = true });
        groups.EndStage(value.Id);
        Note(groups, value, by, note, EditValue.Of(value.Class, value.Data), EditValue.Of(value.Class, value.Data));
    }

    // The first devices that can still show whether they take the value.
    private static List<GroupMember> FirstOf(IGroupTransaction groups, GroupValueRow value)
    {
        return [.. groups.ListMembers(value, firstOnly: true).Select(m => GroupMember.Of(value, m)).Where(m => m.State <= MemberState.Changed)];
    }

    private static Verdict Judge(IGroupTransaction groups, GroupValueRow value)
    {
        if (value.Stage != Stage.First)
        {
            return Verdict.Wait;
        }

        List<GroupMember> first = FirstOf(groups, value);
        return first.Count == 0 || first.Exists(m => m.State >= MemberState.Refused) ? Verdict.Stop
            : first.TrueForAll(m => m.State == MemberState.Applied) ? Verdict.GoOn : Verdict.Wait;
    }

    private static string WhyStopped(IGroupTransaction groups, GroupValueRow value)
    {
        GroupMember? not = FirstOf(groups, value).Find(m => m.State >= MemberState.Refused);
        return not == null ? "none of the first devices can show it any more"
            : not.State == MemberState.Refused ? $"{not.Name} refused it: {(string.IsNullOrEmpty(not.Reason) ? "no reason given" : not.Reason)}"
            : not.State == MemberState.Dropped ? $"{not.Name} dropped it" : $"{not.Name} changed it";
    }

    private void WriteMember(IGroupTransaction groups, GroupValueRow value, int device, bool isFirst)
    {
        long version = value.Wanted(isFirst)!.Value;
        (string? type, byte[] data) = version == value.ValueVersion ? (value.Class, value.Data) : (value.GoodClass, value.GoodData!);
        if (groups.FindCollection(device, value.Collection) is not { } collection || groups.HasOverride(device, value.Collection, value.ObjectId))
        {
            return; // since it was listed: the collection is held from here on
        }

        ObjectRow? row = groups.FindObject(collection.Id, value.ObjectId);
        EditValue old = EditValue.Of(row);
        (string? Class, byte[]? Data) before = row is { Deleted: false } ? (row.Class, row.Data) : (null, null);
        string state = old.Size < 0 ? "" : StateOf(groups, device, collection, row!);
        long now = Now;
        if (ApplicationWriter.Put(groups, collection, ref row, value.ObjectId, type, data, now))
        {
            string note = string.Create(CultureInfo.InvariantCulture, $"group {value.Group}, version {version}");
            ((IHistoryTransaction)groups).AddEdit(new EditKey(0, collection.Id, value.ObjectId), new EditRow(now, value.Who, row!.Seq, note, old, state, EditValue.Of(type, data)));
        }

        groups.SaveMember(value.Id, new MemberNote(device, version, row!.Seq, isFirst, isFirst ? before.Class : null, isFirst ? before.Data : null));
    }

    // Writes what a first device had before, unless somebody changed it since. Returns the number of its object.
    private static long RevertFirst(IGroupTransaction groups, GroupValueRow value, MemberNote first, string by, long now)
    {
        if (groups.FindCollection(first.Device, value.Collection) is not { } collection
            || groups.FindObject(collection.Id, value.ObjectId) is not { Deleted: false } row || row.Seq != first.Seq)
        {
            return first.Seq;
        }

        EditValue old = EditValue.Of(row);
        string state = StateOf(groups, first.Device, collection, row);
        ObjectRow? written = row;
        if (first.Before == null)
        {
            ApplicationWriter.Delete(groups, collection, row, now);
        }
        else
        {
            ApplicationWriter.Put(groups, collection, ref written, value.ObjectId, first.BeforeClass, first.Before, now);
        }

        if (row.Seq != first.Seq)
        {
            string note = string.Create(CultureInfo.InvariantCulture, $"group {value.Group}, version {value.Version} aborted");
            ((IHistoryTransaction)groups).AddEdit(new EditKey(0, collection.Id, value.ObjectId), new EditRow(now, by, row.Seq, note, old, state, EditValue.Of(first.BeforeClass, first.Before)));
        }

        return row.Seq;
    }

    private static string StateOf(IGroupTransaction groups, int device, CollectionRow collection, ObjectRow row)
    {
        List<KeyRow> rows = groups.ListKeyRows(device, collection.Name);
        KeyRow? key = rows.FirstOrDefault();
        AsideRow? aside = rows.SelectMany(r => groups.ListAside(r.Replica, collection.Id)).FirstOrDefault(a => a.ServerId == row.Id && a.Seq == row.Seq);
        return Delivery.Of(row.Seq, row.Author == device, aside?.Status, key == null ? null : (key.FromPoint, key.ToPoint, key.Acknowledged), key != null && groups.IsDue(key.Replica, collection.Id, row.Id));
    }

    private enum Verdict
    {
        Wait,
        GoOn,
        Stop,
    }
}
