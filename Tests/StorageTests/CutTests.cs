using System.Diagnostics;
using CsCheck;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>Power cuts: at every changing call of a life, and again during the recovery from it.</summary>
[TestClass]
public sealed class CutTests
{
    private static readonly Torn[] s_torn = [Torn.Nothing, Torn.Part, Torn.All];
    private static long s_cuts;
    private static long s_secondCuts;

    public required TestContext TestContext { get; init; }

    // A life long enough to turn the main log over several times and fill both outboxes.
    private static (int Kind, int Arg)[] Script(int steps, int seed)
    {
        var random = new Random(seed);
        var script = new (int, int)[steps];
        for (int i = 0; i < steps; i++)
        {
            script[i] = (i < Life.StepKinds ? i : random.Next(Life.StepKinds), random.Next(1000));
        }
        return script;
    }

    private static int RunWhole((int Kind, int Arg)[] script, bool check, int smallBytes = 0)
    {
        var life = new Life(new CutVolume(), smallBytes);
        life.Mount();
        int at = 0;
        foreach (var (kind, arg) in script)
        {
            life.Step(kind, arg);
            if (check)
            {
                try
                {
                    life.CheckNow();
                    life.CheckBytes();
                }
                catch (Exception failure)
                {
                    throw new AssertFailedException($"after step {at}: {kind}/{arg}: {failure.Message}\n{failure.StackTrace}");
                }
            }
            at++;
        }
        return life.Volume.Calls;
    }

    private static void RunCut((int Kind, int Arg)[] script, int cutAt, Torn torn, int secondCuts, Random? pick = null, int smallBytes = 0)
    {
        var life = new Life(new CutVolume { CutAt = cutAt, Torn = torn, CallLimit = 1_000_000 }, smallBytes);
        int step = -1;
        try
        {
            try
            {
                life.Mount();
                for (step = 0; step < script.Length; step++)
                {
                    life.Step(script[step].Kind, script[step].Arg);
                }
                return;
            }
            catch (PowerCut)
            {
                Interlocked.Increment(ref s_cuts);
            }
            var left = life.Volume;
            var (now, next) = (life.Now, life.Next);
            string format = life.FormatId;
            var ids = new Dictionary<int, uint>(life.MaxIds);
            Recover(life, new CutVolume(left) { CallLimit = 1_000_000 });
            int calls = life.Volume.Calls;
            // The power goes again, at any call of the recovery and of what follows it.
            for (int i = 1; i <= secondCuts && i <= calls; i++)
            {
                int second = pick == null ? i : pick.Next(1, calls + 1);
                life.Now = now;
                life.Next = next;
                life.FormatId = format;
                foreach (var (collection, id) in ids)
                {
                    life.MaxIds[collection] = id;
                }
                bool afterwards = false;
                try
                {
                    life.Remount(new CutVolume(left) { CutAt = second, Torn = s_torn[(second + cutAt) % 3], CallLimit = 1_000_000 });
                    life.CheckAfterCut();
                    afterwards = true;
                    life.Afterlife();
                }
                catch (PowerCut)
                {
                    Interlocked.Increment(ref s_secondCuts);
                }
                catch (Exception failure) when (failure is not AssertFailedException)
                {
                    throw new AssertFailedException($"second cut {second}: {failure}");
                }
                try
                {
                    Recover(life, new CutVolume(life.Volume) { CallLimit = 1_000_000 });
                }
                catch (Exception failure)
                {
                    throw new AssertFailedException($"second cut at {second}{(afterwards ? " after" : " in")} recovery: {failure.Message}\n{failure.StackTrace}");
                }
            }
        }
        catch (Exception failure)
        {
            string what = step < 0 ? "mount" : step < script.Length ? $"step {step}: {script[step].Kind}/{script[step].Arg}" : "the end";
            throw new AssertFailedException($"cut at call {cutAt} ({torn}) in {what}: {failure.Message}\n{failure.StackTrace}");
        }
    }

    private static void Recover(Life life, CutVolume volume)
    {
        life.Remount(volume);
        life.CheckAfterCut();
        life.Afterlife();
        life.CheckNow();
        life.CheckBytes();
    }

    // 0: no tails. 512: as on a board. 120: a tail for a few records, which is moved many times.
    [TestMethod]
    [DataRow(0)]
    [DataRow(120)]
    [DataRow(512)]
    public void A_life_without_cuts_is_the_model_at_every_step(int smallBytes)
    {
        int lives = int.Parse(Environment.GetEnvironmentVariable("NANOSYNC_LIVES") ?? "40");
        for (int seed = 1; seed <= lives; seed++)
        {
            RunWhole(Script(150, seed), true, smallBytes);
        }
    }

    // What the two below do at length, for whoever cannot wait for them.
    [TestMethod]
    [DataRow(0)]
    [DataRow(120)]
    [DataRow(512)]
    public void A_short_life_cut_at_every_call_and_again_in_the_recovery(int smallBytes)
    {
        var script = Script(40, 1);
        int calls = RunWhole(script, false, smallBytes);
        var pick = new Random(1);
        for (int cutAt = 1; cutAt <= calls; cutAt++)
        {
            RunCut(script, cutAt, s_torn[cutAt % 3], 1, pick, smallBytes);
        }
    }

    [TestMethod]
    [TestCategory("Slow")]
    [DataRow(0)]
    [DataRow(120)]
    public void A_cut_at_every_call_and_again_at_every_call_of_the_recovery(int smallBytes)
    {
        var watch = Stopwatch.StartNew();
        var script = Script(160, 2024);
        int calls = RunWhole(script, true, smallBytes);
        for (int cutAt = 1; cutAt <= calls; cutAt++)
        {
            foreach (var torn in s_torn)
            {
                RunCut(script, cutAt, torn, 30, null, smallBytes);
            }
        }
        TestContext.WriteLine($"scripted life: {calls} changing calls, {s_cuts} cuts and {s_secondCuts} second cuts so far, {watch.Elapsed.TotalSeconds:0.0} s");
        Assert.IsGreaterThan(calls, s_cuts);
    }

    [TestMethod]
    [TestCategory("Slow")]
    [DataRow(0)]
    [DataRow(120)]
    public void Random_lives_cut_at_every_call(int smallBytes)
    {
        var watch = Stopwatch.StartNew();
        long before = s_cuts;
        var steps = Gen.Select(Gen.Int[0, Life.StepKinds - 1], Gen.Int[0, 999]).Array[20, 45];
        Check.Sample(
            steps,
            script =>
            {
                int calls = RunWhole(script, false, smallBytes);
                var pick = new Random(calls);
                for (int cutAt = 1; cutAt <= calls; cutAt++)
                {
                    foreach (var torn in s_torn)
                    {
                        RunCut(script, cutAt, torn, 1, pick, smallBytes);
                    }
                }
            },
            seed: Environment.GetEnvironmentVariable("NANOSYNC_SEED"),
            iter: int.Parse(Environment.GetEnvironmentVariable("NANOSYNC_LIVES") ?? "400"),
            threads: 2);
        if (Environment.GetEnvironmentVariable("NANOSYNC_LIVES") == null)
        {
            Assert.IsGreaterThan(100_000, s_cuts);
        }
        TestContext.WriteLine($"random lives: {s_cuts - before} cuts (with those of tests beside), {s_secondCuts} second cuts in all, {watch.Elapsed.TotalSeconds:0.0} s");
    }
}
