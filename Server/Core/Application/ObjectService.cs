// The application's side of the objects: it reads what devices sent, and writes what they are to have.

using System.Globalization;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Server.Groups;

namespace NanoSync.Server.Application;

/// <summary>An object, with what has become of it on the device.</summary>
public sealed record ObjectView(ObjectRow Row, ObjectClass? Class, string By, string State, string? Reason)
{
    /// <summary>The device's group, where that has a value for this object; null = it has none.</summary>
    public string? Group { get; init; }

    /// <summary>True when the device is to have a value of its own instead of the group's.</summary>
    public bool Overrides { get; init; }

    /// <summary>What the device has while it has not taken the object as it is; null = that, or it is not known.</summary>
    public (EditValue Value, ObjectClass? Class)? OnDevice { get; init; }
}

/// <summary>An edit with the classes by which its values are read.</summary>
public sealed record EditView(EditRow Row, ObjectClass? OldClass, ObjectClass? Class);

/// <summary>A value to write: fields, or bytes.</summary>
public sealed record NewValue(IReadOnlyList<KeyValuePair<string, string>>? Fields, byte[]? Data, string? Class)
{
    /// <summary>Names of the fields that stand as texts, in quotes; null where that cannot be told.</summary>
    public IReadOnlySet<string>? Quoted { get; init; }

    /// <summary>Names of the fields that are given as absent.</summary>
    public IReadOnlyList<string> Absent { get; init; } = [];
}

/// <summary>Reads and writes objects.</summary>
public sealed class ObjectService
{
    /// <summary>Expected: any object, as long as there is one.</summary>
    public const long Any = -1;

    private const string Application = "application"; // as an author, where nobody is named

    private const int MostLosers = 200; // looked through for what a device has

    private readonly IServerStore _store;
    private readonly TimeProvider _clock;
    private readonly SyncLimits _limits;
    private readonly ClassCatalog _classes;
    private readonly Incarnation _incarnation;

    /// <summary>Makes the service.</summary>
    public ObjectService(IServerStore store, TimeProvider clock, SyncLimits limits, ClassCatalog classes, Incarnation incarnation)
    {
        _store = store;
        _clock = clock;
        _limits = limits;
        _classes = classes;
        _incarnation = incarnation;
    }

    private long Now => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Objects changed after a number, in the order of their changes.</summary>
    public List<ObjectView> List(string device, string collection, long after = 0, int count = 1000, bool deleted = false)
    {
        using IStoreTransaction store = _store.BeginRead();
        Place place = Find(store, device, collection);
        ILookup<string, AsideRow> aside = Aside(store, place).ToLookup(a => a.ServerId, StringComparer.Ordinal);
        return store.ListObjects(place.Collection.Id, after, count, deleted).ConvertAll(o => View(store, place, o, aside[o.Id]));
    }

    /// <summary>One object.</summary>
    public ObjectView Get(string device, string collection, string id)
    {
        using IStoreTransaction store = _store.BeginRead();
        Place place = Find(store, device, collection);
        return View(store, place, Live(store, place, id), Aside(store, place));
    }

    /// <summary>Makes or changes an object.</summary>
    /// <param name="device">The device.</param>
    /// <param name="collection">Its collection.</param>
    /// <param name="id">The object's id; null = the server makes one.</param>
    /// <param name="value">The value.</param>
    /// <param name="expected">Only if the object's number is this one; 0 = only if there is no object; <see cref="Any"/> = only if there is one; null = always.</param>
    /// <param name="by">Who does, for the history.</param>
    public ObjectView Put(string device, string collection, string? id, NewValue value, long? expected = null, string by = Application)
    {
        _incarnation.Begin(); // begun outside of the transaction
        using IStoreTransaction store = _store.BeginWrite();
        Place place = Find(store, device, collection);
        id ??= NewId(store, place.Collection);
        ObjectRow? current = store.FindObject(place.Collection.Id, id);
        if (current == null)
        {
            Names.CheckId(id);
        }

        Expect(current, expected);
        (string? type, byte[] data) = Pack(store, place, id, current, value);
        Write(store, place, current, id, type, data, by, "");
        ObjectView view = View(store, place, store.FindObject(place.Collection.Id, id)!, Aside(store, place));
        store.Commit();
        return view;
    }

    /// <summary>Deletes an object.</summary>
    public void Delete(string device, string collection, string id, long? expected = null, string by = Application)
    {
        using IStoreTransaction store = _store.BeginWrite();
        Place place = Find(store, device, collection);
        ObjectRow current = Live(store, place, id);
        Expect(current, expected);
        (EditValue old, string state) = (EditValue.Of(current), StateOf(store, place, current, Aside(store, place)).State);
        ApplicationWriter.Delete(store, place.Collection, current, Now);
        ((IHistoryTransaction)store).AddEdit(new EditKey(0, place.Collection.Id, id), new EditRow(Now, by, current.Seq, "deleted", old, state, EditValue.None));
        Override(store, place, id, by);
        store.Commit();
    }

    /// <summary>Edits of an object, newest first, those of a deleted one too.</summary>
    public List<EditView> History(string device, string collection, string id, int count = EditHistory.Most)
    {
        using IStoreTransaction store = _store.BeginRead();
        Place place = Find(store, device, collection);
        List<EditRow> edits = ((IHistoryTransaction)store).ListEdits(new EditKey(0, place.Collection.Id, id), count);
        if (edits.Count == 0)
        {
            Live(store, place, id);
        }

        ObjectClass? Of(EditValue value) => ClassOf(store, place, id, ClassCatalog.Application, value.Class);
        return edits.ConvertAll(e => new EditView(e, Of(e.Old), Of(e.New)));
    }

    /// <summary>Writes the value that an earlier edit wrote once more, as a new edit.</summary>
    public ObjectView Restore(string device, string collection, string id, long version, long? expected, string by)
    {
        using IStoreTransaction store = _store.BeginWrite();
        Place place = Find(store, device, collection);
        ObjectRow? current = store.FindObject(place.Collection.Id, id);
        Expect(current, expected);
        EditValue value = EditHistory.Find((IHistoryTransaction)store, new EditKey(0, place.Collection.Id, id), version);
        FieldNotes.Check(store, ClassOf(store, place, id, ClassCatalog.Application, value.Class), value.Data!);
        Write(store, place, current, id, value.Class, value.Data!, by, string.Create(CultureInfo.InvariantCulture, $"restored {version}"));
        ObjectView view = View(store, place, store.FindObject(place.Collection.Id, id)!, Aside(store, place));
        store.Commit();
        return view;
    }

    /// <summary>Sends again what the device refused, one object or all, and returns how many.</summary>
    public int Retry(string device, string collection, string? id)
    {
        using IStoreTransaction store = _store.BeginWrite();
        Place place = Find(store, device, collection);
        int count = place.Rows.Sum(r => store.Retry(r.Replica, place.Collection.Id, id));
        if (count == 0 && id != null)
        {
            Live(store, place, id); // none was refused: the answer is 0, or an error when there is no such object
        }

        store.Commit();
        return count;
    }

    /// <summary>Asks the device to drop its copy; the server keeps the object. [SPEC 2.3, SoftDelete]</summary>
    public void Drop(string device, string collection, string id)
    {
        using IStoreTransaction store = _store.BeginWrite();
        Place place = Find(store, device, collection);
        ObjectRow current = Live(store, place, id);
        foreach (KeyRow row in place.Rows)
        {
            store.SetAside(row.Replica, place.Collection.Id, new AsideRow(id, current.Seq, true, 0, "dropped on request", Now), row.Told.Class);
            store.MakeDue(row.Replica, place.Collection.Id, id, DueKind.Drop);
        }

        store.Commit();
    }

    /// <summary>Asks the device for its copy. [SPEC 2.3, Fetch]</summary>
    public void FetchFromDevice(string device, string collection, string id)
    {
        using IStoreTransaction store = _store.BeginWrite();
        Place place = Find(store, device, collection);
        Live(store, place, id);
        foreach (KeyRow row in place.Rows)
        {
            store.MakeDue(row.Replica, place.Collection.Id, id, DueKind.Fetch);
        }

        store.Commit();
    }

    /// <summary>What is set aside for a device in a collection.</summary>
    public List<AsideRow> SetAside(string device, string collection)
    {
        using IStoreTransaction store = _store.BeginRead();
        return [.. Aside(store, Find(store, device, collection)).OrderBy(a => a.ServerId, StringComparer.Ordinal)];
    }

    /// <summary>Losing sides of conflicts, newest first.</summary>
    public List<(LoserRow Row, ObjectClass? Class)> Losers(string device, string collection, int count = 200)
    {
        using IStoreTransaction store = _store.BeginRead();
        Place place = Find(store, device, collection);
        (int owner, int number) = (place.Device.Id, place.Collection.Id);
        return store.ListLosers(owner, number, count).ConvertAll(l => (l, _classes.FindOf(store, l.FromDevice ? owner : ClassCatalog.Application, owner, number, l.Class)));
    }

    // The server keeps its notes for each store of a device, so an operator's request goes to all of them.
    private static Place Find(IStoreTransaction store, string device, string collection)
    {
        DeviceRow found = DeviceService.Find(store, device);
        return store.FindCollection(found.Id, collection) is { } row
            ? new Place(found, row, store.ListKeyRows(found.Id, collection))
            : throw new RefusedException(Refusal.NotFound, $"Device {device} has no collection {collection}; it has: {found.Collections}");
    }

    private static IEnumerable<AsideRow> Aside(IStoreTransaction store, Place place)
    {
        return place.Rows.SelectMany(r => store.ListAside(r.Replica, place.Collection.Id));
    }

    private static ObjectRow Live(IStoreTransaction store, Place place, string id)
    {
        ObjectRow? found = store.FindObject(place.Collection.Id, id);
        return found is { Deleted: false } ? found : throw new RefusedException(Refusal.NotFound, $"There is no object {id} in {place.Collection.Name}.");
    }

    private static void Expect(ObjectRow? current, long? expected)
    {
        long seq = current is { Deleted: false } ? current.Seq : 0;
        if (expected != null && (expected == Any ? seq == 0 : expected != seq))
        {
            throw new RefusedException(Refusal.Conflict, seq == 0 ? "The object is not there." : $"The object was changed since: its number is {seq}.");
        }
    }

    // Never given twice, also when an older state of the database is restored.
    private string NewId(IStoreTransaction store, CollectionRow collection)
    {
        for (long i = collection.Seq + 1; ; i++)
        {
            string id = _incarnation.NewId(i);
            if (store.FindObject(collection.Id, id) == null)
            {
                return id; // an application may have given one that looks like it
            }
        }
    }

    // Writes, and notes who did; what is written for one device of a group is that device's own from now on.
    private void Write(IStoreTransaction store, Place place, ObjectRow? current, string id, string? type, byte[] data, string by, string note)
    {
        EditValue old = EditValue.Of(current);
        string state = old.Size < 0 ? "" : StateOf(store, place, current!, Aside(store, place)).State;
        if (ApplicationWriter.Put(store, place.Collection, ref current, id, type, data, Now))
        {
            ((IHistoryTransaction)store).AddEdit(new EditKey(0, place.Collection.Id, id), new EditRow(Now, by, current!.Seq, note, old, state, EditValue.Of(type, data)));
        }

        Override(store, place, id, by);
    }

    private void Override(IStoreTransaction store, Place place, string id, string by)
    {
        IGroupTransaction groups = (IGroupTransaction)store;
        if (!place.Collection.Shared && groups.FindGroupOf(place.Device.Id, place.Collection.Name, id) != null)
        {
            groups.SetOverride(place.Device.Id, place.Collection.Name, id, by, Now);
            place.ForgetGroups();
        }
    }

    // Did it arrive, and was it taken? Of several stores, that of the last one seen.
    private static (string State, string? Reason) StateOf(IStoreTransaction store, Place place, ObjectRow value, IEnumerable<AsideRow> asides)
    {
        KeyRow? row = place.Rows.FirstOrDefault();
        AsideRow? aside = asides.FirstOrDefault(a => a.ServerId == value.Id && a.Seq == value.Seq);
        string state = Delivery.Of(value.Seq, value.Author == place.Device.Id, aside?.Status, row == null ? null : (row.FromPoint, row.ToPoint, row.Acknowledged),
            row != null && store.IsDue(row.Replica, place.Collection.Id, value.Id));
        return (state, aside?.Reason);
    }

    // What the operator wants to know of a configuration.
    private ObjectView View(IStoreTransaction store, Place place, ObjectRow value, IEnumerable<AsideRow> asides)
    {
        bool isOwn = value.Author == place.Device.Id;
        string by = value.Writer == ClassCatalog.Application ? Application : isOwn ? place.Device.Name : "another device";
        (string state, string? reason) = StateOf(store, place, value, asides);
        (string? group, bool overrides) = place.GroupOf(store, value.Id);
        ObjectView view = new(value, ClassOf(store, place, value.Id, value.Author, value.Class), by, state, reason)
        {
            Group = group,
            Overrides = overrides,
        };
        // What a device has is not known when a value of its own lost a conflict since.
        return state is Delivery.Waiting or Delivery.Sent or Delivery.Refused
            && EditHistory.OnDevice(((IHistoryTransaction)store).ListEdits(new EditKey(0, place.Collection.Id, value.Id), EditHistory.Most), value.Seq) is { } held
            && !store.ListLosers(place.Device.Id, place.Collection.Id, MostLosers).Exists(l => l.FromDevice && l.ServerId == value.Id && l.Time >= value.Changed)
            ? view with { OnDevice = (held, ClassOf(store, place, value.Id, ClassCatalog.Application, held.Class)) }
            : view;
    }

    private (string? Class, byte[] Data) Pack(IStoreTransaction store, Place place, string id, ObjectRow? current, NewValue value)
    {
        string? wireName = value.Class != null
            ? ValuePacker.Resolve(store, value.Class, n => store.FindClasses(place.Device.Id, n).Concat(store.FindClasses(ClassCatalog.Application, n)), Now)
            : current?.Class ?? place.Rows.FirstOrDefault()?.Told.Class ?? LastClass(store, place);
        ObjectClass? type = ClassOf(store, place, id, ClassCatalog.Application, wireName);
        byte[] data = ValuePacker.Pack(value, wireName, type, _limits.MaxObject);
        FieldNotes.Check(store, type, data);
        return (wireName, data);
    }

    // What a group has a value for is read as its members mean it, where this device has not told its class yet.
    private ObjectClass? ClassOf(IStoreTransaction store, Place place, string id, int writer, string? wireName)
    {
        return _classes.FindOf(store, writer, place.Device.Id, place.Collection.Id, wireName)
            ?? (writer == ClassCatalog.Application && wireName != null && place.GroupOf(store, id).Group is { } group && ((IGroupTransaction)store).FindClassOfGroup(group, wireName) is { } told
                ? ClassCatalog.Parse(told) : null);
    }

    private static string? LastClass(IStoreTransaction store, Place place)
    {
        return store.ListObjects(place.Collection.Id, 0, 1, false).FirstOrDefault()?.Class;
    }

    // A collection of a device, with the key rows of the stores that sync it.
    private sealed record Place(DeviceRow Device, CollectionRow Collection, List<KeyRow> Rows)
    {
        private Dictionary<string, (string Group, bool Overrides)>? _groups;

        /// <summary>The device's group where that has a value for an object, and whether the device has one of its own.</summary>
        public (string? Group, bool Overrides) GroupOf(IStoreTransaction store, string id)
        {
            _groups ??= Collection.Shared || Collection.IsOutbox ? []
                : ((IGroupTransaction)store).ListGroupsOf(Device.Id, Collection.Name).ToDictionary(g => g.ObjectId, g => (g.Group, g.Overrides), StringComparer.Ordinal);
            return _groups.TryGetValue(id, out (string Group, bool Overrides) found) ? found : (null, false);
        }

        /// <summary>The device was given a value of its own: read anew.</summary>
        public void ForgetGroups() => _groups = null;
    }
}
