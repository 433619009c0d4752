// A route to another NanoSync server: the device's own engine over its own store, the store's files in this database.
//
//   Stage   one transaction: own changes above the point go into the store, with their associations   -> durable
//   Round   the engine's: one message, one reply, one batch of the store
//   Take    one transaction: what the batch changed goes to the own objects and the associations
//
// Rule 1: no transaction is open while the network is waited for.
// Rule 2: after any exception the store in memory is thrown away; the next run opens it from the database, like a device
// after a power cut. Stage and Take can both be repeated.
// Rule 3: an object is under way in the store before it is sent, under a ClientId that is never given twice: not by a
// database that was put back either (GatewayEngine).

using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Storage;

namespace NanoSync.Server.Proxy;

internal sealed class EngineRoute(ProxyContext context, ProxyTarget target, RouteRow row, Func<ICarrier> carrier)
    : ProxyRoute(context, target, row), IClassNames
{
    /// <summary>Most objects of a collection that also come down; upwards only there is no bound.</summary>
    public const int MaxObjects = 20_000;

    private const int Kilo = 1024;
    private const int Most = 8 * Kilo; // bytes of objects in a message each way; a larger object goes in parts
    private const int MostIdle = 300; // a large object takes 2 x 128 rounds
    private const int Answers = 24;
    private const int MaxClasses = 14; // whose definitions the engine can give; others go by their names
    private const int TheCollection = 0;

    private readonly Dictionary<uint, string> _names = [];
    private readonly StoreVolume _volume = new(context.Store, row.Id);
    private readonly byte[] _storeId = GatewayEngine.StoreIdOf(context.Incarnation, row.Id);
    private readonly ObjectInfo _info = new();
    private IProxyTransaction? _transaction; // the one that is open, if any
    private FlashStore? _store;
    private GatewayEngine? _engine;
    private ICarrier? _carrier;
    private string _defined = "";
    private string _via = "";
    private bool _unapplied;
    private int _idle; // rounds that moved nothing although there was more

    private bool UpOnly => Target.Direction == ProxyDirection.Up;

    private bool DeviceWins => UpOnly || Target.DeviceWins;

    private SyncCollection TheSyncCollection => _engine!.Collection(TheCollection);

    uint IClassNames.TagOf(byte[] wireName, int length)
    {
        return TagOf(Encoding.UTF8.GetString(wireName, 0, length));
    }

    byte[] IClassNames.NameOf(uint tag)
    {
        return NameOf(tag) is { } name ? Encoding.UTF8.GetBytes(name) : null!;
    }

    public override void Dispose()
    {
        base.Dispose();
        (_carrier as IDisposable)?.Dispose();
        _carrier = null;
    }

    protected override void Forget()
    {
        _volume.Join(null);
        _transaction = null;
        _store = null;
        _engine = null;
    }

    protected override RouteResult Exchange()
    {
        Open();
        if (_unapplied)
        {
            ApplyUpstream();
        }

        while (true)
        {
            bool more = Stage();
            Tell();
            RoundResult round = _engine!.Round();
            _unapplied = round.BytesDown > EmptyReply.Size || _unapplied;
            Context.Reached?.Invoke(ProxyStep.Exchanged);
            if (_unapplied)
            {
                ApplyUpstream();
            }

            switch (round.Outcome)
            {
                case RoundOutcome.InStep when !more:
                    return new RouteResult(true, "in step");
                case RoundOutcome.Held:
                    return new RouteResult(false, "the upstream holds back what it was sent", round.RetryAfter);
                case RoundOutcome.Failed when round.Status == Status.InvalidSyncKey:
                    continue;
                case RoundOutcome.Failed:
                    return new RouteResult(false, Explain(round), round.RetryAfter);
                case RoundOutcome.More when round.ObjectsUp + round.ObjectsDown + round.RefusedUp + round.RefusedDown == 0 && ++_idle > MostIdle:
                    _idle = 0;
                    return new RouteResult(false, "the upstream holds back what it was sent", round.RetryAfter);
                default:
                    _idle = round.ObjectsUp + round.ObjectsDown > 0 ? 0 : _idle;
                    break;
            }
        }
    }

    private static ObjectClass None => new("object"); // objects that are not of it say their own

    private string Explain(RoundResult round)
    {
        if (round.Status == Status.Loop)
        {
            return $"LOOP: the upstream {Target.Url} refuses this collection, as it has come through it before (way here: {_via}). "
                + "Two proxies pass the same collection to each other; take it out of one of them.";
        }

        return round switch
        {
            { HttpStatus: 401 } => $"the upstream {Target.Url} does not take the token (HTTP 401)",
            { Status: Status.NotFound } => $"the upstream has no collection {Row.Upstream} for this token: grant it there",
            { Status: not 0 } => $"the upstream answered status {round.Status}",
            { Store: not StoreError.None } => $"the store of the route: error NS{(int)round.Store} ({round.Store})",
            { Message: not SyncError.None } => $"the message: error NS{(int)round.Message} ({round.Message}) at byte {round.MessageOffset}",
            { HttpStatus: not 0 and not 200 } => $"the upstream answered HTTP {round.HttpStatus}",
            _ => $"the upstream {Target.Url} is not reached: error NS{(int)round.Carrier} ({round.Carrier}) {(_carrier as HttpClientCarrier)?.Failure}".TrimEnd(),
        };
    }

    private void Open()
    {
        List<ObjectClass> definitions = [];
        using (IProxyTransaction store = Context.Read())
        {
            if (Row.Class == null && store.ListObjects(Row.Collection, 0, 1, false) is [{ Class: { } first }] && Context.Classes.FindIn(store, Row.Collection, first) != null)
            {
                Row.Class = first;
            }

            foreach (string name in (string[])[Row.Class ?? "", .. store.ListTags(Row.Id)])
            {
                if (definitions.Count < MaxClasses && Context.Classes.FindIn(store, Row.Collection, name) is { } type && !definitions.Exists(d => d.Hash == type.Hash))
                {
                    definitions.Add(type);
                }
            }
        }

        string defined = string.Join(' ', definitions.Select(ClassCatalog.WireName)) + Row.Class;
        if (_engine != null && defined == _defined)
        {
            return;
        }

        // An object whose class has no known definition yet may be under way. It keeps its tag.
        _defined = defined;
        _names.Clear();
        _store = new FlashStore(_volume, new StoreOptions
        {
            QuotaBytes = 11_000 * Kilo,
            SegmentBytes = 60_000,
            BufferBytes = Most,
            StepBytes = 16 * Kilo,
            MetaSlots = 32,
            Entropy = BitConverter.ToUInt32(Context.Random(4)),
        });
        _carrier ??= carrier();
        _engine = new GatewayEngine(_store, _carrier, new SyncOptions
        {
            BufferBytes = 4 * Kilo,
            Window = Window,
            ReplyBytes = Most,
            RequestBytes = Most,
            ObjectBytes = Most,
            MaxObjectBytes = 1 << 20,
            Answers = Answers,
        })
        { Classes = this };
        ObjectClass main = definitions.Find(d => ClassCatalog.WireName(d) == Row.Class) ?? None;
        _engine.AddTwoWay(Row.Upstream, main, MaxObjects, null, DeviceWins);
        foreach (ObjectClass type in definitions)
        {
            _engine.AddClass(type);
        }

        StoreError error = _engine.Open();
        if (error != StoreError.None)
        {
            Forget();
            throw new StoreException($"The store of the route {Target.Name} {Row.Upstream} cannot be opened: error NS{(int)error} ({error})");
        }

        SaveTag(main.Hash, main.Name == None.Name ? "" : ClassCatalog.WireName(main));
        _unapplied = true;
    }

    // [SPEC 7.1] The way that objects took to here, so that a server on it recognises them.
    private void Tell()
    {
        using IProxyTransaction store = Context.Read();
        _via = LoopGuard.WayOf(Context.SelfName, store.ListVia(Row.Collection));
        _engine!.AttachStructure(BuiltIn.Via.Name, LoopGuard.Pack(_via));
    }

    // ---- Own changes into the store. True when there are more than fit. ----

    private bool Stage()
    {
        using (IProxyTransaction looking = Context.Read())
        {
            if (looking.FindCollection(Row.Collection).Seq <= Row.Point
                && looking.ListMap(Row.Id, MapState.Retry, 1).Count == 0
                && looking.ListUntold(Row.Id, Row.Collection, 1).Count == 0)
            {
                return false;
            }
        }

        using IProxyTransaction store = Begin();
        OwnCollection own = new(store, Row.Collection, Context.Now);
        int room = Math.Max(0, Window - _store!.PendingCount(TheCollection));
        long point = Row.Point;
        List<ObjectRow> changed = [];
        if (Target.Direction != ProxyDirection.Down)
        {
            foreach (MapRow retry in store.ListMap(Row.Id, MapState.Retry, room))
            {
                if (own.Find(retry.OwnId) is { } again && again.Seq <= Row.Point)
                {
                    changed.Add(again);
                }
            }

            room -= changed.Count;
        }

        List<ObjectRow> feed = room > 0 ? store.ListObjects(Row.Collection, Row.Point, room, true) : [];
        bool full = false;
        foreach (ObjectRow changedNow in changed.Concat(feed))
        {
            if (Target.Direction != ProxyDirection.Down && !StageOne(store, own, changedNow))
            {
                full = true;
                break;
            }

            point = Math.Max(point, changedNow.Seq);
        }

        bool more = full || (room > 0 ? feed.Count == room : store.FindCollection(Row.Collection).Seq > point);
        StageRefusals(store);
        long before = Row.Point;
        Row.Point = point;
        store.SaveRoute(Row);
        Row.Point = before;
        Context.Reached?.Invoke(ProxyStep.BeforeStaged);
        End(store);
        Row.Point = point;
        Context.Reached?.Invoke(ProxyStep.Staged);
        return full ? _store.PendingCount(TheCollection) > 0 : more;
    }

    // False: the store has no room until something of it was acknowledged.
    private bool StageOne(IProxyTransaction store, OwnCollection own, ObjectRow changed)
    {
        MapRow? map = store.FindOwn(Row.Id, changed.Id);
        if (map != null && map.Seq == changed.Seq && map.State != MapState.Retry)
        {
            return true; // it came from the upstream
        }

        StoreError error = StoreError.None;
        bool held = map != null && Hold(map);
        if (changed.Deleted)
        {
            if (map == null || map.State == MapState.Deleted || (map.UpstreamId == null && !held))
            {
                return true; // the upstream never had it
            }

            error = held ? StoreError.None : Place(map);
            error = error == StoreError.None ? _store!.Delete(_info) : error;
            if (error == StoreError.NotFound)
            {
                error = StoreError.None; // a deletion already
            }
        }
        else
        {
            uint tag = TagOf(changed.Class ?? "");
            byte[] data = changed.Data!;
            map ??= new MapRow { OwnId = changed.Id };
            if (held && _info.State == ObjectState.PendingDelete)
            {
                // deleted and made again before the upstream heard of it
                if (map.UpstreamId == null)
                {
                    return false; // after it was named
                }

                error = Place(map);
            }

            if (map.UpstreamId == null && !held && own.IsNamed(changed.Id) && Encoding.UTF8.GetByteCount(changed.Id) < Limits.Text)
            {
                map.UpstreamId = changed.Id;
            }

            if (map.UpstreamId == null && !held)
            {
                error = _engine!.GoOnUnder(_storeId);
                uint local = 0;
                error = error == StoreError.None ? _store!.Add(TheCollection, tag, data, 0, data.Length, out local) : error;
                map.LocalId = local;
                error = error == StoreError.None ? _store!.FindLocal(TheCollection, local, _info) : error;
            }
            else
            {
                error = error != StoreError.None ? error : Hold(map) ? StoreError.None : Place(map);
                error = error == StoreError.None ? _store!.Change(_info, tag, data, 0, data.Length) : error;
                error = error == StoreError.None && !Hold(map) ? StoreError.NotFound : error;
            }

            map.Version = _info.Version;
        }

        switch (error)
        {
            case StoreError.None:
                map.Seq = changed.Seq;
                map.State = MapState.Sending;
                Save(store, map);
                return true;
            case StoreError.IndexFull:
                map.Seq = changed.Seq;
                map.UpstreamId = map.LocalId == 0 && map.State != MapState.InStep ? null : map.UpstreamId;
                RefuseOwn(store, own, map, Status.OutOfSpace, $"the proxy passes on {MaxObjects} objects of a collection that also comes down");
                return true;
            case StoreError.QuotaFull or StoreError.ReclaimFirst:
                return false;
            default:
                throw new StoreException($"The store of the route {Target.Name} {Row.Upstream}: error NS{(int)error} ({error})");
        }
    }

    // The object in the store, into _info.
    private bool Hold(MapRow map)
    {
        if (map.UpstreamId != null)
        {
            byte[] key = Encoding.UTF8.GetBytes(map.UpstreamId);
            return _store!.FindKey(TheCollection, key, 0, key.Length, _info) == StoreError.None;
        }

        return map.LocalId != 0 && _store!.FindLocal(TheCollection, (uint)map.LocalId, _info) == StoreError.None;
    }

    // An object that the store does not hold: under the upstream's id, so that it can be changed or deleted there.
    private StoreError Place(MapRow map)
    {
        byte[] key = Encoding.UTF8.GetBytes(map.UpstreamId!);
        StoreError error = _store!.PutServer(TheCollection, key, 0, key.Length, TheSyncCollection.ClassTag, key, 0, 0);
        return error == StoreError.None ? _store.FindKey(TheCollection, key, 0, key.Length, _info) : error;
    }

    // What devices refuse of the upstream's objects.
    private void StageRefusals(IProxyTransaction store)
    {
        foreach (DeviceRefusal refusal in store.ListUntold(Row.Id, Row.Collection, Answers))
        {
            MapRow map = store.FindOwn(Row.Id, refusal.OwnId)!;
            if (map.ReportedSeq == refusal.Seq)
            {
                continue; // another device was first
            }

            StoreError error = _engine!.Refuse(TheSyncCollection, refusal.WasAdd ? Tags.Add : Tags.Change, Encoding.UTF8.GetBytes(map.UpstreamId!),
                refusal.Status, Cut(Reason(refusal)));
            if (error == StoreError.IndexFull)
            {
                return; // after those that wait
            }

            map.ReportedSeq = refusal.Seq;
            Save(store, map);
        }
    }

    private static string Reason(DeviceRefusal refusal)
    {
        string said = refusal.Reason.Length > 0 ? refusal.Reason : refusal.Status switch
        {
            Status.UnknownClass => "does not know the class",
            Status.OutOfSpace => "has no space",
            Status.TooLarge => "too large for it",
            _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"status {refusal.Status}"),
        };
        return $"{refusal.Device}: {said}";
    }

    // ---- What the upstream said, to the own objects ----

    private void ApplyUpstream()
    {
        using IProxyTransaction store = Begin();
        OwnCollection own = new(store, Row.Collection, Context.Now);
        HashSet<string> keys = [];
        HashSet<long> locals = [];
        foreach (Entry entry in List())
        {
            if (entry.Key != null)
            {
                keys.Add(entry.Key);
            }

            if (entry.LocalId != 0)
            {
                locals.Add(entry.LocalId);
            }

            MapRow? map = (entry.Key != null ? store.FindUpstream(Row.Id, entry.Key) : null) ?? (entry.LocalId != 0 ? store.FindLocal(Row.Id, entry.LocalId) : null);
            if (entry.State == ObjectState.Clean)
            {
                ApplyClean(store, own, entry, map);
            }
            else if (entry.State == ObjectState.Refused && map != null)
            {
                ApplyRefused(store, own, entry, map);
            }
        }

        ApplyMissing(store, own, keys, locals);
        Context.Reached?.Invoke(ProxyStep.BeforeApplied);
        End(store);
        _unapplied = false;
        Context.Reached?.Invoke(ProxyStep.Applied);
    }

    private void ApplyClean(IProxyTransaction store, OwnCollection own, Entry entry, MapRow? map)
    {
        if (map == null && !UpOnly)
        {
            // an own object of that id that was deleted before the upstream heard of it is no change that it has to hear of
            map = new MapRow { OwnId = own.IdFor(Row.Id, entry.Key!), UpstreamId = entry.Key, State = MapState.Deleted };
        }

        if (map != null)
        {
            bool changed = map.UpstreamId == null || map.State == MapState.Sending;
            map.UpstreamId ??= entry.Key;
            if (entry.Version > map.Version && !UpOnly)
            {
                changed = true;
                Write(store, own, entry, map);
            }
            else if (map.State == MapState.Sending)
            {
                map.State = MapState.InStep;
                Settle(store, own, map);
            }

            if (changed)
            {
                Save(store, map);
            }
        }

        if (UpOnly)
        {
            Drop(entry); // the object itself is kept here; nothing comes down from an upstream that is only passed up to
        }
    }

    private void Write(IProxyTransaction store, OwnCollection own, Entry entry, MapRow map)
    {
        string? type = NameOf(entry.Tag) is { Length: > 0 } name ? name : null;
        byte[] data = Read(entry);
        ObjectRow? current = own.Find(map.OwnId);
        bool changedHere = current != null && current.Seq != map.Seq && !(current.Deleted && map.State == MapState.Deleted);
        bool unanswered = map.State == MapState.Sending; // perhaps refused in the reply that brought this value
        bool same = current is { Deleted: false } && current.Class == type && current.Data.AsSpan().SequenceEqual(data);
        if (same)
        {
            own.Retry(map.OwnId); // the upstream sent it again: the devices that refused it are asked again, and their answers go up again
            map.ReportedSeq = 0;
            map.Seq = current!.Seq;
        }
        else if (!changedHere || !DeviceWins)
        {
            if (current != null && (changedHere || unanswered))
            {
                own.KeepLoser(current);
            }

            map.Seq = own.Put(map.OwnId, type, data);
        }

        map.Version = entry.Version;
        map.State = MapState.InStep;
        Settle(store, own, map);
    }

    // The upstream takes what it refused before. The device was told of the refusal, so the value goes to it once more.
    private void Settle(IProxyTransaction store, OwnCollection own, MapRow map)
    {
        if (map.Status != 0 && own.Find(map.OwnId) is { Deleted: false } taken && taken.Writer != 0)
        {
            store.MakeDue(taken.Writer, Row.Collection, map.OwnId, DueKind.Send);
        }

        map.Status = 0;
        map.Reason = "";
    }

    private void ApplyRefused(IProxyTransaction store, OwnCollection own, Entry entry, MapRow map)
    {
        if (map.State is MapState.Sending or MapState.InStep) // in step: refused by a server above the upstream
        {
            RefuseOwn(store, own, map, entry.Status, entry.Reason);
        }

        if (entry.Key == null || UpOnly)
        {
            Drop(entry); // sent again from the own object
            map.LocalId = entry.Key == null ? 0 : map.LocalId;
            Save(store, map);
        }
    }

    // What is associated and not in the store any more: the upstream deleted it, or our deletion has reached it.
    private void ApplyMissing(IProxyTransaction store, OwnCollection own, HashSet<string> keys, HashSet<long> locals)
    {
        List<MapRow> expected = store.ListMap(Row.Id, MapState.Sending);
        if (!UpOnly)
        {
            expected.AddRange(store.ListMap(Row.Id, MapState.InStep));
        }

        foreach (MapRow map in expected)
        {
            if ((map.UpstreamId != null && keys.Contains(map.UpstreamId)) || (map.LocalId != 0 && locals.Contains(map.LocalId)))
            {
                continue;
            }

            bool held = Hold(map) || (map.LocalId != 0 && _store!.FindLocal(TheCollection, (uint)map.LocalId, _info) == StoreError.None);
            if (held)
            {
                continue; // a deletion under way
            }

            ObjectRow? current = own.Find(map.OwnId);
            if (current is { Deleted: false } && !UpOnly)
            {
                bool changedHere = current.Seq != map.Seq;
                if (changedHere && DeviceWins)
                {
                    continue; // made anew upstream by the change that is still to be sent
                }

                if (changedHere || map.State == MapState.Sending) // perhaps refused in the reply that deleted it
                {
                    own.KeepLoser(current);
                }

                map.Seq = own.Delete(map.OwnId);
            }

            map.State = current is { Deleted: false } && UpOnly ? MapState.InStep : MapState.Deleted;
            Save(store, map);
        }
    }

    private void RefuseOwn(IProxyTransaction store, OwnCollection own, MapRow map, int status, string reason)
    {
        map.State = MapState.Refused;
        map.Status = status;
        map.Reason = reason;
        Save(store, map);
        TellDevice(store, own.Find(map.OwnId), map.OwnId, status, reason);
    }

    private List<Entry> List()
    {
        List<Entry> entries = [];
        _info.Reset();
        while (_store!.Next(TheCollection, _info) == StoreError.None)
        {
            entries.Add(Entry.Of(_info));
        }

        _info.Reset();
        while (_store.NextRefused(TheCollection, _info) == StoreError.None)
        {
            if (_info.IsDelete)
            {
                entries.Add(Entry.Of(_info));
            }
        }

        return entries;
    }

    private bool Find(Entry entry)
    {
        if (entry.Key == null)
        {
            return _store!.FindLocal(TheCollection, (uint)entry.LocalId, _info) == StoreError.None;
        }

        byte[] key = Encoding.UTF8.GetBytes(entry.Key);
        return _store!.FindKey(TheCollection, key, 0, key.Length, _info) == StoreError.None;
    }

    private byte[] Read(Entry entry)
    {
        byte[] data = new byte[entry.Length];
        if (!Find(entry) || (data.Length > 0 && ReadAll(data) != data.Length))
        {
            throw new StoreException($"The store of the route {Target.Name} {Row.Upstream}: {entry.Key} cannot be read.");
        }

        return data;
    }

    private int ReadAll(byte[] data)
    {
        int at = 0;
        while (at < data.Length)
        {
            int read = _store!.Read(_info, at, data, at, Math.Min(data.Length - at, 4 * Kilo));
            if (read <= 0)
            {
                return read;
            }

            at += read;
        }

        return at;
    }

    private void Drop(Entry entry)
    {
        if (Find(entry))
        {
            StoreError error = _store!.Drop(_info);
            if (error != StoreError.None)
            {
                throw new StoreException($"The store of the route {Target.Name} {Row.Upstream}: error NS{(int)error} ({error})");
            }
        }
    }

    private IProxyTransaction Begin()
    {
        _transaction = Context.Write();
        _volume.Join(_transaction);
        return _transaction;
    }

    private void End(IProxyTransaction store)
    {
        store.Commit();
        _volume.Join(null);
        _transaction = null;
    }

    private void Save(IProxyTransaction store, MapRow map)
    {
        map.Time = Context.Now;
        store.SaveMap(Row.Id, map);
    }

    // The tag of a class is its definition's check sum if it is the collection's, otherwise its name's: a definition may be
    // learnt while objects are under way.
    private uint TagOf(string name)
    {
        uint tag = TheSyncCollection.ClassTag;
        if (NameOf(tag) != name)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            tag = Fnv.Of(bytes, 0, bytes.Length);
            tag = tag == 0 ? 1 : tag;
        }

        SaveTag(tag, name);
        return tag;
    }

    private void SaveTag(uint tag, string name)
    {
        if (!_names.TryAdd(tag, name))
        {
            return;
        }

        if (_transaction != null)
        {
            _transaction.SaveTag(Row.Id, tag, name);
            return;
        }

        using IProxyTransaction store = Context.Write();
        store.SaveTag(Row.Id, tag, name);
        store.Commit();
    }

    private string? NameOf(uint tag)
    {
        if (_names.TryGetValue(tag, out string? name))
        {
            return name;
        }

        if (_transaction != null)
        {
            name = _transaction.FindTag(Row.Id, tag);
        }
        else
        {
            using IProxyTransaction store = Context.Read();
            name = store.FindTag(Row.Id, tag);
        }

        if (name != null)
        {
            _names[tag] = name;
        }

        return name;
    }

    // An object of the store, apart from the store's own cursor.
    private sealed record Entry(string? Key, long LocalId, uint Version, uint Tag, ObjectState State, int Length, int Status, string Reason)
    {
        public static Entry Of(ObjectInfo info)
        {
            return new Entry(info.KeyLength > 0 ? Encoding.UTF8.GetString(info.Key, 0, info.KeyLength) : null, info.Id, info.Version, info.Tag, info.State,
                info.Length, info.Status, Encoding.UTF8.GetString(info.Reason, 0, info.ReasonLength));
        }
    }
}
