// Rounds whose replies come later: what is late, lost, repeated or out of order changes nothing, a restart in between
// neither.

using System.Collections;
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
    public class DeferredTests
    {
        private static readonly ObjectClass s_reading = new ObjectClass("reading").UInt("n");
        private static readonly ObjectClass s_setting = new ObjectClass("setting").UInt("n");

        [TestMethod]
        public void A_round_hands_the_request_over_and_a_later_one_takes_the_reply()
        {
            Bench bench = new Bench(4);
            bench.Post.Server.Objects = 3;
            bench.Append(5);
            bench.Round(RoundOutcome.Deferred);
            bench.Round(RoundOutcome.Deferred);
            Assert.AreEqual(1, bench.Post.Sent); // asked twice, sent once
            bench.Post.Deliver();
            bench.Round(RoundOutcome.More);
            bench.SyncUntilInStep(20);
            bench.IsEqual(5, 3);
        }

        [TestMethod]
        public void A_restart_at_any_point_changes_nothing()
        {
            Bench bench = new Bench(4);
            bench.Post.Server.Objects = 3;
            bench.Append(9);
            for (int round = 0; round < 30 && (bench.Engine.Pending > 0 || bench.Engine.UnderWay || round < 3); round++)
            {
                bench.Restart();
                bench.Engine.Round();
                bench.Restart();
                bench.Post.Deliver();
                if (round == 1)
                {
                    bench.Append(2); // behind what the request under way holds
                }
            }

            bench.SyncUntilInStep(20);
            bench.IsEqual(11, 3);
            Assert.AreEqual(0, bench.Post.Server.Repeated);
        }

        [TestMethod]
        public void What_a_request_told_before_a_restart_is_told_again()
        {
            Assert.IsFalse(TellsLimitAgain(false));
            Assert.IsTrue(TellsLimitAgain(true)); // the firmware may be another one, with another limit
        }

        private static bool TellsLimitAgain(bool restart)
        {
            Bench bench = new Bench(4);
            bench.SyncUntilInStep(20);
            bench.Append(1);
            if (restart)
            {
                bench.Restart();
            }

            bench.Round(RoundOutcome.Deferred);
            if (restart)
            {
                bench.Restart();
            }

            bench.Post.Deliver();
            bench.Engine.Round();
            long told = bench.Post.Server.Limits;
            bench.Append(1);
            bench.SyncUntilInStep(20);
            return bench.Post.Server.Limits != told;
        }

        [TestMethod]
        public void A_lost_mail_is_sent_anew_after_ever_more_rounds()
        {
            Bench bench = new Bench(2);
            bench.Append(1);
            bench.Round(RoundOutcome.Deferred);
            bench.Post.Lose();
            int[] rounds = new int[3];
            for (int again = 0; again < 3; again++)
            {
                int sent = bench.Post.Sent;
                while (bench.Post.Sent == sent)
                {
                    rounds[again]++;
                    bench.Round(RoundOutcome.Deferred);
                }

                bench.Post.Lose();
            }

            Assert.AreEqual(2, rounds[0]);
            Assert.AreEqual(4, rounds[1]);
            Assert.AreEqual(8, rounds[2]);
            bench.SyncUntilInStep(100);
            bench.IsEqual(1, 0);
        }

        [TestMethod]
        public void A_late_reply_to_an_earlier_request_changes_nothing()
        {
            Bench bench = new Bench(1);
            bench.Append(3);
            bench.Round(RoundOutcome.Deferred); // number 1
            bench.Append(1);
            bench.Round(RoundOutcome.Deferred); // sent anew as number 2, with more in it
            Assert.AreEqual(2, bench.Post.Sent);
            bench.Post.DeliverOnly(1);
            int pending = bench.Engine.Pending;
            bench.Round(RoundOutcome.Deferred);
            Assert.AreEqual(pending, bench.Engine.Pending);
            bench.SyncUntilInStep(40);
            bench.IsEqual(4, 0);
        }

        [TestMethod]
        public void A_reading_tried_again_while_a_request_is_under_way_is_not_settled_by_its_reply()
        {
            Bench bench = new Bench(4);
            bench.Append(3);
            bench.Post.Server.RefuseReading = 2;
            bench.SyncUntilInStep(20);
            bench.Append(2);
            bench.Round(RoundOutcome.Deferred); // under way: 4 and 5
            bench.RetryRefused(true);
            bench.Restart();
            bench.Post.Deliver();
            bench.Engine.Round();
            Assert.AreEqual(1, bench.Engine.Pending);

            bench.SyncUntilInStep(20);
            bench.IsEqual(5, 0);
            Assert.AreEqual(1, bench.Post.Server.Repeated); // it came twice, as it was asked for

            // in the next request it is, and its reply settles it
            int sent = bench.Post.Sent;
            bench.SyncUntilInStep(20);
            Assert.IsTrue(bench.Post.Sent <= sent + 1);
        }

        [TestMethod]
        public void A_change_tried_again_while_a_request_is_under_way_is_not_settled_by_its_reply()
        {
            Bench bench = new Bench(4);
            bench.SyncUntilInStep(20);
            bench.Change((byte)'a');
            bench.RefuseHere((byte)'a');
            bench.Change((byte)'b');
            bench.Round(RoundOutcome.Deferred); // under way: b
            bench.RetryRefused(false);
            bench.Restart();
            bench.Post.Deliver();
            bench.Engine.Round();
            Assert.AreEqual(1, bench.Engine.Pending);
            Assert.AreEqual(1, bench.Post.Server.Changes);

            bench.SyncUntilInStep(20);
            Assert.AreEqual(2, bench.Post.Server.Changes);
            Assert.AreEqual(0, bench.Engine.Pending);
        }

        [TestMethod]
        public void Readings_dropped_while_they_were_under_way_are_settled_by_the_reply_whatever_it_says()
        {
            for (uint refused = 0; refused < 3; refused++)
            {
                Bench bench = new Bench(4, 4096);
                bench.SyncUntilInStep(20);
                bench.Append(3);
                bench.Post.Server.RefuseReading = refused;
                bench.Round(RoundOutcome.Deferred);
                bench.Append(300); // as many as make it drop its oldest
                Assert.IsTrue(bench.Dropped > 0);
                uint dropped = bench.Dropped;
                bench.Restart();
                bench.SyncUntilInStep(400);
                Assert.AreEqual(0, bench.Engine.Pending);
                Assert.AreEqual(303, bench.Post.Server.Readings);
                Assert.AreEqual((int)dropped, (int)bench.Dropped);
                Assert.IsTrue(bench.Post.Server.Gaps <= (int)dropped);
            }
        }

        [TestMethod]
        public void A_request_that_an_earlier_version_sent_gets_its_reply()
        {
            Bench bench = new Bench(4);
            bench.Append(3);
            bench.SyncUntilInStep(20);
            bench.Append(2);
            bench.Round(RoundOutcome.Deferred);
            bench.CutSent(14);
            bench.Restart();
            Assert.IsTrue(bench.Engine.UnderWay);
            int sent = bench.Post.Sent;
            bench.SyncUntilInStep(20);
            Assert.AreEqual(sent, bench.Post.Sent);
            bench.IsEqual(5, 0);
        }

        [TestMethod]
        public void A_reply_cut_on_its_way_is_read_again()
        {
            for (int cut = 0; cut < 60; cut++)
            {
                Bench bench = new Bench(4);
                bench.Post.Server.Objects = 2;
                bench.Append(2);
                bench.Round(RoundOutcome.Deferred);
                bench.Post.Deliver();
                bench.Post.CutAt = cut;
                if (bench.Engine.Round().Outcome == RoundOutcome.Failed)
                {
                    Assert.IsTrue(bench.Engine.UnderWay);
                }

                bench.Post.CutAt = -1;
                bench.SyncUntilInStep(20);
                bench.IsEqual(2, 2);
            }
        }

        /// <summary>A way that keeps replies until they are delivered.</summary>
        private sealed class Post : IDeferredCarrier
        {
            private readonly ArrayList _waiting = new ArrayList(); // Letter
            private readonly ArrayList _delivered = new ArrayList();
            private Letter _open;
            private uint _number;
            private int _at;

            public readonly ScriptedServer Server = new ScriptedServer(4096);
            public int Sent;
            public int CutAt = -1;

            public int StatusCode
            {
                get { return 0; }
            }

            public int RetryAfter
            {
                get { return -1; }
            }

            public uint ResumeFrom
            {
                get { return 0; }
            }

            public void Number(string store, uint number)
            {
                Assert.IsTrue(number > _number, "a number came twice");
                _number = number;
            }

            public CarrierError Open(string contentType, int contentLength)
            {
                return Server.Open(contentType, contentLength);
            }

            public CarrierError Write(byte[] buffer, int offset, int count)
            {
                return Server.Write(buffer, offset, count);
            }

            public CarrierError Receive()
            {
                CarrierError error = Server.Receive();
                Assert.IsTrue(error == CarrierError.None);
                Letter letter = new Letter();
                letter.Number = _number;
                letter.Bytes = new byte[Server.ReplyLength];
                int at = 0;
                while (at < letter.Bytes.Length)
                {
                    at += Server.Read(letter.Bytes, at, letter.Bytes.Length - at);
                }

                _waiting.Add(letter);
                Sent++;
                return CarrierError.Deferred;
            }

            public CarrierError Fetch(string store, uint number)
            {
                for (int i = 0; i < _delivered.Count; i++)
                {
                    _open = (Letter)_delivered[i];
                    if (_open.Number == number)
                    {
                        _at = 0;
                        return CarrierError.None;
                    }
                }

                return CarrierError.Deferred;
            }

            public int Read(byte[] buffer, int offset, int count)
            {
                int left = (CutAt >= 0 && CutAt < _open.Bytes.Length ? CutAt : _open.Bytes.Length) - _at;
                if (left == 0 && _at < _open.Bytes.Length)
                {
                    return -(int)CarrierError.Broken;
                }

                count = count < left ? count : left;
                System.Array.Copy(_open.Bytes, _at, buffer, offset, count);
                _at += count;
                return count;
            }

            public void Done(bool drop)
            {
                if (drop)
                {
                    _delivered.Remove(_open);
                }
            }

            public void Close()
            {
            }

            public void Deliver()
            {
                for (int i = 0; i < _waiting.Count; i++)
                {
                    _delivered.Add(_waiting[i]);
                }

                _waiting.Clear();
            }

            public void DeliverOnly(uint number)
            {
                for (int i = 0; i < _waiting.Count; i++)
                {
                    if (((Letter)_waiting[i]).Number == number)
                    {
                        _delivered.Add(_waiting[i]);
                        _waiting.RemoveAt(i);
                        return;
                    }
                }
            }

            public void Lose()
            {
                _waiting.Clear();
            }
        }

        private sealed class Letter
        {
            public uint Number;
            public byte[] Bytes;
        }

        private sealed class Bench
        {
            private readonly MemoryVolume _volume = new MemoryVolume(256 * 1024, 64);
            private readonly SyncOptions _options = new SyncOptions();
            private readonly RecordWriter _record = new RecordWriter(16);
            private FlashStore _store;
            private SyncCollection _log;
            private SyncCollection _config;

            public readonly Post Post = new Post();
            public DeferredEngine Engine;

            private readonly int _outbox;

            public Bench(int replyRounds)
                : this(replyRounds, 32 * 1024)
            {
            }

            public Bench(int replyRounds, int outbox)
            {
                _outbox = outbox;
                _options.Window = 4;
                _options.ReplyRounds = replyRounds;
                Post.Server.Window = 4;
                Post.Server.ReadingClass = s_reading;
                Restart();
            }

            public void Restart()
            {
                _store = new FlashStore(_volume, new StoreOptions());
                Engine = new DeferredEngine(_store, Post, _options);
                _log = Engine.AddOutbox("log", s_reading, _outbox, _outbox == 4096);
                _config = Engine.AddTwoWay("config", s_setting, 256, null, false);
                StoreError error = Engine.Open();
                Assert.IsTrue(error == StoreError.None, "open: " + (int)error);
                Post.Server.Knows(_store.FormatId);
            }

            public uint Dropped
            {
                get { return _store.DroppedCount(_log.Number); }
            }

            public void Change(byte name)
            {
                _record.Begin(s_setting);
                _record.UInt(7);
                Assert.IsTrue(_store.PutNamed(_config.Number, new byte[] { name }, 0, 1, s_setting.Hash, _record.Buffer, 0, _record.Length) == StoreError.None);
            }

            // As if the server had refused it.
            public void RefuseHere(byte name)
            {
                ObjectInfo info = new ObjectInfo();
                Assert.IsTrue(_store.FindKey(_config.Number, new byte[] { name }, 0, 1, info) == StoreError.None);
                Assert.IsTrue(_store.Refuse(info, 6, null, 0) == StoreError.None);
            }

            // What is known of the request under way, as a version without the last bytes kept it.
            public void CutSent(int length)
            {
                byte[] sent = new byte[64];
                int held;
                Assert.IsTrue(_store.GetMeta(15, 4, sent, 0, out held) == StoreError.None);
                Assert.IsTrue(held > length);
                Assert.IsTrue(_store.SetMeta(15, 4, sent, 0, length) == StoreError.None);
            }

            public void RetryRefused(bool reading)
            {
                ObjectInfo info = new ObjectInfo();
                info.Reset();
                Assert.IsTrue(_store.NextRefused(reading ? _log.Number : _config.Number, info) == StoreError.None);
                Assert.IsTrue(_store.Retry(info) == StoreError.None);
            }

            public void Append(int count)
            {
                for (int i = 0; i < count; i++)
                {
                    uint id;
                    _record.Begin(s_reading);
                    _record.UInt((ulong)i);
                    Assert.IsTrue(_store.Append(_log.Number, s_reading.Hash, _record.Buffer, 0, _record.Length, out id) == StoreError.None);
                }
            }

            public void Round(RoundOutcome outcome)
            {
                RoundResult result = Engine.Round();
                Assert.IsTrue(result.Outcome == outcome, Text(result));
            }

            public void SyncUntilInStep(int most)
            {
                for (int round = 0; round < most; round++)
                {
                    Post.Deliver();
                    RoundResult result = Engine.Round();
                    if (result.Outcome == RoundOutcome.InStep)
                    {
                        return;
                    }

                    Assert.IsTrue(result.Outcome != RoundOutcome.Failed, Text(result));
                }

                throw new System.Exception("not in step after " + most + " rounds");
            }

            public void IsEqual(int readings, int objects)
            {
                Assert.AreEqual(readings, Post.Server.Readings);
                Assert.AreEqual(0, Post.Server.Gaps);
                Assert.AreEqual(0, Engine.Pending);
                Assert.AreEqual(objects, _store.Count(_config.Number));
            }

            private static string Text(RoundResult result)
            {
                return "outcome " + (int)result.Outcome + " carrier " + (int)result.Carrier + " message " + (int)result.Message + " store " + (int)result.Store + " status " + result.Status;
            }
        }
    }
}
