// Readings for which the server has no room, and readings that it keeps no longer. All of it is drawn from a stream of its own,
// so that the other seeds are the lives that they were.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Storage;

namespace NanoSync.Simulation;

public sealed partial class World
{
    private Rng _room = new(0);
    private bool _raises; // the quota, in the end; otherwise retention makes room

    /// <summary>What the server keeps of readings.</summary>
    public IReadOnlyList<RetentionRule> Rules { get; private set; } = [];

    private void DrawRoom()
    {
        _room = new Rng(Seed ^ 0x20B0);
        if (Simple || !_room.Percent(Boards ? 40 : 20))
        {
            return;
        }

        int what = _room.Below(4); // a bound, retention, or both
        Limits = what == 1 ? Limits : Limits with { MaxReadings = _room.Pick([3, 6, 12]) };
        Rules = what == 0 ? [] : RetentionRule.Parse(_room.Pick(["log=1", "log=4", "log=4", "*=1h", "log=8, log=2h"]));
        bool makesRoom = Rules.Any(r => r.Age != null || r.Count < Limits.MaxReadings);
        _raises = !makesRoom || _room.Percent(40);
    }

    private void RetainNow(int step, SimDevice device)
    {
        if (Rules.Count > 0 && _room.Percent(6))
        {
            Trace.Line($"{step}: retention");
            Retain();
        }

        if (Boards && Rules.Count > 0 && Limits.MaxReadings > 0 && _room.Percent(3))
        {
            GapAndFork(step, device);
        }
    }

    // A reading under an id that the server has not, since it refused that of an earlier life, comes before one whose id it has,
    // and there is no room for either: four things that seldom come together by themselves.
    private void GapAndFork(int step, SimDevice device)
    {
        int collection = device.Plans.ToList().FindIndex(p => p.Kind == CollectionKind.Outbox);
        if (collection < 0)
        {
            return;
        }

        Trace.Line($"{step}: {device.Name} makes a gap, fills the server, and goes back");
        Retain();
        Rounds(device, 4);
        if (device.Before[collection].Exists(h => h.State == ObjectState.Pending))
        {
            return;
        }

        SimDevice.Image image = device.TakeImage();
        Read(device, collection, _room.Between(1, 2), Fate.ServerRefuses, 4);
        Read(device, collection, (int)Limits.MaxReadings, Fate.Good, 4);
        Rounds(device, 4);
        if (_violations.Count == 0)
        {
            PutBack(step, device, image);
            Read(device, collection, _room.Between(2, 4), Fate.Good, 4);
            Rounds(device, 2);
        }
    }

    private void Rounds(SimDevice device, int count)
    {
        for (int i = 0; i < count && _violations.Count == 0; i++)
        {
            Round(device, new FaultPlan { Node = i & 1, Pick = 1 }); // an answer that would be held is given
        }
    }

    private void Retain()
    {
        RetentionPass? pass = Server.Retain();
        Trace.Line($"    {pass?.Readings} readings removed");
        if (pass?.Readings > 0)
        {
            Count(Fault.Retention);
        }
    }

    // In the end there is room for all that waits: the quota is raised, or retention makes some again and again (then true).
    private bool BeginRoom()
    {
        if (Limits.MaxReadings > 0 && _raises)
        {
            Trace.Line($"the quota of readings is no more");
            Limits = Limits with { MaxReadings = 0 };
            Server.Restart();
        }

        return Limits.MaxReadings > 0;
    }

    private void MakeRoom()
    {
        Clock.Pass(TimeSpan.FromHours(1));
        Retain();
    }

    /// <summary>A device is told that its store is one of two, or that of an id nothing is left to compare.</summary>
    public void NoteFork(int device)
    {
        // [SPEC 5.4] What waits from there on goes again under other ids. Where a reading before it is gone, or waits for room, the
        // server may have it already, or another board with the same flash brings it too: it cannot know. Without retention or a
        // bound neither happens, and nothing is excused.
        if (Writing is { } board && board.Identity.Id == device && (Rules.Count > 0 || Limits.MaxReadings > 0))
        {
            _mayDouble.UnionWith(board.Before.SelectMany(b => b).Where(h => h.State == ObjectState.Pending && h.Key.Length == 0).Select(h => h.Serial));
        }
    }

    // [quota] No reading is stored beyond the bound. [SPEC 5.4] No id is that of another reading, also when that one was removed.
    private void JudgeRoom(Plan plan, Event e, Event? before)
    {
        if (plan.Kind != CollectionKind.Outbox)
        {
            return;
        }

        if (before is { Serial: 0 })
        {
            Violate($"reading #{e.Serial} is stored as {plan.Name} {e.Id}, which retention removed another one of");
        }

        if (Limits.MaxReadings > 0 && Server.Book.Live(e.Collection).Count() >= Limits.MaxReadings)
        {
            Violate($"reading #{e.Serial} of {plan.Name} {e.Id} is stored beyond the bound of {Limits.MaxReadings}");
        }
    }
}
