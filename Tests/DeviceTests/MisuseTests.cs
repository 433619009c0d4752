// Wrong calls by the programmer: each is an exception that names the mistake, and leaves things as they were.

using System;
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
    public class MisuseTests
    {
        private static readonly ObjectClass s_reading = new ObjectClass("reading").UInt("value");

        [TestMethod]
        public void An_option_out_of_its_bounds_is_named_with_its_value_and_its_bounds()
        {
            Options("BufferBytes: 67 to 1048576, not 66", new SyncOptions() { BufferBytes = 66 });
            Options("BufferBytes: 67 to 1048576, not 1048577", new SyncOptions() { BufferBytes = 1048577 });
            Options("Window: 1 to 512, not 0", new SyncOptions() { Window = 0 });
            Options("Window: 1 to 512, not 513", new SyncOptions() { Window = 513 });
            Options("ReplyBytes: 1 to 999999999, not 0", new SyncOptions() { ReplyBytes = 0 });
            Options("RequestBytes: 1 to 999999999, not -1", new SyncOptions() { RequestBytes = -1 });
            Options("ObjectBytes: 209 to 999999999, not 208", new SyncOptions() { ObjectBytes = 208 });
            Options("MaxObjectBytes: 256 to 999999999, not 255", new SyncOptions() { MaxObjectBytes = 255 });
            Options("Answers: 0 to 50000, not -1", new SyncOptions() { Answers = -1 });
            Options("ReplyRounds: 1 to 1000, not 0", new SyncOptions() { ReplyRounds = 0 });
            Options("ReplyRounds: 1 to 1000, not 1001", new SyncOptions() { ReplyRounds = 1001 });
            Options("Writer, Reader: both or none", new SyncOptions() { Writer = new WbxmlWriter(64) });
            Options("Writer, Reader: both or none", new SyncOptions() { Reader = new WbxmlReader() });
        }

        [TestMethod]
        public void A_missing_part_is_named()
        {
            FlashStore store = Store();
            ScriptedServer server = new ScriptedServer(256);
            Says("store, carrier, options: one is missing", () => { new SyncEngine(null, server, new SyncOptions()); });
            Says("store, carrier, options: one is missing", () => { new SyncEngine(store, null, new SyncOptions()); });
            Says("store, carrier, options: one is missing", () => { new SyncEngine(store, server, null); });
            Says("volume, options: one is missing", () => { new FlashStore(null, new StoreOptions()); });
            Says("volume, options: one is missing", () => { new FlashStore(new MemoryVolume(65536, 8), null); });
            SyncEngine engine = new SyncEngine(store, server, new SyncOptions());
            Says("type: missing", () => { engine.AddClass(null); });
            Says("The collection log has no class", () => { engine.AddOutbox("log", null, 8192, false); });
        }

        [TestMethod]
        public void A_collection_that_is_refused_is_not_there()
        {
            SyncEngine engine = new SyncEngine(Store(), new ScriptedServer(256), new SyncOptions());
            Says("quotaBytes is at least 4096", () => { engine.AddOutbox("log", s_reading, 4095, false); });
            Says("maxObjects is 1 to 60000", () => { engine.AddInbox("news", s_reading, 0, null); });
            Says("maxObjects is 1 to 60000", () => { engine.AddTwoWay("config", s_reading, 60001, null, false); });
            Assert.AreEqual(0, engine.Count);
            engine.AddOutbox("log", s_reading, 8192, false);
            Assert.AreEqual(1, engine.Count);
            Assert.IsTrue(engine.Open() == StoreError.None);
            Says("before Open", () => { engine.AddOutbox("late", s_reading, 8192, false); });

            FlashStore store = Store();
            Assert.IsTrue(store.Open() == StoreError.None);
            SyncEngine other = new SyncEngine(store, new ScriptedServer(256), new SyncOptions());
            Says("before Open", () => { other.AddOutbox("log", s_reading, 8192, false); });
            Assert.AreEqual(0, other.Count);
        }

        [TestMethod]
        public void Uptimes_are_of_an_open_outbox_whose_readings_begin_with_a_time()
        {
            ObjectClass timed = new ObjectClass("timed").Time("at").UInt("value");
            SyncEngine engine = new SyncEngine(Store(), new ScriptedServer(256), new SyncOptions());
            SyncCollection log = engine.AddOutbox("log", timed, 8192, false);
            SyncCollection plain = engine.AddOutbox("plain", s_reading, 8192, false);
            SyncCollection blob = engine.AddOutbox("blob", new ObjectClass("blob"), 8192, false);
            SyncCollection news = engine.AddInbox("news", timed, 8, null);
            Says("DeclareUptimes comes after Open", () => { engine.DeclareUptimes(log); });
            Assert.IsTrue(engine.Open() == StoreError.None);
            Says("outbox: its class begins with a time", () => { engine.DeclareUptimes(null); });
            Says("outbox: its class begins with a time", () => { engine.DeclareUptimes(plain); });
            Says("outbox: its class begins with a time", () => { engine.DeclareUptimes(blob); });
            Says("outbox: its class begins with a time", () => { engine.DeclareUptimes(news); });
            engine.DeclareUptimes(log);
            Assert.IsTrue(log.AwaitsBootTime);
        }

        [TestMethod]
        public void A_class_takes_no_field_once_a_record_of_it_was_begun()
        {
            ObjectClass written = new ObjectClass("written").UInt("a");
            RecordWriter writer = new RecordWriter(16);
            writer.Begin(written);
            Says("The class written is in use", () => { written.UInt("b"); });
            writer.UInt(5);
            Assert.IsTrue(writer.End());
            Assert.AreEqual(2, writer.Length);

            ObjectClass read = new ObjectClass("read").UInt("a");
            new RecordReader().Begin(read, writer.Buffer, 0, 2);
            Says("The class read is in use", () => { read.UInt("b"); });
        }

        private static FlashStore Store()
        {
            return new FlashStore(new MemoryVolume(64 * 1024, 64), new StoreOptions());
        }

        private static void Options(string mistake, SyncOptions options)
        {
            Says(mistake, () => { new SyncEngine(Store(), new ScriptedServer(256), options); });
        }

        // The call throws for a misuse, and says what is wrong.
        private static void Says(string mistake, Action call)
        {
            string message = "nothing was thrown";
            try
            {
                call();
            }
            catch (ArgumentException e)
            {
                message = e.Message;
            }
            catch (InvalidOperationException e)
            {
                message = e.Message;
            }

            Assert.IsTrue(message.IndexOf(mistake) >= 0, message);
        }
    }
}
