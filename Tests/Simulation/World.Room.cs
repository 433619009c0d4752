// Readings for which the server has no room, and readings that it keeps no longer. All of it is drawn from a stream of its own,
// so that the other seeds are the lives that they were.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

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
        _raises = Rules.Count == 0 || _room.Percent(40);
    }

    private void RetainNow(int step)
    {
        if (Rules.Count > 0 && _room.Percent(6))
        {
            Trace.Line($"{step}: retention");
            Retain();
        }
    }

    private void Retain()
    {
        RetentionPass pass = Server.Retain();
        Trace.Line($"    {pass.Readings} readings removed");
        if (pass.Readings > 0)
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
