// The application's side of the objects: it reads what devices sent, and writes what they are to have.

using System.Globalization;
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
    private const int Application = ClassCatalog.Application; // as a writer

    private readonly IServerStore _store;
    private readonly TimeProvider _clock;
    private readonly SyncLimits _limits;
    private readonly ClassCatalog _classes;

    /// <summary>Makes the service.</summary>
    public ObjectService(IServerStore store, TimeProvider clock, SyncLimits limits, ClassCatalog classes)
    {
        _store = store;
        _clock = clock;
        _limits = limits;
        _classes = classes;
    }

    private long Now => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Objects changed after a number, in the order of their changes.</summary>
    public List<ObjectView> List(string device, string collection, long after = 0, int count = 1000, bool deleted = false)
    {
        using IStoreTransaction store = _store.BeginRead();
        KeyRow row = Find(store, device, collection);
        Dictionary<string, AsideRow> aside = store.ListAside(row.Device, row.Collection.Id).ToDictionary(a => a.ServerId, StringComparer.Ordinal);
        return store.ListObjects(row.Collection.Id, after, count, deleted)
            .ConvertAll(o => View(store, device, row, o, aside.GetValueOrDefault(o.Id)));
    }

    /// <summary>One object.</summary>
    public ObjectView Get(string device, string collection, string id)
    {
        using IStoreTransaction store = _store.BeginRead();
        KeyRow row = Find(store, device, collection);
        return View(store, device, row, Live(store, row, id), store.ListAside(row.Device, row.Collection.Id).Find(a => a.ServerId == id));
    }

    /// <summary>Makes or changes an object.</summary>
    /// <param name="device">The device.</param>
    /// <param name="collection">Its collection.</param>
    /// <param name="id">The object's id; null = the server makes one.</param>
    /// <param name="value">The value.</param>
    /// <param name="expected">Only if the object's number is this one; 0 = only if there is no object; null = always.</param>
    public ObjectView Put(string device, string collection, string? id, NewValue value, long? expected = null)
    {
        using IStoreTransaction store = _store.BeginWrite();
        KeyRow row = Find(store, device, collection);
        id ??= NewId(store, row.Collection);
        CheckId(id);
        ObjectRow? current = store.FindObject(row.Collection.Id, id);
        Expect(current, expected);
        (string? type, byte[] data) = Pack(store, row, current, value);
        bool exists = current is { Deleted: false };
        if (!exists || current!.Class != type || !current.Data.AsSpan().SequenceEqual(data))
        {
            current ??= new ObjectRow { Id = id, Created = Now };
            current.Seq = ++row.Collection.Seq;
            if (!exists)
            {
                current.CreatedSeq = current.Seq;
                row.Collection.Live++;
            }

            current.Class = type;
            current.Data = data;
            current.Deleted = false;
            current.Writer = Application;
            current.Changed = Now;
            store.SaveObject(row.Collection.Id, current);
            store.SaveCollection(row.Collection);
        }

        ObjectView view = View(store, device, row, current!, store.ListAside(row.Device, row.Collection.Id).Find(a => a.ServerId == id));
        store.Commit();
        return view;
    }

    /// <summary>Deletes an object.</summary>
    public void Delete(string device, string collection, string id, long? expected = null)
    {
        using IStoreTransaction store = _store.BeginWrite();
        KeyRow row = Find(store, device, collection);
        ObjectRow current = Live(store, row, id);
        Expect(current, expected);
        current.Seq = ++row.Collection.Seq;
        current.Data = null;
        current.Deleted = true;
        current.Writer = Application;
        current.Changed = Now;
        row.Collection.Live--;
        store.SaveObject(row.Collection.Id, current);
        store.SaveCollection(row.Collection);
        store.Commit();
    }

    /// <summary>Sends again what the device refused: one object, or all. How many.</summary>
    public int Retry(string device, string collection, string? id)
    {
        using IStoreTransaction store = _store.BeginWrite();
        KeyRow row = Find(store, device, collection);
        int count = store.Retry(row.Device, row.Collection.Id, id);
        if (count == 0 && id != null)
        {
            Live(store, row, id); // one that is there and was not refused: 0; one that never was: an error
        }

        store.Commit();
        return count;
    }

    /// <summary>Asks the device to drop its copy; the server keeps the object. [SPEC 2.3, SoftDelete]</summary>
    public void Drop(string device, string collection, string id)
    {
        using IStoreTransaction store = _store.BeginWrite();
        KeyRow row = Find(store, device, collection);
        ObjectRow current = Live(store, row, id);
        store.SetAside(row.Device, row.Collection.Id, new AsideRow(id, current.Seq, true, 0, "dropped on request", Now), row.Class);
        store.MakeDue(row.Device, row.Collection.Id, id, DueKind.Drop);
        store.Commit();
    }

    /// <summary>Asks the device for its copy. [SPEC 2.3, Fetch]</summary>
    public void FetchFromDevice(string device, string collection, string id)
    {
        using IStoreTransaction store = _store.BeginWrite();
        KeyRow row = Find(store, device, collection);
        Live(store, row, id);
        store.MakeDue(row.Device, row.Collection.Id, id, DueKind.Fetch);
        store.Commit();
    }

    /// <summary>What is set aside for a device in a collection.</summary>
    public List<AsideRow> SetAside(string device, string collection)
    {
        using IStoreTransaction store = _store.BeginRead();
        KeyRow row = Find(store, device, collection);
        return store.ListAside(row.Device, row.Collection.Id);
    }

    /// <summary>Losing sides of conflicts, newest first.</summary>
    public List<(LoserRow Row, ObjectClass? Class)> Losers(string device, string collection, int count = 200)
    {
        using IStoreTransaction store = _store.BeginRead();
        KeyRow row = Find(store, device, collection);
        return store.ListLosers(row.Device, row.Collection.Id, count).ConvertAll(l => (l, _classes.FindOf(store, l.FromDevice ? row.Device : Application, row.Device, row.Collection.Id, l.Class)));
    }

    private static KeyRow Find(IStoreTransaction store, string device, string collection)
    {
        DeviceRow found = DeviceService.Find(store, device);
        return store.FindKeyRow(found.Id, collection)
            ?? throw new RefusedException(Refusal.NotFound, $"Device {device} has no collection {collection}; it has: {found.Collections}");
    }

    private static ObjectRow Live(IStoreTransaction store, KeyRow row, string id)
    {
        ObjectRow? found = store.FindObject(row.Collection.Id, id);
        return found is { Deleted: false } ? found : throw new RefusedException(Refusal.NotFound, $"There is no object {id} in {row.Name}.");
    }

    private static void Expect(ObjectRow? current, long? expected)
    {
        long seq = current is { Deleted: false } ? current.Seq : 0;
        if (expected != null && expected != seq)
        {
            throw new RefusedException(Refusal.Conflict, seq == 0 ? "The object is not there." : $"The object was changed since: its number is {seq}.");
        }
    }

    private static void CheckId(string id)
    {
        if (id.Length == 0 || Encoding.UTF8.GetByteCount(id) > Limits.Text || id.Any(c => c < 0x20 || char.IsSurrogate(c)))
        {
            throw new RefusedException(Refusal.BadInput, $"An object's id is 1 to {Limits.Text} bytes of UTF-8 without control characters.");
        }
    }

    private static string NewId(IStoreTransaction store, CollectionRow collection)
    {
        for (long i = collection.Seq + 1; ; i++)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"s{i}");
            if (store.FindObject(collection.Id, id) == null)
            {
                return id;
            }
        }
    }

    // What the operator wants to know of a configuration: did it arrive, and was it taken?
    private ObjectView View(IStoreTransaction store, string device, KeyRow row, ObjectRow value, AsideRow? aside)
    {
        string by = value.Writer == Application ? "application" : value.Writer == row.Device ? device : "another device";
        string? reason = null;
        string state;
        if (aside != null && aside.Seq == value.Seq)
        {
            state = aside.Status == 0 ? "dropped" : "refused";
            reason = aside.Reason;
        }
        else if (value.Writer == row.Device)
        {
            state = "received";
        }
        else if (value.Seq > row.ToPoint || store.IsDue(row.Device, row.Collection.Id, value.Id))
        {
            state = "waiting";
        }
        else
        {
            state = value.Seq <= row.FromPoint || row.Acknowledged ? "applied" : "sent";
        }

        return new ObjectView(value, _classes.FindOf(store, value.Writer, row.Device, row.Collection.Id, value.Class), by, state, reason);
    }

    private (string? Class, byte[] Data) Pack(IStoreTransaction store, KeyRow row, ObjectRow? current, NewValue value)
    {
        string? wireName = value.Class != null ? Resolve(store, row, value.Class) : current?.Class ?? row.Class ?? LastClass(store, row);
        ObjectClass? type = _classes.FindOf(store, Application, row.Device, row.Collection.Id, wireName);
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

    private static string? LastClass(IStoreTransaction store, KeyRow row)
    {
        return store.ListObjects(row.Collection.Id, 0, 1, false).FirstOrDefault()?.Class;
    }

    // name(fields) = a definition to keep, name#hash = that one, name = the newest of that name of this device, else of the application
    private string Resolve(IStoreTransaction store, KeyRow row, string given)
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

        return store.FindClasses(row.Device, given).Concat(store.FindClasses(Application, given)).FirstOrDefault() ?? throw new RefusedException(Refusal.NotFound, $"There is no class {given}.");
    }
}
