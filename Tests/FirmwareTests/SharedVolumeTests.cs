// Store and diary on one volume, from two threads: the volume takes one call after the other.

using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Storage;

namespace NanoSync.FirmwareTests;

[TestClass]
public class SharedVolumeTests
{
    [TestMethod]
    public void Readings_and_diary_entries_written_at_once_are_all_there()
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-shared").FullName;
        var volume = new FileVolume(folder);
        try
        {
            var store = new FlashStore(volume, new StoreOptions { QuotaBytes = 200 * 1024 });
            store.DeclareOutbox(0, 150 * 1024, false);
            var diary = new FieldDiary(volume);
            diary.Start(RestartReason.Command, 0, 0, 0);
            Assert.AreEqual(StoreError.None, store.Open());
            int entries = 0;
            int readings = 0;
            Exception? failure = null;
            var beside = new Thread(() =>
            {
                try
                {
                    while (Volatile.Read(ref readings) < 600)
                    {
                        diary.NoNetwork(0, (uint)entries, 0);
                        diary.Flush();
                        entries++;
                    }
                }
                catch (Exception e)
                {
                    failure = e;
                }
            });
            beside.Start();
            byte[] reading = new byte[20];
            var info = new ObjectInfo();
            for (uint id = 1; id <= 600; id++)
            {
                Assert.AreEqual(StoreError.None, store.Append(0, 1, reading, 0, reading.Length, out uint given));
                Assert.AreEqual(id, given);
                Assert.AreEqual(StoreError.None, store.NextPending(0, id - 1, info));
                Volatile.Write(ref readings, (int)id);
            }

            beside.Join();
            Assert.IsNull(failure, failure?.ToString());
            Assert.IsGreaterThan(20, entries);
            store.Close();
            volume.Shut();

            Assert.AreEqual(StoreError.None, store.Open());
            Assert.AreEqual(600, store.PendingCount(0));
            Assert.AreEqual(0, store.Health.Damaged + store.Health.TornTails);
            foreach (string file in Directory.GetFiles(folder).Where(f => StoreFile.Kind(StoreFile.Parse(f)) == StoreFile.Diary))
            {
                Assert.AreEqual(0, new FileInfo(file).Length % FieldDiary.EntryBytes, "whole entries");
            }
        }
        finally
        {
            volume.Shut();
            Directory.Delete(folder, recursive: true);
        }
    }
}
