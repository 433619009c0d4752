using System.Diagnostics;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>A process that writes to a folder is killed (SIGKILL) wherever it is; what it had reported as done is there.</summary>
[TestClass]
[TestCategory("Slow")]
public sealed class KillTests
{
    public required TestContext TestContext { get; init; }

    private static FlashStore Open(string folder)
    {
        var store = new FlashStore(new FileVolume(folder), new StoreOptions { QuotaBytes = 4 << 20, SegmentBytes = 32768, Entropy = 1 });
        Assert.AreEqual(StoreError.None, store.DeclareOutbox(0, 2 << 20, false));
        Assert.AreEqual(StoreError.None, store.DeclareKeyed(1, 100));
        Assert.AreEqual(StoreError.None, store.Open());
        return store;
    }

    // What the child does: readings, and batches of two objects and a value that must agree; each id is reported when durable.
    internal static void Child(string folder)
    {
        var store = Open(folder);
        var key = new byte[1];
        for (uint round = 0; ; round++)
        {
            var bytes = BitConverter.GetBytes(round);
            Assert.AreEqual(StoreError.None, store.Append(0, 1, bytes, 0, 4, out uint id));
            Assert.AreEqual(StoreError.None, store.Begin());
            for (key[0] = 1; key[0] <= 2; key[0]++)
            {
                Assert.AreEqual(StoreError.None, store.PutServer(1, key, 0, 1, id, bytes, 0, 4));
            }
            Assert.AreEqual(StoreError.None, store.SetMeta(1, 0, bytes, 0, 4));
            Assert.AreEqual(StoreError.None, store.Commit());
            Console.Out.WriteLine(id);
            Console.Out.Flush();
        }
    }

    [TestMethod]
    public void A_killed_process_loses_nothing_it_had_reported()
    {
        string folder = Path.Combine(Path.GetTempPath(), "nanosync-kill-" + Guid.NewGuid().ToString("n"));
        string program = Path.Combine(AppContext.BaseDirectory, "NanoSync.StorageTests.dll");
        var random = new Random(3);
        uint reported = 0;
        try
        {
            for (int kill = 0; kill < 6; kill++)
            {
                var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
                start.ArgumentList.Add("exec");
                start.ArgumentList.Add(program);
                start.ArgumentList.Add("--write-until-killed");
                start.ArgumentList.Add(folder);
                using var child = Process.Start(start)!;
                // Some lines, then the axe wherever it is
                int lines = random.Next(20, 400);
                for (int i = 0; i < lines; i++)
                {
                    string? line = child.StandardOutput.ReadLine();
                    Assert.IsNotNull(line, "the child ended by itself");
                    reported = uint.Parse(line);
                }
                child.Kill();
                string rest = child.StandardOutput.ReadToEnd();
                child.WaitForExit();
                foreach (string line in rest.Split('\n').SkipLast(1)) // the last one may be half a number
                {
                    reported = uint.Parse(line);
                }
                var store = Open(folder);
                var info = new ObjectInfo();
                uint after = 0;
                while (store.NextPending(0, after, info) == StoreError.None)
                {
                    Assert.AreEqual(after + 1, info.Id);
                    after = info.Id;
                }
                Assert.IsTrue(after == reported || after == reported + 1 || after == reported + 2, $"{after} readings there, {reported} reported");
                var first = new byte[4];
                var second = new byte[4];
                var value = new byte[64];
                Assert.AreEqual(StoreError.None, store.FindKey(1, [1], 0, 1, info));
                store.Read(info, 0, first, 0, 4);
                Assert.IsGreaterThanOrEqualTo(reported, info.Tag);
                Assert.AreEqual(StoreError.None, store.FindKey(1, [2], 0, 1, info));
                store.Read(info, 0, second, 0, 4);
                Assert.AreEqual(StoreError.None, store.GetMeta(1, 0, value, 0, out _));
                CollectionAssert.AreEqual(first, second);
                CollectionAssert.AreEqual(first, value[..4]);
                store.Close();
            }
            TestContext.WriteLine($"6 kills, {reported} rounds reported");
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, true);
            }
        }
    }
}
