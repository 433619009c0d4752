// What must hold, at each moment and at the end.

using NanoSync.Device;
using NanoSync.Server.Engine;
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

        SimDevice writer = Array.Find(Devices, d => d.Identity.Id == e.Writer)!;
        if (e.Serial != 0)
        {
            if (plan.Kind == CollectionKind.Outbox && before is { Serial: not 0 } reading && reading.Serial != e.Serial)
            {
                Violate($"reading #{reading.Serial} of {plan.Name} {e.Id} is overwritten by reading #{e.Serial}");
            }

            // [exactly once] one object for one value; no value comes back over what replaced it
            if (book.PlaceOf(e.Serial) is { } place && place != e.Id)
            {
                Violate($"value #{e.Serial} is on the server twice: {place} and {e.Id} of {plan.Name}");
            }

            foreach (Event earlier in book.History(e.Collection, e.Id))
            {
                if (earlier.Serial == e.Serial && before?.Serial != e.Serial && before?.Serial != 0
                    && !(plan.DeviceWins && book.IsLoser(before?.Serial ?? 0)) // judged once more: the value before is kept
                    && !(before?.Writer == e.Writer && IsDouble(writer, e.Id)) && !_fetched.Contains((e.Collection, e.Id)))
                {
                    Violate($"value #{e.Serial} of {plan.Name} {e.Id} was applied before, and is put over #{before?.Serial}");
                    break;
                }
            }
        }

        // [conflicts] nothing of another writer is overwritten unseen, unless the device wins and the loser is kept
        if (before is { } current && current.Serial != 0 && current.Writer != e.Writer && current.Serial != e.Serial
            && !(Server.Restored ? writer.EverKnown : writer.Known).Contains(current.Serial) && !writer.Wrote.Contains(current.Serial))
        {
            if (!plan.DeviceWins)
            {
                Violate($"{writer.Name} overwrote #{current.Serial} of {plan.Name} {e.Id} unseen with #{e.Serial}, and the server wins there");
            }
            else if (!book.IsLoser(current.Serial))
            {
                Violate($"{writer.Name} overwrote #{current.Serial} of {plan.Name} {e.Id} unseen with #{e.Serial}, and the loser is not kept");
            }
        }
    }

    // An object of the device's own that came down before its Add was answered is there twice until it is: both are sent.
    private static bool IsDouble(SimDevice device, string id) => device.Before.Any(
        b => b.Exists(h => h.Key == id) && b.Exists(h => h.Key.Length == 0 && id.EndsWith(device.Store.FormatId + h.Id, StringComparison.Ordinal)));

    // An operator who asks for a device's copy gets it as if the device had changed it.
    private readonly HashSet<(int, string)> _fetched = [];

    // What this round (or power cut) changed on the device: acknowledged means that the server has it.
    private void Compare(SimDevice device)
    {
        List<Held>[] before = device.Before;
        device.Look();
        if (_violations.Count > 0)
        {
            return;
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
                        // a change refused gives way to the server's own value in the same reply; the refusal is told
                        bool refused = held.Key.Length > 0 && now?.Serial != held.Serial
                            && Server.Book.Refused.Contains((device.Identity.Id, plan.Name, held.Key));
                        if (!Server.Book.Has(held.Serial) && !refused)
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
                        // nothing to delete is no loss, if somebody made the object afterwards; after a restored database, also an object that it did not have then, and that came again from the other device
                        bool deleted = current == null || current.Value.Serial == 0 || Server.Book.IsLostDelete(number, held.Key)
                            || Server.Book.History(number, held.Key).Any(h => h.Serial == 0)
                            || Server.Book.WasAbsentSince(number, held.Key, device.DeletedAt(i, held.Key))
                            || (Server.Restored && current.Value.Writer != device.Identity.Id && Server.Book.History(number, held.Key).All(h => h.Writer != device.Identity.Id));
                        if (!deleted)
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
                        if (!Server.Book.Has(held.Serial))
                        {
                            Violate($"{device.Name} {plan.Name} #{held.Serial} was refused and kept, and is gone");
                        }
                    }
                }
            }
        }
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
                else if (command.Class == Unheard && command.Status != 8 && !Server.Restored && !device.WipedOnce)
                {
                    Violate($"{device.Name} answered command {command.Id}, which it does not know, with {command.Status}");
                }
            }

            foreach (((DeviceCommand command, uint value), int times) in device.Executed)
            {
                if (command == DeviceCommand.Interval && times > 1 && !device.WipedOnce)
                {
                    Violate($"{device.Name} carried {command} {value} out {times} times");
                }
            }

            if (device.Engine.Pending > 0)
            {
                Violate($"{device.Name} still has {device.Engine.Pending} pending");
            }
        }
    }

    private void JudgeCollection(SimDevice device, int index, List<RefusalRow> refusals)
    {
        Plan plan = device.Plans[index];
        int number = NumberOf(device, plan);
        using IStoreTransaction store = Server.Store.BeginRead();
        KeyRow row = store.FindKeyRow(device.Identity.Id, plan.Name)!;
        string key = device.Engine.Collection(index).KeyText;
        if (row.Key != key)
        {
            Violate($"{device.Name} {plan.Name} holds key {key}, the server gave {row.Key}");
        }

        List<Held> held = device.Scan(index);
        List<ObjectRow> objects = store.ListObjects(number, 0, 100_000, deleted: false);
        List<AsideRow> aside = store.ListAside(device.Identity.Id, number);
        foreach (Held refused in held.Where(h => h.State == ObjectState.Refused))
        {
            string id = refused.Key.Length > 0 ? refused.Key : device.Store.FormatId + refused.Id;
            if (!Server.Restored && !refusals.Exists(r => r.Collection == plan.Name && r.ByServer && r.ObjectId == id))
            {
                Violate($"{device.Name} {plan.Name} {id} was refused by the server, which does not say so");
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
                else if (set.Status == Protocol.Status.Incomplete && DeviceMaxObject > 4000)
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
        foreach (uint serial in device.Readings)
        {
            bool there = Server.Book.WasApplied(serial) || held.Exists(h => h.Serial == serial)
                || Server.Book.Forgotten.Contains(serial) || device.Wiped.Contains(serial);
            if (!there)
            {
                Violate($"{device.Name} log #{serial} is nowhere");
            }
        }
    }
}
