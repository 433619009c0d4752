// What a volume took and does not hold: each commit reads its bytes back, whatever the writer's buffer says of them.

using NanoSync.Storage;

namespace NanoSync.StorageTests;

[TestClass]
public sealed class ReadBackTests
{
    private const int Log = 0;
    private const int Config = 1;

    // Each byte that a commit appends is another one in the file, in turn: of the first batch of a segment, whose header stands
    // in the same buffer, of one behind others, and of one that the buffer does not hold at once.
    [TestMethod]
    [DataRow(0, 1, 20)]
    [DataRow(3, 1, 20)]
    [DataRow(3, 4, 200)]
    [DataRow(3, 9, 200)]
    [DataRow(0, 9, 200)]
    public void A_byte_that_the_volume_changed_is_noticed_wherever_it_is(int before, int records, int size)
    {
        for (int keyed = 0; keyed < 2; keyed++)
        {
            int bytes = 0;
            for (int at = -1; at < bytes; at += at < 0 ? 1 : Math.Max(1, bytes / 400))
            {
                WrongVolume volume = new();
                FlashStore store = Open(volume);
                for (int i = 0; i < before; i++)
                {
                    Assert.AreEqual(StoreError.None, Write(store, keyed, 1, 20, 1 + i));
                }

                int first = (int)store.NextId(Log);
                volume.Begin(at);
                StoreError error = Write(store, keyed, records, size, 50);
                bytes = Math.Max(bytes, volume.Appended);
                bool header = before == 0 && keyed == 0 && at < 32; // read at the next Open alone
                if (at >= 0 && !header)
                {
                    // of a batch the records that are whole count, and the store says that one is damaged
                    Assert.IsTrue(error != StoreError.None || (records > 1 && store.Health.Damaged > 0), $"keyed {keyed} byte {at} of {bytes}");
                }
                else if (at < 0)
                {
                    Assert.AreEqual(StoreError.None, error);
                }

                volume.End();
                int held = Held(store, keyed, 50, records, size, first);
                Assert.AreEqual(error != StoreError.None ? 0 : at < 0 || header ? records : records - 1, held, $"keyed {keyed} byte {at} of {bytes}");
                Assert.AreEqual(StoreError.None, Write(store, keyed, 2, size, 80));
                if (!header)
                {
                    store = Open(volume);
                    Assert.AreEqual(held, Held(store, keyed, 50, records, size, first), $"opened again, keyed {keyed} byte {at} of {bytes}");
                    Assert.AreEqual(2, Held(store, keyed, 80, 2, size, 0), $"opened again, keyed {keyed} byte {at} of {bytes}");
                }
            }
        }
    }

    private static FlashStore Open(IVolume volume)
    {
        FlashStore store = new(volume, new StoreOptions());
        Assert.AreEqual(StoreError.None, store.DeclareOutbox(Log, 32 * 1024, false));
        Assert.AreEqual(StoreError.None, store.DeclareKeyed(Config, 100));
        Assert.AreEqual(StoreError.None, store.Open());
        return store;
    }

    private static StoreError Write(FlashStore store, int keyed, int records, int size, int mark)
    {
        StoreError error = keyed == 1 ? store.Begin() : records > 1 ? store.BeginAppend(Log) : StoreError.None;
        for (int i = 0; i < records && error == StoreError.None; i++)
        {
            byte[] payload = Payload(mark + i, size);
            error = keyed == 1
                ? store.PutServer(Config, [(byte)(mark + i)], 0, 1, (uint)(mark + i), payload, 0, size)
                : store.Append(Log, (uint)(mark + i), payload, 0, size, out _);
        }

        return error != StoreError.None ? error : keyed == 1 ? store.Commit() : records > 1 ? store.CommitAppend() : StoreError.None;
    }

    // How many of them are there, each whole.
    private static int Held(FlashStore store, int keyed, int mark, int records, int size, int first)
    {
        ObjectInfo info = new();
        byte[] bytes = new byte[size];
        int held = 0;
        for (int i = 0; i < records; i++)
        {
            if (keyed == 1)
            {
                if (store.FindKey(Config, [(byte)(mark + i)], 0, 1, info) != StoreError.None)
                {
                    continue;
                }
            }
            else
            {
                uint after = 0;
                while (store.NextPending(Log, after, info) == StoreError.None && info.Tag != mark + i)
                {
                    after = info.Id;
                }

                if (info.Tag != mark + i)
                {
                    continue;
                }
            }

            Assert.AreEqual(size, store.Read(info, 0, bytes, 0, size));
            CollectionAssert.AreEqual(Payload(mark + i, size), bytes);
            held++;
        }

        return held;
    }

    private static byte[] Payload(int mark, int size)
    {
        byte[] payload = new byte[size];
        for (int i = 0; i < size; i++)
        {
            payload[i] = (byte)(mark + (i * 7));
        }

        return payload;
    }

    // Changes one of the bytes that are appended, and says nothing of it.
    private sealed class WrongVolume() : VolumeOver(new MemoryVolume(256 * 1024, 64))
    {
        private int _at = -1;

        public int Appended { get; private set; }

        public void Begin(int at)
        {
            _at = at;
            Appended = 0;
        }

        public void End() => _at = -1;

        public override int Append(int lane, byte[] buffer, int offset, int count)
        {
            byte[] bytes = buffer[offset..(offset + count)];
            if (_at >= Appended && _at < Appended + count)
            {
                bytes[_at - Appended] ^= 0x10;
            }

            Appended += count;
            return base.Append(lane, bytes, 0, count);
        }
    }
}
