using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Benchmarks;
using NanoSync.Storage;
using NanoSync.Virtual;

namespace NanoSync.StorageTests;

/// <summary>Real files, and what reads them besides the store.</summary>
[TestClass]
public sealed class FileTests
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "nanosync-" + Guid.NewGuid().ToString("n"));

    public required TestContext TestContext { get; init; }

    [TestCleanup]
    public void Cleanup()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, true);
        }
    }

    private void Write(CutVolume volume)
    {
        Directory.CreateDirectory(_folder);
        foreach (var (file, bytes) in volume.Files)
        {
            File.WriteAllBytes(Path.Combine(_folder, StoreFile.Name(file)), bytes);
        }
    }

    private static Life Lived(int seed)
    {
        var life = new Life(new CutVolume());
        life.Mount();
        var random = new Random(seed);
        for (int i = 0; i < 150; i++)
        {
            life.Step(random.Next(Life.StepKinds), random.Next(1000));
        }
        return life;
    }

    [TestMethod]
    public void A_store_lives_in_a_folder_and_is_there_after_a_restart()
    {
        Model? before = null;
        for (int run = 0; run < 4; run++)
        {
            var volume = new FileVolume(_folder);
            var store = Life.Make(volume);
            Assert.AreEqual(StoreError.None, store.Open());
            if (before != null)
            {
                var found = Life.Dump(store);
                Assert.IsTrue(before.Equals(found, out string difference), difference);
            }
            var payload = Life.Pattern(700, run);
            for (int i = 0; i < 40; i++)
            {
                Assert.AreEqual(StoreError.None, store.PutServer(Life.Keyed, [1, (byte)(i % 5)], 0, 2, 1, payload, i, i));
                Assert.AreEqual(StoreError.None, store.Append(Life.Dropping, 1, payload, 0, 30, out _));
            }
            Assert.AreEqual(StoreError.None, store.PutServer(Life.Keyed, [9], 0, 1, 1, payload, 0, 700));
            Assert.AreEqual(StoreError.None, store.Begin());
            Assert.AreEqual(StoreError.None, store.PutServer(Life.Keyed, [8], 0, 1, 1, payload, 0, 90)); // never committed
            before = Life.Dump(store);
            volume.Shut(); // as a killed process leaves it: what was not committed does not count
        }
        var text = new StringWriter();
        Assert.AreEqual(StoreInspector.Whole, StoreInspector.Run(_folder, text), text.ToString());
    }

    [TestMethod]
    public void A_folder_that_cannot_be_used_is_said_so()
    {
        File.WriteAllText(_folder, "a file in the way");
        try
        {
            var store = Life.Make(new FileVolume(_folder));
            Assert.AreEqual(StoreError.VolumeUnreadable, store.Open());
            var text = new StringWriter();
            Assert.AreEqual(StoreInspector.NoStore, StoreInspector.Run(_folder, text));
        }
        finally
        {
            File.Delete(_folder);
        }
    }

    [TestMethod]
    public void The_inspector_agrees_with_the_store_and_finds_damage()
    {
        for (int seed = 1; seed <= 10; seed++)
        {
            var life = Lived(seed);
            Write(life.Volume);
            var text = new StringWriter();
            Assert.AreEqual(StoreInspector.Whole, StoreInspector.Run(_folder, text), text.ToString());
            string shown = text.ToString();
            foreach (var thing in life.Now.Things.Where(t => t.Key.StartsWith(Life.Keyed + "/") && t.Value.Key.Length > 0))
            {
                Assert.Contains($"object \"{thing.Value.Key}\" of collection {Life.Keyed}", shown);
            }
            foreach (int outbox in new[] { Life.Strict, Life.Dropping })
            {
                int waiting = life.Now.Things.Count(t => t.Key.StartsWith(outbox + "/") && t.Value.Id > life.Now.Acked[outbox]);
                if (waiting > 0)
                {
                    Assert.Contains($"acknowledged up to {life.Now.Acked[outbox]}, {waiting} waiting", shown);
                }
            }
            string first = Directory.GetFiles(_folder, "m*.ns").Order().First();
            var bytes = File.ReadAllBytes(first);
            bytes[40] ^= 4;
            File.WriteAllBytes(first, bytes);
            text = new StringWriter();
            Assert.AreEqual(StoreInspector.Damaged, StoreInspector.Run(_folder, text, verbose: true), text.ToString());
            if (seed == 1)
            {
                TestContext.WriteLine(text.ToString());
            }
            Directory.Delete(_folder, true);
        }
    }
}
