// Another firmware over the same flash: its collections in another order, of another kind, fewer or more; its classes changed.
// Nothing is hidden or lost by it. [SPEC 6.3, 9.10]

using System;
using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;
#if NANOFRAMEWORK_1_0
using nanoFramework.TestFramework;
#else
using Microsoft.VisualStudio.TestTools.UnitTesting;
#endif

namespace NanoSync.Tests
{
    [TestClass]
    public class FirmwareChangeTests
    {
        private static readonly byte[] s_one = new byte[] { 1, 1 };

        [TestMethod]
        [DataRow("config log")]
        [DataRow("extra config log")]
        [DataRow("log extra config")]
        public void Collections_are_found_by_their_names_whatever_their_order(string order)
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            Flash flash = new Flash(server);
            flash.Start("log config");
            flash.InStep();
            flash.Append(5);
            flash.Put("kept", 40);
            string key = flash.Log.KeyText;
            int inFlash = flash.Log.Number;

            for (int start = 0; start < 2; start++)
            {
                flash.Start(order); // the second time the extra collection has its name in flash too

                Assert.AreEqual(inFlash, flash.Log.Number);
                Assert.AreEqual(5, flash.Store.PendingCount(flash.Log.Number));
                Assert.AreEqual(1, flash.Store.PendingCount(flash.Config.Number));
                Assert.AreEqual(4, flash.Store.Count(flash.Config.Number));
                Assert.AreEqual(key, flash.Log.KeyText);
            }

            flash.Start("log config"); // the extra one is not synced by this server
            flash.InStep();
            Assert.AreEqual(5, server.Readings);
            Assert.AreEqual(1, server.Changes);
            Assert.AreEqual(0, server.Repeated + server.Gaps);
        }

        [TestMethod]
        public void The_name_lies_in_flash_as_the_specification_says()
        {
            Flash flash = new Flash(new ScriptedServer(4096));
            flash.Start("log config");
            byte[] name = Encoding.UTF8.GetBytes("config");
            int slot = (1 << 30) + (4 * (int)(Fnv.Of(name, 0, name.Length) & 0x0FFFFFFF)) + 2;
            byte[] value = new byte[FlashStore.MaxMeta];
            int length;
            Assert.IsTrue(flash.Store.GetMeta(flash.Config.Number, slot, value, 0, out length) == StoreError.None);
            Assert.AreEqual("config", Encoding.UTF8.GetString(value, 0, length));
        }

        [TestMethod]
        public void Readings_taken_after_the_order_changed_follow_those_before()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Flash flash = new Flash(server);
            flash.Start("log config");
            flash.Append(3);
            flash.Start("config log");
            flash.Append(3);
            flash.InStep();
            Assert.AreEqual(6, server.Readings);
            Assert.AreEqual(0, server.Repeated + server.Gaps);
            flash.Start("log config");
            flash.Append(1);
            flash.InStep();
            Assert.AreEqual(7, server.Readings);
            Assert.AreEqual(0, server.Repeated + server.Gaps);
        }

        [TestMethod]
        [DataRow("log:two config", "log")]
        [DataRow("log:inbox config", "log")]
        [DataRow("config:outbox log", "config")]
        [DataRow("log config:inbox", "config")]
        public void A_collection_of_another_kind_than_in_flash_is_refused_by_its_name(string declared, string named)
        {
            ScriptedServer server = new ScriptedServer(4096);
            Flash flash = new Flash(server);
            flash.Start("log config");
            flash.Append(4);
            flash.Put("kept", 1);

            string message = "";
            try
            {
                flash.Start(declared);
            }
            catch (InvalidOperationException e)
            {
                message = e.Message;
            }

            Assert.IsTrue(message.IndexOf("The collection " + named + " is of another kind") == 0, message);
            flash.Start("log config"); // nothing of it was touched
            flash.InStep();
            Assert.AreEqual(4, server.Readings);
            Assert.AreEqual(1, server.Changes);
        }

        [TestMethod]
        public void What_a_firmware_does_not_declare_outlives_the_reclaiming_of_its_log()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            Flash flash = new Flash(server);
            flash.Start("log config");
            flash.Append(300);
            flash.InStep();
            flash.Append(2);
            flash.Put("small", 40);
            flash.Put("large", 3000);
            string key = flash.Config.KeyText;

            flash.Start("extra");
            Assert.IsTrue(flash.Store.Health.Undeclared > 0);
            int reclaimed = 0;
            for (int i = 0; i < 4000; i++)
            {
                flash.Touch(i);
                reclaimed = (int)flash.Store.Health.BytesReclaimed;
            }

            Assert.IsTrue(reclaimed > 1000, "reclaimed " + reclaimed);
            flash.Start("extra"); // and its mount

            flash.Start("config log");
            Assert.AreEqual(0, flash.Store.Health.Undeclared == 0 ? 1 : 0); // extra is it now
            Assert.AreEqual(key, flash.Config.KeyText);
            Assert.AreEqual(5, flash.Store.Count(flash.Config.Number));
            Assert.AreEqual(2, flash.Store.PendingCount(flash.Config.Number));
            Assert.AreEqual(2, flash.Store.PendingCount(flash.Log.Number));
            Assert.AreEqual(303, (int)flash.Store.NextId(flash.Log.Number));
            flash.InStep();
            Assert.AreEqual(302, server.Readings);
            Assert.AreEqual(2, server.Changes);
            Assert.AreEqual(0, server.Repeated + server.Gaps);
        }

        [TestMethod]
        public void What_is_not_declared_takes_no_room_from_what_is()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Flash flash = new Flash(server);
            flash.Start("log config");
            for (int i = 0; i < 100; i++)
            {
                flash.Put("n" + i, 8);
            }

            for (int start = 0; start < 2; start++)
            {
                flash.Start("extra");
                for (int i = 0; i < 80; i++)
                {
                    Assert.IsTrue(flash.PutExtra("e" + i) == StoreError.None);
                }

                Assert.AreEqual(80, flash.ExtraCount());
            }

            flash.Start("extra");
            Assert.AreEqual(80, flash.ExtraCount());
            Assert.IsTrue(flash.PutExtra("e80") == StoreError.IndexFull);
            flash.Start("log config");
            Assert.AreEqual(100, flash.Store.PendingCount(flash.Config.Number));
        }

        [TestMethod]
        public void A_store_of_before_there_were_names_is_taken_in_the_order_of_the_declarations()
        {
            MemoryVolume volume = new MemoryVolume(256 * 1024, 64);
            FlashStore old = new FlashStore(volume, new StoreOptions());
            old.DeclareOutbox(0, 32 * 1024, false);
            old.DeclareKeyed(1, 128);
            Assert.IsTrue(old.Open() == StoreError.None);
            uint id;
            Assert.IsTrue(old.Append(0, 1, s_one, 0, 2, out id) == StoreError.None);
            Assert.IsTrue(old.PutNamed(1, s_one, 0, 2, 1, s_one, 0, 2) == StoreError.None);
            old.Close();

            Flash flash = new Flash(new ScriptedServer(4096), volume);
            flash.Start("log config");
            Assert.AreEqual(1, flash.Store.PendingCount(flash.Log.Number));
            flash.Start("config log"); // by now they have names
            Assert.AreEqual(1, flash.Store.PendingCount(flash.Log.Number));
            Assert.AreEqual(1, flash.Store.PendingCount(flash.Config.Number));
        }

        [TestMethod]
        public void More_names_than_there_are_numbers_are_an_error_and_lose_nothing()
        {
            Flash flash = new Flash(new ScriptedServer(4096));
            flash.Start("log config");
            flash.Append(2);
            for (int i = 0; i < 12; i++)
            {
                flash.Start("x" + i);
            }

            Assert.IsTrue(flash.TryStart("x12") == StoreError.IndexFull);
            flash.Start("config x3 log");
            Assert.AreEqual(2, flash.Store.PendingCount(flash.Log.Number));
        }

        [TestMethod]
        [DataRow("def:reading#")]
        [DataRow("def:#")]
        public void A_former_class_is_named_and_told_as_long_as_readings_of_it_wait(string question)
        {
            ScriptedServer server = new ScriptedServer(4096);
            Flash flash = new Flash(server);
            ObjectClass before = new ObjectClass("reading").UInt("value").Fixed("level", 2).Text("where");
            flash.Class = before;
            flash.Start("log config");
            flash.Append(3);

            flash.Class = new ObjectClass("reading").UInt("value").Fixed("level", 2).Text("where").Bool("more");
            flash.Start("config log");
            flash.Append(1);
            server.Classes = "";
            string wire = Encoding.UTF8.GetString(before.WireName, 0, before.WireName.Length);
            string hash = wire.Substring(wire.IndexOf('#') + 1);
            server.Command = question + hash;
            flash.Engine.Round();
            Texts told = new Texts();
            server.Capture = told;
            flash.InStep();
            Assert.IsTrue(server.Classes.IndexOf(wire + " ") >= 0, server.Classes);
            Assert.IsTrue(server.Classes.IndexOf("def:" + wire + " ") >= 0, server.Classes);
            Assert.IsTrue(told.Text.IndexOf(before.Definition) >= 0, told.Text);
            Assert.AreEqual(3, flash.Store.Count(14));

            flash.Start("config log"); // nothing waits any more
            Assert.AreEqual(2, flash.Store.Count(14));
        }

        private sealed class Texts : IByteSink
        {
            public string Text = "";

            public bool Write(byte[] buffer, int offset, int count)
            {
                if (count > 20)
                {
                    Text += Encoding.UTF8.GetString(buffer, offset, count);
                }

                return true;
            }
        }

        /// <summary>Flash that outlives its firmwares. A firmware is its declarations: names, with :outbox, :inbox or :two.</summary>
        private sealed class Flash
        {
            private static readonly ObjectClass s_setting = new ObjectClass("setting").Bytes("value");

            private readonly MemoryVolume _volume;
            private readonly ScriptedServer _server;
            private SyncCollection _extra;

            public ObjectClass Class = new ObjectClass("reading").UInt("value");
            public FlashStore Store;
            public SyncEngine Engine;
            public SyncCollection Log;
            public SyncCollection Config;

            public Flash(ScriptedServer server)
                : this(server, new MemoryVolume(256 * 1024, 64))
            {
            }

            public Flash(ScriptedServer server, MemoryVolume volume)
            {
                _server = server;
                _volume = volume;
            }

            public void Start(string declared)
            {
                StoreError error = TryStart(declared);
                Assert.IsTrue(error == StoreError.None, "open: " + (int)error);
            }

            public StoreError TryStart(string declared)
            {
                if (Store != null)
                {
                    Store.Close();
                }

                StoreOptions options = new StoreOptions();
                options.QuotaBytes = 128 * 1024;
                Store = new FlashStore(_volume, options);
                Engine = new SyncEngine(Store, _server, new SyncOptions() { Series = false });
                Log = null;
                Config = null;
                string[] names = declared.Split(' ');
                for (int i = 0; i < names.Length; i++)
                {
                    string[] parts = names[i].Split(':');
                    string kind = parts.Length > 1 ? parts[1] : parts[0] == "log" ? "outbox" : "two";
                    int most = parts[0] == "config" ? 128 : 80;
                    SyncCollection made = kind == "outbox" ? Engine.AddOutbox(parts[0], Class, 32 * 1024, false)
                        : kind == "inbox" ? Engine.AddInbox(parts[0], s_setting, most, null)
                        : Engine.AddTwoWay(parts[0], s_setting, most, null, false);
                    if (parts[0] == "log")
                    {
                        Log = made;
                    }
                    else if (parts[0] == "config")
                    {
                        Config = made;
                    }
                    else
                    {
                        _extra = made;
                    }
                }

                return Engine.Open();
            }

            public void Append(int count)
            {
                byte[] record = new byte[] { 1, 1 };
                for (int i = 0; i < count; i++)
                {
                    uint id;
                    Assert.IsTrue(Store.Append(Log.Number, Class.Hash, record, 0, record.Length, out id) == StoreError.None);
                }
            }

            public void Put(string name, int bytes)
            {
                byte[] key = Encoding.UTF8.GetBytes(name);
                StoreError error = Store.PutNamed(Config.Number, key, 0, key.Length, s_setting.Hash, new byte[bytes < 900 ? bytes : 8], 0, bytes < 900 ? bytes : 8);
                if (error == StoreError.None && bytes >= 900)
                {
                    ObjectInfo info = new ObjectInfo();
                    Assert.IsTrue(Store.FindKey(Config.Number, key, 0, key.Length, info) == StoreError.None);
                    error = Store.Change(info, s_setting.Hash, new byte[bytes], 0, bytes);
                }

                Assert.IsTrue(error == StoreError.None, name + ": " + (int)error);
            }

            public StoreError PutExtra(string name)
            {
                byte[] key = Encoding.UTF8.GetBytes(name);
                return Store.PutNamed(_extra.Number, key, 0, key.Length, s_setting.Hash, key, 0, key.Length);
            }

            public int ExtraCount()
            {
                ObjectInfo info = new ObjectInfo();
                int count = 0;
                while (Store.Next(_extra.Number, info) == StoreError.None)
                {
                    count++;
                }

                return count;
            }

            // One change of the extra collection's object.
            public void Touch(int i)
            {
                byte[] value = new byte[64];
                byte[] key = Encoding.UTF8.GetBytes("e");
                StoreError error = Store.PutNamed(_extra.Number, key, 0, key.Length, s_setting.Hash, value, 0, value.Length);
                while (error == StoreError.ReclaimFirst && Store.Step())
                {
                    error = Store.PutNamed(_extra.Number, key, 0, key.Length, s_setting.Hash, value, 0, value.Length);
                }

                Assert.IsTrue(error == StoreError.None, i + ": " + (int)error);
            }

            public void InStep()
            {
                for (int i = 0; i < 60; i++)
                {
                    RoundResult result = Engine.Round();
                    Assert.IsTrue(result.Outcome != RoundOutcome.Failed, "round: message " + (int)result.Message + ", store " + (int)result.Store);
                    if (result.Outcome == RoundOutcome.InStep)
                    {
                        return;
                    }
                }

                Assert.IsTrue(Engine.Pending < 0, "not in step");
            }
        }
    }
}
