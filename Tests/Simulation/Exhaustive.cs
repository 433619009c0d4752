// One scripted life of thirty rounds. Before each round everything is noted; then the round is done once for each place
// where it can be cut, from that state, and both sides are compared after quiet.

using NanoSync.StorageTests;

namespace NanoSync.Simulation;

public sealed partial class World
{
    public const int LifeRounds = 30;

    private const int LifeCollections = 0b001111;

    private sealed record Moment(Backup Server, SimDevice.State[] Devices, uint Serial, Ledger Ledger);

    /// <summary>Cuts rounds of a life at every place.</summary>
    /// <param name="seed">Of the life.</param>
    /// <param name="isCut">Which rounds, 0 to <see cref="LifeRounds"/> - 1; the others only happen.</param>
    /// <param name="pairs">Pairs of a cut in a message and one of the power, drawn by seed over all rounds.</param>
    /// <param name="single">Whether the single cuts are done.</param>
    public static World CutLife(ulong seed, Func<int, bool> isCut, int pairs, bool single)
    {
        World world = new(seed, false, prepare: w => (w.Simple, w.Only) = (true, LifeCollections));
        world.SmallPads = true;
        SimDevice device = world.Devices[0];
        world.Quiet(); // the other device is in step from the beginning
        for (int i = 0; i < LifeRounds && world._violations.Count == 0; i++)
        {
            for (int j = 0; j < 3; j++)
            {
                world.Clock.Pass(TimeSpan.FromSeconds(20));
                world.Application(i, device);
                world.Operator(i, device);
            }

            if (isCut(i))
            {
                try
                {
                    world.CutRound(device, i, pairs / LifeRounds, single, new Rng(seed + ((ulong)i << 32)));
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    world.Violate($"round {i}: {e}");
                }
            }

            world.Round(device, new FaultPlan());
        }

        return world;
    }

    private Moment Note() => new(Server.Save(), [.. Devices.Select(d => d.Save())], _serial, Ledger.Copy());

    private void GoBack(Moment moment)
    {
        Server.GoBack(moment.Server);
        for (int i = 0; i < Devices.Length; i++)
        {
            Devices[i].GoBack(moment.Devices[i]);
        }

        _serial = moment.Serial;
        Ledger.GoBack(moment.Ledger);
    }

    private void CutRound(SimDevice device, int round, int pairs, bool single, Rng rng)
    {
        Moment moment = Note();
        GoBack(moment);
        int calls = device.Volume.Calls;
        Round(device, new FaultPlan());
        (int request, int reply) = (device.Link.LastRequest, device.Link.LastReply);
        calls = device.Volume.Calls - calls;
        if (single)
        {
            for (int at = 0; at < request; at++)
            {
                CutOnce(moment, device, round, $"request cut at {at}", [Fault.CutRequest], at, 0, 0, Torn.Nothing);
                CutOnce(moment, device, round, $"request cut unseen at {at}", [Fault.CutRequestUnseen], at, 0, 0, Torn.Nothing);
            }

            for (int at = 0; at < reply; at++)
            {
                CutOnce(moment, device, round, $"reply cut at {at}", [Fault.CutReply], 0, at, 0, Torn.Nothing);
                if (at > 0)
                {
                    CutOnce(moment, device, round, $"reply cut unseen at {at}", [Fault.CutReplyUnseen], 0, at, 0, Torn.Nothing);
                }
            }

            for (int call = 1; call <= calls; call++)
            {
                foreach (Torn torn in Enum.GetValues<Torn>())
                {
                    CutOnce(moment, device, round, $"power cut at call {call} {torn}", [Fault.PowerCut], 0, 0, call, torn);
                }
            }
        }

        for (int i = 0; i < pairs && calls > 0; i++)
        {
            bool up = rng.Below(request + reply) < request;
            int at = rng.Below(up ? request : reply);
            int call = rng.Between(1, calls);
            Torn torn = (Torn)rng.Below(3);
            Fault fault = up ? Fault.CutRequest : Fault.CutReply;
            CutOnce(moment, device, round, $"{fault} at {at}, power cut at call {call} {torn}", [fault, Fault.PowerCut], at, at, call, torn);
            Figures.Pairs++;
        }

        GoBack(moment);
    }

    private void CutOnce(Moment moment, SimDevice device, int round, string what, Fault[] faults, int requestAt, int replyAt, int call, Torn torn)
    {
        if (_violations.Count > 0)
        {
            return;
        }

        GoBack(moment);
        FaultPlan plan = new() { RequestAt = -1 - requestAt, ReplyAt = -1 - replyAt, CallAt = call, Torn = torn };
        plan.Faults.UnionWith(faults);
        int calls = device.Volume.Calls;
        int cuts = Figures.Faults[(int)Fault.PowerCut];
        Round(device, plan);
        Figures.Cuts++;
        if (call > 0 && Figures.Faults[(int)Fault.PowerCut] == cuts)
        {
            // the message was cut before; the power goes when the round is repeated
            FaultPlan again = new() { CallAt = call - (device.Volume.Calls - calls), Torn = torn };
            again.Faults.Add(Fault.PowerCut);
            Round(device, again);
        }

        if (_violations.Count == 0)
        {
            Quiet();
        }

        if (_violations.Count == 0)
        {
            JudgeEnd();
        }

        if (_violations.Count > 0)
        {
            Violate($"seed {Seed} round {round}: {what}");
        }
    }
}
