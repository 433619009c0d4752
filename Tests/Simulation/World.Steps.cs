// What happens: the application, the operator, rounds, faults; all drawn from the seed.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Storage;
using NanoSync.StorageTests;

namespace NanoSync.Simulation;

public sealed partial class World
{
    private static readonly Fault[] s_roundFaults =
    [
        Fault.LoseRequest, Fault.LoseReply, Fault.LoseReply, Fault.RepeatRequest, Fault.RepeatAtOtherNode, Fault.RepeatInTheMiddle,
        Fault.OtherDeviceInTheMiddle, Fault.LateReply, Fault.LateReply, Fault.CutRequest, Fault.CutRequestUnseen, Fault.CutReply,
        Fault.CutReply, Fault.CutReplyUnseen, Fault.PowerCut, Fault.PowerCut, Fault.KillBeforeCommit, Fault.KillAfterCommit, Fault.Refuse503,
        Fault.FlipRequest, Fault.FlipReply, Fault.LateRequest, Fault.LateRequest, Fault.VolumeFails, Fault.StatementFails,
    ];

    private static readonly Fault[] s_endsOfShared = [Fault.SharedCommitFails, Fault.KillBeforeShared, Fault.KillAfterShared, Fault.FailsInShared];

    private int _trouble;
    private bool _disasters;
    private Backup? _backup;

    /// <summary>One seed, whole.</summary>
    public static World Run(ulong seed, int steps, bool readable, Mutation mutation = Mutation.None, Action<World>? prepare = null)
    {
        World world = new(seed, readable, mutation, prepare);
        try
        {
            world.Live(steps);
            if (world._violations.Count == 0)
            {
                world.Quiet();
            }

            if (world._violations.Count == 0)
            {
                world.JudgeEnd();
            }
        }
        catch (Exception e)
        {
            world.Violate($"{e.GetType().Name}: {e.Message}{(readable ? "\n" + e.StackTrace : "")}");
        }

        world.Figures.Seeds = 1;
        return world;
    }

    private void Live(int steps)
    {
        _trouble = Rng.Pick([0, 15, 35, 35, 60]);
        _disasters = Rng.Percent(40);
        for (int i = 0; i < steps && _violations.Count == 0; i++)
        {
            Figures.Steps++;
            Clock.Pass(TimeSpan.FromSeconds(Rng.Between(1, 400)));
            SimDevice device = Devices[Rng.Below(2)];
            int what = Rng.Below(100);
            Trace.Mix((ulong)what);
            RetainNow(i, device);
            if (what < 36)
            {
                Trace.Line($"{i}: round of {device.Name}");
                Round(device, DrawFaults(device));
                RotNow(i, device);
                if (device.Post != null && Rng.Percent(60))
                {
                    Trace.Line($"{i}: the server looks through the post of {device.Name}");
                    device.Post.Plan = DrawFaults(device);
                    device.Post.Work(device.Post.Plan.Node);
                    device.Post.Plan = new FaultPlan();
                    Compare(device);
                }
            }
            else if (what < 68)
            {
                Application(i, device);
            }
            else if (what < 89)
            {
                Operator(i, device);
            }
            else if (what < 91)
            {
                Storm(i, device);
            }
            else if (Boards && Rng.Percent(50))
            {
                BoardTrouble(i, device);
            }
            else
            {
                Trouble(i, device);
            }
        }
    }

    private FaultPlan DrawFaults(SimDevice device)
    {
        FaultPlan plan = new() { Node = Rng.Below(2), Pick = Rng.Next(), RequestAt = Rng.Below(1_000_000), ReplyAt = Rng.Below(1_000_000), Step = Rng.Below(4) };
        if (Rng.Percent(_trouble))
        {
            plan.Faults.Add(Rng.Pick(s_roundFaults));
            if (Rng.Percent(30))
            {
                plan.Faults.Add(Rng.Pick(s_roundFaults));
            }

            device.BadRounds = device.BadRounds == 0 && Rng.Percent(20) ? Rng.Between(1, 3) : device.BadRounds;
        }

        if (Server.Shares && Rng.Percent(10))
        {
            plan.Faults.Add(Fault.SharesCommit);
            if (Rng.Percent(_trouble))
            {
                plan.Faults.Add(Rng.Pick(s_endsOfShared));
            }
        }

        if (device.BadRounds > 0)
        {
            device.BadRounds--;
            plan.Faults.Add(Rng.Pick([Fault.LoseReply, Fault.LoseReply, Fault.LateRequest]));
        }

        return plan;
    }

    /// <summary>Whether all objects are small.</summary>
    public bool SmallPads { get; set; }

    private int DrawPad() => SmallPads ? Rng.Between(0, 12) : Rng.Below(20) switch { 0 => Rng.Between(1500, 5000), 1 => Rng.Between(300, 1400), < 5 => Rng.Between(60, 255), _ => Rng.Between(0, 24) };

    // ---- The device's application ----

    private void Application(int step, SimDevice device)
    {
        int collection = Rng.Below(device.Plans.Count);
        Plan plan = device.Plans[collection];
        if (plan.Kind == CollectionKind.Inbox || (plan.Kind == CollectionKind.TwoWay && Rng.Percent(8)))
        {
            string id = (Rng.Percent(50) ? "n" : "o") + Rng.Below(5);
            Trace.Line($"{step}: {device.Name} fetches {plan.Name} {id}");
            if (!device.Engine.Fetch(device.Engine.Collection(collection), System.Text.Encoding.ASCII.GetBytes(id)))
            {
                Violate($"{device.Name} cannot fetch {id}");
            }

            return;
        }

        if (plan.Kind == CollectionKind.Outbox && device.DropsOldest && Rng.Percent(10))
        {
            Burst(step, device, collection);
            return;
        }

        List<Held> held = device.Before[collection];
        Act(step, device, collection, Rng.Below(10), "n" + Rng.Below(4), held.Count > 0 ? Rng.Pick(held) : null);
    }

    // One call of the application; the power may go in it. 0 and 1 write a name, 2 makes an object, up to 6 the chosen one is
    // changed, 7 and 8 deleted, 9 tried again; in an outbox 9 tries again and all others read.
    private uint Act(int step, SimDevice device, int collection, int what, string name, Held? chosen)
    {
        Plan plan = device.Plans[collection];
        Fate fate = Rng.Percent(5) ? Fate.ServerRefuses : Fate.Good;
        int pad = DrawPad();
        bool cut = Rng.Percent(_trouble / 6);
        List<Held> held = device.Before[collection];
        int cutAt = Rng.Between(1, 4);
        Torn torn = (Torn)Rng.Below(3);
        uint serial = NextSerial();
        if (cut)
        {
            device.Volume.CutAt = device.Volume.Calls + cutAt;
            device.Volume.Torn = torn;
        }

        StoreError error = StoreError.None;
        bool durable = true;
        try
        {
            if (plan.Kind == CollectionKind.Outbox)
            {
                chosen = what < 9 || chosen?.State != ObjectState.Refused ? null : chosen;
                Trace.Line($"{step}: {device.Name} {(chosen == null ? "reads" : "tries again")} {plan.Name} #{(chosen == null ? serial : chosen.Serial)}{(cut ? " CUT" : "")}");
                error = chosen == null ? device.Write(collection, serial, fate, pad, null) : device.Retry(collection, chosen);
            }
            else if (chosen == null || what < 3)
            {
                Trace.Line($"{step}: {device.Name} writes {plan.Name} {(what == 2 ? "" : name)} #{serial}{(cut ? " CUT" : "")}");
                error = device.Write(collection, serial, fate, what == 2 ? pad : Math.Min(pad, 400), what == 2 ? null : name);
            }
            else if (what < 7)
            {
                Trace.Line($"{step}: {device.Name} changes {plan.Name} {chosen.Key}/{chosen.Id} #{chosen.Serial} to #{serial}{(cut ? " CUT" : "")}");
                error = device.Change(collection, chosen, serial, fate, pad);
            }
            else if (what < 9)
            {
                Trace.Line($"{step}: {device.Name} deletes {plan.Name} {chosen.Key}/{chosen.Id} #{chosen.Serial}{(cut ? " CUT" : "")}");
                error = device.Delete(collection, chosen);
            }
            else
            {
                Trace.Line($"{step}: {device.Name} tries {plan.Name} {chosen.Key}/{chosen.Id} again");
                error = device.Retry(collection, chosen);
            }

            device.Volume.CutAt = 0;
            Trace.Line($"    {error}");
            Trace.Mix((ulong)error);
            durable = error == StoreError.None;
        }
        catch (PowerCut)
        {
            Count(Fault.PowerCutApp);
            device.PowerUp();
            durable = device.Scan(collection).Exists(h => h.Serial == serial);
        }

        // a value that is pending now was not lost by any of this
        foreach (Held one in device.Before[collection])
        {
            if (one.Serial == serial && one.State == ObjectState.Pending)
            {
                durable = true;
            }
        }

        if (plan.Kind == CollectionKind.Outbox && device.DropsOldest)
        {
            CheckDropped(device, held, collection);
        }
        else
        {
            CheckKept(device, held, collection, chosen, plan.Kind == CollectionKind.TwoWay ? name : null);
        }

        if (plan.Kind != CollectionKind.Outbox)
        {
            Note(device, collection, chosen, durable && error == StoreError.None, what, name, serial, held);
        }

        if (durable && error == StoreError.None)
        {
            device.NoteWrite(serial);
            if (plan.Kind == CollectionKind.Outbox && chosen == null)
            {
                device.Readings.Add(serial);
            }
        }

        device.Look();
        return serial;
    }

    // One object for a while, on a link that loses replies and brings requests late. What depends on which of several forms of
    // a request came last needs some changes of one object in a row, with a lost reply behind each.
    private void Storm(int step, SimDevice device)
    {
        int[] twoWay = [.. Enumerable.Range(0, device.Plans.Count).Where(i => device.Plans[i].Kind == CollectionKind.TwoWay)];
        if (twoWay.Length == 0)
        {
            Refused(step, device);
            return;
        }

        int collection = Rng.Pick(twoWay);
        Plan plan = device.Plans[collection];
        uint last = Act(step, device, collection, Rng.Pick([1, 2, 2]), "n" + Rng.Below(4), null);
        for (int i = Rng.Between(2, 6); i > 0 && _violations.Count == 0; i--)
        {
            Held? subject = device.Before[collection].Find(h => h.Serial == last) ?? device.Before[collection].Find(h => h.State == ObjectState.Pending);
            int what = Rng.Below(8);
            if (what < 4 && subject != null)
            {
                last = Act(step, device, collection, what == 0 ? 7 : 3, subject.Key, subject);
            }
            else if (what < 7 && Server.Book.PlaceOf(last) is { } place)
            {
                Operate(step, device, plan, what == 4 ? 11 : what == 5 ? 16 : 0, place);
            }

            device.Engine.SendStatus |= Rng.Percent(30); // the next request is another form of the last
            FaultPlan plans = DrawFaults(device);
            if (Rng.Percent(75))
            {
                plans.Faults.Add(Rng.Pick([Fault.LoseReply, Fault.LoseReply, Fault.LoseRequest, Fault.LateRequest, Fault.LateRequest]));
            }

            Trace.Line($"{step}: round of {device.Name} in bad weather");
            Clock.Pass(TimeSpan.FromSeconds(Rng.Between(1, 400)));
            Round(device, plans);
        }
    }

    // Readings that the server does not take, more than are kept aside.
    private void Refused(int step, SimDevice device)
    {
        int collection = device.Plans.ToList().FindIndex(p => p.Kind == CollectionKind.Outbox);
        if (collection >= 0)
        {
            Trace.Line($"{step}: {device.Name} reads what the server refuses");
            Read(device, collection, Rng.Between(6, 20), Fate.ServerRefuses, 12);
            Round(device, DrawFaults(device));
        }
    }

    // As many readings as a day without a link: more than the outbox holds.
    private void Burst(int step, SimDevice device, int collection)
    {
        Trace.Line($"{step}: {device.Name} reads much");
        Read(device, collection, Rng.Between(12, 40), Fate.Good, 160);
    }

    private void Read(SimDevice device, int collection, int count, Fate fate, int pad)
    {
        for (int i = 0; i < count && _violations.Count == 0; i++)
        {
            uint serial = NextSerial();
            List<Held> before = device.Scan(collection);
            StoreError error = device.Write(collection, serial, fate, pad, null);
            if (device.DropsOldest)
            {
                CheckDropped(device, before, collection);
            }

            if (error == StoreError.None)
            {
                device.NoteWrite(serial);
                device.Readings.Add(serial);
            }
        }

        device.Look();
    }

    // What was in hand when it was written, or deleted.
    private void Note(SimDevice device, int collection, Held? chosen, bool durable, int what, string name, uint serial, List<Held> before)
    {
        List<Held> now = device.Scan(collection);
        int number = NumberOf(device, device.Plans[collection]);
        if (chosen is { State: ObjectState.Partial })
        {
            chosen = before.Find(h => h.Key == chosen.Key && h.State != ObjectState.Partial); // what it will be was not in hand
        }

        if (now.Find(h => h.Serial == serial) is { } written && durable)
        {
            Held? over = chosen == null || what < 3 ? (what == 2 ? null : before.Find(h => h.Key == name && h.State != ObjectState.Partial)) : chosen;
            string place = PlaceOf(device, written);
            uint own = device.LastWrite.GetValueOrDefault((device.Life, number, place)); // which an operator may have had dropped here
            Ledger.Wrote(serial, number, place, over?.Serial ?? own, device.Identity);
            device.LastWrite[(device.Life, number, place)] = serial;
        }
        else if (chosen != null && what is 7 or 8 && !now.Exists(h => h.Serial == chosen!.Serial && h.State == chosen.State))
        {
            Ledger.Replaced(chosen!.Serial);
            Ledger.Replaced(device.LastWrite.GetValueOrDefault((device.Life, number, PlaceOf(device, chosen))));
        }
    }

    private static string PlaceOf(SimDevice device, Held held) => held.Key.Length > 0 ? held.Key : device.Store.FormatId + held.Id;

    // Nothing pending goes by itself: what was there before is there after, but for the object written to.
    private void CheckKept(SimDevice device, List<Held> before, int collection, Held? touched, string? name)
    {
        List<Held> now = device.Scan(collection);
        foreach (Held held in before)
        {
            if (held != touched && (name == null || held.Key != name) && held.State is ObjectState.Pending or ObjectState.Refused
                && held != touched && held.Key != name && !now.Exists(h => h.Serial == held.Serial))
            {
                Violate($"{device.Name} {device.Plans[collection].Name} #{held.Serial} {held.State} is gone without a round");
            }
        }
    }

    // A full outbox that drops its oldest: those and no others, and the store counts them.
    private void CheckDropped(SimDevice device, List<Held> before, int collection)
    {
        List<Held> now = device.Scan(collection);
        List<Held> pending = [.. before.Where(h => h.State == ObjectState.Pending && h.Id > device.Store.AckedId(collection)).OrderBy(h => h.Id)]; // one tried again lies elsewhere
        List<Held> gone = [.. pending.Where(h => !now.Exists(n => n.Serial == h.Serial))];
        if (!gone.SequenceEqual(pending.Take(gone.Count)))
        {
            Violate($"{device.Name} dropped #{gone[^1].Serial}, which is not the oldest reading");
        }

        uint counted = device.Store.DroppedCount(collection);
        if (gone.Count > 0)
        {
            Count(Fault.DropsOldest);
            device.Dropped.UnionWith(gone.Select(g => g.Serial));
        }

        if (counted < device.Dropped.Count + device.Overflowed.Count)
        {
            Violate($"{device.Name} dropped {device.Dropped.Count + device.Overflowed.Count} readings and counts {counted}");
        }
    }

    // ---- The operator ----

    private void Operator(int step, SimDevice device)
    {
        Plan plan = Rng.Pick(device.Plans);
        int what = Rng.Below(20);
        string name = Rng.Percent(60) ? "n" + Rng.Below(4) : "o" + Rng.Below(8);
        if (plan.Kind == CollectionKind.Outbox)
        {
            what = 19;
        }

        List<ObjectView> there = plan.Kind == CollectionKind.Outbox ? [] : Server.Objects.List(device.Name, plan.Name);
        Operate(step, device, plan, what, there.Count > 0 && Rng.Percent(60) ? Rng.Pick(there).Row.Id : name);
    }

    // Up to 10 a value is put, up to 13 the object is deleted; then try again, drop, fetch, a command.
    private void Operate(int step, SimDevice device, Plan plan, int what, string id)
    {
        int pad = DrawPad();
        Fate fate = Rng.Percent(8) ? Fate.DeviceRefuses : Fate.Good;
        bool alien = Rng.Percent(4);
        try
        {
            if (what < 11)
            {
                uint serial = NextSerial();
                ObjectClass type = alien ? Payload.Alien : Payload.First;
                Trace.Line($"{step}: operator puts {plan.Name} {id} of {device.Name} #{serial} {fate}{(alien ? " alien" : "")} pad {pad}");
                uint over = Server.Book.Current(NumberOf(device, plan), id)?.Serial ?? 0;
                Server.Objects.Put(device.Name, plan.Name, id, new NewValue(null, Payload.Make(serial, fate, pad, type), type.Definition));
                Ledger.Wrote(serial, NumberOf(device, plan), id, over, null);
            }
            else if (what < 14)
            {
                Trace.Line($"{step}: operator deletes {plan.Name} {id} of {device.Name}");
                uint over = Server.Book.Current(NumberOf(device, plan), id)?.Serial ?? 0;
                Server.Objects.Delete(device.Name, plan.Name, id);
                Ledger.Replaced(over);
            }
            else if (what == 14)
            {
                Trace.Line($"{step}: operator retries {plan.Name} of {device.Name}");
                Server.Objects.Retry(device.Name, plan.Name, null);
            }
            else if (what == 15)
            {
                Trace.Line($"{step}: operator drops {plan.Name} {id} of {device.Name}");
                Server.Objects.Drop(device.Name, plan.Name, id);
            }
            else if (what == 16)
            {
                Trace.Line($"{step}: operator fetches {plan.Name} {id} of {device.Name}");
                _fetched.Add((NumberOf(device, plan), id));
                Server.Objects.FetchFromDevice(device.Name, plan.Name, id);
            }
            else if (what == 17 || plan.Kind == CollectionKind.Outbox)
            {
                for (int i = Rng.Percent(8) ? Rng.Between(4, 10) : 1; i > 0; i--) // several: more than fits one reply
                {
                    Command(step, device, plan);
                }
            }
        }
        catch (RefusedException e)
        {
            Trace.Line($"    refused: {e.Message}");
        }
    }

    private const string Unheard = "do:dance"; // a command that this device does not know

    private void Command(int step, SimDevice device, Plan plan)
    {
        (string type, (string, string)? argument) = Rng.Below(7) switch
        {
            0 => ("restart", null),
            1 => ("interval", ("seconds", NextSerial().ToString(System.Globalization.CultureInfo.InvariantCulture))),
            2 => ("start-over", ("collection", Rng.Percent(80) ? plan.Name : "nowhere")),
            3 => ("send-status", null),
            4 => ("send-diary", null),
            5 => (Unheard, null),
            _ => (((string, (string, string)?))("interval", ("seconds", "4"))),
        };
        Trace.Line($"{step}: operator commands {device.Name}: {type} {argument}");
        if (type == Unheard)
        {
            // as a later server would queue it
            RecordWriter record = new(16);
            byte[] Record(long id)
            {
                record.Begin(BuiltIn.Restart);
                record.UInt((ulong)id);
                return record.Buffer[..record.Length];
            }

            DateTimeOffset now = Clock.GetUtcNow();
            using IStoreTransaction store = Server.Store.BeginWrite();
            store.AddCommand(device.Identity.Id, type, Record, 0, "", now.ToUnixTimeMilliseconds());
            store.Commit();
            return;
        }

        Server.Devices.Command(device.Name, type, argument is { } a ? [new(a.Item1, a.Item2)] : []);
    }

    // ---- What goes wrong besides rounds ----

    private void Trouble(int step, SimDevice device)
    {
        int what = Rng.Below(100);
        if (what < 18)
        {
            Trace.Line($"{step}: {device.Name} restarts");
            Count(Fault.RestartDevice);
            bool upgrade = Rng.Percent(15);
            device.Second |= upgrade;
            if (Rng.Percent(_trouble / 2))
            {
                // the power goes again while it mounts
                device.Volume.Torn = (Torn)Rng.Below(3);
                PowerUp(device, Rng.Between(1, 3));
            }
            else
            {
                device.PowerUp();
            }

            Compare(device);
        }
        else if (what < 26)
        {
            bool cut = Server.Flushes && Rng.Percent(60);
            Trace.Line($"{step}: server {(cut ? "loses power" : "restarts")}");
            Count(cut ? Fault.ServerPowerCut : Fault.RestartServer);
            if (cut)
            {
                Server.PowerCut();
                JudgeDatabase("a power cut");
            }
            else
            {
                Server.Restart();
            }
        }
        else if (what < 36)
        {
            device.Engine.AskTime |= Rng.Percent(50);
            device.Engine.SendStatus |= Rng.Percent(50);
        }
        else if (what < 40 && device.Stamps)
        {
            bool known = Rng.Percent(85);
            Trace.Line($"{step}: {device.Name} {(known ? "gets the time" : "goes on without the time")}");
            Count(known ? Fault.TimeComesLate : Fault.TimeNeverComes);
            device.SetClock(known);
        }
        else if (what < 44)
        {
            Trace.Line($"{step}: {device.Name} tidies");
            while (device.Store.Step())
            {
            }
        }
        else if (_disasters && what < 66)
        {
            Trace.Line($"{step}: backup");
            _backup = Rng.Percent(60) ? Server.SaveRunning() : Server.Save();
        }
        else if (_disasters && what < 78 && _backup != null)
        {
            Trace.Line($"{step}: the database is restored");
            Count(Fault.RestoreDatabase);
            Server.Restore(_backup);
            // gone is what came after the backup, but for what a device still has to send, and for objects that it holds: those are the newer [SPEC 5.8]
            foreach (uint serial in Server.Book.Forgotten.Where(f => !Devices.Any(d => d.Holds(f))))
            {
                Ledger.Gone(serial);
            }

            foreach (SimDevice one in Devices)
            {
                one.Post?.Forget();
                one.NoteRestore(Server.Book.Mark.Item1);
            }
        }
        else if (_disasters && what < 86)
        {
            Trace.Line($"{step}: {device.Name} loses its flash");
            Count(Fault.WipeFlash);
            foreach (Held held in device.Before.SelectMany(b => b).Where(h => !Server.Book.Has(h.Serial)))
            {
                Ledger.Gone(held.Serial);
            }

            device.Wipe();
            device.Look();
        }
    }

    // What happens to boards: their flash is put back, or copied to a board that lives on.
    private void BoardTrouble(int step, SimDevice device)
    {
        int what = Rng.Below(8);
        SimDevice other = Devices[1 - device.Index];
        if (what < 6)
        {
            PutBackOrKeep(step, device);
        }
        else if (what == 6 || other.Identity == device.Identity)
        {
            Trouble(step, device);
        }
        else
        {
            Trace.Line($"{step}: the board of {device.Name} is copied, and both live on");
            Count(Fault.CloneLives);
            LoseWhatIsOnlyThere(other.Before.SelectMany(b => b), []);
            if (device.PutBackOnce)
            {
                _mayDouble.UnionWith(device.Before.SelectMany(b => b).Where(h => h.State == ObjectState.Pending && h.Key.Length == 0).Select(h => h.Serial));
            }

            _image = null;
            Devices[other.Index] = new SimDevice(device, other.Index);
        }
    }

    private (int Device, SimDevice.Image Image)? _image;

    // Readings that went up under another store id in a life that the flash holding them does not know. They get other ids when
    // they go up again, so nobody can tell that they are the same [SPEC 5.4].
    private readonly HashSet<uint> _mayDouble = [];

    private void PutBackOrKeep(int step, SimDevice device)
    {
        if (_image == null || Rng.Percent(40))
        {
            Trace.Line($"{step}: an image of {device.Name}'s flash is kept");
            _image = (device.Index, device.TakeImage());
            return;
        }

        PutBack(step, Devices[_image.Value.Device], _image.Value.Image);
    }

    private void PutBack(int step, SimDevice device, SimDevice.Image image)
    {
        Trace.Line($"{step}: the image is put back on {device.Name}");
        Count(Fault.ImagePutBack);
        List<Held> before = [.. device.Before.SelectMany(b => b)];
        device.PutBack(image);
        LoseWhatIsOnlyThere(before, [.. device.Before.SelectMany(b => b)]);
        foreach (Held held in device.Before.SelectMany(b => b).Where(h => h.State == ObjectState.Pending && h.Key.Length == 0 && Server.Book.PlaceOf(h.Serial) is { } place && !place.EndsWith($"{device.Store.FormatId}{h.Id}", StringComparison.Ordinal)))
        {
            _mayDouble.Add(held.Serial);
        }

        device.Look();
    }

    // What a flash held, and neither the server nor the flash that is there now has.
    private void LoseWhatIsOnlyThere(IEnumerable<Held> held, List<Held> now)
    {
        foreach (Held one in held.Where(h => !Server.Book.Has(h.Serial) && !now.Exists(n => n.Serial == h.Serial)))
        {
            Ledger.Gone(one.Serial);
        }
    }

    // A part that was kept is not what it was: on the server's disk, or in the device's flash while it is off.
    private void RotNow(int step, SimDevice device)
    {
        if (!Rng.Percent(_trouble / 6))
        {
            return;
        }

        if (Server.RotPart(Rng))
        {
            Trace.Line($"{step}: a part kept on the server rots");
            Count(Fault.PartRots);
            for (int i = 0; i < 5 && device.Post == null && _violations.Count == 0; i++)
            {
                Round(device, new FaultPlan { Node = i & 1 }); // the rest of the parts
            }
        }

        if (device.RotDownload(Rng))
        {
            Trace.Line($"{step}: {device.Name} is off, and a part of its download rots");
            Count(Fault.DownloadRots);
            Compare(device);
        }
    }
}
