// The application's side of the objects: it reads what devices sent, and writes what they are to have.

using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Application;

/// <summary>An object, with what has become of it on the device.</summary>
public sealed record ObjectView(ObjectRow Row, ObjectClass? Class, string By, string State, string? Reason);

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

    private const int Application = ClassCatalog.Application; // as a writer

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
    public ObjectView Put(string device, string collection, string? id, NewValue value, long? expected = null)
    {
        _ = _incarnation.Code; // begun outside of the transaction
        using IStoreTransaction store = _store.BeginWrite();
        Place place = Find(store, device, collection);
        id ??= NewId(store, place.Collection);
        ObjectRow? current = store.FindObject(place.Collection.Id, id);
        if (current == null)
        {
            Names.CheckId(id);
        }

        Expect(current, expected);
        (string? type, byte[] data) = Pack(store, place, current, value);
        bool exists = current is { Deleted: false };
        if (!exists || current!.Class != type || !current.Data.AsSpan().SequenceEqual(data))
        {
            current ??= new ObjectRow { Id = id, Created = Now };
            current.Seq = ++place.Collection.Seq;
            if (!exists)
            {
                current.CreatedSeq = current.Seq;
                place.Collection.Live++;
            }

            current.Class = type;
            current.Data = data;
            current.Deleted = false;
            current.Writer = Application;
            current.Changed = Now;
            store.SaveObject(place.Collection.Id, current);
            store.SaveCollection(place.Collection);
        }

        ObjectView view = View(store, place, current!, Aside(store, place));
        store.Commit();
        return view;
    }

    /// <summary>Deletes an object.</summary>
    public void Delete(string device, string collection, string id, long? expected = null)
    {
        using IStoreTransaction store = _store.BeginWrite();
        Place place = Find(store, device, collection);
        ObjectRow current = Live(store, place, id);
        Expect(current, expected);
        current.Seq = ++place.Collection.Seq;
        current.Data = null;
        current.Deleted = true;
        current.Writer = Application;
        current.Changed = Now;
        place.Collection.Live--;
        store.SaveObject(place.Collection.Id, current);
        store.SaveCollection(place.Collection);
        Tombstones.Prune(store, place.Collection, place.Collection.Seq - 1, Now);
        store.Commit();
    }

    /// <summary>Sends again what the device refused: one object, or all. How many.</summary>
    public int Retry(string device, string collection, string? id)
    {
        using IStoreTransaction store = _store.BeginWrite();
        Place place = Find(store, device, collection);
        int count = place.Rows.Sum(r => store.Retry(r.Replica, place.Collection.Id, id));
        if (count == 0 && id != null)
        {
            Live(store, place, id); // one that is there and was not refused: 0; one that never was: an error
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
            store.SetAside(row.Replica, place.Collection.Id, new AsideRow(id, current.Seq, true, 0, "dropped on request", Now), row.Class);
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
        return store.ListLosers(owner, number, count).ConvertAll(l => (l, _classes.FindOf(store, l.FromDevice ? owner : Application, owner, number, l.Class)));
    }

    // What is kept of a device is kept of each of its stores: an operator's word goes to all of them.
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

    // What the operator wants to know of a configuration: did it arrive, and was it taken? Of several stores, that of the last one seen.
    private ObjectView View(IStoreTransaction store, Place place, ObjectRow value, IEnumerable<AsideRow> asides)
    {
        KeyRow? row = place.Rows.FirstOrDefault();
        bool isOwn = value.Author == place.Device.Id;
        string by = value.Writer == Application ? "application" : isOwn ? place.Device.Name : "another device";
        string? reason = null;
        string state;
        if (asides.FirstOrDefault(a => a.ServerId == value.Id && a.Seq == value.Seq) is { } aside)
        {
            state = aside.Status == 0 ? "dropped" : "refused";
            reason = aside.Reason;
        }
        else if (isOwn)
        {
            state = "received";
        }
        else if (row == null || value.Seq > row.ToPoint || store.IsDue(row.Replica, place.Collection.Id, value.Id))
        {
            state = "waiting";
        }
        else
        {
            state = value.Seq <= row.FromPoint || row.Acknowledged ? "applied" : "sent";
        }

        return new ObjectView(value, _classes.FindOf(store, value.Author, place.Device.Id, place.Collection.Id, value.Class), by, state, reason);
    }

    private (string? Class, byte[] Data) Pack(IStoreTransaction store, Place place, ObjectRow? current, NewValue value)
    {
        string? wireName = value.Class != null ? Resolve(store, place, value.Class) : current?.Class ?? place.Rows.FirstOrDefault()?.Class ?? LastClass(store, place);
        ObjectClass? type = _classes.FindOf(store, Application, place.Device.Id, place.Collection.Id, wireName);
        byte[] data;
        if (value.Fields != null)
        {
            if (type == null)
            {
                throw new RefusedException(Refusal.BadInput, wireName == null
                    ? "Fields of which class? Name it (class=), with its definition if it is new: sampling(interval:u,sensors:t)"
                    : $"The definition of {wireName} is not known yet: the device is asked for it.");
            }

            ObjectJson.CheckKinds(type, value);
            try
            {
                data = RecordText.Pack(type, value.Fields);
            }
            catch (RecordException e)
            {
                throw new RefusedException(Refusal.BadInput, e.Message);
            }

            ObjectJson.CheckNames(type, value);
        }
        else
        {
            data = value.Data ?? [];
            if (type != null && !RecordText.IsSound(type, data))
            {
                throw new RefusedException(Refusal.BadInput, $"The bytes are not a record of {wireName}.");
            }
        }

        return data.Length <= _limits.MaxObject ? (wireName, data)
            : throw new RefusedException(Refusal.TooLarge, $"{data.Length} bytes; at most {_limits.MaxObject} are taken.");
    }

    private static string? LastClass(IStoreTransaction store, Place place)
    {
        return store.ListObjects(place.Collection.Id, 0, 1, false).FirstOrDefault()?.Class;
    }

    // name(fields) = a definition to keep, name#hash = that one, name = the newest of that name of this device, else of the application
    private string Resolve(IStoreTransaction store, Place place, string given)
    {
        if (given.Contains('('))
        {
            ObjectClass type = ClassCatalog.Parse(given) ?? throw new RefusedException(Refusal.BadInput, $"Not a class definition: {given}");
            string wireName = ClassCatalog.WireName(type);
            store.SaveClass(Application, wireName, type.Definition, Now);
            return wireName;
        }

        if (ClassCatalog.IsWireName(given))
        {
            return given;
        }

        return store.FindClasses(place.Device.Id, given).Concat(store.FindClasses(Application, given)).FirstOrDefault() ?? throw new RefusedException(Refusal.NotFound, $"There is no class {given}.");
    }

    // A collection of a device, with the key rows of the stores that sync it.
    private sealed record Place(DeviceRow Device, CollectionRow Collection, List<KeyRow> Rows);
}
