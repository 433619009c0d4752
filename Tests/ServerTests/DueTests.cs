// The due signal: after the commit, on every process of the database, for what is due to a device and nothing else.

using System.Collections.Concurrent;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class DueTests
{
    [TestMethod]
    public void What_is_changed_for_a_device_is_told_after_its_commit_and_readings_are_not()
    {
        using Bench bench = new();
        using Listener heard = new(bench.Core);
        TestDevice device = bench.Device(collections: "config,log,plan@site");
        device.Start();
        device.Start("log");
        heard.Clear();

        Assert.AreEqual("", heard.After(() => device.Sync(device.Log(TestDevice.Add("Ab1_1", 1)))), "a reading");
        Assert.AreEqual("config", heard.After(() => bench.PutBytes("d1", "a", 1)));
        Assert.AreEqual("", heard.After(() => bench.PutBytes("d1", "a", 1)), "the same value again");
        Assert.AreEqual("plan", heard.After(() => bench.Core.Objects.Put("d1", "plan", "p", new Server.Application.NewValue(null, [1], null))));
        Assert.AreEqual("config", heard.After(() => bench.Core.Objects.Delete("d1", "config", "a")));
        Assert.AreEqual("d1", heard.After(() => bench.Core.Devices.Command("d1", "restart", [])));

        bench.PutBytes("d1", "b", 1);
        device.Sync(device.Ask());
        CollectionElement refused = device.Ask();
        refused.Responses.Add(new SyncCommand { Tag = Tags.Change, ServerId = "b", Status = Status.BadObject });
        device.Sync(refused);
        heard.Clear();
        Assert.AreEqual("d1", heard.After(() => Assert.AreEqual(1, bench.Core.Objects.Retry("d1", "config", "b"))));
        Assert.AreEqual("d1", heard.After(() => bench.Core.Objects.Drop("d1", "config", "b")));
        Assert.AreEqual("d1", heard.After(() => bench.Core.Objects.FetchFromDevice("d1", "config", "b")));
        Assert.AreEqual("d1", heard.After(() => bench.Core.Devices.Rotate("d1")));
        Assert.AreEqual("d1", heard.After(() => bench.Core.Devices.Revoke("d1")));
    }

    [TestMethod]
    public async Task What_is_undone_is_not_told_and_what_shares_a_commit_is_told_once()
    {
        using Bench bench = new();
        bench.Device(collections: "config");
        using Listener heard = new(bench.Core);
        Assert.AreEqual("", heard.After(() =>
        {
            using IStoreTransaction store = bench.Core.Store.BeginWrite();
            store.SaveCollection(store.FindCollection(1, "config")!);
        }));

        // both in one batch on SQLite, where the second is undone
        await bench.Core.Store.Together(1, () =>
        {
            for (int i = 0; i < 2; i++)
            {
                using IStoreTransaction store = bench.Core.Store.BeginWrite();
                store.SaveCollection(store.FindCollection(1, "config")!);
                if (i == 0)
                {
                    store.Commit();
                }
            }

            return 0;
        });
        Assert.AreEqual("config", heard.After(() => { }));
    }

    [TestMethod]
    public void Another_process_on_the_database_hears_it_and_knows_whom_it_is_for()
    {
        using Bench bench = new();
        bench.Device("d1", "config,plan@site");
        bench.Device("d2", "config,plan@site");
        bench.Device("d3", "config,plan@site");
        bench.Core.Devices.Revoke("d3");
        using ServerCore other = new(TestDatabase.Open(bench.Folder, bench.Clock), bench.Options, bench.Clock);
        using Listener heard = new(bench.Core, other);
        Assert.AreEqual("plan", heard.After(() => other.Objects.Put("d1", "plan", "p", new Server.Application.NewValue(null, [1], null))));
        Assert.AreEqual("d2", heard.After(() => other.Devices.Command("d2", "restart", [])));
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        Assert.AreEqual("d1 d2", string.Join(' ', store.ListDue(new DueNote(DueTo.Collection, store.FindCollection(1, "plan")!.Id)).Select(d => d.Name)));
        Assert.AreEqual("d1", string.Join(' ', store.ListDue(new DueNote(DueTo.Device, 1)).Select(d => d.Name)));
        Assert.AreEqual("d1 d2 mark", string.Join(' ', store.ListDue(new DueNote(DueTo.Everybody)).Select(d => d.Name)));
    }

    // Hears a server, and names what it hears. A command for a device of its own marks where to look.
    private sealed class Listener : IDisposable
    {
        private readonly BlockingCollection<DueNote> _notes = [];
        private readonly IDisposable _subscription;
        private readonly ServerCore _core;
        private readonly ServerCore _marks;
        private readonly DueNote _mark;

        public Listener(ServerCore core, ServerCore? marks = null)
        {
            _core = core;
            _marks = marks ?? core;
            _subscription = core.Store.Due.Subscribe(_notes.Add);
            Assert.AreEqual(new DueNote(DueTo.Everybody), Next(), "it listens from now on");
            _marks.Devices.Add("mark", "config");
            _mark = new DueNote(DueTo.Device, core.Devices.Get("mark").Id);
        }

        public void Clear() => After(() => { });

        public string After(Action change)
        {
            change();
            _marks.Devices.Command("mark", "restart", []);
            List<string> heard = [];
            for (DueNote note = Next(); note != _mark; note = Next())
            {
                heard.Add(NameOf(note));
            }

            return string.Join(' ', heard);
        }

        public void Dispose()
        {
            _subscription.Dispose();
            _notes.Dispose();
        }

        private DueNote Next()
        {
            Assert.IsTrue(_notes.TryTake(out DueNote note, TimeSpan.FromMinutes(1)), "Nothing was told.");
            return note;
        }

        private string NameOf(DueNote note)
        {
            using IStoreTransaction store = _core.Store.BeginRead();
            return note.To == DueTo.Device ? _core.Devices.List().Single(d => d.Id == note.Id).Name
                : ((string[])["config", "log", "plan"]).Single(name => store.FindCollection(_core.Devices.Get("d1").Id, name)?.Id == note.Id);
        }
    }
}
