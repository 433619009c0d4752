// The application's side: records by handle, and collections with the verbs of their kind.

using System;
using NanoSync.App;
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
    public class AppTests
    {
        // nanoFramework calls tests without an object: what they share is static
        private static RecordClass s_type;
        private static int s_at;
        private static int s_value;
        private static int s_note;
        private static Outbox s_readings;
        private static TwoWay s_settings;
        private static SyncDevice s_device;
        private static ScriptedServer s_server;

        [TestMethod]
        public void Another_firmware_may_declare_the_collections_in_another_order()
        {
            MemoryVolume volume = new MemoryVolume(64 * 1024, 64);
            RecordClass type = new RecordClass("thing");
            int value = type.UInt("value");
            Record record = new Record(type, 16);
            record.UInt(value, 7);
            for (int start = 0; start < 3; start++)
            {
                SyncDevice device = new SyncDevice(volume, new ScriptedServer(4096), null);
                TwoWay config = start == 1 ? device.AddTwoWay("config", type, 4, null, Winner.Server) : null;
                Outbox log = device.AddOutbox("log", type, 8 * 1024, WhenFull.Refuse);
                config = config ?? device.AddTwoWay("config", type, 4, null, Winner.Server);
                Assert.AreEqual((int)StoreError.None, (int)device.Open());
                Assert.AreEqual(start, log.Pending);
                Assert.AreEqual(start == 0 ? 0 : 1, config.Count);
                Assert.AreEqual((int)StoreError.None, (int)log.Append(record));
                Assert.AreEqual((int)StoreError.None, (int)config.Put("one", record));
                device.Close();
            }
        }

        [TestMethod]
        public void A_store_may_have_other_sizes_a_record_another_object_of_its_class_and_a_name_is_not_null()
        {
            RecordClass type = new RecordClass("thing"), same = new RecordClass("thing");
            int text = type.Text("text");
            int sameText = same.Text("text");
            StoreOptions sizes = new StoreOptions();
            SyncDevice small = new SyncDevice(new MemoryVolume(64 * 1024, 64), new ScriptedServer(4096), null);
            small.AddOutbox("log", type, 96 * 1024, WhenFull.Refuse);
            Assert.AreEqual((int)StoreError.BadQuota, (int)small.Open());
            sizes.QuotaBytes = 160 * 1024;
            SyncDevice large = new SyncDevice(new MemoryVolume(256 * 1024, 64), new ScriptedServer(4096), null, sizes);
            Outbox log = large.AddOutbox("log", type, 96 * 1024, WhenFull.Refuse);
            TwoWay config = large.AddTwoWay("config", type, 4, null, Winner.Server);
            Assert.AreEqual((int)StoreError.None, (int)large.Open());
            Record record = new Record(same, 64);
            record.Text(sameText, "twenty letters of it");
            Assert.AreEqual((int)StoreError.None, (int)log.Append(record));
            Assert.AreEqual((int)StoreError.None, (int)config.Put("one", record));
            Record shorter = new Record(type, 16);
            Assert.AreEqual((int)StoreError.BadArgument, (int)config.Find("one", shorter));
            Assert.AreEqual((int)StoreError.None, (int)config.Find("one", record));
            bool named = false;
            try
            {
                config.Find(null, record);
            }
            catch (ArgumentException e)
            {
                named = e.Message.IndexOf("An object has a name") >= 0;
            }

            Assert.IsTrue(named);
        }

        [TestMethod]
        public void Fields_are_written_in_any_order_and_read_as_they_were()
        {
            RecordClass all = new RecordClass("all");
            int yes = all.Bool("yes"), whole = all.Int("whole"), count = all.UInt("count"), step = all.Fixed("step", 2);
            int small = all.Float("small"), large = all.Double("large"), text = all.Text("text"), bytes = all.Bytes("bytes"), at = all.Time("at");
            Record record = new Record(all, 128);
            record.Time(at, 4000000000);
            record.Bytes(bytes, new byte[] { 9, 1, 2, 3 }, 1, 2);
            record.Text(text, "a first text");
            record.Text(text, "grün");
            record.Double(large, -2.5e200);
            record.Float(small, 0.25f);
            record.Fixed(step, -2153);
            record.UInt(count, 18446744073709551615);
            record.Int(whole, -9223372036854775808);
            record.Bool(yes, true);
            SyncDevice device = new SyncDevice(new MemoryVolume(64 * 1024, 64), new ScriptedServer(4096), null);
            TwoWay kept = device.AddTwoWay("kept", all, 4, null, Winner.Server);
            Assert.AreEqual((int)StoreError.None, (int)device.Open());
            Assert.AreEqual((int)StoreError.None, (int)kept.Put("one", record));
            record.Clear();
            Assert.IsFalse(record.Has(text));
            Assert.IsTrue(record.Text(text) == null && record.Bytes(bytes) == null && record.Int(whole) == 0);
            Assert.AreEqual((int)StoreError.None, (int)kept.Find("one", record));
            Assert.IsTrue(record.Bool(yes));
            Assert.IsTrue(record.Int(whole) == -9223372036854775808);
            Assert.IsTrue(record.UInt(count) == 18446744073709551615);
            Assert.AreEqual(-2153, (int)record.Fixed(step));
            Assert.IsTrue(record.Float(small) == 0.25f);
            Assert.IsTrue(record.Double(large) == -2.5e200);
            Assert.AreEqual("grün", record.Text(text));
            Assert.AreEqual(2, record.Bytes(bytes).Length);
            Assert.AreEqual(2, (int)record.Bytes(bytes)[1]);
            Assert.IsTrue(record.Time(at) == 4000000000);
            record.Remove(whole);
            record.Text(text, null);
            Assert.AreEqual((int)StoreError.None, (int)kept.Put("one", record));
            Assert.AreEqual((int)StoreError.None, (int)kept.Find("one", record));
            Assert.IsTrue(!record.Has(whole) && !record.Has(text) && record.Has(step));
        }

        [TestMethod]
        public void A_handle_of_another_type_or_class_is_named_and_changes_nothing()
        {
            Make();
            Record record = new Record(s_type, 32);
            record.UInt(s_value, 7);
            RecordClass all = new RecordClass("all");
            int foreign = all.UInt("foreign");
            Mistake("The field value of class reading is of type u, not c [SPEC 6.1].", record, s_value, 1);
            Mistake("The field note of class reading is of type t, not c [SPEC 6.1].", record, s_note, 1);
            Mistake("The field at of class reading is of type c, not u [SPEC 6.1].", record, s_at, 0);
            Mistake("The handle is of a field of another class than reading.", record, foreign, 0);
            Mistake("The handle is of a field of another class than reading.", record, foreign, 2);
            Mistake("The handle is of a field of another class than reading.", record, s_note + 1, 0);
            Mistake("The collection has objects of class reading, the record is of class all.", new Record(all, 32), 0, 3);
            Mistake("The collection has objects of class reading, not null.", null, 0, 3);
            Assert.AreEqual(7, (int)record.UInt(s_value));
            Assert.AreEqual(0, s_readings.Pending);
        }

        [TestMethod]
        public void A_record_in_error_is_refused_and_nothing_is_stored()
        {
            Make();
            Record record = new Record(s_type, 16);
            record.Text(s_note, "more than sixteen bytes");
            Assert.AreEqual((int)SyncError.DataTooLong, (int)record.Error);
            Assert.AreEqual((int)StoreError.BadArgument, (int)s_readings.Append(record));
            Assert.AreEqual((int)StoreError.BadArgument, (int)s_settings.Put("one", record));
            record.Clear();
            record.Text(s_note, "fifteen bytes..");
            Assert.AreEqual((int)SyncError.None, (int)record.Error); // by itself; with its head it is too long
            Assert.AreEqual((int)StoreError.BadArgument, (int)s_readings.Append(record));
            Assert.AreEqual(0, s_readings.Pending);
            Assert.AreEqual((int)StoreError.NotFound, (int)s_settings.Find("one", record));
            record.Clear();
            record.Text(s_note, "short");
            Assert.AreEqual((int)StoreError.None, (int)s_readings.Append(record));
            Assert.AreEqual(1, s_readings.Pending);
            Assert.AreEqual(1, s_device.Pending);
        }

        [TestMethod]
        public void A_record_is_used_again_and_again_and_what_was_written_over_takes_no_room()
        {
            RecordClass type = new RecordClass("log");
            int first = type.Text("first"), second = type.Bytes("second"), third = type.Text("third");
            Record record = new Record(type, 32);
            record.Text(third, "");
            for (int i = 0; i < 50; i++)
            {
                string text = "turn " + i.ToString();
                record.Text(first, text);
                record.Bytes(second, new byte[] { (byte)i, 7 }, 0, 2);
                if (i % 3 == 0)
                {
                    record.Text(third, "third " + i.ToString());
                }

                Assert.AreEqual((int)SyncError.None, (int)record.Error);
                Assert.AreEqual(text, record.Text(first));
                Assert.AreEqual(i, (int)record.Bytes(second)[0]);
                Assert.AreEqual("third " + (i - i % 3).ToString(), record.Text(third));
            }
        }

        [TestMethod]
        public void Objects_are_put_found_walked_and_deleted_by_name()
        {
            Make();
            Record record = new Record(s_type, 32);
            record.UInt(s_value, 1);
            Assert.AreEqual((int)StoreError.None, (int)s_settings.Put("one", record));
            record.UInt(s_value, 2);
            Assert.AreEqual((int)StoreError.None, (int)s_settings.Put("two", record));
            record.UInt(s_value, 3);
            Assert.AreEqual((int)StoreError.None, (int)s_settings.Put("one", record));
            Assert.AreEqual(2, s_settings.Count);
            Assert.AreEqual(2, s_settings.Pending);
            int sum = 0;
            string names = "";
            s_settings.First();
            while (s_settings.Next(record) == StoreError.None)
            {
                sum += (int)record.UInt(s_value);
                names += s_settings.Name;
            }

            Assert.AreEqual(5, sum);
            Assert.IsTrue(names == "onetwo" || names == "twoone", names);
            Assert.AreEqual((int)StoreError.None, (int)s_settings.Delete("one"));
            Assert.AreEqual((int)StoreError.NotFound, (int)s_settings.Find("one", record));
            Assert.AreEqual((int)StoreError.NotFound, (int)s_settings.Delete("one"));
            Assert.AreEqual((int)StoreError.None, (int)s_settings.Find("two", record));
            Assert.AreEqual(2, (int)record.UInt(s_value));
        }

        [TestMethod]
        public void Before_open_and_after_close_every_call_says_so()
        {
            Make();
            s_device.Close();
            Record record = new Record(s_type, 32);
            Assert.AreEqual((int)StoreError.NotOpen, (int)s_readings.Append(record));
            Assert.AreEqual((int)StoreError.NotOpen, (int)s_settings.Put("one", record));
            Assert.AreEqual((int)StoreError.NotOpen, (int)s_settings.Find("one", record));
            Assert.AreEqual((int)StoreError.NotOpen, (int)s_settings.Delete("one"));
            s_settings.First();
            Assert.AreEqual((int)StoreError.NotOpen, (int)s_settings.Next(record));
            Assert.AreEqual((int)StoreError.NotOpen, (int)s_device.Sync(1).Store);
            Assert.AreEqual(0, s_server.Rounds);
            Assert.AreEqual((int)StoreError.None, (int)s_device.Open());
            Assert.AreEqual((int)RoundOutcome.More, (int)s_device.Sync(1).Outcome); // it has told its key 0
            Assert.AreEqual(1, s_server.Rounds);
        }

        private static void Make()
        {
            s_type = new RecordClass("reading");
            s_at = s_type.Time("at");
            s_value = s_type.UInt("value");
            s_note = s_type.Text("note");
            s_server = new ScriptedServer(4096);
            s_device = new SyncDevice(new MemoryVolume(64 * 1024, 64), s_server, null);
            s_readings = s_device.AddOutbox("readings", s_type, 8192, WhenFull.Refuse);
            s_settings = s_device.AddTwoWay("settings", s_type, 8, null, Winner.Server);
            Assert.AreEqual((int)StoreError.None, (int)s_device.Open());
        }

        private static void Mistake(string text, Record record, int field, int call)
        {
            string said = "nothing";
            try
            {
                if (call == 0)
                {
                    record.UInt(field, 1);
                }
                else if (call == 1)
                {
                    record.Time(field);
                }
                else if (call == 2)
                {
                    record.Has(field);
                }
                else
                {
                    s_readings.Append(record);
                }
            }
            catch (ArgumentException e)
            {
                said = e.Message;
            }

            Assert.AreEqual(text, said);
        }
    }
}
