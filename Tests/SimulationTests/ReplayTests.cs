// A field diary, written by the firmware's own code, run again in the simulation. [SPEC 7.3]

using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Simulation;
using NanoSync.Storage;

namespace NanoSync.SimulationTests;

[TestClass]
public class ReplayTests
{
    private const uint Birth = 1_780_000_000;

    [TestMethod]
    public void Each_entry_brings_its_fault_and_both_sides_agree_in_the_end()
    {
        using StringWriter said = new();
        using Replay replay = Replay.Run(ALife(), trace: false, said);
        string text = said.ToString();
        Assert.IsEmpty(replay.Violations, text);
        Assert.EndsWith("both sides agree", text.Trim());
        foreach (Fault fault in new[]
        {
            Fault.RestartDevice, Fault.LoseRequest, Fault.LoseReply, Fault.CutRequest, Fault.CutReply, Fault.CutReplyUnseen, Fault.Refuse503, Fault.VolumeFails, Fault.PowerCut,
            Fault.KillBeforeCommit, Fault.KillAfterCommit,
        })
        {
            Assert.IsGreaterThan(0, replay.Figures.Faults[(int)fault], $"{fault} never happened\n{text}");
        }

        // entry by entry: as many rounds fail as the diary says, in the same way
        Assert.Contains("round failed x6: carrier NS405 Refused, HTTP 503", text);
        Assert.AreEqual(8, replay.Figures.Faults[(int)Fault.Refuse503], text); // and one 401
        Assert.Contains("Refuse503 - Failed carrier 405", text);
        Assert.Contains("LoseReply - Failed carrier 402", text);
        Assert.Contains("CutReply - Failed carrier 403", text);
        Assert.Contains("readings 30, objects on the server 3", text);
    }

    [TestMethod]
    public void The_same_diary_is_the_same_run()
    {
        byte[] life = ALife();
        using Replay first = Replay.Run(life, trace: false, TextWriter.Null);
        using Replay again = Replay.Run(life, trace: true, TextWriter.Null);
        using Replay part = Replay.Run(life[..^40], trace: false, TextWriter.Null);
        Assert.AreEqual(first.Digest, again.Digest);
        Assert.AreNotEqual(first.Digest, part.Digest);
    }

    [TestMethod]
    [DataRow(Mutation.NoDedupe)]
    [DataRow(Mutation.AnswerWithoutCommit)]
    public void A_server_that_is_broken_is_noticed(Mutation mutation)
    {
        using StringWriter said = new();
        using Replay replay = Replay.Run(ALife(), trace: false, said, mutation);
        Assert.IsNotEmpty(replay.Violations, said.ToString());
        Assert.Contains("NOT: ", said.ToString());
    }

    [TestMethod]
    public void Damage_is_passed_over_and_what_is_no_diary_is_said()
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] life = ALife();
            life[45] ^= 1;
            File.WriteAllBytes(path, life);
            using StringWriter said = new();
            Assert.AreEqual(0, Replay.RunFile(path, trace: false, said), said.ToString());
            Assert.Contains("1 damaged", said.ToString());
            Assert.Contains("(entries 2 to 2 are lost)", said.ToString());

            File.WriteAllBytes(path, new byte[80]);
            Assert.AreEqual(2, Replay.RunFile(path, trace: false, said));
            Assert.Contains("These 80 bytes are no diary", said.ToString());
            Assert.AreEqual(2, Replay.RunFile(path + ".not", trace: false, said));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void Lives_at_random_come_to_agreement()
    {
        for (int seed = 1; seed <= 12; seed++)
        {
            using StringWriter said = new();
            using Replay replay = Replay.Run(AnyLife(new Random(seed)), trace: false, said);
            Assert.IsEmpty(replay.Violations, $"life {seed}\n{said}");
        }
    }

    private static byte[] AnyLife(Random random)
    {
        CarrierError[] carriers = [CarrierError.None, CarrierError.Unreachable, CarrierError.Timeout, CarrierError.Broken, CarrierError.BadReply, CarrierError.Refused, (CarrierError)999];
        StoreError[] stores = [StoreError.None, StoreError.None, StoreError.None, StoreError.VolumeFull, StoreError.Damaged];
        FieldDiary diary = new(new MemoryVolume(8192, 4));
        uint now = Birth;
        uint start = now;
        for (int i = 0; i < 60; i++)
        {
            now += (uint)random.Next(4000);
            switch (random.Next(10))
            {
                case 0:
                    start = now;
                    diary.Start(random.Next(6), random.Next(2) == 0 ? 0 : now, 0, 0);
                    break;
                case 1:
                    diary.Flash(StoreError.VolumeFull, now, now - start, 0);
                    break;
                case 2:
                    diary.NoNetwork(now, now - start, 0);
                    break;
                case < 6:
                    diary.Round(new RoundResult
                    {
                        Outcome = RoundOutcome.Failed, Carrier = carriers[random.Next(carriers.Length)], Store = stores[random.Next(stores.Length)],
                        Status = random.Next(4) == 0 ? random.Next(20) : 0, Message = random.Next(5) == 0 ? SyncError.Truncated : SyncError.None,
                    }, now, now - start, 60_000);
                    break;
                default:
                    diary.Round(new RoundResult
                    {
                        Outcome = RoundOutcome.InStep, ObjectsUp = random.Next(40), ObjectsDown = random.Next(4), RefusedUp = random.Next(3), RefusedDown = random.Next(3),
                    }, now, now - start, 60_000);
                    break;
            }
        }

        byte[] bytes = new byte[diary.Open(10_000)];
        diary.Read(0, bytes, bytes.Length);
        return bytes;
    }

    // A week: good rounds, each kind of failure, restarts of both kinds, a flash that fails, no network.
    private static byte[] ALife()
    {
        FieldDiary diary = new(new MemoryVolume(8192, 4));
        uint now = Birth;
        diary.Start(RestartReason.Unknown, 0, 0, 0);
        void Went(int up, int down = 0, int refusedUp = 0, int refusedDown = 0) => diary.Round(
            new RoundResult { Outcome = RoundOutcome.InStep, HttpStatus = 200, ObjectsUp = up, ObjectsDown = down, RefusedUp = refusedUp, RefusedDown = refusedDown }, now += 300, now - Birth, 65_000);
        void Failed(int times, RoundResult result)
        {
            result.Outcome = RoundOutcome.Failed;
            for (int i = 0; i < times; i++)
            {
                diary.Round(result, now += 60, now - Birth, 65_000);
            }
        }

        Went(30, 3);
        Failed(3, new RoundResult { Carrier = CarrierError.Unreachable });
        Failed(4, new RoundResult { Carrier = CarrierError.Timeout });
        Failed(1, new RoundResult { Carrier = CarrierError.Refused, HttpStatus = 401 });
        Went(10, 2, 2, 1);
        Failed(4, new RoundResult { Carrier = CarrierError.Broken });
        Went(5);
        Failed(7, new RoundResult { Carrier = CarrierError.Refused, HttpStatus = 503 });
        diary.Start(RestartReason.Watchdog, now, 0, 0);
        Failed(2, new RoundResult { Carrier = CarrierError.BadReply });
        Failed(4, new RoundResult { Status = Status.ServerError });
        Failed(3, new RoundResult { Store = StoreError.VolumeFull });
        diary.Flash(StoreError.VolumeFull, now += 60, 1000, 0);
        diary.Flash(StoreError.VolumeFull, now += 60, 1060, 0);
        diary.NoNetwork(now += 86400, 87400, 0);
        for (int i = 0; i < 4; i++)
        {
            Went(12, 1);
            diary.Start(RestartReason.Unknown, 0, 0, 0);
        }

        Failed(1, new RoundResult { Message = SyncError.Truncated });
        Went(3);
        byte[] bytes = new byte[diary.Open(10_000)];
        diary.Read(0, bytes, bytes.Length);
        return bytes;
    }
}
