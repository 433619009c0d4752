using NanoSync.Storage;
#if NANOFRAMEWORK_1_0
using nanoFramework.TestFramework;
#else
using Microsoft.VisualStudio.TestTools.UnitTesting;
#endif

namespace NanoSync.DeviceTests
{
    /// <summary>The store on a volume in RAM: every operation once, a remount after each. Static state only, as nanoCLR wants it.</summary>
    [TestClass]
    public class StoreTests
    {
        private const int Readings = 0;
        private const int Settings = 1;

        private static MemoryVolume s_volume;
        private static FlashStore s_store;
        private static readonly ObjectInfo s_info = new ObjectInfo();
        private static readonly byte[] s_bytes = new byte[600];
        private static readonly byte[] s_read = new byte[600];
        private static readonly byte[] s_key = new byte[] { (byte)'k', (byte)'e', (byte)'y', (byte)'1' };

        private static void Begin()
        {
            s_volume = new MemoryVolume(64 * 1024, 64);
            for (int i = 0; i < s_bytes.Length; i++)
            {
                s_bytes[i] = (byte)(i * 7);
            }
            Remount();
        }

        private static void Remount()
        {
            StoreOptions options = new StoreOptions();
            options.QuotaBytes = 24 * 1024;
            options.SegmentBytes = 2048;
            options.BufferBytes = 512;
            options.Entropy = 5;
            s_store = new FlashStore(s_volume, options);
            Ok(s_store.DeclareOutbox(Readings, 8192, false));
            Ok(s_store.DeclareKeyed(Settings, 20));
            Ok(s_store.Open());
        }

        private static void Ok(StoreError error)
        {
            Assert.AreEqual((int)StoreError.None, (int)error);
        }

        private static void IsPayload(int start, int count)
        {
            Assert.AreEqual(count, s_info.Length);
            Assert.AreEqual(count, s_store.Read(s_info, 0, s_read, 0, count));
            for (int i = 0; i < count; i++)
            {
                Assert.AreEqual((int)s_bytes[start + i], (int)s_read[i]);
            }
        }

        [TestMethod]
        public void Crc32_is_that_of_zip()
        {
            byte[] digits = new byte[] { 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39 };
            Assert.IsTrue(Crc32.Finish(Crc32.Update(Crc32.Start, digits, 0, 9)) == 0xCBF43926);
            uint half = Crc32.Update(Crc32.Start, digits, 0, 4);
            Assert.IsTrue(Crc32.Finish(Crc32.Update(half, digits, 4, 5)) == 0xCBF43926);
        }

        [TestMethod]
        public void File_names_and_numbers_are_the_same_thing()
        {
            uint file = StoreFile.Make(StoreFile.Outbox, 3, 0xABC);
            Assert.AreEqual("o3000abc.ns", StoreFile.Name(file));
            Assert.IsTrue(StoreFile.Parse("I:\\nanosync\\o3000abc.ns") == file);
            Assert.IsTrue(StoreFile.Parse("con_wifi.sys") == 0);
            Assert.IsTrue(StoreFile.Parse("xo3000abc.ns") == 0);
        }

        [TestMethod]
        [DataRow(1)]
        [DataRow(20)]
        public void Readings_wait_in_order_until_acknowledged(int batch)
        {
            Begin();
            uint id;
            for (int i = 0; i < 60; i++)
            {
                if (batch > 1 && i % batch == 0)
                {
                    Ok(s_store.BeginAppend(Readings));
                }
                Ok(s_store.Append(Readings, (uint)i, s_bytes, i, 30, out id));
                Assert.AreEqual(i + 1, (int)id);
                if (batch > 1 && i % batch == batch - 1)
                {
                    Ok(s_store.CommitAppend());
                }
            }
            Remount();
            Assert.AreEqual(60, s_store.PendingCount(Readings));
            uint after = 0;
            s_info.Reset();
            for (int i = 0; i < 60; i++)
            {
                Ok(s_store.NextPending(Readings, after, s_info));
                after = s_info.Id;
                Assert.AreEqual(i + 1, (int)after);
                IsPayload(i, 30);
            }
            Ok(s_store.AckOutbox(Readings, 45));
            Remount();
            Assert.AreEqual(15, s_store.PendingCount(Readings));
            Ok(s_store.AckOutbox(Readings, 60));
            Remount();
            Assert.AreEqual(0, s_store.PendingCount(Readings));
            Ok(s_store.Append(Readings, 0, s_bytes, 0, 1, out id));
            Assert.AreEqual(61, (int)id);
        }

        [TestMethod]
        public void A_batch_counts_whole_or_not_at_all()
        {
            Begin();
            Ok(s_store.Begin());
            Ok(s_store.PutServer(Settings, s_key, 0, 4, 9, s_bytes, 0, 100));
            Ok(s_store.SetMeta(Settings, 0, s_bytes, 0, 8));
            Ok(s_store.Abandon());
            Assert.AreEqual(0, s_store.Count(Settings));
            Ok(s_store.Begin());
            Ok(s_store.PutServer(Settings, s_key, 0, 4, 9, s_bytes, 0, 100));
            Ok(s_store.SetMeta(Settings, 0, s_bytes, 0, 8));
            Ok(s_store.Commit());
            Remount();
            Assert.AreEqual(1, s_store.Count(Settings));
            int count;
            Ok(s_store.GetMeta(Settings, 0, s_read, 0, out count));
            Assert.AreEqual(8, count);
            Ok(s_store.FindKey(Settings, s_key, 0, 4, s_info));
            IsPayload(0, 100);
        }

        [TestMethod]
        public void An_object_made_here_is_named_changed_and_deleted()
        {
            Begin();
            uint id;
            Ok(s_store.Add(Settings, 1, s_bytes, 0, 10, out id));
            Ok(s_store.NextPending(Settings, 0, s_info));
            Ok(s_store.Bind(Settings, id, s_info.Version, s_key, 0, 4));
            Assert.AreEqual(0, s_store.PendingCount(Settings));
            Ok(s_store.FindKey(Settings, s_key, 0, 4, s_info));
            Ok(s_store.Change(s_info, 2, s_bytes, 5, 40));
            Remount();
            Ok(s_store.NextPending(Settings, 0, s_info));
            IsPayload(5, 40);
            Ok(s_store.Refuse(s_info, 6, s_bytes, 3));
            Assert.AreEqual(1, s_store.RefusedCount(Settings));
            s_info.Reset();
            Ok(s_store.NextRefused(Settings, s_info));
            Assert.AreEqual(6, s_info.Status);
            Ok(s_store.Retry(s_info));
            Ok(s_store.FindKey(Settings, s_key, 0, 4, s_info));
            Ok(s_store.Delete(s_info));
            Remount();
            Ok(s_store.NextPending(Settings, 0, s_info));
            Assert.IsTrue(s_info.IsDelete);
            Ok(s_store.AckChange(Settings, s_key, 0, 4, s_info.Version));
            Assert.AreEqual(0, s_store.Count(Settings));
        }

        [TestMethod]
        public void A_payload_larger_than_the_buffers_goes_through_in_slices()
        {
            Begin();
            Ok(s_store.Begin());
            Ok(s_store.BeginPut(Settings, s_key, 0, 4, 3));
            for (int i = 0; i < 6; i++)
            {
                Ok(s_store.WritePut(s_bytes, i * 100, 100));
            }
            Ok(s_store.EndPut());
            Ok(s_store.Commit());
            Remount();
            Ok(s_store.FindKey(Settings, s_key, 0, 4, s_info));
            IsPayload(0, 600);
        }

        [TestMethod]
        public void A_download_goes_on_after_a_restart()
        {
            Begin();
            uint crc = Crc32.Finish(Crc32.Update(Crc32.Start, s_bytes, 0, 600));
            bool complete = false;
            for (int i = 0; i < 3; i++)
            {
                int done;
                Ok(s_store.Begin());
                Ok(s_store.OpenPartial(Settings, s_key, 0, 4, 3, 600, crc, 7, out done));
                Assert.AreEqual(i * 200, done);
                Ok(s_store.WritePartial(s_bytes, done, 200));
                Ok(s_store.ClosePartial(out complete));
                Ok(s_store.Commit());
                Remount();
            }
            Assert.IsTrue(complete);
            Ok(s_store.FindKey(Settings, s_key, 0, 4, s_info));
            IsPayload(0, 600);
        }

        [TestMethod]
        public void A_download_given_up_is_not_gone_on_with_in_the_same_batch()
        {
            Begin();
            uint crc = Crc32.Finish(Crc32.Update(Crc32.Start, s_bytes, 0, 600));
            bool complete;
            int done;
            Ok(s_store.Begin());
            Ok(s_store.OpenPartial(Settings, s_key, 0, 4, 3, 600, crc, 7, out done));
            Ok(s_store.WritePartial(s_bytes, 0, 300));
            Ok(s_store.ClosePartial(out complete));
            Ok(s_store.Commit());
            Ok(s_store.Begin());
            Ok(s_store.OpenPartial(Settings, s_key, 0, 4, 3, 600, crc, 7, out done));
            Ok(s_store.WritePartial(s_bytes, 300, 300));
            Ok(s_store.ClosePartial(out complete));
            Assert.IsTrue(complete);
            s_store.Abandon(); // the reply was cut: its bytes stay

            Ok(s_store.Begin());
            Ok(s_store.OpenPartial(Settings, s_key, 0, 4, 3, 600, crc, 7, out done));
            Assert.AreEqual(600, done);
            Ok(s_store.LeavePartial());
            Ok(s_store.Commit());
            Assert.IsTrue(s_store.FindKey(Settings, s_key, 0, 4, s_info) == StoreError.NotFound); // looked at is not closed

            Ok(s_store.Begin());
            Ok(s_store.DropPartial(Settings, s_key, 0, 4));
            Assert.IsTrue(s_store.OpenPartial(Settings, s_key, 0, 4, 3, 600, crc, 7, out done) == StoreError.BatchFull);
            Ok(s_store.Commit());
            Remount();
            Assert.IsTrue(s_store.FindKey(Settings, s_key, 0, 4, s_info) == StoreError.NotFound);
            Assert.IsTrue(s_store.FindPartial(Settings, s_key, 0, 4, s_info) == StoreError.NotFound);

            Ok(s_store.Begin());
            Ok(s_store.OpenPartial(Settings, s_key, 0, 4, 3, 600, crc, 7, out done));
            Assert.AreEqual(0, done);
            Ok(s_store.WritePartial(s_bytes, 0, 600));
            Ok(s_store.ClosePartial(out complete));
            Ok(s_store.Commit());
            Ok(s_store.FindKey(Settings, s_key, 0, 4, s_info));
            IsPayload(0, 600);
        }

        [TestMethod]
        public void Rewriting_for_long_stays_within_the_quota()
        {
            Begin();
            for (int i = 0; i < 800; i++)
            {
                s_key[3] = (byte)('0' + i % 10);
                Ok(s_store.PutServer(Settings, s_key, 0, 4, (uint)i, s_bytes, i % 300, 100));
                Assert.IsTrue(s_volume.UsedBytes <= 24 * 1024);
            }
            Remount();
            for (int i = 790; i < 800; i++)
            {
                s_key[3] = (byte)('0' + i % 10);
                Ok(s_store.FindKey(Settings, s_key, 0, 4, s_info));
                IsPayload(i % 300, 100);
            }
            s_key[3] = (byte)'1';
        }

        [TestMethod]
        public void A_full_volume_is_an_outcome_and_nothing_is_lost()
        {
            s_volume = new MemoryVolume(6000, 64);
            Remount();
            uint id;
            int appended = 0;
            StoreError error = StoreError.None;
            while (error == StoreError.None)
            {
                error = s_store.Append(Readings, 1, s_bytes, 0, 100, out id);
                if (error == StoreError.None)
                {
                    appended++;
                }
            }
            Assert.AreEqual((int)StoreError.VolumeFull, (int)error);
            Remount();
            Assert.AreEqual(appended, s_store.PendingCount(Readings));
        }
    }
}
