// Replays a field diary: the same life in a simulated world - starts, rounds, what they met, at the times recorded - and the
// judgement of any seed at its end. What a diary does not say (which byte, which call) is drawn from its own bytes, so that
// one diary gives one run. [SPEC 7.3]

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Storage;
using NanoSync.StorageTests;

namespace NanoSync.Simulation;

/// <summary>One diary in one world.</summary>
public sealed class Replay : IDisposable
{
    private const int Log = 0; // the outbox among the collections of the world
    private const int MostTimes = 50; // rounds of one entry that are run; more of the same shows nothing new
    private const int MostObjects = 200; // objects of one entry that are made
    private const int MostRounds = 300;
    private const int MostRefused = 16; // readings: a device keeps no more, the oldest goes (StoreOptions.SetAsideSlots)
    private const int Plenty = 1000; // objects that a server takes

    private readonly TextWriter _output;
    private readonly World _world;
    private readonly Rng _rng;
    private int _wrote; // counts the server's names
    private int _refused; // readings made to be refused

    private Replay(byte[] bytes, bool trace, TextWriter output, Mutation mutation)
    {
        ulong seed = Fnv.Of(bytes, 0, bytes.Length);
        _output = output;
        _rng = new Rng(seed);
        _world = new World(seed, trace, mutation, w => (w.Simple, w.Only) = (true, 0b000011));
        while (_world.Limits.MaxObjects < Plenty)
        {
            // a server whose quota is soon used up refuses what the recorded one took
            _world.Dispose();
            _world = new World(++seed, trace, mutation, w => (w.Simple, w.Only) = (true, 0b000011));
        }
    }

    private SimDevice Device => _world.Devices[0];

    /// <summary>Figures of the run: faults by kind.</summary>
    public Figures Figures => _world.Figures;

    /// <summary>What does not hold; none = both sides agree.</summary>
    public IReadOnlyList<string> Violations => _world.Violations;

    /// <summary>Digest of all that happened.</summary>
    public ulong Digest => _world.Trace.Digest;

    /// <summary>Reads a file, runs it, prints it. 0: both sides agree; 1: they do not; 2: the file is no diary.</summary>
    public static int RunFile(string path, bool trace, TextWriter output)
    {
        try
        {
            using Replay replay = Run(File.ReadAllBytes(path), trace, output);
            return replay.Violations.Count == 0 ? 0 : 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DiaryException)
        {
            output.WriteLine($"{path}: {e.Message}");
            return 2;
        }
    }

    /// <summary>Runs a diary; throws <see cref="DiaryException"/> when it is none.</summary>
    public static Replay Run(byte[] bytes, bool trace, TextWriter output, Mutation mutation = Mutation.None)
    {
        Diary diary = Diary.Parse(bytes);
        Replay replay = new(bytes, trace, output, mutation);
        output.WriteLine($"{diary.Entries.Count} entries, {diary.Damaged} damaged");
        DiaryEntry? before = null;
        foreach (DiaryEntry entry in diary.Entries)
        {
            if (before != null && entry.Number != before.Number + 1)
            {
                output.WriteLine($"(entries {before.Number + 1} to {entry.Number - 1} are lost)");
            }

            replay._world.Clock.Pass(Between(before, entry));
            output.WriteLine(entry);
            output.WriteLine("    " + replay.Do(entry));
            before = entry;
            if (replay.Violations.Count > 0)
            {
                break;
            }
        }

        replay.End(trace);
        return replay;
    }

    /// <inheritdoc/>
    public void Dispose() => _world.Dispose();

    // The clock may not be set, or be set backwards: then by uptime, which begins anew with each start.
    private static TimeSpan Between(DiaryEntry? before, DiaryEntry entry)
    {
        if (before == null)
        {
            return TimeSpan.Zero;
        }

        long seconds = before.Time > 0 && entry.Time > 0 ? (long)entry.Time - before.Time : 0;
        if (seconds <= 0)
        {
            seconds = entry.Uptime > before.Uptime ? entry.Uptime - before.Uptime : entry.Uptime;
        }

        return TimeSpan.FromSeconds(Math.Min(seconds, 366L * 86400));
    }

    private string Do(DiaryEntry entry)
    {
        _world.Figures.Steps++;
        return entry.Kind switch
        {
            DiaryKind.Start => Start(entry),
            DiaryKind.Round when entry.Failed => Failed(entry),
            DiaryKind.Round => Went(entry),
            DiaryKind.Flash => Flash(entry),
            DiaryKind.Network => $"readings {Read(Times(entry))}, no round",
            DiaryKind.Clock => "passed over: the simulation's clock is right",
            _ => "passed over: not of this version",
        };
    }

    // A run whose end has no known reason may have been cut anywhere. One that told its reason had come to a stop.
    private string Start(DiaryEntry entry)
    {
        if (entry.Status != 0)
        {
            _world.Count(Fault.RestartDevice);
            _world.PowerUp(Device, 0);
            return "restarted";
        }

        Read(1);
        FaultPlan plan = Plan(Fault.PowerCut);
        int starts = Device.Restarts;
        RoundResult result = _world.Round(Device, plan);
        if (Device.Restarts == starts)
        {
            // it made fewer calls than the one drawn: the power goes between rounds
            _world.Count(Fault.RestartDevice);
            _world.PowerUp(Device, 0);
            return $"power cut after a round: {Say(result)}";
        }

        return "power cut within a round";
    }

    private string Went(DiaryEntry entry)
    {
        int refused = Math.Min(entry.RefusedUp, MostRefused - _refused);
        _refused += refused;
        int up = Read(Math.Min(entry.ObjectsUp, MostObjects)) + Read(refused, Fate.ServerRefuses);
        int down = Put(Math.Min(entry.ObjectsDown, MostObjects), Fate.Good) + Put(Math.Min(entry.RefusedDown, MostObjects), Fate.DeviceRefuses);
        int least = Times(entry);
        int rounds = 0;
        RoundResult result;
        do
        {
            result = _world.Round(Device, Plan(null));
            Tidy();
        }
        while (_world.Violations.Count == 0 && ++rounds < MostRounds && (rounds < least || result.Outcome == RoundOutcome.More));
        return $"readings {up}, objects on the server {down}, rounds {rounds}: {Say(result)}";
    }

    private string Failed(DiaryEntry entry)
    {
        int times = Times(entry);
        List<string> said = [];
        for (int i = 0; i < times && _world.Violations.Count == 0; i++)
        {
            Fault? fault = FaultOf(entry, i);
            Read(1);
            RoundResult result = _world.Round(Device, Plan(fault));
            Tidy();
            string line = $"{(fault == null ? "no fault of this kind" : fault.ToString())} - {Say(result)}";
            if (said.Count == 0 || said[^1] != line)
            {
                said.Add(line);
            }
        }

        return $"readings {times}, a round after each: {string.Join("; ", said)}";
    }

    private string Flash(DiaryEntry entry)
    {
        int times = Times(entry);
        int kept = 0;
        for (int i = 0; i < times && _world.Violations.Count == 0; i++)
        {
            Device.Volume.FailAt = Device.Volume.Calls + 1 + _rng.Below(2);
            _world.Count(Fault.VolumeFails);
            kept += Read(1);
            Device.Volume.FailAt = 0;
        }

        return $"readings {times}, the flash fails at each; kept {kept}";
    }

    // The device cannot tell whether the request or the reply was lost, so each is lost in turn.
    private static Fault? FaultOf(DiaryEntry entry, int time)
    {
        bool odd = (time & 1) != 0;
        if (entry.Store != StoreError.None)
        {
            return Fault.VolumeFails;
        }

        return entry.Carrier switch
        {
            CarrierError.Unreachable => Fault.LoseRequest,
            CarrierError.Timeout => odd ? Fault.LoseRequest : Fault.LoseReply,
            CarrierError.Broken => odd ? Fault.CutRequest : Fault.CutReply,
            CarrierError.BadReply => Fault.CutReplyUnseen,
            CarrierError.Refused => Fault.Refuse503,
            _ => entry.Message != SyncError.None ? Fault.CutReplyUnseen
                : entry.Status is Status.ServerError or Status.Retry ? (odd ? Fault.KillAfterCommit : Fault.KillBeforeCommit)
                : null,
        };
    }

    private FaultPlan Plan(Fault? fault)
    {
        FaultPlan plan = new() { Node = _rng.Below(2), Pick = _rng.Next(), RequestAt = _rng.Below(1_000_000), ReplyAt = _rng.Below(1_000_000) };
        if (fault is { } one)
        {
            plan.Faults.Add(one);
        }

        return plan;
    }

    // Readings taken; those that could not be kept are not counted, here nor by the judge.
    private int Read(int count, Fate fate = Fate.Good)
    {
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            uint serial = _world.NextSerial();
            StoreError error = Device.Write(Log, serial, fate, _rng.Between(0, 24), null);
            if (error == StoreError.ReclaimFirst)
            {
                Tidy();
                error = Device.Write(Log, serial, fate, _rng.Between(0, 24), null);
            }

            if (error == StoreError.None)
            {
                Device.Wrote.Add(serial);
                Device.Readings.Add(serial);
                kept++;
            }
        }

        Device.Look();
        return kept;
    }

    private int Put(int count, Fate fate)
    {
        int put = 0;
        for (int i = 0; i < count; i++)
        {
            try
            {
                byte[] value = Payload.Make(_world.NextSerial(), fate, _rng.Between(0, 24), Payload.First);
                _world.Server.Objects.Put(Device.Name, "config", "r" + (_wrote++ % 4), new NewValue(null, value, Payload.First.Definition));
                put++;
            }
            catch (RefusedException)
            {
                break; // the quota of this world
            }
        }

        return put;
    }

    private void Tidy()
    {
        while (Device.Store.Step())
        {
        }
    }

    private void End(bool trace)
    {
        if (Violations.Count == 0)
        {
            _world.Quiet();
        }

        if (Violations.Count == 0)
        {
            _world.JudgeEnd();
        }

        if (trace)
        {
            foreach (string line in _world.Trace.Lines)
            {
                _output.WriteLine(line);
            }
        }

        string faults = string.Join(", ", Enum.GetValues<Fault>().Where(f => Figures.Faults[(int)f] > 0).Select(f => $"{f} {Figures.Faults[(int)f]}"));
        _output.WriteLine($"{Figures.Rounds:N0} rounds, {Figures.Bytes:N0} bytes; faults: {(faults.Length > 0 ? faults : "none")}; digest {Digest:x16}");
        _output.WriteLine(Violations.Count == 0 ? "both sides agree" : "NOT: " + string.Join("\n     ", Violations));
    }

    private static int Times(DiaryEntry entry) => Math.Clamp(entry.Times, 1, MostTimes);

    private static string Say(RoundResult result)
    {
        string why = (result.Carrier != CarrierError.None ? $" carrier {(int)result.Carrier}" : "") + (result.Message != SyncError.None ? $" message {(int)result.Message}" : "")
            + (result.Store != StoreError.None ? $" store {(int)result.Store}" : "") + (result.Status != 0 ? $" status {result.Status}" : "");
        return result.Outcome + why;
    }
}
