using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>An object as both sides of the comparison see it. The payload is length and CRC32.</summary>
public sealed record Thing(string Key, uint Id, ObjectState State, bool IsDelete, uint Tag, string Payload, int Status = 0, string Reason = "");

/// <summary>What ought to be in the store.</summary>
public sealed class Model
{
    public Dictionary<string, Thing> Things = [];
    public Dictionary<string, string> Values = [];
    public Dictionary<int, uint> Acked = new() { [Life.Strict] = 0, [Life.Dropping] = 0 };

    public Model Clone() => new() { Things = new(Things), Values = new(Values), Acked = new(Acked) };

    public bool Equals(Model other, out string difference)
    {
        var text = new StringBuilder();
        Compare(Things, other.Things, text);
        Compare(Values, other.Values, text);
        Compare(Acked, other.Acked, text);
        difference = text.ToString();
        return text.Length == 0;
    }

    private static void Compare<TKey, TValue>(Dictionary<TKey, TValue> wanted, Dictionary<TKey, TValue> found, StringBuilder text)
        where TKey : notnull
    {
        foreach (var (key, value) in wanted)
        {
            if (!found.TryGetValue(key, out var other))
            {
                text.AppendLine($"  missing {key}: {value}");
            }
            else if (!Equals(value, other))
            {
                text.AppendLine($"  {key}: wanted {value}, found {other}");
            }
        }
        foreach (var (key, value) in found)
        {
            if (!wanted.ContainsKey(key))
            {
                text.AppendLine($"  extra {key}: {value}");
            }
        }
    }
}

/// <summary>
/// A life of a store: numbered steps, each all or nothing, each done to the store and to the model. The power may go at any
/// changing call of any step.
/// </summary>
public sealed class Life
{
    public const int Strict = 1;    // outbox that refuses
    public const int Keyed = 2;
    public const int Dropping = 3;  // outbox that drops
    public const int StepKinds = 22;

    private static readonly byte[] s_download = Pattern(1500, 99);
    private static readonly uint s_downloadCrc = Crc32.Finish(Crc32.Update(Crc32.Start, s_download, 0, s_download.Length));

    private readonly ObjectInfo _info = new();
    private readonly int _smallBytes;
    private IVolume _seen = null!; // what the store sees of it
    private int _payloads;

    /// <summary>Begins a life.</summary>
    /// <param name="volume">Where its files lie.</param>
    /// <param name="smallBytes">Bytes of a small file, where the newest bytes of a segment lie in a tail; 0 = they do not.</param>
    public Life(CutVolume volume, int smallBytes = 0)
    {
        Volume = volume;
        _smallBytes = smallBytes;
        Now = new Model();
        Next = Now;
        MaxIds = new() { [Strict] = 0, [Dropping] = 0, [Keyed] = 0 };
    }

    public CutVolume Volume { get; private set; }
    public FlashStore Store { get; private set; } = null!;

    /// <summary>State before the step that is running.</summary>
    public Model Now { get; set; }

    /// <summary>State after it.</summary>
    public Model Next { get; set; }

    /// <summary>Largest id given out durably, per collection.</summary>
    public Dictionary<int, uint> MaxIds { get; }

    public string FormatId { get; set; } = "";
    public HashSet<StoreError> Outcomes { get; } = [];

    public static byte[] Pattern(int count, int seed)
    {
        var bytes = new byte[count];
        uint state = (uint)seed * 2654435761 + 12345;
        for (int i = 0; i < count; i++)
        {
            state = state * 1664525 + 1013904223;
            bytes[i] = (byte)(state >> 24);
        }
        return bytes;
    }

    private static string Sum(byte[] bytes) => bytes.Length + ":" + Crc32.Finish(Crc32.Update(Crc32.Start, bytes, 0, bytes.Length)).ToString("x8");

    public static FlashStore Make(IVolume volume)
    {
        var store = new FlashStore(volume, new StoreOptions
        {
            QuotaBytes = 8192 + 11264,
            SegmentBytes = 1024,
            BufferBytes = 256,
            StepBytes = 256,
            BlockBytes = 1, // CheckBytes counts bytes
            MetaSlots = 4,
            SetAsideSlots = 3,
            Entropy = 11,
        });
        Assert.AreEqual(StoreError.None, store.DeclareOutbox(Strict, 4096, false));
        Assert.AreEqual(StoreError.None, store.DeclareKeyed(Keyed, 12));
        Assert.AreEqual(StoreError.None, store.DeclareOutbox(Dropping, 4096, true));
        return store;
    }

    public void Mount()
    {
        _seen = See(Volume);
        Store = Make(_seen);
        var error = Store.Open();
        Assert.AreEqual(StoreError.None, error);
        if (FormatId.Length > 0 && !Store.IsNew)
        {
            Assert.AreEqual(FormatId, Store.FormatId);
        }
        FormatId = Store.FormatId;
    }

    /// <summary>What the store sees of a volume.</summary>
    public IVolume See(CutVolume volume) => _smallBytes == 0 ? volume : new TailVolume(volume, _smallBytes);

    public void Remount(CutVolume volume)
    {
        Volume = volume;
        Mount();
    }

    /// <summary>Does one step. After a cut <see cref="Now"/> and <see cref="Next"/> are the two states allowed.</summary>
    public void Step(int kind, int arg)
    {
        Next = Now.Clone();
        var error = Do(kind % StepKinds, arg);
        Outcomes.Add(error);
        if (error is StoreError.None)
        {
            Now = Next;
            return;
        }
        if (error is not (StoreError.QuotaFull or StoreError.IndexFull or StoreError.ReclaimFirst or StoreError.BatchFull
            or StoreError.NotFound or StoreError.VolumeFull))
        {
            Assert.Fail($"step {kind}/{arg}: {error}");
        }
        Next = Now;
    }

    private byte[] Payload(int arg) => Pattern(arg % 7 == 0 ? 150 + arg % 400 : arg % 90, ++_payloads);

    private static byte[] Key(int arg) => Encoding.UTF8.GetBytes("key" + arg % 7);

    private Thing? Pick(int arg, Func<Thing, bool> wanted, int collection = Keyed)
    {
        string prefix = collection + "/";
        var list = Now.Things.Where(t => t.Key.StartsWith(prefix) && wanted(t.Value)).OrderBy(t => t.Key, StringComparer.Ordinal).ToList();
        return list.Count == 0 ? null : list[arg % list.Count].Value;
    }

    private static string Name(Thing thing, int collection = Keyed) =>
        thing.State == ObjectState.Partial ? $"{collection}/partial" : thing.Key.Length > 0 ? $"{collection}/{thing.Key}" : $"{collection}/#{thing.Id}";

    private StoreError Find(Thing thing)
    {
        var key = Encoding.UTF8.GetBytes(thing.Key);
        return key.Length > 0 ? Store.FindKey(Keyed, key, 0, key.Length, _info) : Store.FindLocal(Keyed, thing.Id, _info);
    }

    private StoreError Do(int kind, int arg)
    {
        switch (kind)
        {
            case 0:
            case 1:
                return Append(Strict, arg);
            case 2:
                return Append(Dropping, arg);
            case 3:
                return AppendMany(arg);
            case 4:
                return Add(arg);
            case 5:
                return Change(arg);
            case 6:
                return Delete(arg);
            case 7:
            case 8:
                return PutServer(arg);
            case 9:
                return Remove(arg);
            case 10:
                return Round(arg, true);
            case 11:
                return Round(arg, false);
            case 12:
                return Stream(arg);
            case 13:
                return LargeReading(arg);
            case 14:
                return LargeObject(arg);
            case 15:
                return Download(arg);
            case 16:
                return Refuse(arg);
            case 17:
                return RetryOrDrop(arg);
            case 20:
                return PutNamed(arg);
            case 21:
                return SendAgain(arg);
            case 18:
                for (int i = 0; i < 3 && Store.Step(); i++)
                {
                }
                return StoreError.None;
            default:
                if (arg % 3 == 0)
                {
                    Mount();
                    return StoreError.None;
                }
                return SetValue(arg);
        }
    }

    private StoreError Append(int outbox, int arg)
    {
        var payload = Payload(arg);
        uint id = Store.NextId(outbox);
        string name = $"{outbox}/#{id}";
        Next.Things[name] = new("", id, ObjectState.Pending, false, (uint)arg, Sum(payload));
        var error = Store.Append(outbox, (uint)arg, payload, 0, payload.Length, out uint got);
        if (error == StoreError.None)
        {
            if (got != id)
            {
                Next.Things[$"{outbox}/#{got}"] = Next.Things[name] with { Id = got };
                Next.Things.Remove(name);
            }
            Given(outbox, got);
            DropOldest(outbox);
        }
        else if (error == StoreError.VolumeFull && outbox == Dropping)
        {
            // it gave what it could, and what was freed did not do
            Next = Now.Clone();
            DropOldest(outbox);
            Now = Next;
        }
        return error;
    }

    private void Given(int collection, uint id)
    {
        Assert.IsGreaterThan(MaxIds[collection], id, "an id came twice");
        MaxIds[collection] = id;
    }

    // What a dropping outbox dropped is the oldest, and is counted; which of them is the store's choice.
    private void DropOldest(int outbox)
    {
        if (outbox != Dropping)
        {
            return;
        }
        var ids = Next.Things.Where(t => t.Key.StartsWith(Dropping + "/") && t.Value.State == ObjectState.Pending && t.Value.Id > Next.Acked[Dropping])
            .Select(t => t.Value.Id).Order().ToList();
        var there = new HashSet<uint>();
        uint after = Next.Acked[Dropping];
        while (Store.NextPending(Dropping, after, _info) == StoreError.None)
        {
            there.Add(_info.Id);
            after = _info.Id;
        }
        int kept = ids.Count(there.Contains);
        Assert.IsTrue(ids.Skip(ids.Count - kept).All(there.Contains), "dropped others than the oldest");
        foreach (uint id in ids.Take(ids.Count - kept))
        {
            Next.Things.Remove($"{Dropping}/#{id}");
        }
    }

    private StoreError AppendMany(int arg)
    {
        int count = 2 + arg % 6;
        var error = Store.BeginAppend(Strict);
        if (error != StoreError.None)
        {
            return error;
        }
        var ids = new List<uint>();
        for (int i = 0; i < count && error == StoreError.None; i++)
        {
            var payload = Pattern((arg + i) % 80, ++_payloads);
            error = Store.Append(Strict, (uint)i, payload, 0, payload.Length, out uint id);
            if (error == StoreError.None)
            {
                ids.Add(id);
                Next.Things[$"{Strict}/#{id}"] = new("", id, ObjectState.Pending, false, (uint)i, Sum(payload));
            }
        }
        if (error != StoreError.None || arg % 9 == 8)
        {
            Next = Now.Clone();
            Store.AbandonAppend();
            return error;
        }
        error = Store.CommitAppend();
        if (error == StoreError.None)
        {
            ids.ForEach(id => Given(Strict, id));
        }
        return error;
    }

    private StoreError Add(int arg)
    {
        var payload = Payload(arg);
        uint id = NextLocal;
        Next.Things[$"{Keyed}/#{id}"] = new("", id, ObjectState.Pending, false, (uint)arg, Sum(payload));
        var error = Store.Add(Keyed, (uint)arg, payload, 0, payload.Length, out uint got);
        if (error == StoreError.None)
        {
            if (got != id)
            {
                Next.Things[$"{Keyed}/#{got}"] = Next.Things[$"{Keyed}/#{id}"] with { Id = got };
                Next.Things.Remove($"{Keyed}/#{id}");
            }
            Given(Keyed, got);
        }
        return error;
    }

    // The store does not tell the next local id; the largest so far decides, except after a failed or cut one.
    private uint NextLocal => MaxIds[Keyed] + 1;

    private StoreError Change(int arg)
    {
        var thing = Pick(arg, t => t.State is not (ObjectState.PendingDelete or ObjectState.Partial) && !t.IsDelete);
        if (thing == null || Find(thing) != StoreError.None)
        {
            return StoreError.NotFound;
        }
        var payload = Payload(arg);
        Next.Things[Name(thing)] = thing with { State = ObjectState.Pending, Tag = (uint)arg, Payload = Sum(payload), Status = 0, Reason = "" };
        return There(Store.Change(_info, (uint)arg, payload, 0, payload.Length));
    }

    private StoreError Delete(int arg)
    {
        var thing = Pick(arg, t => t.State is not (ObjectState.PendingDelete or ObjectState.Partial) && !t.IsDelete);
        if (thing == null || Find(thing) != StoreError.None)
        {
            return StoreError.NotFound;
        }
        Next.Things[Name(thing)] = Deleted(thing);
        return There(Store.Delete(_info));
    }

    private static Thing Deleted(Thing thing) => thing with
    {
        State = ObjectState.PendingDelete,
        IsDelete = true,
        Payload = thing.Key.Length > 0 ? Sum([]) : thing.Payload,
        Status = 0,
        Reason = "",
    };

    private StoreError PutServer(int arg)
    {
        var payload = Payload(arg);
        var key = Key(arg);
        Put(Next, key, (uint)arg, payload);
        return Store.PutServer(Keyed, key, 0, key.Length, (uint)arg, payload, 0, payload.Length);
    }

    private StoreError PutNamed(int arg)
    {
        var payload = Pattern(arg % 90, ++_payloads);
        var key = Key(arg);
        Put(Next, key, (uint)arg, payload);
        string name = $"{Keyed}/{Encoding.UTF8.GetString(key)}";
        Next.Things[name] = Next.Things[name] with { State = ObjectState.Pending };
        return Store.PutNamed(Keyed, key, 0, key.Length, (uint)arg, payload, 0, payload.Length);
    }

    private StoreError SendAgain(int arg)
    {
        var thing = Pick(arg, t => t.State == ObjectState.Clean);
        if (thing == null || Find(thing) != StoreError.None)
        {
            return StoreError.NotFound;
        }
        Next.Things[Name(thing)] = thing with { State = ObjectState.Pending };
        return There(Store.SendAgain(_info));
    }

    // What was found just now is not gone.
    private static StoreError There(StoreError error)
    {
        Assert.AreNotEqual(StoreError.NotFound, error);
        return error;
    }

    private static void Put(Model model, byte[] key, uint tag, byte[] payload)
    {
        string text = Encoding.UTF8.GetString(key);
        uint id = model.Things.TryGetValue($"{Keyed}/{text}", out var old) ? old.Id : 0;
        model.Things[$"{Keyed}/{text}"] = new(text, id, ObjectState.Clean, false, tag, Sum(payload));
    }

    private StoreError Remove(int arg)
    {
        var key = Key(arg);
        Next.Things.Remove($"{Keyed}/{Encoding.UTF8.GetString(key)}");
        return Store.RemoveServer(Keyed, key, 0, key.Length);
    }

    // A round of a sync: answers to what is pending, commands, acknowledgement and key, one batch.
    private StoreError Round(int arg, bool commit)
    {
        var error = Store.Begin();
        if (error != StoreError.None)
        {
            return error;
        }
        int number = arg;
        uint after = 0;
        while (error == StoreError.None && Store.NextPending(Keyed, after, _info) == StoreError.None && number-- % 4 != 0)
        {
            after = _info.Version;
            string key = Encoding.UTF8.GetString(_info.Key, 0, _info.KeyLength);
            uint version = arg % 5 == 0 ? _info.Version + 1000 : _info.Version;
            if (_info.KeyLength == 0)
            {
                // Named after what the device called it, so that no two get one name
                var given = Encoding.UTF8.GetBytes("srv" + _info.Id);
                var thing = Next.Things[$"{Keyed}/#{_info.Id}"];
                error = Store.Bind(Keyed, _info.Id, version, given, 0, given.Length);
                Next.Things.Remove($"{Keyed}/#{_info.Id}");
                thing = thing with { Key = "srv" + _info.Id };
                Next.Things[$"{Keyed}/srv{_info.Id}"] = thing.IsDelete ? Deleted(thing)
                    : thing with { State = version == _info.Version ? ObjectState.Clean : ObjectState.Pending };
            }
            else
            {
                error = Store.AckChange(Keyed, _info.Key, 0, _info.KeyLength, version);
                if (version == _info.Version)
                {
                    if (_info.State == ObjectState.PendingDelete)
                    {
                        Next.Things.Remove($"{Keyed}/{key}");
                    }
                    else
                    {
                        Next.Things[$"{Keyed}/{key}"] = Next.Things[$"{Keyed}/{key}"] with { State = ObjectState.Clean };
                    }
                }
            }
        }
        for (int i = 0; i < arg % 4 && error == StoreError.None; i++)
        {
            var payload = Pattern((arg * 7 + i * 31) % 90, ++_payloads);
            var key = Key(arg + i);
            Put(Next, key, 77, payload);
            error = Store.PutServer(Keyed, key, 0, key.Length, 77, payload, 0, payload.Length);
        }
        if (arg % 6 == 1 && error == StoreError.None)
        {
            var key = Key(arg + 3);
            Next.Things.Remove($"{Keyed}/{Encoding.UTF8.GetString(key)}");
            error = Store.RemoveServer(Keyed, key, 0, key.Length);
        }
        foreach (int outbox in new[] { Strict, Dropping })
        {
            if (error != StoreError.None)
            {
                break;
            }
            uint upTo = 0;
            after = 0;
            int window = 1 + arg % 9;
            while (window-- > 0 && Store.NextPending(outbox, after, _info) == StoreError.None)
            {
                after = _info.Id;
                if (_info.Slot() >= 0)
                {
                    Next.Things.Remove($"{outbox}/#{_info.Id}");
                    error = Store.Drop(_info); // a retried one the server took
                }
                else
                {
                    upTo = _info.Id;
                }
            }
            if (upTo == 0 || error != StoreError.None)
            {
                continue;
            }
            if (outbox == Strict && arg % 4 == 2 && Next.Things.Values.Count(t => t.Key.Length == 0 && t.State == ObjectState.Refused && t.Reason == "aside") < 3
                && Now.Things.Values.Count(t => t.Reason == "aside" || (t.Key.Length == 0 && t.State == ObjectState.Pending && t.Id <= Now.Acked[Strict])) < 3)
            {
                var reason = "aside"u8.ToArray();
                error = Store.SetAside(outbox, upTo, 6, reason, 0, reason.Length);
                string name = $"{outbox}/#{upTo}";
                Next.Things[name] = Next.Things[name] with { State = ObjectState.Refused, Status = 6, Reason = "aside" };
            }
            if (error == StoreError.None)
            {
                error = Store.AckOutbox(outbox, upTo);
                Next.Acked[outbox] = upTo;
                foreach (var name in Next.Things.Where(t => t.Key.StartsWith(outbox + "/") && t.Value.Id <= upTo
                    && t.Value.Id > Now.Acked[outbox] && t.Value.State == ObjectState.Pending).Select(t => t.Key).ToList())
                {
                    Next.Things.Remove(name);
                }
            }
        }
        if (error == StoreError.None)
        {
            var value = Encoding.UTF8.GetBytes("sync" + arg);
            error = Store.SetMeta(Keyed, 0, value, 0, value.Length);
            Next.Values[$"{Keyed}/0"] = "sync" + arg;
        }
        if (error != StoreError.None || !commit)
        {
            Next = Now.Clone();
            Store.Abandon();
            return error;
        }
        return Store.Commit();
    }

    private StoreError Stream(int arg)
    {
        var error = Store.Begin();
        if (error != StoreError.None)
        {
            return error;
        }
        var payload = Pattern(50 + arg % 700, ++_payloads);
        var key = Key(arg);
        error = Store.BeginPut(Keyed, key, 0, key.Length, 5);
        for (int at = 0; at < payload.Length && error == StoreError.None; at += 90)
        {
            error = Store.WritePut(payload, at, Math.Min(90, payload.Length - at));
        }
        if (error != StoreError.None || arg % 5 == 4)
        {
            Store.AbandonPut();
        }
        else
        {
            error = Store.EndPut();
            Put(Next, key, 5, payload);
        }
        if (error != StoreError.None)
        {
            Next = Now.Clone();
            Store.Abandon();
            return error;
        }
        return Store.Commit();
    }

    private StoreError LargeReading(int arg)
    {
        int outbox = arg % 2 == 0 ? Strict : Dropping;
        var payload = Pattern(300 + arg % 500, ++_payloads);
        uint id = Store.NextId(outbox);
        var error = Store.BeginLarge(outbox, 8, null);
        for (int at = 0; at < payload.Length && error == StoreError.None; at += 250)
        {
            error = Store.WriteLarge(payload, at, Math.Min(250, payload.Length - at));
            if (outbox == Dropping)
            {
                DropOldest(Dropping); // room is made slice by slice
                Now = Next;
                Next = Now.Clone();
            }
        }
        if (error != StoreError.None || arg % 7 == 6)
        {
            Store.AbandonLarge();
            return error;
        }
        Next.Things[$"{outbox}/#{id}"] = new("", id, ObjectState.Pending, false, 8, Sum(payload));
        error = Store.EndLarge(out uint got);
        if (error == StoreError.None)
        {
            if (got != id)
            {
                Next.Things[$"{outbox}/#{got}"] = Next.Things[$"{outbox}/#{id}"] with { Id = got };
                Next.Things.Remove($"{outbox}/#{id}");
            }
            Given(outbox, got);
            DropOldest(outbox);
        }
        else
        {
            Store.AbandonLarge();
        }
        return error;
    }

    private StoreError LargeObject(int arg)
    {
        var thing = arg % 2 == 0 ? null : Pick(arg, t => t.State is not (ObjectState.PendingDelete or ObjectState.Partial) && !t.IsDelete);
        if (thing != null)
        {
            Find(thing);
        }
        var error = Store.BeginLarge(Keyed, 9, thing == null ? null : _info);
        var payload = Pattern(200 + arg % 600, ++_payloads);
        for (int at = 0; at < payload.Length && error == StoreError.None; at += 250)
        {
            error = Store.WriteLarge(payload, at, Math.Min(250, payload.Length - at));
        }
        uint id = thing?.Id ?? NextLocal;
        var made = (thing ?? new("", id, ObjectState.Pending, false, 9, "")) with { State = ObjectState.Pending, Tag = 9, Payload = Sum(payload), Status = 0, Reason = "" };
        Next.Things[Name(made)] = made;
        uint got = 0;
        if (error == StoreError.None)
        {
            error = Store.EndLarge(out got);
        }
        if (error != StoreError.None)
        {
            Store.AbandonLarge();
        }
        else if (thing == null)
        {
            Next.Things.Remove(Name(made));
            Next.Things[Name(made with { Id = got })] = made with { Id = got };
            Given(Keyed, got);
        }
        return error;
    }

    private StoreError Download(int arg)
    {
        var error = Store.Begin();
        if (error != StoreError.None)
        {
            return error;
        }
        var key = "fw"u8.ToArray();
        error = Store.OpenPartial(Keyed, key, 0, 2, 3, s_download.Length, s_downloadCrc, 7, out int done);
        int count = Math.Min(200 + arg % 300, s_download.Length - done);
        if (error == StoreError.None && count > 0)
        {
            error = Store.WritePartial(s_download, done, count);
        }
        bool complete = false;
        if (error == StoreError.None)
        {
            error = Store.ClosePartial(out complete);
        }
        if (error != StoreError.None || arg % 8 == 7)
        {
            Store.Abandon();
            return error;
        }
        if (complete)
        {
            Next.Things.Remove($"{Keyed}/partial");
            uint id = Next.Things.TryGetValue($"{Keyed}/fw", out var old) ? old.Id : 0;
            Next.Things[$"{Keyed}/fw"] = new("fw", id, ObjectState.Clean, false, 3, Sum(s_download));
        }
        else
        {
            Next.Things[$"{Keyed}/partial"] = new("fw", 0, ObjectState.Partial, false, 3, "");
        }
        return Store.Commit();
    }

    private StoreError Refuse(int arg)
    {
        if (Store.NextPending(Keyed, 0, _info) != StoreError.None)
        {
            return StoreError.NotFound;
        }
        string name = _info.KeyLength > 0 ? $"{Keyed}/{Encoding.UTF8.GetString(_info.Key, 0, _info.KeyLength)}" : $"{Keyed}/#{_info.Id}";
        var reason = Encoding.UTF8.GetBytes("no" + arg);
        Next.Things[name] = Next.Things[name] with { State = ObjectState.Refused, Status = arg % 300, Reason = "no" + arg };
        return Store.Refuse(_info, arg % 300, reason, reason.Length);
    }

    private StoreError RetryOrDrop(int arg)
    {
        int collection = arg % 2 == 0 ? Keyed : Strict;
        _info.Reset();
        if (Store.NextRefused(collection, _info) != StoreError.None)
        {
            return StoreError.NotFound;
        }
        string name = _info.KeyLength > 0 ? $"{collection}/{Encoding.UTF8.GetString(_info.Key, 0, _info.KeyLength)}" : $"{collection}/#{_info.Id}";
        if (arg % 3 == 0)
        {
            Next.Things.Remove(name);
            return Store.Drop(_info);
        }
        Next.Things[name] = Next.Things[name] with { State = _info.IsDelete ? ObjectState.PendingDelete : ObjectState.Pending, Status = 0, Reason = "" };
        return Store.Retry(_info);
    }

    private StoreError SetValue(int arg)
    {
        var value = Encoding.UTF8.GetBytes("v" + arg);
        Next.Values[$"{Keyed}/{arg % 4}"] = "v" + arg;
        return Store.SetMeta(Keyed, arg % 4, value, 0, value.Length);
    }

    // ---- Comparing ----

    /// <summary>Everything the store shows, by its public calls, with its counts checked on the way.</summary>
    public static Model Dump(FlashStore store)
    {
        var model = new Model();
        var info = new ObjectInfo();
        foreach (int collection in new[] { Strict, Keyed, Dropping })
        {
            int pending = 0;
            uint after = 0;
            while (store.NextPending(collection, after, info) is var error && error != StoreError.NotFound)
            {
                Assert.AreEqual(StoreError.None, error, "NextPending");
                pending++;
                uint at = collection == Keyed ? info.Version : info.Id;
                Assert.IsGreaterThan(after, at, "order");
                after = at;
                Take(store, collection, info, model);
            }
            Assert.AreEqual(pending, store.PendingCount(collection), $"PendingCount of {collection}");
            int refused = 0;
            info.Reset();
            while (store.NextRefused(collection, info) is var error && error != StoreError.NotFound)
            {
                Assert.AreEqual(StoreError.None, error, "NextRefused");
                refused++;
                Take(store, collection, info, model);
            }
            Assert.AreEqual(refused, store.RefusedCount(collection), $"RefusedCount of {collection}");
        }
        info.Reset();
        while (store.Next(Keyed, info) is var error && error != StoreError.NotFound)
        {
            Assert.AreEqual(StoreError.None, error, "Next");
            Take(store, Keyed, info, model);
        }
        Assert.AreEqual(model.Things.Count(t => t.Key.StartsWith(Keyed + "/")), store.Count(Keyed), "Count");
        if (store.FirstPartial(Keyed, info) == StoreError.None)
        {
            Assert.AreEqual(s_download.Length, info.Length);
            var bytes = new byte[info.Done];
            Assert.AreEqual(bytes.Length, store.Read(info, 0, bytes, 0, bytes.Length));
            Assert.IsTrue(bytes.AsSpan().SequenceEqual(s_download.AsSpan(0, bytes.Length)), "partial bytes");
            model.Things[$"{Keyed}/partial"] = new(Encoding.UTF8.GetString(info.Key, 0, info.KeyLength), info.Id, info.State, info.IsDelete, info.Tag, "");
        }
        var value = new byte[64];
        for (int slot = 0; slot < 4; slot++)
        {
            if (store.GetMeta(Keyed, slot, value, 0, out int count) == StoreError.None)
            {
                model.Values[$"{Keyed}/{slot}"] = Encoding.UTF8.GetString(value, 0, count);
            }
        }
        model.Acked[Strict] = store.AckedId(Strict);
        model.Acked[Dropping] = store.AckedId(Dropping);
        return model;
    }

    private static void Take(FlashStore store, int collection, ObjectInfo info, Model model)
    {
        var bytes = new byte[info.Length];
        for (int at = 0; at < bytes.Length;)
        {
            int read = store.Read(info, at, bytes, at, Math.Min(200, bytes.Length - at));
            Assert.IsGreaterThan(0, read, $"Read: {(StoreError)(-read)}");
            at += read;
        }
        var thing = new Thing(Encoding.UTF8.GetString(info.Key, 0, info.KeyLength), info.Id, info.State, info.IsDelete, info.Tag, Sum(bytes),
            info.Status, Encoding.UTF8.GetString(info.Reason, 0, info.ReasonLength));
        string name = Name(thing, collection);
        if (model.Things.TryGetValue(name, out var other))
        {
            Assert.AreEqual(other, thing, "shown twice, differently");
        }
        model.Things[name] = thing;
    }

    /// <summary>Compares the store with the state before or after the step that was cut.</summary>
    public void CheckAfterCut()
    {
        var found = Dump(Store);
        if (found.Equals(Next, out string after) || Next.Equals(found, out after))
        {
            Now = Next;
            return;
        }
        if (Now.Equals(found, out string before))
        {
            Next = Now;
            return;
        }
        // An append to the dropping outbox may have dropped before it appended; a number may have been passed over.
        if (Settle(found, Next) || Settle(found, Now))
        {
            return;
        }
        Assert.Fail($"neither the state before:\n{before}\nnor after:\n{after}");
    }

    private bool Settle(Model found, Model wanted)
    {
        var rest = wanted.Clone();
        foreach (var (name, thing) in wanted.Things)
        {
            bool isNew = !Now.Things.ContainsKey(name);
            if (isNew && !found.Things.ContainsKey(name))
            {
                // The same object under the id it really got
                string prefix = name[..2];
                var match = found.Things.FirstOrDefault(f => f.Key.StartsWith(prefix) && !wanted.Things.ContainsKey(f.Key)
                    && f.Value with { Id = thing.Id } == thing);
                if (match.Key != null && match.Value.Id > thing.Id)
                {
                    rest.Things.Remove(name);
                    rest.Things[match.Key] = match.Value;
                }
            }
        }
        var pending = rest.Things.Where(t => t.Key.StartsWith(Dropping + "/") && t.Value.State == ObjectState.Pending)
            .OrderBy(t => t.Value.Id).Select(t => t.Key).ToList();
        foreach (string name in pending)
        {
            if (found.Things.ContainsKey(name))
            {
                break;
            }
            rest.Things.Remove(name);
        }
        if (!rest.Equals(found, out _))
        {
            return false;
        }
        Now = rest;
        Next = rest;
        return true;
    }

    /// <summary>The store must go on: ids are new, what is written stays, the bytes it counts are the bytes there.</summary>
    public void Afterlife()
    {
        foreach (int outbox in new[] { Strict, Dropping })
        {
            MaxIds[outbox] = Math.Max(MaxIds[outbox], Now.Things.Where(t => t.Key.StartsWith(outbox + "/")).Select(t => t.Value.Id).DefaultIfEmpty().Max());
            MaxIds[outbox] = Math.Max(MaxIds[outbox], Now.Acked[outbox]);
        }
        MaxIds[Keyed] = Math.Max(MaxIds[Keyed], Now.Things.Where(t => t.Key.StartsWith(Keyed + "/")).Select(t => t.Value.Id).DefaultIfEmpty().Max());
        Step(0, 8);
        Step(2, 9);
        Step(4, 10);
        Step(10, 13);
    }

    public void CheckBytes()
    {
        if (Now.Things.ContainsKey($"{Keyed}/partial"))
        {
            return; // its whole length is reserved
        }
        Assert.AreEqual(Volume.Files.Keys.Where(f => StoreFile.Kind(f) < 8).Sum(_seen.Length), Store.BytesUsed, "BytesUsed");
        int free = Store.BytesFree;
        var again = Make(See(new CutVolume(Volume)));
        Assert.AreEqual(StoreError.None, again.Open());
        Assert.AreEqual(free, again.BytesFree, "BytesFree after a remount");
    }

    public void CheckNow()
    {
        var found = Dump(Store);
        Assert.IsTrue(Now.Equals(found, out string difference), difference);
    }
}

internal static class InfoExtensions
{
    // Whether a reading comes from the main log (kept aside, retried): it has then been acknowledged before.
    public static int Slot(this ObjectInfo info) => info.Retried ? 0 : -1;
}
