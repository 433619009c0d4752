// What a group is to have: a value for an object of a collection that each member has of its own. It is written into that
// collection of each, as an operator would, and how far each is with it is read from there.
//
// Rule 1: a device with a value of its own (an operator wrote it for that device) keeps that until it is told to follow again.
// Rule 2: who joins gets the value; who leaves keeps it.
// Rule 3: a staged edit goes to its first devices. The others get it when all of those have applied it, and not when one has not
//         taken it; until it is continued or aborted there is no other edit.
// This file: what an operator does. GroupTurn.cs: what follows from it.

using System.Globalization;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Groups;

/// <summary>Which devices a staged edit goes to first.</summary>
/// <param name="Count">So many of those that were there last; null = those that are named.</param>
/// <param name="Devices">These; null = by their number.</param>
public sealed record FirstDevices(int? Count, IReadOnlyList<string>? Devices)
{
    /// <summary>First devices at most.</summary>
    public const int Most = 1000;
}

/// <summary>A group's value and how many members stand how to it.</summary>
public sealed record GroupValueView(GroupValueRow Row, ObjectClass? Class, GroupCounts Counts)
{
    /// <summary>The class of the value that the other members keep meanwhile.</summary>
    public ObjectClass? GoodClass { get; init; }

    /// <summary>The first devices of a staged edit.</summary>
    public IReadOnlyList<GroupMember> First { get; init; } = [];
}

/// <summary>Values of groups.</summary>
public sealed partial class GroupService(IServerStore store, TimeProvider clock, SyncLimits limits, ClassCatalog classes)
{
    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Groups: how many devices, values, and staged edits that are under way or stopped.</summary>
    public List<(string Group, int Devices, int Values, int Staged)> Groups()
    {
        using IGroupTransaction groups = Read();
        return groups.ListGroupsWithValues();
    }

    /// <summary>What a group is to have.</summary>
    public List<GroupValueView> List(string group)
    {
        using IGroupTransaction groups = Read();
        CheckGroup(groups, group);
        return groups.ListGroupValues(group).ConvertAll(v => View(groups, v));
    }

    /// <summary>One of a group's values.</summary>
    public GroupValueView Get(string group, string collection, string id)
    {
        using IGroupTransaction groups = Read();
        return View(groups, Live(groups, group, collection, id));
    }

    /// <summary>Members of a group by name, each with how it stands to a value; then those that left and keep it.</summary>
    public List<GroupMember> Members(string group, string collection, string id)
    {
        using IGroupTransaction groups = Read();
        return MembersOf(groups, Live(groups, group, collection, id));
    }

    /// <summary>Edits of a group's value, newest first, those of a removed one too.</summary>
    public List<EditView> History(string group, string collection, string id, int count = EditHistory.Most)
    {
        using IGroupTransaction groups = Read();
        CheckGroup(groups, group);
        GroupValueRow value = groups.FindGroupValue(group, collection, id) ?? throw Missing(group, collection, id);
        return ((IHistoryTransaction)groups).ListEdits(KeyOf(value), count).ConvertAll(e => new EditView(e, ClassOf(groups, group, e.Old.Class), ClassOf(groups, group, e.New.Class)));
    }

    /// <summary>Says what the members of a group are to have.</summary>
    /// <param name="group">The group.</param>
    /// <param name="collection">What each member calls the collection.</param>
    /// <param name="id">The object's id.</param>
    /// <param name="value">The value.</param>
    /// <param name="expected">Only if the value's number is this one; 0 = only if there is none; <see cref="ObjectService.Any"/> = only if there is one; null = always.</param>
    /// <param name="first">To these first; null = to all.</param>
    /// <param name="by">Who says so.</param>
    public GroupValueView Put(string group, string collection, string id, NewValue value, long? expected, FirstDevices? first, string by)
    {
        return Edit(group, collection, id, expected, first, by, (groups, current) =>
        {
            string? wireName = value.Class != null
                ? ValuePacker.Resolve(groups, value.Class, n => groups.FindClassesOfGroup(group, n).Concat(groups.FindClasses(ClassCatalog.Application, n)), Now)
                : current is { Removed: false } ? current.Class : groups.FindUsualClass(group, collection, id);
            ObjectClass? type = ClassOf(groups, group, wireName);
            byte[] data = ValuePacker.Pack(value, wireName, type, limits.MaxObject);
            FieldNotes.Check(groups, type, data);
            return (wireName, data, "");
        });
    }

    /// <summary>Says once more what an earlier edit said, as a new edit.</summary>
    public GroupValueView Restore(string group, string collection, string id, long version, long? expected, FirstDevices? first, string by)
    {
        return Edit(group, collection, id, expected, first, by, (groups, current) =>
        {
            EditValue value = EditHistory.Find((IHistoryTransaction)groups, KeyOf(current ?? throw Missing(group, collection, id)), version);
            FieldNotes.Check(groups, ClassOf(groups, group, value.Class), value.Data!);
            return (value.Class, value.Data!, string.Create(CultureInfo.InvariantCulture, $"restored {version}"));
        });
    }

    /// <summary>Wants nothing of the members any more: each keeps what it has.</summary>
    public void Delete(string group, string collection, string id, long? expected, string by)
    {
        using IGroupTransaction groups = Write();
        GroupValueRow value = Live(groups, group, collection, id);
        Expect(value, expected);
        Settled(value);
        GroupValueRow removed = value with { Version = value.Version + 1, Removed = true, Time = Now, Who = by, Look = false };
        groups.SaveGroupValue(removed);
        groups.DropMembers(value.Id);
        Note(groups, removed, by, "deleted", EditValue.Of(value.Class, value.Data), EditValue.None);
        groups.Commit();
    }

    /// <summary>Lets a staged edit go to all members, whether its first devices took it or not.</summary>
    public GroupValueView Continue(string group, string collection, string id, string by)
    {
        using (IGroupTransaction groups = Write())
        {
            GroupValueRow value = Staged(groups, group, collection, id);
            GoOn(groups, value, by, "continued");
            groups.Commit();
        }

        TurnNow();
        return Get(group, collection, id);
    }

    /// <summary>Takes a staged edit back: its first devices get what they had, and the group's value is the one before. Null when there was none.</summary>
    public GroupValueView? Abort(string group, string collection, string id, string by)
    {
        using IGroupTransaction groups = Write();
        GroupValueRow value = Staged(groups, group, collection, id);
        long now = Now;
        foreach (MemberNote first in groups.ListFirst(value.Id))
        {
            MemberNote note = first with { IsFirst = false, Before = null, BeforeClass = null };
            groups.SaveMember(value.Id, first.Version != value.ValueVersion ? note : note with { Version = value.GoodVersion ?? 0, Seq = RevertFirst(groups, value, first, by, now) });
        }

        bool had = value.GoodVersion != null;
        GroupValueRow before = value with
        {
            Version = value.Version + 1,
            ValueVersion = value.GoodVersion ?? value.Version + 1,
            Class = value.GoodClass,
            Data = value.GoodData ?? [],
            Time = now,
            Who = by,
            Removed = !had,
            Stage = Stage.All,
            GoodVersion = null,
            GoodClass = null,
            GoodData = null,
            StopReason = "",
            Look = had,
        };
        groups.SaveGroupValue(before);
        if (!had)
        {
            groups.DropMembers(value.Id);
        }

        Note(groups, before, by, string.Create(CultureInfo.InvariantCulture, $"aborted {value.Version}"), EditValue.Of(value.Class, value.Data), had ? EditValue.Of(before.Class, before.Data) : EditValue.None);
        groups.Commit();
        return had ? Get(group, collection, id) : null;
    }

    /// <summary>A device gives up its own value and has its group's again.</summary>
    public void Follow(string device, string collection, string id)
    {
        using (IGroupTransaction groups = Write())
        {
            DeviceRow row = DeviceService.Find(groups, device);
            if (groups.FindCollection(row.Id, collection) == null)
            {
                throw new RefusedException(Refusal.NotFound, $"Device {device} has no collection {collection}; it has: {row.Collections}");
            }

            string group = groups.FindGroupOf(row.Id, collection, id) ?? throw new RefusedException(Refusal.NotFound, $"The group of {device} has no value for {collection}/{id}.");
            groups.DropOverride(row.Id, collection, id);
            groups.WriteAgain(groups.FindGroupValue(group, collection, id)!.Id, row.Id);
            groups.Commit();
        }

        TurnNow();
    }

    private IGroupTransaction Read() => (IGroupTransaction)store.BeginRead();

    private IGroupTransaction Write() => (IGroupTransaction)store.BeginWrite();

    private GroupValueView Edit(string group, string collection, string id, long? expected, FirstDevices? first, string by,
        Func<IGroupTransaction, GroupValueRow?, (string? Class, byte[] Data, string Note)> make)
    {
        using (IGroupTransaction groups = Write())
        {
            CheckGroup(groups, group);
            GroupValueRow? current = groups.FindGroupValue(group, collection, id);
            if (current == null)
            {
                Names.CheckId(id);
            }

            Expect(current, expected);
            Settled(current);
            (string? type, byte[] data, string note) = make(groups, current);
            bool exists = current is { Removed: false };
            if (!exists || current!.Class != type || !current.Data.AsSpan().SequenceEqual(data))
            {
                current ??= new GroupValueRow { Group = group, Collection = collection, ObjectId = id, Who = by };
                long version = current.Version + 1;
                GroupValueRow next = current with { Version = version, ValueVersion = version, Class = type, Data = data, Time = Now, Who = by, Removed = false, Look = true };
                next = first == null ? next
                    : next with { Stage = Stage.First, GoodVersion = exists ? current.ValueVersion : null, GoodClass = exists ? current.Class : null, GoodData = exists ? current.Data : null };
                next = next.Id == 0 ? next with { Id = groups.AddGroupValue(next) } : next;
                groups.SaveGroupValue(next);
                List<MemberRow> members = groups.ListMembers(next, firstOnly: false);
                if (!members.Exists(m => m.CanHave))
                {
                    throw new RefusedException(Refusal.NotFound, $"No device of {group} has a collection {collection} of its own that takes objects.") { Field = "collection" };
                }

                if (first != null)
                {
                    List<MemberRow> chosen = Choose(members, group, first);
                    chosen.ForEach(m => groups.SaveMember(next.Id, new MemberNote(m.Device, m.Version ?? 0, m.Seq, IsFirst: true)));
                    note += (note.Length > 0 ? ", " : "") + "first to " + (chosen.Count <= 5 ? string.Join(", ", chosen.Select(m => m.Name)) : $"{chosen.Count} devices");
                }

                Note(groups, next, by, note, exists ? EditValue.Of(current.Class, current.Data) : EditValue.None, EditValue.Of(type, data));
                groups.Commit();
            }
        }

        TurnNow();
        return Get(group, collection, id);
    }

    // Those that can show whether they take it.
    private static List<MemberRow> Choose(List<MemberRow> members, string group, FirstDevices first)
    {
        static string? WhyNot(MemberRow m) => m.Revoked ? "it is kept out" : !m.CanHave ? "it has no such collection of its own" : m.Overrides ? "it has a value of its own" : null;
        if (first.Devices is { } names)
        {
            if (names.Count is 0 or > FirstDevices.Most)
            {
                throw new RefusedException(Refusal.BadInput, $"devices names 1 to {FirstDevices.Most} devices.") { Code = "out_of_range", Field = "devices" };
            }

            return [.. names.Distinct(StringComparer.Ordinal).Select(name =>
            {
                MemberRow member = members.Find(m => m.Name == name) ?? throw new RefusedException(Refusal.NotFound, $"There is no device {name} in {group}.") { Field = "devices" };
                return WhyNot(member) is { } why ? throw new RefusedException(Refusal.Conflict, $"{name} cannot be one of the first: {why}.") { Field = "devices" } : member;
            })];
        }

        if (first.Count is not (>= 1 and <= FirstDevices.Most))
        {
            throw new RefusedException(Refusal.BadInput, $"first is a number from 1 to {FirstDevices.Most}.") { Code = "out_of_range", Field = "first" };
        }

        List<MemberRow> able = [.. members.Where(m => WhyNot(m) == null).OrderByDescending(m => m.LastSeen ?? 0).ThenBy(m => m.Name, StringComparer.Ordinal).Take(first.Count.Value)];
        return able.Count > 0 ? able : throw new RefusedException(Refusal.Conflict, $"No device of {group} can be the first: each is kept out, without such a collection, or has a value of its own.") { Field = "first" };
    }

    private GroupValueView View(IGroupTransaction groups, GroupValueRow value)
    {
        List<GroupMember> members = MembersOf(groups, value);
        return new GroupValueView(value, ClassOf(groups, value.Group, value.Class), GroupCounts.Of(members))
        {
            GoodClass = value.GoodVersion == null ? null : ClassOf(groups, value.Group, value.GoodClass),
            First = [.. members.Where(m => m.IsFirst)],
        };
    }

    private static List<GroupMember> MembersOf(IGroupTransaction groups, GroupValueRow value)
    {
        return [.. groups.ListMembers(value, firstOnly: false).Select(m => GroupMember.Of(value, m)),
            .. groups.ListLeft(value).Select(l => new GroupMember(l.Name, MemberState.Left, null, false, l.LeftAt))];
    }

    private ObjectClass? ClassOf(IGroupTransaction groups, string group, string? wireName)
    {
        return wireName == null || !ClassCatalog.IsWireName(wireName) ? null
            : groups.FindClassOfGroup(group, wireName) is { } definition ? ClassCatalog.Parse(definition)
            : classes.Find(groups, ClassCatalog.Application, wireName);
    }

    private static EditKey KeyOf(GroupValueRow value) => new(value.Id, 0, value.ObjectId);

    private void Note(IGroupTransaction groups, GroupValueRow value, string by, string note, EditValue old, EditValue now)
    {
        ((IHistoryTransaction)groups).AddEdit(KeyOf(value), new EditRow(Now, by, value.Version, note, old, "", now));
    }

    private static void CheckGroup(IGroupTransaction groups, string group)
    {
        if (!groups.ListGroupsWithValues().Exists(g => g.Group == group))
        {
            throw new RefusedException(Refusal.NotFound, $"There is no group {group}: no device is in it.") { Field = "group" };
        }
    }

    private static GroupValueRow Live(IGroupTransaction groups, string group, string collection, string id)
    {
        CheckGroup(groups, group);
        return groups.FindGroupValue(group, collection, id) is { Removed: false } value ? value : throw Missing(group, collection, id);
    }

    private static GroupValueRow Staged(IGroupTransaction groups, string group, string collection, string id)
    {
        GroupValueRow value = Live(groups, group, collection, id);
        return value.Stage != Stage.All ? value : throw new RefusedException(Refusal.Conflict, $"No staged edit of {collection}/{id} is under way.") { Code = "not_staged" };
    }

    private static void Settled(GroupValueRow? value)
    {
        if (value is { Removed: false, Stage: not Stage.All })
        {
            throw new RefusedException(Refusal.Conflict, $"A staged edit of {value.Collection}/{value.ObjectId} is {(value.Stage == Stage.Stopped ? "stopped" : "under way")}: continue or abort it first.") { Code = "staged" };
        }
    }

    private static RefusedException Missing(string group, string collection, string id)
    {
        return new RefusedException(Refusal.NotFound, $"{group} has no value for {collection}/{id}.");
    }

    private static void Expect(GroupValueRow? current, long? expected)
    {
        long version = current is { Removed: false } ? current.Version : 0;
        if (expected != null && (expected == ObjectService.Any ? version == 0 : expected != version))
        {
            throw new RefusedException(Refusal.Conflict, version == 0 ? "The value is not there." : $"The value was changed since by {current!.Who}: its number is {version}.");
        }
    }
}
