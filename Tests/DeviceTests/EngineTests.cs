// The engine over a real store in memory and a server in the same process.

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
    public class EngineTests
    {
        private static readonly ObjectClass s_reading = new ObjectClass("reading").UInt("value");
        private static readonly ObjectClass s_setting = new ObjectClass("setting").UInt("value");

        [TestMethod]
        public void Readings_go_up_in_windows_and_each_arrives_once()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 10);
            bench.Append(50);
            Assert.AreEqual(50, bench.Engine.Pending);

            bench.SyncUntilInStep(10);

            Assert.AreEqual(50, server.Readings);
            Assert.AreEqual(0, server.Repeated + server.Gaps);
            Assert.AreEqual(0, bench.Engine.Pending);
            Assert.AreEqual(6, server.Rounds); // key 0 and 5 windows
        }

        [TestMethod]
        public void Objects_come_down_in_windows_and_are_kept()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 95;
            Bench bench = new Bench(server, null, 20);

            bench.SyncUntilInStep(10);

            Assert.AreEqual(95, bench.Store.Count(bench.Config.Number));
        }

        [TestMethod]
        public void A_thousand_readings_and_two_hundred_objects()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 200;
            Bench bench = new Bench(server, null, 20);
            bench.Append(1000);

            bench.SyncUntilInStep(60);

            Assert.AreEqual(1000, server.Readings);
            Assert.AreEqual(0, server.Repeated + server.Gaps);
            Assert.AreEqual(200, bench.Store.Count(bench.Config.Number));
        }

        [TestMethod]
        public void An_idle_round_gets_the_empty_reply()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            string key = bench.Log.KeyText;

            RoundResult result = bench.Engine.Round();

            Assert.IsTrue(result.Outcome == RoundOutcome.InStep);
            Assert.AreEqual(EmptyReply.Size, result.BytesDown);
            Assert.IsTrue(result.BytesUp <= 64, "idle: " + result.BytesUp);
            Assert.AreEqual(key, bench.Log.KeyText);
        }

        [TestMethod]
        [DataRow(true, false)] // no bytes
        [DataRow(false, true)] // the empty reply to another request
        public void What_does_not_prove_to_come_from_the_server_is_no_empty_reply(bool silent, bool another)
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            server.Silent = silent;
            server.AnswersAnother = another;
            bench.Engine.AskTime = true;

            for (int slice = 1; slice < 8; slice++)
            {
                server.Slice = slice;
                RoundResult result = bench.Engine.Round();

                Assert.IsTrue(result.Outcome == RoundOutcome.Failed);
                Assert.IsTrue(another ? result.Message == SyncError.OtherRequest : result.Carrier == CarrierError.BadReply);
                Assert.IsTrue(bench.Engine.AskTime);
                Assert.AreEqual(3, bench.Store.Count(bench.Config.Number));
            }

            server.Silent = false;
            server.AnswersAnother = false;
            for (int slice = 1; slice < 8; slice++)
            {
                server.Slice = slice;
                Assert.IsTrue(bench.Engine.Round().Outcome == RoundOutcome.InStep);
            }
        }

        [TestMethod]
        public void A_pass_is_not_ended_by_a_reply_without_bytes()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            server.ForgetKeys = true;
            bench.Engine.Round();
            bench.Engine.Round(); // key 0
            server.Objects = 0;
            server.Silent = true;
            bench.Engine.Round();
            Assert.AreEqual(0, bench.Engine.Pending); // nothing is taken for lost on the server

            server.Silent = false;
            bench.Engine.Round();
            Assert.AreEqual(3, bench.Engine.Pending); // now it is
        }

        [TestMethod]
        public void A_pass_is_not_ended_by_an_empty_reply_that_cannot_be_meant()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            FlashStore store = new FlashStore(new MemoryVolume(64 * 1024, 64), new StoreOptions());
            SyncEngine engine = new SyncEngine(store, server, new SyncOptions());
            engine.AddTwoWay("config", s_setting, 8, null, false);
            SyncCollection log = engine.AddOutbox("log", s_reading, 8 * 1024, false);
            Assert.IsTrue(engine.Open() == StoreError.None);
            for (int i = 0; i < 5; i++)
            {
                engine.Round();
            }

            server.ForgetKeys = true;
            engine.Round();
            engine.Round(); // key 0
            server.AnswersEmpty = true;
            uint id;
            store.Append(log.Number, s_reading.Hash, new byte[] { 1, 5 }, 0, 2, out id);
            RoundResult result = engine.Round(); // a request with a reading is never answered so
            Assert.AreEqual((int)SyncError.Truncated, (int)result.Message);
            Assert.AreEqual(1, engine.Pending); // the reading; no object of the other collection is taken for lost on the server
        }

        [TestMethod]
        [DataRow("2.0", false)]
        [DataRow("10.0", false)]
        [DataRow("1.7", true)]
        public void A_reply_of_another_major_version_changes_nothing(string version, bool taken)
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            string key = bench.Log.KeyText;
            bench.Append(2);
            server.ReplyVersion = System.Text.Encoding.UTF8.GetBytes(version);

            RoundResult result = bench.Engine.Round();

            Assert.AreEqual(taken, result.Outcome == RoundOutcome.InStep);
            Assert.AreEqual(taken ? 0 : Status.VersionNotSupported, result.Status);
            Assert.AreEqual(taken ? 0 : 2, bench.Engine.Pending);
            Assert.AreEqual(taken, key != bench.Log.KeyText);
        }

        [TestMethod]
        public void Each_start_over_has_a_number_that_outlives_a_restart()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 20);
            server.CutReplyAt = 0;
            bench.Engine.Round();
            string first = Codec.Hex(server.StoreTold);
            Assert.AreEqual("0304" + Codec.Hex(System.Text.Encoding.UTF8.GetBytes(bench.Store.FormatId)), first.Substring(0, 12));
            bench.Engine.Round();
            Assert.AreEqual(first, Codec.Hex(server.StoreTold));
            bench.Restart();
            bench.Engine.Round();
            Assert.AreEqual(first, Codec.Hex(server.StoreTold));

            server.CutReplyAt = -1;
            bench.SyncUntilInStep(5);
            server.ForgetKeys = true;
            bench.Engine.Round();
            bench.Engine.Round();
            Assert.IsTrue(first != Codec.Hex(server.StoreTold));
        }

        [TestMethod]
        [DataRow(3, 0)]
        [DataRow(204, 0)]
        [DataRow(205, 1)]
        public void A_start_over_tells_the_key_held_before_and_after_205_that_it_gives_back_what_was_lost(int status, int recovers)
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.StoreToldOf = 1;
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            Assert.AreEqual("03", Codec.Hex(server.StoreTold).Substring(0, 2)); // none was held
            string key = bench.Config.KeyText;
            string end = Codec.Hex(new byte[] { (byte)key.Length }) + Codec.Hex(System.Text.Encoding.UTF8.GetBytes(key)) + (recovers != 0 ? "01" : "");
            server.ConfigStatus = status;
            bench.Append(1);
            bench.Engine.Round();
            Assert.IsTrue(bench.Config.StartsOver);
            bench.Restart();
            server.ConfigStartStatus = 3; // key 0 is refused as a late one
            bench.Engine.Round();
            AssertTold(end, recovers, server);
            string first = Codec.Hex(server.StoreTold);
            Assert.IsTrue(bench.Config.StartsOver);
            bench.Engine.Round();
            Assert.IsTrue(first != Codec.Hex(server.StoreTold));
            AssertTold(end, recovers, server);
            Assert.IsFalse(bench.Config.StartsOver);
        }

        private static void AssertTold(string end, int recovers, ScriptedServer server)
        {
            string all = Codec.Hex(server.StoreTold);
            Assert.IsTrue("89ABCDEF".IndexOf(all[1]) >= 0);
            Assert.AreEqual(recovers, all[0] - '0');
            Assert.AreEqual(end, all.Substring(all.Length - end.Length));
        }

        [TestMethod]
        [DataRow(false)]
        [DataRow(true)]
        public void A_reading_whose_ClientId_another_one_has_goes_up_under_another_store_id_with_all_behind_it(bool series)
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.ReadingClass = series ? s_reading : null;
            Bench bench = new Bench(server, null, new SyncOptions() { Window = 5, Series = series });
            string old = bench.Store.FormatId;
            server.Knows(old);
            bench.Append(12);
            bench.Engine.Round(); // key 0
            server.RefuseReading = 3;
            server.RefuseStatus = Status.Forked;

            Assert.IsTrue(bench.Engine.Round().Outcome == RoundOutcome.More);

            Assert.AreEqual(10, bench.Engine.Pending);
            Assert.IsTrue(bench.Log.StartsOver);
            Assert.IsFalse(bench.Config.StartsOver);
            Assert.AreEqual(1, (int)bench.Engine.Forked);
            string now = bench.Engine.StoreId;
            Assert.IsTrue(now != old);
            server.Ids = "";
            bench.Restart();
            Assert.AreEqual(now, bench.Engine.StoreId);
            bench.SyncUntilInStep(6);

            Assert.AreEqual(now + "3 " + now + "8 ", server.Ids);
            string told = Codec.Hex(server.StoreTold);
            Assert.AreEqual("0704" + Codec.Hex(System.Text.Encoding.UTF8.GetBytes(now)), told.Substring(0, 12));
            Assert.AreEqual("04" + Codec.Hex(System.Text.Encoding.UTF8.GetBytes(old)), told.Substring(told.Length - 10));
            Assert.AreEqual(0, bench.Engine.Pending);

            // once more: the earlier ids are as they were, and a refusal names its reading under the new one
            server.Knows(now);
            bench.Append(4);
            server.RefuseReading = 15;
            bench.Engine.Round();
            Assert.AreEqual(2, (int)bench.Engine.Forked);
            server.Ids = "";
            bench.SyncUntilInStep(6);
            Assert.AreEqual(bench.Engine.StoreId + "15 ", server.Ids);
            server.Knows(bench.Engine.StoreId);
            bench.Append(1);
            server.RefuseReading = 17;
            server.RefuseStatus = Status.BadObject;
            bench.SyncUntilInStep(6);
            Assert.AreEqual(1, bench.Store.RefusedCount(bench.Log.Number));
        }

        [TestMethod]
        public void The_boundary_of_a_fork_outlives_a_restart_also_where_ids_are_large()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            string old = bench.Store.FormatId;
            bench.Append(300);
            bench.SyncUntilInStep(40);
            bench.Append(2);
            server.LogStatus = Status.Forked;
            bench.Engine.Round();
            bench.Append(1);
            bench.Restart();
            server.Ids = "";
            bench.SyncUntilInStep(5);

            Assert.AreEqual(old + "301 " + bench.Engine.StoreId + "303 ", server.Ids);
            Assert.AreEqual(0, bench.Engine.Pending);
        }

        [TestMethod]
        public void A_store_forked_by_its_key_keeps_the_ids_of_what_waits()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            string old = bench.Store.FormatId;
            bench.Append(2);
            server.LogStatus = Status.Forked;
            bench.Engine.Round();
            Assert.AreEqual(1, (int)bench.Engine.Forked);
            bench.Append(2);
            server.Ids = "";

            bench.SyncUntilInStep(5);

            Assert.AreEqual(old + "1 " + bench.Engine.StoreId + "3 ", server.Ids); // the boundary is written out
            Assert.AreEqual(4, server.Readings);
            Assert.AreEqual(2, server.Repeated); // this server counts also what it did not do
            Assert.AreEqual(0, server.Gaps);
        }

        [TestMethod]
        public void A_second_fork_waits_until_what_has_the_id_before_the_first_is_gone()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            string old = bench.Store.FormatId;
            bench.Append(2);
            server.LogStatus = Status.Forked;
            bench.Engine.Round();
            string first = bench.Engine.StoreId;
            bench.Append(2);
            bench.Engine.Round(); // key 0
            server.LogStatus = Status.Forked;
            bench.Engine.Round();
            Assert.IsTrue(bench.Log.StartsOver);
            Assert.AreEqual(1, (int)bench.Engine.Forked);
            Assert.AreEqual(first, bench.Engine.StoreId);

            server.Ids = "";
            bench.Append(1);
            bench.Restart();
            bench.SyncUntilInStep(5);
            Assert.AreEqual(old + "1 " + first + "3 ", server.Ids);

            server.LogStatus = Status.Forked; // now nothing waits
            bench.Append(1);
            bench.Engine.Round();
            Assert.AreEqual(2, (int)bench.Engine.Forked);
            bench.Append(1);
            server.Ids = "";
            bench.SyncUntilInStep(5);
            Assert.AreEqual(first + "6 " + bench.Engine.StoreId + "7 ", server.Ids);
        }

        [TestMethod]
        public void Each_request_of_a_conversation_has_its_elements_and_no_others()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Transcript transcript = new Transcript();
            server.Capture = transcript;
            server.Objects = 3;
            Bench bench = new Bench(server, new RefusesFive(), new SyncOptions() { Window = 5, Series = false, RequestBytes = 600 });
            server.ValueShift = 3; // 3, 4 and 5, which is refused
            IsRequest(bench, transcript, "<Sync Version=1.0 <Collections <Collection Class=reading#N8G- SyncKey=0 CollectionId=log DeletesAsMoves <Options Limit=1024 Class=store >Options >Collection "
                + "<Collection Class=setting#KnKO SyncKey=0 CollectionId=config GetChanges WindowSize=5 <Options Conflict=1 Limit=1024 Class=store >Options >Collection >Collections >Sync ");

            bench.Append(2);
            IsRequest(bench, transcript, "<Sync Version=1.0 <Collections <Collection Class=reading#N8G- SyncKey=1 CollectionId=log DeletesAsMoves <Options Limit=1024 >Options <Commands "
                + "<Add ClientId=1 [0100] >Add <Add [0101] >Add >Commands >Collection "
                + "<Collection Class=setting#KnKO SyncKey=1 CollectionId=config GetChanges WindowSize=5 <Options Conflict=1 Limit=1024 >Options >Collection >Collections >Sync ");

            // what was refused is answered with its reason
            IsRequest(bench, transcript, "<Sync Version=1.0 <Collections <Collection SyncKey=2 CollectionId=log DeletesAsMoves >Collection "
                + "<Collection SyncKey=2 CollectionId=config GetChanges <Responses <Add ServerId=o2 Status=6 [6E6F742066697665] >Add >Responses >Collection >Collections >Sync ");

            bench.Change("o0", 9);
            bench.Delete("o1");
            bench.AddSetting(8);
            bench.AppendOther(new byte[] { 1, 6 });
            IsRequest(bench, transcript, "<Sync Version=1.0 <Options Class=last [0109] >Options <Collections "
                + "<Collection SyncKey=3 CollectionId=log DeletesAsMoves <Commands <Add ClientId=3 Class=#NFZ4 [0106] >Add >Commands >Collection "
                + "<Collection SyncKey=3 CollectionId=config GetChanges <Commands <Change ServerId=o0 [0109] >Change <Delete ServerId=o1 >Delete "
                + "<Add ClientId [0108] >Add >Commands >Collection >Collections >Sync ");
        }

        [TestMethod]
        public void A_large_object_goes_up_and_comes_down_in_parts()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, new SyncOptions() { Window = 5, Series = false, RequestBytes = 600 });
            bench.SyncUntilInStep(5);
            Transcript transcript = new Transcript();
            server.Capture = transcript;
            byte[] value = Alike(1500, false);
            uint id;
            Assert.IsTrue(bench.Store.Add(bench.Config.Number, s_setting.Hash, value, 0, value.Length, out id) == StoreError.None);
            string[] parts = { "00DC0BBFD991F90603] >Options [600 bytes", "D804DC0BBFD991F90603] >Options [600 bytes", "B009DC0BBFD991F90603] >Options [300 bytes" }; // from 0, 600 and 1,200 of 1,500
            for (int i = 0; i < parts.Length; i++)
            {
                IsRequest(bench, transcript, "<Sync Version=1.0 <Options Class=last [0104] >Options <Collections <Collection SyncKey=" + (i + 1).ToString()
                    + " CollectionId=log DeletesAsMoves >Collection <Collection SyncKey=" + (i + 1).ToString()
                    + " CollectionId=config GetChanges <Commands <Add ClientId <Options Class=range [1D" + parts[i] + "] >Add >Commands >Collection >Collections >Sync ");
            }

            Assert.AreEqual(1, bench.Engine.Pending); // this server gives it no id

            GoesDown(server, value, 0, 200, 5);
            bench.Engine.Round();
            transcript.Next();
            string head = "<Sync Version=1.0 <Options Class=last [0104] >Options <Collections <Collection SyncKey=5 CollectionId=log DeletesAsMoves >Collection <Collection SyncKey=5 CollectionId=config GetChanges ";
            string add = "<Add ClientId <Options Class=range [1DD804DC0BBFD991F90603] >Options [600 bytes] >Add >Commands >Collection >Collections >Sync ";
            IsRequest(bench, transcript, head + "<Commands <Fetch ServerId=o0 <Options Class=range [03C8018008] >Options >Fetch " + add); // from 200, 1,024 bytes

            bench.PutNamed("o0", 9); // a part of the server's value is here, which nobody saw
            bench.Engine.Round();
            string told = transcript.Next();
            Assert.IsTrue(told.IndexOf("CollectionId=config GetChanges <Responses <Change ServerId=o0 Status=7 >Change >Responses <Commands <Add ClientId ") > 0, told);
            Assert.IsTrue(told.IndexOf("<Fetch") < 0, told);
        }

        [TestMethod]
        public void A_round_says_what_it_did_and_the_application_hears_of_changed_objects_alone()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 8;
            RefusesFive handler = new RefusesFive();
            Bench bench = new Bench(server, handler, 5);
            server.Knows(bench.Store.FormatId);
            bench.Append(12);
            RoundResult result = bench.Engine.Round(); // key 0
            Assert.AreEqual("0 0 0 0", Counts(result));
            Assert.AreEqual(server.ReplyLength, result.BytesDown);
            Assert.AreEqual(0, handler.Heard);

            Assert.AreEqual("5 5 0 0", Counts(bench.Engine.Round()));
            Assert.AreEqual(1, handler.Heard);
            server.RefuseReading = 7;
            result = bench.Engine.Round();
            Assert.AreEqual("5 2 1 1", Counts(result)); // of 5, 6 and 7 the first is refused
            Assert.AreEqual(server.ReplyLength, result.BytesDown);
            Assert.AreEqual(2, handler.Heard);
            Assert.AreEqual("2 0 0 0", Counts(bench.Engine.Round()));
            server.CutReplyAt = 1;
            server.Objects = 9;
            Assert.AreEqual("0 0 0 0", Counts(bench.Engine.Round()));
            Assert.AreEqual(2, handler.Heard);
        }

        private static string Counts(RoundResult result)
        {
            return result.ObjectsUp.ToString() + " " + result.ObjectsDown.ToString() + " " + result.RefusedUp.ToString() + " " + result.RefusedDown.ToString();
        }

        [TestMethod]
        public void An_empty_reply_cut_at_any_byte_is_a_broken_link()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            server.Slice = 1;
            for (int cut = 0; cut < EmptyReply.Size; cut++)
            {
                server.CutReplyAt = cut;
                RoundResult result = bench.Engine.Round();
                Assert.IsTrue(result.Outcome == RoundOutcome.Failed && result.Carrier == CarrierError.Broken, "cut at " + cut.ToString());
            }

            server.CutReplyAt = -1;
            Assert.IsTrue(bench.Engine.Round().Outcome == RoundOutcome.InStep);
        }

        // A pass goes on over several rounds, and what came in it is not taken for lost.
        [TestMethod]
        public void What_a_server_has_lost_goes_up_again_a_few_at_a_time()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 30;
            Bench bench = new Bench(server, null, 40);
            bench.SyncUntilInStep(5);
            Assert.AreEqual(30, bench.Store.Count(bench.Config.Number));
            server.ForgetKeys = true;
            bench.Engine.Round();
            server.Objects = 5; // all that it has now
            bench.Engine.Round(); // key 0
            bench.Engine.Round();
            Assert.AreEqual(8, bench.Engine.Pending);

            bench.SyncUntilInStep(12);

            Assert.AreEqual(25, server.Changes);
            Assert.AreEqual(30, bench.Store.Count(bench.Config.Number));
            Assert.AreEqual(0, bench.Engine.Pending);
        }

        [TestMethod]
        public void What_flash_has_lost_of_a_pass_hides_nothing_behind_it()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 30;
            Bench bench = new Bench(server, null, 40);
            bench.SyncUntilInStep(5);
            server.ForgetKeys = true;
            bench.Engine.Round();
            server.Objects = 0;
            bench.Engine.Round(); // key 0
            bench.Damage(StoreFile.Main); // one of the objects

            for (int i = 0; i < 12; i++)
            {
                bench.Engine.Round();
            }

            Assert.AreEqual(29, server.Changes);
            Assert.AreEqual(0, bench.Engine.Pending);
        }

        private static void IsRequest(Bench bench, Transcript transcript, string expected)
        {
            bench.Engine.Round();
            Assert.AreEqual(expected, transcript.Next());
        }

        [TestMethod]
        [DataRow(false)]
        [DataRow(true)] // deleted there
        public void After_a_server_went_back_its_older_values_do_not_overwrite_and_the_own_ones_go_up_again(bool deleted)
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            int sum = bench.ConfigSum();
            server.ConfigStatus = Status.WentBack;
            server.SendsChanges = true;
            server.SendsDeletes = deleted;
            server.ValueShift = 1;

            bench.Engine.Round();
            bench.Restart(); // it is durable
            bench.Engine.Round(); // key 0
            bench.Restart();
            bench.Engine.Round();
            Assert.AreEqual(3, bench.Engine.Pending);
            Assert.AreEqual(sum, bench.ConfigSum());
            bench.SyncUntilInStep(5);

            Assert.AreEqual("7 7 7 ", server.Answers);
            Assert.AreEqual(3, server.Changes);
            Assert.AreEqual(sum, bench.ConfigSum());

            // the pass is over: what comes now is new
            server.Objects = 4;
            server.SendsDeletes = false;
            bench.SyncUntilInStep(5);
            Assert.AreEqual(4, bench.Store.Count(bench.Config.Number));
            Assert.AreEqual("7 7 7 ", server.Answers);
        }

        // It would take the place of a value that the database may have lost; of an object that is not held it is all there is.
        [TestMethod]
        [DataRow(true)]
        [DataRow(false)]
        public void What_is_half_down_when_a_server_went_back_is_given_up_where_a_value_is_held(bool held)
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            ObjectInfo info = new ObjectInfo();
            Assert.IsTrue(bench.Store.Next(bench.Config.Number, info) == StoreError.None);
            byte[] key = new byte[info.KeyLength];
            Array.Copy(info.Key, key, key.Length);
            key[0] = held ? key[0] : (byte)'X';
            int done;
            bool complete;
            Assert.IsTrue(bench.Store.Begin() == StoreError.None);
            Assert.IsTrue(bench.Store.OpenPartial(bench.Config.Number, key, 0, key.Length, info.Tag, 600, 1, 7, out done) == StoreError.None);
            Assert.IsTrue(bench.Store.WritePartial(new byte[100], 0, 100) == StoreError.None);
            Assert.IsTrue(bench.Store.ClosePartial(out complete) == StoreError.None);
            Assert.IsTrue(bench.Store.Commit() == StoreError.None);
            Assert.IsTrue(bench.Store.FirstPartial(bench.Config.Number, info) == StoreError.None);
            server.ConfigStatus = Status.WentBack;

            bench.Engine.Round();

            Assert.IsTrue(bench.Store.FirstPartial(bench.Config.Number, info) == (held ? StoreError.NotFound : StoreError.None));
        }

        [TestMethod]
        public void After_a_server_went_back_a_copy_that_it_asks_to_drop_goes_up_and_stays()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            int sum = bench.ConfigSum();
            server.ConfigStatus = Status.WentBack;
            server.SendsDeletes = true;
            server.DeleteTag = Tags.SoftDelete; // of an older value: asked for before the copy here was made

            bench.SyncUntilInStep(8);

            Assert.AreEqual(3, server.Changes);
            Assert.AreEqual(sum, bench.ConfigSum());
            server.Objects = 4; // the pass is over: this one is new
            bench.Engine.Round();
            server.Objects = 0;
            Assert.AreEqual(3, bench.Store.Count(bench.Config.Number));
        }

        [TestMethod]
        public void After_a_server_went_back_equal_values_stay_and_what_was_deleted_since_does_not_come_back()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            server.ConfigStatus = Status.WentBack;
            server.SendsChanges = true;
            server.Objects = 4; // the fourth was deleted since, and this device knew it

            bench.SyncUntilInStep(8);

            Assert.AreEqual(3, bench.Store.Count(bench.Config.Number));
            Assert.AreEqual("8 ", server.Answers);
            Assert.AreEqual(0, server.Changes);
        }

        [TestMethod]
        [DataRow(3, 1)] // any other start over: what the server does not name it has not
        [DataRow(205, 3)]
        public void After_a_server_went_back_an_inbox_gives_back_what_it_does_not_name(int status, int left)
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            FlashStore store = new FlashStore(new MemoryVolume(64 * 1024, 64), new StoreOptions());
            SyncEngine engine = new SyncEngine(store, server, new SyncOptions());
            SyncCollection inbox = engine.AddInbox("config", s_setting, 16, null);
            Assert.IsTrue(engine.Open() == StoreError.None);
            for (int i = 0; i < 3; i++)
            {
                engine.Round();
            }

            Assert.AreEqual(3, store.Count(inbox.Number));
            server.ConfigStatus = status;
            server.Objects = 1;
            for (int i = 0; i < 6; i++)
            {
                engine.Round();
            }

            Assert.AreEqual(left, store.Count(inbox.Number));
            Assert.AreEqual(left - 1, server.Changes);
        }

        [TestMethod]
        public void A_command_whose_number_another_one_had_is_told_as_passed_and_one_done_is_told_again()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 20);
            bench.SyncUntilInStep(5);
            Assert.AreEqual("0B050809", Tell(bench, server, 5, 9)); // nobody here restarts: 8
            Assert.AreEqual("0B06080A", Tell(bench, server, 6, 10));
            bench.Restart();
            Assert.AreEqual("0B050809", Tell(bench, server, 5, 9));
            Assert.AreEqual("1B05CE014D06", Tell(bench, server, 5, 77)); // another one under its number
            Assert.AreEqual("1B03CE010906", Tell(bench, server, 3, 9));
            for (int i = 7; i < 10; i++)
            {
                Tell(bench, server, i, i);
            }

            Assert.AreEqual("0B06080A", Tell(bench, server, 6, 10));
            Assert.AreEqual("1B05CE010909", Tell(bench, server, 5, 9)); // four are kept
        }

        // Gives a command and returns the result that is told.
        private static string Tell(Bench bench, ScriptedServer server, int id, int mark)
        {
            server.Command = "restart";
            server.CommandRecord = new byte[] { 3, (byte)id, (byte)mark };
            bench.Engine.Round();
            Sink sent = new Sink();
            server.Capture = sent;
            bench.Engine.Round();
            server.Capture = null;
            return Codec.Hex(sent.ToArray());
        }

        [TestMethod]
        public void A_reply_that_forks_and_is_cut_changes_nothing()
        {
            int length = 1;
            for (int cut = 0; cut < length; cut++)
            {
                ScriptedServer server = new ScriptedServer(4096);
                Bench bench = new Bench(server, null, 5);
                string old = bench.Store.FormatId;
                server.Knows(old);
                bench.Append(5);
                bench.Engine.Round(); // key 0
                server.RefuseReading = 3;
                server.RefuseStatus = Status.Forked;
                server.CutReplyAt = cut;
                bench.Engine.Round();
                length = server.ReplyLength;
                Assert.AreEqual(5, bench.Engine.Pending);
                Assert.AreEqual(0, (int)bench.Engine.Forked);
                Assert.AreEqual(old, bench.Engine.StoreId);
            }
        }

        [TestMethod]
        public void A_reading_dropped_while_its_reply_was_on_the_way_is_settled()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, new SyncOptions() { Window = 1, Series = false }, 4096, true);
            server.Knows(bench.Store.FormatId);
            bench.Append(1);
            bench.Engine.Round(); // key 0
            server.RefuseReading = 1;
            server.WhenReceived = bench.Flood;

            bench.Engine.Round();
            Assert.IsTrue(bench.Store.DroppedCount(bench.Log.Number) > 0);
            server.WhenReceived = null;
            bench.SyncUntilInStep(300);

            Assert.AreEqual(0, bench.Engine.Pending);
            Assert.AreEqual(0, bench.Store.RefusedCount(bench.Log.Number));
        }

        [TestMethod]
        public void A_server_that_gives_without_end_gets_no_more_flash_than_the_quota_and_costs_no_reading()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3000;
            Bench bench = new Bench(server, null, 20);
            server.Window = 4; // of which as many are refused at once as the device has answers for
            bench.Append(40);
            int most = 0;
            for (int round = 0; round < 80; round++)
            {
                bench.Append(1);
                bench.Engine.Round();
                most = bench.UsedBytes > most ? bench.UsedBytes : most;
            }

            Assert.AreEqual(256, bench.Store.Count(bench.Config.Number));
            Assert.IsTrue(server.Refusals > 0, "what has no place is answered");
            Assert.IsTrue(most <= new StoreOptions().QuotaBytes, "most: " + most.ToString());
            Assert.AreEqual(0, server.Repeated + server.Gaps);
            Assert.AreEqual(120, server.Readings);
            Assert.AreEqual(0, bench.Store.Count(bench.Log.Number));
        }

        [TestMethod]
        [DataRow(0)]
        [DataRow(1)] // less than what comes
        public void A_part_that_the_store_cannot_take_is_answered_and_the_objects_behind_it_are_kept(int total)
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 3;
            server.PartTotal = total;
            Bench bench = new Bench(server, null, 20);

            bench.SyncUntilInStep(6);

            Assert.AreEqual(2, bench.Store.Count(bench.Config.Number));
            Assert.AreEqual(1, server.Refusals);
        }

        [TestMethod]
        public void Parts_of_two_values_of_one_length_and_check_sum_are_not_joined()
        {
            byte[] one = Alike(600, false);
            byte[] two = Alike(600, true);
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 5);
            bench.SyncUntilInStep(5);
            GoesDown(server, one, 0, 200, 5);
            bench.Engine.Round();
            bench.Restart(); // what the part belongs to is durable

            GoesDown(server, two, 200, 400, 6); // changed on the server meanwhile
            bench.Engine.Round();
            Assert.AreEqual(0, bench.Store.Count(bench.Config.Number));
            GoesDown(server, two, 0, 600, 6);
            bench.Engine.Round();
            byte[] held = new byte[600];
            ObjectInfo info = new ObjectInfo();
            Assert.IsTrue(bench.Store.Next(bench.Config.Number, info) == StoreError.None);
            bench.Store.Read(info, 0, held, 0, 600);
            Assert.AreEqual((int)two[10], (int)held[10]);
        }

        [TestMethod]
        public void A_part_that_goes_up_tells_the_number_of_its_change()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Ranges ranges = new Ranges();
            server.Capture = ranges;
            Bench bench = new Bench(server, null, new SyncOptions() { Window = 5, Series = false, RequestBytes = 600 });
            bench.SyncUntilInStep(5);
            byte[] value = Alike(1500, false);
            uint id;
            Assert.IsTrue(bench.Store.Add(bench.Config.Number, s_setting.Hash, value, 0, value.Length, out id) == StoreError.None);
            bench.Engine.Round();
            ObjectInfo info = new ObjectInfo();
            Assert.IsTrue(bench.Store.FindLocal(bench.Config.Number, id, info) == StoreError.None);
            Assert.AreEqual((int)info.Version, ranges.Version);

            value = Alike(1500, true);
            Assert.IsTrue(bench.Store.Change(info, s_setting.Hash, value, 0, value.Length) == StoreError.None);
            bench.Engine.Round();
            Assert.IsTrue(bench.Store.FindLocal(bench.Config.Number, id, info) == StoreError.None);
            Assert.AreEqual((int)info.Version, ranges.Version);
            Assert.AreEqual(2, ranges.Count);
        }

        [TestMethod]
        public void A_large_reading_that_flash_has_lost_is_kept_aside_and_does_not_block()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, new SyncOptions() { Window = 10, Series = false, RequestBytes = 8000 });
            bench.Append(1);
            bench.AppendBytes(new byte[3000]);
            bench.Append(1);
            bench.Damage(StoreFile.Large);
            bench.Engine.Round(); // key 0

            Assert.IsTrue(bench.Engine.Round().Store == StoreError.Damaged);
            bench.SyncUntilInStep(5);

            Assert.AreEqual(0, bench.Engine.Pending);
            ObjectInfo info = new ObjectInfo();
            Assert.IsTrue(bench.Store.NextRefused(bench.Log.Number, info) == StoreError.None);
            Assert.AreEqual(2, (int)info.Id);
            Assert.AreEqual(Status.BadObject, info.Status);
        }

        [TestMethod]
        public void What_is_not_taken_now_is_pending_and_not_in_step()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 5);
            server.Knows(bench.Store.FormatId);
            bench.SyncUntilInStep(5);
            bench.Append(1);
            server.RefuseReading = 1;
            server.RefuseStatus = Status.Retry;

            RoundResult result = bench.Engine.Round();
            Assert.IsTrue(result.Outcome == RoundOutcome.Held);
            Assert.AreEqual(1, bench.Engine.Pending);
            Assert.IsTrue(new SyncSchedule(new System.Random(1)).Next(result, 60000) >= 60000);
            Assert.IsTrue(new SyncSchedule(new System.Random(1)).Next(result, 0) >= SyncSchedule.FirstRetry);

            Assert.IsTrue(bench.Engine.Round().Outcome == RoundOutcome.InStep);
        }

        [TestMethod]
        public void A_reply_cut_at_any_byte_loses_and_doubles_nothing()
        {
            int length = 1;
            for (int cut = 0; cut < length; cut++)
            {
                ScriptedServer server = new ScriptedServer(4096);
                server.Objects = 7;
                Bench bench = new Bench(server, null, 5);
                bench.Append(5);
                bench.Engine.Round(); // key 0
                server.CutReplyAt = cut;
                RoundResult result = bench.Engine.Round();
                length = server.ReplyLength;
                Assert.IsTrue(result.Outcome == RoundOutcome.Failed && result.Carrier == CarrierError.Broken, "cut at " + cut);
                Assert.AreEqual(5, bench.Engine.Pending, "cut at " + cut);
                Assert.AreEqual(0, bench.Store.Count(bench.Config.Number), "cut at " + cut);

                server.CutReplyAt = -1;
                bench.SyncUntilInStep(5);
                Assert.AreEqual(5, server.Readings);
                Assert.AreEqual(5, server.Repeated); // the window came twice and was known
                Assert.AreEqual(0, bench.Engine.Pending);
                Assert.AreEqual(7, bench.Store.Count(bench.Config.Number));
            }

            Assert.IsTrue(length > 100, "the reply had " + length + " bytes");
        }

        [TestMethod]
        public void After_an_unknown_key_the_device_starts_over_and_keeps_what_is_pending()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 5);
            bench.SyncUntilInStep(5);
            bench.Append(3);
            server.ForgetKeys = true;

            bench.Engine.Round();
            Assert.IsTrue(bench.Log.StartsOver);
            Assert.AreEqual(3, bench.Engine.Pending);

            bench.SyncUntilInStep(5);
            Assert.AreEqual(3, server.Readings);
            Assert.AreEqual(0, bench.Engine.Pending);
        }

        [TestMethod]
        [DataRow(200)] // another version
        [DataRow(4)]
        [DataRow(5)]
        public void A_message_refused_whole_changes_nothing_and_is_told(int status)
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 5);
            bench.SyncUntilInStep(5);
            bench.Append(3);
            server.RefusesAll = status;

            RoundResult result = bench.Engine.Round();
            Assert.IsTrue(result.Outcome == RoundOutcome.Failed);
            Assert.AreEqual(status, result.Status);
            Assert.AreEqual(3, bench.Engine.Pending);
            Assert.IsTrue(!bench.Log.StartsOver, "the key is held");

            server.RefusesAll = 0;
            bench.SyncUntilInStep(5);
            Assert.AreEqual(3, server.Readings);
            Assert.AreEqual(0, bench.Engine.Pending);
        }

        [TestMethod]
        public void A_refused_reading_is_kept_aside_and_does_not_block()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 5);
            server.Knows(bench.Store.FormatId);
            bench.Append(12);
            server.RefuseReading = 3;

            bench.SyncUntilInStep(8);

            Assert.AreEqual(12, server.Readings);
            Assert.AreEqual(0, bench.Engine.Pending);
            Assert.AreEqual(1, bench.Store.RefusedCount(bench.Log.Number));
        }

        [TestMethod]
        [DataRow(4)]
        [DataRow(8)]
        [DataRow(201)]
        [DataRow(202)]
        [DataRow(999)]
        public void So_is_one_refused_with_another_status(int status)
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 5);
            server.Knows(bench.Store.FormatId);
            bench.Append(4);
            server.RefuseReading = 3;
            server.RefuseStatus = status;

            bench.SyncUntilInStep(8);

            Assert.AreEqual(0, bench.Engine.Pending);
            ObjectInfo info = new ObjectInfo();
            Assert.IsTrue(bench.Store.NextRefused(bench.Log.Number, info) == StoreError.None);
            Assert.AreEqual(3, (int)info.Id);
            Assert.AreEqual(status, info.Status);
        }

        [TestMethod]
        [DataRow(5)]
        [DataRow(9)]
        [DataRow(16)]
        public void A_reading_not_taken_now_is_sent_again(int status)
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 5);
            server.Knows(bench.Store.FormatId);
            bench.Append(5);
            bench.Engine.Round(); // key 0
            server.RefuseReading = 3;
            server.RefuseStatus = status;

            bench.Engine.Round();
            Assert.AreEqual(3, bench.Engine.Pending); // 3 to 5 stay in order
            Assert.AreEqual(0, bench.Store.RefusedCount(bench.Log.Number));

            bench.SyncUntilInStep(5);
            Assert.AreEqual(0, bench.Engine.Pending);
            Assert.AreEqual(3, server.Repeated);
        }

        [TestMethod]
        public void A_reply_to_another_request_changes_nothing()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 5);
            bench.SyncUntilInStep(5);
            string key = bench.Log.KeyText;
            server.Objects = 3;
            bench.Append(4);
            server.AnswersAnother = true;

            RoundResult result = bench.Engine.Round();
            Assert.IsTrue(result.Outcome == RoundOutcome.Failed && result.Message == SyncError.OtherRequest && result.Carrier == CarrierError.None);
            Assert.AreEqual(4, bench.Engine.Pending);
            Assert.AreEqual(0, bench.Store.Count(bench.Config.Number));
            Assert.AreEqual(key, bench.Log.KeyText);
        }

        [TestMethod]
        public void What_the_application_refuses_goes_up_as_an_answer()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.Objects = 8;
            Bench bench = new Bench(server, new RefusesFive(), 5);

            bench.SyncUntilInStep(8);

            Assert.AreEqual(7, bench.Store.Count(bench.Config.Number));
            Assert.AreEqual(1, server.Refusals);
        }

        [TestMethod]
        public void A_restart_goes_on_with_the_key_held()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, 5);
            bench.Append(4);
            bench.SyncUntilInStep(8);
            string key = bench.Log.KeyText;
            int rounds = server.Rounds;

            bench.Restart();

            Assert.AreEqual(key, bench.Log.KeyText);
            Assert.AreEqual(0, bench.Engine.Pending);
            bench.SyncUntilInStep(3);
            Assert.AreEqual(rounds + 1, server.Rounds);
        }

        [TestMethod]
        public void What_the_server_was_told_is_told_again_only_when_it_is_another()
        {
            const string Log = "<Sync Version=1.0 <Collections <Collection SyncKey=", Config = " CollectionId=log DeletesAsMoves >Collection <Collection SyncKey=";
            ScriptedServer server = new ScriptedServer(4096);
            Transcript transcript = new Transcript();
            SyncOptions options = new SyncOptions() { Window = 5, Series = false };
            Bench bench = new Bench(server, null, options);
            bench.Append(1);
            bench.SyncUntilInStep(8);
            server.Capture = transcript;
            bench.Restart();
            IsRequest(bench, transcript, Log + "2" + Config + "2 CollectionId=config GetChanges >Collection >Collections >Sync ");

            // told and not answered: with the key held the server still remembers what it was told before
            options.Window = 6;
            bench.Restart();
            server.CutReplyAt = 1;
            const string Told = "<Sync Version=1.0 <Collections <Collection Class=reading#N8G- SyncKey=2 CollectionId=log DeletesAsMoves <Options Limit=1024 >Options >Collection "
                + "<Collection Class=setting#KnKO SyncKey=2 CollectionId=config GetChanges WindowSize=";
            IsRequest(bench, transcript, Told + "6 <Options Conflict=1 Limit=1024 >Options >Collection >Collections >Sync ");
            server.CutReplyAt = -1;
            options.Window = 5;
            bench.Restart();
            IsRequest(bench, transcript, Log + "2" + Config + "2 CollectionId=config GetChanges >Collection >Collections >Sync ");

            options.ReplyBytes = 500;
            bench.Restart();
            IsRequest(bench, transcript, "<Sync Version=1.0 <Collections <Collection Class=reading#N8G- SyncKey=2 CollectionId=log DeletesAsMoves <Options Limit=500 >Options >Collection "
                + "<Collection Class=setting#KnKO SyncKey=2 CollectionId=config GetChanges WindowSize=5 <Options Conflict=1 Limit=500 >Options >Collection >Collections >Sync ");
            bench.Restart(); // it was answered with the empty reply, so it is remembered with the key held
            IsRequest(bench, transcript, Log + "2" + Config + "2 CollectionId=config GetChanges >Collection >Collections >Sync ");
        }

        [TestMethod]
        [DataRow(50, 10, 512)] // a series a window
        [DataRow(50, 64, 67)] // several a window: the buffer holds 20 readings
        [DataRow(3, 1, 512)] // alone in their windows: plain
        [DataRow(300, 512, 512)]
        public void Readings_go_up_as_series_and_each_arrives_once(int readings, int window, int buffer)
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.ReadingClass = s_reading;
            Bench bench = new Bench(server, null, new SyncOptions() { Window = window, BufferBytes = buffer, Series = true });
            bench.Append(readings);

            bench.SyncUntilInStep(10);

            Assert.AreEqual(readings, server.Readings);
            Assert.AreEqual(0, server.Repeated + server.Gaps);
            Assert.AreEqual(0, bench.Engine.Pending);
            Assert.AreEqual(bench.Sum, server.Sum);
            Assert.AreEqual(window > 1, server.SeriesTaken > 0);
        }

        [TestMethod]
        public void A_series_cut_at_any_byte_of_its_reply_loses_and_doubles_nothing()
        {
            int length = 1;
            for (int cut = 0; cut < length; cut++)
            {
                ScriptedServer server = new ScriptedServer(4096);
                server.ReadingClass = s_reading;
                Bench bench = new Bench(server, null, new SyncOptions() { Window = 8, Series = true });
                bench.Append(8);
                bench.Engine.Round(); // key 0
                server.CutReplyAt = cut;
                Assert.IsTrue(bench.Engine.Round().Outcome == RoundOutcome.Failed);
                length = server.ReplyLength;
                server.CutReplyAt = -1;
                bench.Append(3);
                bench.SyncUntilInStep(5);
                Assert.AreEqual(11, server.Readings);
                Assert.AreEqual(8, server.Repeated);
                Assert.AreEqual(bench.Sum, server.Sum);
            }
        }

        [TestMethod]
        public void A_reading_refused_inside_a_series_is_kept_aside_and_the_others_go()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.ReadingClass = s_reading;
            Bench bench = new Bench(server, null, new SyncOptions() { Window = 5, Series = true });
            server.Knows(bench.Store.FormatId);
            bench.Append(12);
            server.RefuseReading = 3;

            bench.SyncUntilInStep(8);

            Assert.AreEqual(12, server.Readings);
            Assert.AreEqual(0, bench.Engine.Pending);
            Assert.AreEqual(1, bench.Store.RefusedCount(bench.Log.Number));
        }

        [TestMethod]
        public void A_server_that_does_not_take_series_gets_the_readings_one_by_one()
        {
            ScriptedServer server = new ScriptedServer(4096);
            Bench bench = new Bench(server, null, new SyncOptions() { Window = 20, Series = true });
            bench.Append(30);
            bench.Engine.Round(); // key 0

            RoundResult refused = bench.Engine.Round();
            Assert.IsTrue(refused.Outcome == RoundOutcome.More); // at once, not after a wait in which a device may sleep
            Assert.AreEqual(30, bench.Engine.Pending);
            Assert.AreEqual(0, server.Readings);

            bench.SyncUntilInStep(5);
            Assert.AreEqual(30, server.Readings);
            Assert.AreEqual(0, server.Repeated + server.Gaps);
            Assert.AreEqual(bench.Sum, server.Sum);
        }

        [TestMethod]
        public void What_does_not_fit_a_series_goes_between_two()
        {
            ScriptedServer server = new ScriptedServer(4096);
            server.ReadingClass = s_reading;
            Bench bench = new Bench(server, null, new SyncOptions() { Window = 100, Series = true, ObjectBytes = 209 });
            bench.Append(5);
            bench.AppendBytes(new byte[] { 9 }); // not of the class
            bench.Append(5);
            bench.AppendBytes(new byte[210]); // more than a series takes
            bench.Append(1);
            bench.AppendBytes(new byte[0]);
            bench.Append(2);

            bench.SyncUntilInStep(5);

            Assert.AreEqual(16, server.Readings);
            Assert.AreEqual(0, server.Repeated + server.Gaps);
            Assert.AreEqual(3, server.SeriesTaken);
            Assert.AreEqual(bench.Sum + 9, server.Sum);
        }

        [TestMethod]
        public void Readings_taken_before_the_clock_was_set_wait_for_it_and_go_up_with_their_times()
        {
            for (int series = 0; series < 2; series++)
            {
                ScriptedServer server = new ScriptedServer(4096);
                ObjectClass timed = new ObjectClass("timed").Time("at").UInt("value");
                MemoryVolume volume = new MemoryVolume(256 * 1024, 64);
                SyncCollection log;

                SyncEngine engine = Timed(volume, server, timed, series == 1, out log, 10, 11);
                engine.Round();
                engine.Round();
                Assert.IsTrue(engine.Round().Outcome == RoundOutcome.InStep);
                Assert.AreEqual(2, engine.Pending);
                Assert.IsTrue(log.AwaitsBootTime);
                Assert.IsTrue(engine.SetBootTime(log, 1764000000) == StoreError.None);
                Assert.IsFalse(log.AwaitsBootTime);

                // the power goes before they went, and once more before the time is known
                engine = Timed(volume, server, timed, series == 1, out log, 12, 0);
                engine = Timed(volume, server, timed, series == 1, out log, 13, 1764000099);
                Sink sent = new Sink();
                server.Capture = sent;
                engine.Round();
                engine.Round();
                Assert.AreEqual(2, engine.Pending);
                Assert.IsTrue(engine.SetBootTime(log, 1764000080) == StoreError.None);
                engine.Round();
                Assert.AreEqual(0, engine.Pending);

                string bytes = Codec.Hex(sent.ToArray());
                Assert.IsTrue(bytes.IndexOf(Codec.Hex(TimedRecord(timed, 1764000010))) >= 0, bytes);
                if (series == 0)
                {
                    Assert.IsTrue(bytes.IndexOf(Codec.Hex(TimedRecord(timed, 1764000011))) >= 0, bytes);
                    Assert.IsTrue(bytes.IndexOf(Codec.Hex(TimedRecord(timed, 0))) >= 0, bytes); // nobody knows when 12 was
                    Assert.IsTrue(bytes.IndexOf(Codec.Hex(TimedRecord(timed, 1764000093))) >= 0, bytes);
                    Assert.IsTrue(bytes.IndexOf(Codec.Hex(TimedRecord(timed, 1764000099))) >= 0, bytes);
                }
            }
        }

        [TestMethod]
        [DataRow("")]
        [DataRow(".")]
        [DataRow("..")]
        [DataRow("-log")]
        [DataRow("my log")]
        [DataRow("a/b")]
        [DataRow("k\u00fche")]
        [DataRow("log")] // there is one already
        [DataRow("12345678901234567890123456789012345678901234567890123456789012345")]
        public void A_bad_name_of_a_collection_is_refused_where_it_is_declared(string name)
        {
            SyncEngine engine = new SyncEngine(new FlashStore(new MemoryVolume(64 * 1024, 64), new StoreOptions()), new ScriptedServer(4096), new SyncOptions());
            engine.AddOutbox("log", s_reading, 8 * 1024, false);
            string message = "nothing was thrown";
            try
            {
                engine.AddInbox(name, s_reading, 8, null);
            }
            catch (ArgumentException e)
            {
                message = e.Message;
            }

            Assert.IsTrue(message.IndexOf(name == "log" ? "a collection log already" : "not \"" + name + "\"") >= 0, message);
            Assert.AreEqual(1, engine.Count);
        }

        [TestMethod]
        public void Each_collection_tells_the_limit()
        {
            for (int keyed = 0; keyed < 2; keyed++)
            {
                ScriptedServer server = new ScriptedServer(4096);
                FlashStore store = new FlashStore(new MemoryVolume(64 * 1024, 64), new StoreOptions());
                SyncEngine engine = new SyncEngine(store, server, new SyncOptions() { ReplyBytes = 777 });
                ObjectClass type = new ObjectClass("reading").UInt("value");
                engine.AddOutbox("log", type, 8 * 1024, false);
                if (keyed == 1)
                {
                    engine.AddInbox("config", type, 8, null);
                }

                Assert.IsTrue(engine.Open() == StoreError.None);
                for (int i = 0; i < 4; i++)
                {
                    engine.Round();
                }

                Assert.IsTrue(server.Limits == (keyed == 1 ? 777077707770777 : 7770777), "in each collection, with key 0 and with the key after it");
            }
        }

        [TestMethod]
        public void The_status_ends_with_what_the_engine_knows()
        {
            ScriptedServer server = new ScriptedServer(4096);
            FlashStore store = new FlashStore(new MemoryVolume(64 * 1024, 64), new StoreOptions());
            SyncEngine engine = new SyncEngine(store, server, new SyncOptions());
            SyncCollection log = engine.AddOutbox("log", s_reading, 8 * 1024, true);
            engine.Host = new FewWords();
            Assert.IsTrue(engine.Open() == StoreError.None);
            byte[] reading = new byte[100];
            uint id;
            for (int i = 0; i < 100; i++)
            {
                Assert.IsTrue(store.Append(log.Number, s_reading.Hash, reading, 0, reading.Length, out id) == StoreError.None);
            }

            uint dropped = store.DroppedCount(log.Number);
            Assert.IsTrue(dropped > 0);
            engine.ClockCorrection = -42;
            engine.FlashLife = 3650;
            engine.SendStatus = true;
            Sink sent = new Sink();
            server.Capture = sent;
            engine.Round();

            ObjectClass type = StatusRecord.MakeClass();
            RecordWriter expected = new RecordWriter(32);
            expected.Begin(type);
            expected.Fixed(370);
            while (expected.Field < StatusRecord.HostFields)
            {
                expected.None();
            }

            expected.UInt(dropped);
            expected.UInt(0);
            expected.UInt(0);
            expected.Int(-42);
            expected.UInt((ulong)engine.Pending);
            expected.UInt(3650);
            byte[] bytes = new byte[expected.Length];
            System.Array.Copy(expected.Buffer, bytes, bytes.Length);
            Assert.AreEqual(Codec.Hex(bytes), Codec.Hex(sent.ToArray()));
        }

        [TestMethod]
        public void Of_five_runs_the_last_loses_its_times()
        {
            ScriptedServer server = new ScriptedServer(4096);
            ObjectClass timed = new ObjectClass("timed").Time("at").UInt("value");
            MemoryVolume volume = new MemoryVolume(256 * 1024, 64);
            SyncCollection log = null;
            SyncEngine engine = null;
            for (uint run = 0; run < 5; run++)
            {
                engine = Timed(volume, server, timed, false, out log, 10 + run, 0);
                Assert.IsTrue(engine.SetBootTime(log, 1764000000 + 1000 * run) == StoreError.None);
            }

            Sink sent = new Sink();
            server.Capture = sent;
            engine.Round();
            engine.Round();
            engine.Round();
            Assert.AreEqual(0, engine.Pending);
            string bytes = Codec.Hex(sent.ToArray());
            Assert.IsTrue(bytes.IndexOf(Codec.Hex(TimedRecord(timed, 0))) >= 0, bytes);
            for (uint run = 0; run < 4; run++)
            {
                Assert.IsTrue(bytes.IndexOf(Codec.Hex(TimedRecord(timed, 1764000010 + 1001 * run))) >= 0, bytes);
            }
        }

        [TestMethod]
        [DataRow(1764000000)]
        [DataRow(0)] // it is decided that there is none
        public void A_reading_that_may_have_gone_up_keeps_its_time(int start)
        {
            ScriptedServer server = new ScriptedServer(4096);
            ObjectClass timed = new ObjectClass("timed").Time("at").UInt("value");
            MemoryVolume volume = new MemoryVolume(256 * 1024, 64);
            SyncCollection log;
            SyncEngine engine = Timed(volume, server, timed, false, out log, 10, 0);
            Assert.IsTrue(engine.SetBootTime(log, (uint)start) == StoreError.None);
            Assert.IsTrue(engine.SetBootTime(log, 1764777777) == StoreError.None); // too late
            string expected = Codec.Hex(TimedRecord(timed, start == 0 ? 0 : (uint)start + 10));
            engine.Round(); // key 0
            for (uint run = 1; run < 7; run++)
            {
                Sink sent = new Sink();
                server.Capture = sent;
                server.CutReplyAt = 0;
                engine.Round();
                string bytes = Codec.Hex(sent.ToArray());
                Assert.AreEqual(expected, bytes.Substring(0, expected.Length), "run " + run);
                engine = Timed(volume, server, timed, false, out log, 10 + run, 0);
                Assert.IsTrue(engine.SetBootTime(log, 1764000000 + 1000 * run) == StoreError.None);
            }
        }

        [TestMethod]
        public void A_clock_known_before_the_first_reading_costs_no_flash()
        {
            FlashStore store = new FlashStore(new MemoryVolume(64 * 1024, 64), new StoreOptions());
            SyncEngine engine = new SyncEngine(store, new ScriptedServer(512), new SyncOptions());
            SyncCollection log = engine.AddOutbox("log", new ObjectClass("timed").Time("at").UInt("value"), 8 * 1024, false);
            Assert.IsTrue(engine.Open() == StoreError.None);
            engine.DeclareUptimes(log);
            Assert.IsTrue(engine.SetBootTime(log, 1764000000) == StoreError.None);
            int length;
            Assert.IsTrue(store.GetMeta(log.Number, 2, new byte[FlashStore.MaxMeta], 0, out length) == StoreError.NotFound);
        }

        // The time of a reading goes into its record with the bytes that it needs there, and what is no seconds since a start stays.
        [TestMethod]
        [DataRow(1704067200, 1, 1)] // 127 s after the epoch of records has one byte
        [DataRow(1704067200, 127, 1)]
        [DataRow(1704067200, 128, 2)]
        [DataRow(1704067200, 16383, 2)]
        [DataRow(1704067200, 16384, 3)]
        [DataRow(1704067200, 2097151, 3)]
        [DataRow(1704067200, 2097152, 4)]
        [DataRow(1972502000, 655, 4)] // to 2^28 - 1
        [DataRow(1972502000, 656, 5)]
        public void A_time_is_put_right_in_a_record_of_any_length(int start, int uptime, int bytes)
        {
            ScriptedServer server = new ScriptedServer(4096);
            ObjectClass timed = new ObjectClass("timed").Time("at").UInt("value");
            SyncCollection log;
            SyncEngine engine = Timed(new MemoryVolume(256 * 1024, 64), server, timed, false, out log, (uint)uptime, 0);
            Assert.IsTrue(engine.SetBootTime(log, (uint)start) == StoreError.None);
            engine.Round(); // key 0
            Sink sent = new Sink();
            server.Capture = sent;
            engine.Round();

            string expected = Codec.Hex(TimedRecord(timed, (uint)start + (uint)uptime));
            Assert.AreEqual(2 * (1 + bytes + 1), expected.Length);
            Assert.AreEqual(expected, Codec.Hex(sent.ToArray()));
            Assert.AreEqual(0, engine.Pending);
        }

        [TestMethod]
        public void A_reading_without_a_time_and_one_of_a_clock_go_up_as_they_are_beside_those_put_right()
        {
            ScriptedServer server = new ScriptedServer(4096);
            ObjectClass timed = new ObjectClass("timed").Time("at").UInt("value");
            SyncCollection log;
            MemoryVolume volume = new MemoryVolume(256 * 1024, 64);
            SyncEngine engine = Timed(volume, server, timed, false, out log, uint.MaxValue, 1704067200); // no time; the first time that is a clock's
            Assert.IsTrue(engine.SetBootTime(log, 1764000000) == StoreError.None);
            engine.Round(); // key 0
            Sink sent = new Sink();
            server.Capture = sent;
            engine.Round();

            Assert.AreEqual(Codec.Hex(TimedRecord(timed, uint.MaxValue)) + Codec.Hex(TimedRecord(timed, 1704067200)), Codec.Hex(sent.ToArray()));
        }

        [TestMethod]
        public void Without_a_start_the_later_readings_of_a_run_have_no_times_either_and_with_one_a_clock_is_trusted()
        {
            for (int known = 0; known < 2; known++)
            {
                ScriptedServer server = new ScriptedServer(4096);
                ObjectClass timed = new ObjectClass("timed").Time("at").UInt("value");
                MemoryVolume volume = new MemoryVolume(256 * 1024, 64);
                FlashStore store = new FlashStore(volume, new StoreOptions());
                SyncEngine engine = new SyncEngine(store, server, new SyncOptions() { Series = false });
                SyncCollection log = engine.AddOutbox("log", timed, 32 * 1024, false);
                Assert.IsTrue(engine.Open() == StoreError.None);
                engine.DeclareUptimes(log);
                Append(store, log, timed, 10);
                Assert.IsTrue(engine.SetBootTime(log, known == 0 ? 0 : 1764000000u) == StoreError.None);
                Append(store, log, timed, known == 0 ? 20 : 1764000020u);
                engine.Round(); // key 0
                Sink sent = new Sink();
                server.Capture = sent;
                engine.Round();

                string expected = known == 0 ? Codec.Hex(TimedRecord(timed, 0)) + Codec.Hex(TimedRecord(timed, 0))
                    : Codec.Hex(TimedRecord(timed, 1764000010)) + Codec.Hex(TimedRecord(timed, 1764000020));
                Assert.AreEqual(expected, Codec.Hex(sent.ToArray()));
            }
        }

        private static void Append(FlashStore store, SyncCollection log, ObjectClass timed, uint time)
        {
            uint id;
            byte[] record = TimedRecord(timed, time);
            Assert.IsTrue(store.Append(log.Number, timed.Hash, record, 0, record.Length, out id) == StoreError.None);
        }

        // A start of a device whose readings may carry uptimes: takes one or two of them.
        private static SyncEngine Timed(MemoryVolume volume, ScriptedServer server, ObjectClass timed, bool series, out SyncCollection log, uint first, uint second)
        {
            FlashStore store = new FlashStore(volume, new StoreOptions());
            SyncEngine engine = new SyncEngine(store, server, new SyncOptions() { Series = series });
            log = engine.AddOutbox("log", timed, 32 * 1024, false);
            Assert.IsTrue(engine.Open() == StoreError.None);
            engine.DeclareUptimes(log);
            Append(store, log, timed, first);
            if (second != 0)
            {
                Append(store, log, timed, second);
            }

            return engine;
        }

        private static byte[] TimedRecord(ObjectClass timed, uint time)
        {
            RecordWriter record = new RecordWriter(16);
            record.Begin(timed);
            if (time == 0)
            {
                record.None();
            }
            else
            {
                record.Time(time);
            }

            record.UInt(7);
            byte[] bytes = new byte[record.Length];
            System.Array.Copy(record.Buffer, bytes, bytes.Length);
            return bytes;
        }

        // Two values of any length have one check sum: they differ by the polynomial of CRC32 itself.
        private static byte[] Alike(int count, bool other)
        {
            byte[] value = new byte[count];
            byte[] polynomial = { 0x41, 0x06, 0x71, 0xDB, 0x01 };
            for (int i = 0; other && i < polynomial.Length; i++)
            {
                value[10 + i] = polynomial[i];
            }

            return value;
        }

        private static void GoesDown(ScriptedServer server, byte[] value, int offset, int count, byte version)
        {
            server.Part = new byte[count];
            Array.Copy(value, offset, server.Part, 0, count);
            byte[] range = new byte[20];
            range[0] = 0x1D; // offset, total, crc, version
            int length = PutVarint(range, 1, (uint)offset);
            length = PutVarint(range, length, (uint)value.Length);
            length = PutVarint(range, length, Crc32.Finish(Crc32.Update(Crc32.Start, value, 0, value.Length)));
            range[length++] = version;
            server.PartRange = new byte[length];
            Array.Copy(range, server.PartRange, length);
        }

        private static int PutVarint(byte[] bytes, int at, uint value)
        {
            while (value >= 0x80)
            {
                bytes[at++] = (byte)(value | 0x80);
                value >>= 7;
            }

            bytes[at++] = (byte)value;
            return at;
        }

        /// <summary>The versions that the ranges of parts going up tell.</summary>
        private sealed class Ranges : IByteSink
        {
            public int Version = -1;
            public int Count;

            public bool Write(byte[] buffer, int offset, int count)
            {
                if (count < 24 && buffer[offset] == 0x1D)
                {
                    Count++;
                    Version = buffer[offset + count - 1]; // numbers below 128
                }

                return true;
            }
        }

        private sealed class FewWords : IDeviceHost
        {
            public void WriteStatus(RecordWriter record)
            {
                record.Fixed(370);
            }

            public void SetTime(uint unixSeconds, int milliseconds)
            {
            }

            public int Accept(DeviceCommand command, uint value)
            {
                return Status.NotFound;
            }

            public void Execute(DeviceCommand command, uint value)
            {
            }
        }

        private sealed class RefusesFive : IObjectHandler
        {
            public int Heard;

            public string Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count)
            {
                return record[offset + 1] == 5 ? "not five" : null;
            }

            public string CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes)
            {
                return null;
            }

            public void Changed(SyncCollection collection)
            {
                Heard++;
            }
        }

        /// <summary>A device: a store on a volume in memory, an engine, two collections.</summary>
        private sealed class Bench
        {
            private readonly MemoryVolume _volume = new MemoryVolume(256 * 1024, 64);
            private readonly ScriptedServer _server;
            private readonly IObjectHandler _handler;
            private readonly SyncOptions _options;
            private readonly int _outbox;
            private readonly bool _dropOldest;
            private readonly RecordWriter _record = new RecordWriter(16);

            public FlashStore Store;
            public SyncEngine Engine;
            public SyncCollection Log;
            public SyncCollection Config;

            public int Sum; // of the last bytes of all readings

            public int UsedBytes
            {
                get { return _volume.UsedBytes; }
            }

            public Bench(ScriptedServer server, IObjectHandler handler, int window)
                : this(server, handler, new SyncOptions() { Window = window, Series = false })
            {
            }

            public Bench(ScriptedServer server, IObjectHandler handler, SyncOptions options)
                : this(server, handler, options, 32 * 1024, false)
            {
            }

            public Bench(ScriptedServer server, IObjectHandler handler, SyncOptions options, int outbox, bool dropOldest)
            {
                _outbox = outbox;
                _dropOldest = dropOldest;
                _server = server;
                _handler = handler;
                _options = options;
                server.Window = options.Window;
                Restart();
            }

            public void Restart()
            {
                Store = new FlashStore(_volume, new StoreOptions());
                Engine = new SyncEngine(Store, _server, _options);
                Log = Engine.AddOutbox("log", s_reading, _outbox, _dropOldest);
                Config = Engine.AddTwoWay("config", s_setting, 256, _handler, false);
                StoreError error = Engine.Open();
                Assert.IsTrue(error == StoreError.None, "open: " + (int)error);
            }

            public void Append(int count)
            {
                for (int i = 0; i < count; i++)
                {
                    uint id;
                    _record.Begin(s_reading);
                    _record.UInt((ulong)i);
                    StoreError error = Store.Append(Log.Number, s_reading.Hash, _record.Buffer, 0, _record.Length, out id);
                    Assert.IsTrue(error == StoreError.None, "append: " + (int)error);
                    Sum += _record.Buffer[_record.Length - 1];
                }
            }

            public void AppendOther(byte[] bytes)
            {
                uint id;
                Assert.IsTrue(Store.Append(Log.Number, 0x12345678, bytes, 0, bytes.Length, out id) == StoreError.None);
            }

            public void AddSetting(int value)
            {
                uint id;
                byte[] bytes = { 1, (byte)value };
                Assert.IsTrue(Store.Add(Config.Number, s_setting.Hash, bytes, 0, bytes.Length, out id) == StoreError.None);
            }

            public void Change(string name, int value)
            {
                byte[] bytes = { 1, (byte)value };
                Assert.IsTrue(Store.Change(Find(name), s_setting.Hash, bytes, 0, bytes.Length) == StoreError.None);
            }

            public void PutNamed(string name, int value)
            {
                byte[] bytes = { 1, (byte)value };
                byte[] key = System.Text.Encoding.UTF8.GetBytes(name);
                Assert.IsTrue(Store.PutNamed(Config.Number, key, 0, key.Length, s_setting.Hash, bytes, 0, bytes.Length) == StoreError.None);
            }

            public void Delete(string name)
            {
                Assert.IsTrue(Store.Delete(Find(name)) == StoreError.None);
            }

            private ObjectInfo Find(string name)
            {
                ObjectInfo info = new ObjectInfo();
                byte[] key = System.Text.Encoding.UTF8.GetBytes(name);
                Assert.IsTrue(Store.FindKey(Config.Number, key, 0, key.Length, info) == StoreError.None);
                return info;
            }

            // The sum of the last bytes of the configuration.
            public int ConfigSum()
            {
                ObjectInfo info = new ObjectInfo();
                byte[] value = new byte[16];
                int sum = 0;
                while (Store.Next(Config.Number, info) == StoreError.None)
                {
                    sum += value[Store.Read(info, 0, value, 0, info.Length) - 1];
                }

                return sum;
            }

            // As many readings as make an outbox of 4 KB drop its oldest.
            public void Flood()
            {
                Append(300);
            }

            // Flips a bit in the middle of the first file of this kind.
            public void Damage(int kind)
            {
                uint[] files = _volume.List();
                for (int i = 0; i < files.Length; i++)
                {
                    if (StoreFile.Kind(files[i]) == kind)
                    {
                        byte[] bytes = new byte[_volume.Length(files[i])];
                        _volume.Read(files[i], 0, bytes, 0, bytes.Length);
                        bytes[bytes.Length / 2] ^= 1;
                        _volume.Delete(files[i]);
                        _volume.OpenAppend(3, files[i]);
                        _volume.Append(3, bytes, 0, bytes.Length);
                        _volume.Close(3);
                        return;
                    }
                }

                throw new System.Exception("no such file");
            }

            public void AppendBytes(byte[] bytes)
            {
                uint id;
                StoreError error = Store.Append(Log.Number, s_reading.Hash, bytes, 0, bytes.Length, out id);
                Assert.IsTrue(error == StoreError.None, "append: " + (int)error);
            }

            public void SyncUntilInStep(int most)
            {
                for (int round = 0; round < most; round++)
                {
                    RoundResult result = Engine.Round();
                    if (result.Outcome == RoundOutcome.InStep)
                    {
                        return;
                    }

                    Assert.IsTrue(result.Outcome == RoundOutcome.More,
                        "round failed: carrier " + (int)result.Carrier + " message " + (int)result.Message + " store " + (int)result.Store + " status " + result.Status);
                }

                throw new System.Exception("not in step after " + most + " rounds");
            }
        }
    }
}
