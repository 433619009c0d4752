// What must hold, at each moment and at the end.

using NanoSync.Device;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Storage;

namespace NanoSync.Simulation;

public sealed partial class World
{
    /// <summary>Is this change of the server right, after all that came before it?</summary>
    public void Judge(Event e)
    {
        (Plan plan, _) = _collections[e.Collection];
        Book book = Server.Book;
        Event? before = book.Current(e.Collection, e.Id);
        Trace.Mix(e.Serial + ((ulong)e.Writer << 32) + ((ulong)e.Collection << 40));
        Trace.Line($"    server: {plan.Name} {e.Id} {(before is { } b ? "#" + b.Serial : "new")} -> #{e.Serial} by {e.Writer}");
        if (e.Writer == 0)
        {
            return;
        }

        SimDevice writer = Writing?.Identity.Id == e.Writer ? Writing : Array.Find(Devices, d => d.Identity.Id == e.Writer)!;
        if (e.Serial != 0)
        {
            Array.ForEach(Devices, d => d?.KnowsDeleted.Remove((plan.Name, e.Id)));
            if (plan.Kind == CollectionKind.Outbox && before is { Serial: not 0 } reading && reading.Serial != e.Serial)
            {
                Violate($"reading #{reading.Serial} of {plan.Name} {e.Id} is overwritten by reading #{e.Serial}");
            }

            JudgeRoom(plan, e, before);

            // [exactly once] one object for one value; no value comes back over what replaced it
            if (book.PlaceOf(e.Serial) is { } place && place != e.Id && !_mayDouble.Contains(e.Serial) && !book.WasRemoved(e.Serial))
            {
                Violate($"value #{e.Serial} is on the server twice: {place} and {e.Id} of {plan.Name}");
            }

            foreach (Event earlier in book.History(e.Collection, e.Id))
            {
                if (earlier.Serial == e.Serial && before?.Serial != e.Serial && (before?.Serial != 0 || !MayUndelete(plan, writer, e.Serial))
                    && !((plan.DeviceWins || IsFromBefore(writer, plan, e)) && book.IsLoser(before?.Serial ?? 0) && !writer.Adding.Contains(e.Serial)) // judged once more: the value before is kept
                    && !(Boards && before is { } kept && (kept.Serial == 0 ? book.IsLostDelete(e.Collection, e.Id) : book.IsLoser(kept.Serial))) // from an image: likewise
                    && !(Boards && before is { Serial: 0 } && book.IsDeleteForgotten(e.Collection, e.Id)) // an image brings it, and nothing is left of its deletion [SPEC 5.5, 5.8]
                    && !(before?.Writer == e.Writer && IsDouble(writer, e.Id)) && !_fetched.Contains((e.Collection, e.Id)))
                {
                    Violate($"value #{e.Serial} of {plan.Name} {e.Id} was applied before, and is put over #{before?.Serial}");
                    break;
                }
            }
        }

        // [conflicts] nothing of another writer is overwritten unseen, unless the device wins and the loser is kept
        HashSet<uint> known = writer.Known.GetValueOrDefault(WritingStore, []);
        if (before is { } current && current.Serial != 0 && current.Serial != e.Serial && !known.Contains(current.Serial)
            && (Boards || (current.Writer != e.Writer && !writer.Wrote.Contains(current.Serial)))) // of boards, each is a writer
        {
            // what a device holds wins over a database that went back, and the older value is kept
            if (!plan.DeviceWins && !((IsFromBefore(writer, plan, e) || current.Writer == e.Writer) && book.IsLoser(current.Serial)))
            {
                Violate($"{writer.Name} overwrote #{current.Serial} of {plan.Name} {e.Id} unseen with #{e.Serial}, and the server wins there");
            }
            else if (!book.IsLoser(current.Serial))
            {
                Violate($"{writer.Name} overwrote #{current.Serial} of {plan.Name} {e.Id} unseen with #{e.Serial}, and the loser is not kept");
            }
        }
    }

    // What a device held when an older database came back is the newer, and so is what was written over it, or deleted there,
    // before the pass that follows.
    private bool IsFromBefore(SimDevice writer, Plan plan, Event e) => e.Serial == 0
        ? writer.KeysFromBefore.Contains((plan.Name, e.Id)) || (Server.Restores > 0 && writer.SaidGone.Contains((plan.Name, e.Id)))
        : writer.FromBefore.Contains(e.Serial) || (Ledger.Over(e.Serial) is var over && over != 0 && writer.FromBefore.Contains(over));

    // What was deleted comes back as it was where a device's value wins over a deletion that it had not seen.
    private static bool MayUndelete(Plan plan, SimDevice writer, uint value) => plan.DeviceWins || writer.FromBefore.Contains(value) || writer.WipedOnce;

    /// <summary>A reply by itself: is it within what the device takes?</summary>
    public void JudgeReply(SimDevice device, byte[] bytes, bool xml)
    {
        SyncMessage reply;
        try
        {
            reply = MessageParser.Parse(xml ? MessageFormat.Xml : MessageFormat.Wbxml, bytes);
        }
        catch (MessageException)
        {
            return; // empty, or flipped
        }

        JudgeKeys(device, reply);

        // [SPEC 2.3] Limit
        List<int> structures = [.. reply.Options.Select(s => s.Data?.Length ?? 0)];
        List<SyncCommand> commands = [.. reply.Collections.SelectMany(c => c.Commands.Concat(c.Responses))];
        int data = structures.Sum() + commands.Sum(c => c.Data?.Length ?? 0);
        if (data > device.ReplyBytes && !(structures.Count == 1 && commands.Count == 0))
        {
            Violate($"{device.Name} takes {device.ReplyBytes} bytes in a reply and got {data}");
        }
    }

    // An object of the device's own that came down before its Add was answered is there twice until it is: both are sent.
    private static bool IsDouble(SimDevice device, string id) => device.Before.Any(
        b => b.Exists(h => h.Key == id) && b.Exists(h => h.Key.Length == 0 && device.IsOwn(id, h.Id)));

    /// <summary>The store, and its life, whose request is being worked on.</summary>
    public string WritingStore { get; set; } = "";

    /// <summary>The board whose request it is; null = not known.</summary>
    public SimDevice? Writing { get; set; }

    // Objects whose copy an operator asked a device for. Such a copy may be an older value, and comes as if the device had changed it.
    private readonly HashSet<(int, string)> _fetched = [];

    // What this round (or power cut) changed on the device: acknowledged means that the server has it.
    private void Compare(SimDevice device, List<Held>[]? until = null)
    {
        List<Held>[] before = until ?? device.Before;
        device.Look();
        if (_violations.Count > 0)
        {
            return;
        }

        if (device.AnsweredBefore)
        {
            device.NoteFromBefore();
        }

        for (int i = 0; i < before.Length; i++)
        {
            Plan plan = device.Plans[i];
            int number = NumberOf(device, plan);
            foreach (Held held in before[i])
            {
                Held? now = device.Before[i].Find(h => held.Key.Length > 0 ? h.Key == held.Key : h.Id == held.Id);
                if (held.State == ObjectState.Pending)
                {
                    if (now == null || now.Serial != held.Serial || now.State == ObjectState.Clean)
                    {
                        // the server's own value replaces a refused change in the same reply; the refusal is told
                        bool refused = held.Key.Length > 0 && now?.Serial != held.Serial
                            && Server.Book.Refused.Contains((device.Identity.Id, plan.Name, held.Key));
                        if (device.AnsweredBefore && !Server.Book.Has(held.Serial))
                        {
                            Ledger.Gone(held.Serial);
                        }
                        else if (!Server.Book.Has(held.Serial) && !refused && !(now == null && plan.Kind == CollectionKind.Outbox && Overflows(device, i, held, before[i])))
                        {
                            Violate($"{device.Name} {plan.Name} #{held.Serial} {held.Key}/{held.Id} is not pending any more, and the server never had it");
                        }
                    }
                }
                else if (held.State == ObjectState.PendingDelete)
                {
                    if ((now == null || now.State == ObjectState.Clean) && held.Key.Length > 0)
                    {
                        Event? current = Server.Book.Current(number, held.Key);
                        // nothing to delete is no loss, if somebody made the object afterwards; the object is also not there in a database restored that did not have it then
                        bool deleted = current == null || current.Value.Serial == 0 || Server.Book.IsLostDelete(number, held.Key)
                            || Server.Book.History(number, held.Key).Any(h => h.Serial == 0)
                            || Server.Book.WasAbsentSince(number, held.Key, device.DeletedAt(i, held.Key));
                        if (!deleted && !device.AnsweredBefore)
                        {
                            Violate($"{device.Name} {plan.Name} {held.Key}: the deletion is not pending any more, and the server knows nothing of it");
                        }
                    }
                }
                else if (held.State == ObjectState.Refused && now == null)
                {
                    Event? current = held.Key.Length > 0 ? Server.Book.Current(number, held.Key) : null;
                    if (plan.Kind == CollectionKind.Outbox || current == null)
                    {
                        if (Server.Book.Has(held.Serial))
                        {
                            continue;
                        }

                        if (plan.Kind != CollectionKind.Outbox || !Overflows(device, i, held, before[i]))
                        {
                            Violate($"{device.Name} {plan.Name} #{held.Serial} was refused and kept, and is gone");
                        }
                    }
                }
            }
        }
    }

    // A reading that the server refused goes when there is no room to keep it aside, and not before; and it is counted.
    private bool Overflows(SimDevice device, int collection, Held reading, List<Held> before)
    {
        const int AsideSlots = 16;
        const int AsideBytes = 8192;
        const int Around = 100; // of a record kept aside: what is around its data, with the reason
        List<Held> now = device.Before[collection];
        List<Held> aside = now.FindAll(h => h.State == ObjectState.Refused || h.Id <= device.Store.AckedId(collection)); // one that is tried again is kept there until it went
        IEnumerable<Held> gone = before.Where(b => !Server.Book.Has(b.Serial) && !now.Exists(h => h.Serial == b.Serial));
        bool fits = reading.Data.Length + Around <= device.Store.BytesFree + (device.SegmentBytes / 2); // beside the objects
        if ((fits && aside.Count < AsideSlots && aside.Concat(gone).Sum(h => h.Data.Length + Around) <= AsideBytes) || !device.Overflowed.Add(reading.Serial))
        {
            return false;
        }

        uint counted = device.Store.DroppedCount(collection);
        if (counted < device.Dropped.Count + device.Overflowed.Count)
        {
            Violate($"{device.Name} #{reading.Serial} was refused and is kept no more; the store counts {counted} dropped, {device.Dropped.Count + device.Overflowed.Count} are");
        }

        return true;
    }

    /// <summary>After quiet: both sides.</summary>
    public void JudgeEnd()
    {
        foreach (SimDevice device in Devices)
        {
            List<RefusalRow> refusals = Server.Devices.Refusals(device.Name, 10_000);
            for (int i = 0; i < device.Plans.Count; i++)
            {
                JudgeCollection(device, i, refusals);
            }

            foreach (DeviceCommandRow command in Server.Devices.Commands(device.Name))
            {
                if (command.Done == null)
                {
                    Violate($"{device.Name} never answered command {command.Id} {command.Class}");
                }
                else if (command.Class == Unheard && command.Status != Protocol.Status.NotFound && !MayBePassed(command))
                {
                    Violate($"{device.Name} answered command {command.Id}, which it does not know, with {command.Status}");
                }
            }

            foreach (((DeviceCommand command, uint value), int times) in device.Executed)
            {
                if (command == DeviceCommand.Interval && times > 1 && !device.WipedOnce && !device.PutBackOnce)
                {
                    Violate($"{device.Name} carried {command} {value} out {times} times");
                }
            }

            if (device.Engine.Pending > 0)
            {
                Violate($"{device.Name} still has {device.Engine.Pending} pending");
            }
        }

        JudgeLedger();
        JudgeDatabase("all");
    }

    // [SPEC 7.1] The numbers of a database that went back were given before: such a command is shown as unknown where it is of
    // another incarnation than that of the node that hears of it. Each node has one, so the judge cannot say which will be.
    private bool MayBePassed(DeviceCommandRow command) => Server.Restores > 0 && command.Status == Protocol.Status.NumberPassed;

    private void JudgeLedger()
    {
        HashSet<uint> current = [];
        using IStoreTransaction store = Server.Store.BeginRead();
        foreach (int number in _collections.Keys)
        {
            current.UnionWith(store.ListObjects(number, 0, 100_000, deleted: false).Select(o => Payload.Serial(o.Data)));
        }

        // by the server's name of the object, which in a shared collection is not that of its writer
        bool IsLostDelete(int collection, uint value) => Server.Book.PlaceOf(value) is { } id
            && (Server.Book.IsLostDelete(collection, id) || (Boards && Server.Book.IsDeleteForgotten(collection, id)));

        bool IsRefused(int collection, string place, uint serial, DeviceIdentity? writer) => writer != null
            && (Server.Book.Refused.Contains((writer.Id, _collections[collection].Plan.Name, place))
                || Devices.Any(d => d.Identity.Id == writer.Id && d.Before.Any(b => b.Exists(h => h.Serial == serial && h.State == ObjectState.Refused))));

        foreach (string what in Ledger.Judge(current.Contains, Server.Book.IsLoser, IsLostDelete, IsRefused, Server.Book.WasApplied))
        {
            Violate(what);
        }
    }

    // [SPEC 5.2] A key is that of one reply, for ever.
    private readonly Dictionary<(int Device, string Collection, string Key), string> _keysGiven = [];

    private void JudgeKeys(SimDevice device, SyncMessage reply)
    {
        foreach (CollectionElement collection in reply.Collections.Where(c => c.SyncKey.Length > 4 && c.Status is 0 or Protocol.Status.Success))
        {
            SyncMessage alone = new();
            alone.Collections.Add(collection);
            string content = Convert.ToHexString(MessagePrinter.Print(MessageFormat.Wbxml, alone));
            if (_keysGiven.TryAdd((device.Identity.Id, collection.Id, collection.SyncKey), content))
            {
                continue;
            }

            if (_keysGiven[(device.Identity.Id, collection.Id, collection.SyncKey)] != content)
            {
                Violate($"{device.Name} {collection.Id}: key {collection.SyncKey} names two replies");
            }
        }
    }

    /// <summary>A request by itself: what the device refuses, and that it starts over.</summary>
    public void JudgeRequest(SimDevice device, byte[] bytes, bool xml, bool late = false)
    {
        device.Deleting.Clear();
        device.Adding.Clear();
        foreach (CollectionElement collection in MessageParser.Parse(xml ? MessageFormat.Xml : MessageFormat.Wbxml, bytes).Collections)
        {
            foreach (SyncCommand command in collection.Commands)
            {
                if (command.Tag == Protocol.Tags.Add && command.Data is { } data)
                {
                    device.Adding.Add(Payload.Serial(data.Span));
                }
                else if (command.Tag == Protocol.Tags.Delete)
                {
                    device.Deleting.Add((collection.Id, command.ServerId!));
                }
            }

            if (collection.SyncKey == SyncKeys.Zero)
            {
                device.RefusedNow.RemoveWhere(r => r.Collection == collection.Id && !late); // a copy of an older letter starts nothing over
                device.KnowsDeleted.RemoveWhere(k => k.Collection == collection.Id); // deletions come once more
            }

            foreach (SyncCommand response in collection.Responses.Where(r => r.ServerId != null && r.Status != Protocol.Status.Success))
            {
                device.RefusedNow.Add((collection.Id, response.ServerId!));
                if (response is { Tag: Protocol.Tags.Change, Status: Protocol.Status.NotFound })
                {
                    device.SaidGone.Add((collection.Id, response.ServerId!)); // [SPEC 5.8]
                }

                if (response is { Tag: Protocol.Tags.Delete, Status: Protocol.Status.Conflict })
                {
                    device.KnowsDeleted.Add((collection.Id, response.ServerId!));
                }
            }
        }
    }

    /// <summary>The reply to the newest request of a device: nobody starts over, nor is told twice, without a reason.</summary>
    public void JudgeAnswer(SimDevice device, byte[] bytes, bool xml)
    {
        SyncMessage reply;
        try
        {
            reply = MessageParser.Parse(xml ? MessageFormat.Xml : MessageFormat.Wbxml, bytes);
        }
        catch (MessageException)
        {
            device.SeenIdle = true; // the empty reply
            return;
        }

        foreach (CollectionElement collection in reply.Collections)
        {
            // [SPEC 5.2] the server has seen that the last reply with commands arrived: nothing late counts any more
            bool hadCommands = device.HadCommands.Contains(collection.Id);
            if (collection.Status == Protocol.Status.InvalidSyncKey && device.SeenIdle && hadCommands && !Boards) // a copied board is another store under the same eyes
            {
                Violate($"{device.Name} {collection.Id} is told to start over, although it was seen with its key");
            }

            _ = collection.Commands.Count > 0 ? device.HadCommands.Add(collection.Id) : device.HadCommands.Remove(collection.Id);

            foreach (SyncCommand command in collection.Commands.Where(c => c.Tag == Protocol.Tags.Delete && device.Deleting.Contains((collection.Id, c.ServerId!))))
            {
                if (device.KnowsDeleted.Contains((collection.Id, command.ServerId!)) && Server.Book.Current(_numbers[(device.Identity.Id, collection.Id)], command.ServerId!) is { Serial: 0 })
                {
                    Violate($"{device.Name} {collection.Id} {command.ServerId} is told once more to be deleted, in reply to its own deletion");
                }
            }
        }

        device.SeenIdle = false;
    }

    /// <summary>Everything that was committed is in the database, and nothing else.</summary>
    public void JudgeDatabase(string when)
    {
        using IStoreTransaction store = Server.Store.BeginRead();
        foreach (int number in _collections.Keys)
        {
            Dictionary<string, uint> there = store.ListObjects(number, 0, 100_000, deleted: false).ToDictionary(o => o.Id, o => Payload.Serial(o.Data));
            foreach (string id in Server.Book.Live(number).Union(there.Keys))
            {
                uint committed = Server.Book.Current(number, id)?.Serial ?? 0;
                if (there.GetValueOrDefault(id) != committed)
                {
                    Violate($"{_collections[number].Plan.Name} {id}: #{committed} was committed, and after {when} the server has #{there.GetValueOrDefault(id)}");
                }
            }
        }
    }

    /// <summary>[SPEC 2.4] Out of space is said when it is so.</summary>
    public void JudgeFull(int device, bool readings, IEnumerable<Event> saved)
    {
        string name = Array.Find(Devices, d => d.Identity.Id == device)!.Name;
        HashSet<(int, string)> live = [];
        foreach (Plan plan in Plan.All.Where(p => (p.Kind == CollectionKind.Outbox) == readings))
        {
            int number = _numbers[(device, plan.Name)];
            live.UnionWith(Server.Book.Live(number).Select(id => (number, id)));
        }

        foreach (Event e in saved)
        {
            _ = e.Serial == 0 ? live.Remove((e.Collection, e.Id)) : live.Add((e.Collection, e.Id));
        }

        long most = readings ? Limits.MaxReadings : Limits.MaxObjects;
        if (live.Count < most || most == 0)
        {
            Violate($"{name} is told that the quota of {most} {(readings ? "readings" : "objects")} is used up, and has {live.Count}");
        }

        if (readings)
        {
            Count(Fault.NoRoomForReading);
        }
    }

    // [SPEC 5.7] An object that was sent alone so often, and the reply never arrived, kills the device as far as the server can see.
    private const int AloneBeforeSetAside = 8;

    private void JudgeCollection(SimDevice device, int index, List<RefusalRow> refusals)
    {
        Plan plan = device.Plans[index];
        int number = NumberOf(device, plan);
        using IStoreTransaction store = Server.Store.BeginRead();
        string key = device.Engine.Collection(index).KeyText;
        List<KeyRow> rows = store.ListKeyRows(device.Identity.Id, plan.Name);
        KeyRow? row = rows.Find(r => r.Key == key);
        if (row == null)
        {
            Violate($"{device.Name} {plan.Name} holds key {key}, the server gave {string.Join(' ', rows.Select(r => r.Key))}");
            return;
        }

        List<Held> held = device.Scan(index);
        List<ObjectRow> objects = store.ListObjects(number, 0, 100_000, deleted: false);
        List<AsideRow> aside = store.ListAside(row.Replica, number);
        foreach (Held refused in held.Where(h => h.State == ObjectState.Refused))
        {
            bool IsIt(string id) => refused.Key.Length > 0 ? id == refused.Key : device.IsOwn(id, refused.Id);
            if (!device.FromBefore.Contains(refused.Serial) && !refusals.Exists(r => r.Collection == plan.Name && r.ByServer && IsIt(r.ObjectId)))
            {
                Violate($"{device.Name} {plan.Name} {refused.Key}/{refused.Id} was refused by the server, which does not say so");
            }
        }

        if (plan.Kind == CollectionKind.Outbox)
        {
            JudgeReadings(device, held);
            return;
        }

        foreach (ObjectRow o in objects)
        {
            Held? here = held.Find(h => h.Key == o.Id);
            AsideRow? set = aside.Find(a => a.ServerId == o.Id);
            if (set != null && set.Seq == o.Seq)
            {
                if (set.Status != 0 && !refusals.Exists(r => r.Collection == plan.Name && !r.ByServer && r.ObjectId == o.Id))
                {
                    Violate($"{plan.Name} {o.Id} is set aside for {device.Name}, and no refusal is told");
                }
                else if (set.Status is not 0 and not Protocol.Status.Incomplete && !Devices.Any(d => d.Identity == device.Identity && d.RefusedNow.Contains((plan.Name, o.Id)))) // two boards may be one store to the server
                {
                    Violate($"{plan.Name} {o.Id} is set aside for {device.Name}, which did not refuse it since it started over");
                }
                else if (set.Status == Protocol.Status.Incomplete && DeviceMaxObject > 4000 && device.MostAsked < AloneBeforeSetAside)
                {
                    Violate($"{plan.Name} {o.Id} #{Payload.Serial(o.Data)} ({o.Data!.Length} bytes) is set aside for {device.Name} as not acknowledged: nothing is wrong with it");
                }
            }
            else if (here == null)
            {
                Violate($"{device.Name} lacks {plan.Name} {o.Id} #{Payload.Serial(o.Data)}");
            }
            else if (here.State != ObjectState.Refused && (here.State != ObjectState.Clean || !o.Data.AsSpan().SequenceEqual(here.Data)))
            {
                Violate($"{plan.Name} {o.Id} is #{Payload.Serial(o.Data)} on the server and #{here.Serial} {here.State} on {device.Name}");
            }
        }

        foreach (AsideRow set in aside.Where(a => !objects.Exists(o => o.Id == a.ServerId)))
        {
            if (set.Status == Protocol.Status.Incomplete && store.FindObject(number, set.ServerId) is { Deleted: true } gone && gone.Seq == set.Seq)
            {
                continue; // the deletion itself was sent alone eight times without being acknowledged [SPEC 5.7]
            }

            Violate($"{plan.Name} {set.ServerId} is deleted, and still set aside for {device.Name}");
        }

        foreach (Held here in held)
        {
            if (here.State == ObjectState.Refused || objects.Exists(o => o.Id == here.Key))
            {
                continue;
            }

            AsideRow? set = aside.Find(a => a.ServerId == here.Key);
            if (set == null)
            {
                Violate($"{device.Name} has {plan.Name} {here.Key}/{here.Id} #{here.Serial} {here.State}, the server has not");
            }
        }
    }

    private void JudgeReadings(SimDevice device, List<Held> held)
    {
        int number = NumberOf(device, device.Plans[device.Plans.ToList().FindIndex(p => p.Kind == CollectionKind.Outbox)]);
        bool IsStored(uint serial) => Server.Book.PlaceOf(serial) is { } id && Server.Book.Current(number, id)?.Serial == serial;
        foreach (uint serial in device.Readings)
        {
            bool there = IsStored(serial) || Server.Book.WasRemoved(serial) || held.Exists(h => h.Serial == serial) || Ledger.IsGone(serial)
                || Array.Exists(Devices, d => d.Identity == device.Identity && d.Dropped.Union(d.DroppedBefore).Union(d.Overflowed).Union(d.Wiped).Contains(serial));
            if (!there)
            {
                Violate($"{device.Name} log #{serial} is nowhere");
            }
        }

        // [SPEC 7.1] no reading has another time than that at which it was taken, nor none if that was known
        using IStoreTransaction store = Server.Store.BeginRead();
        foreach (ObjectRow row in store.ListObjects(number, 0, 100_000, deleted: false))
        {
            uint serial = Payload.Serial(row.Data);
            uint stamp = Payload.StampOf(row.Data);
            if (device.Stamps && device.Taken.TryGetValue(serial, out (uint At, int Run) taken) && stamp != taken.At && (stamp != 0 || !device.MayLackTime(serial)))
            {
                Violate($"{device.Name} log #{serial} was taken at {taken.At} in run {taken.Run}, and the server has {stamp}");
            }
        }
    }
}
