// Random classes, random records at the edges of every type: what goes into a series comes back byte for byte; and no
// bytes make the reader throw, loop or leave its input.

using CsCheck;
using NanoSync.Protocol;

namespace NanoSync.Tests;

[TestClass]
public class SeriesPropertyTests
{
    [TestMethod]
    public void Every_record_of_every_class_comes_back_byte_for_byte()
    {
        Gen.Select(Records.Class, Gen.Int[0, int.MaxValue], Gen.Int[1, 40], Gen.Int[16, 3000]).Sample(
            (type, seed, count, room) =>
            {
                var random = new Random(seed);
                var buffer = new byte[room + 7];
                var writer = new SeriesWriter();
                writer.Begin(type, buffer, 3, room);
                byte[]? record = null;
                var added = new List<byte[]>();
                for (int n = 0; n < count; n++)
                {
                    record = Records.Next(type, random, record);
                    if (!writer.Add(record, 0, record.Length))
                    {
                        Assert.IsFalse(writer.Add(record, 0, record.Length));
                        break;
                    }

                    added.Add(record);
                }

                Assert.AreEqual(added.Count, writer.Count);
                Assert.IsTrue(writer.Length <= room && buffer[0] == 0 && buffer[3 + room] == 0);
                if (added.Count > 0)
                {
                    CollectionAssert.AreEqual(added[0], buffer[writer.FirstOffset..(writer.FirstOffset + writer.FirstLength)]);
                    CollectionAssert.AreEqual(added, Read(type, buffer, 3, writer.Length, out SyncError error), s_bytes);
                    Assert.AreEqual(SyncError.None, error);
                }
            },
            iter: 20000);
    }

    [TestMethod]
    public void Mutated_and_cut_series_give_sound_records_or_an_error()
    {
        Gen.Select(Records.Class, Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue].Array[1, 4], Gen.Byte).Sample(
            (type, seed, places, value) =>
            {
                var random = new Random(seed);
                var buffer = new byte[2000];
                var writer = new SeriesWriter();
                writer.Begin(type, buffer, 0, buffer.Length);
                byte[]? record = null;
                for (int n = 0; n < 10; n++)
                {
                    record = Records.Next(type, random, record);
                    if (!writer.Add(record, 0, record.Length))
                    {
                        break;
                    }
                }

                int length = writer.Length - (value % 3 == 0 ? places[0] % (writer.Length + 1) : 0);
                foreach (int place in places)
                {
                    buffer[place % Math.Max(1, writer.Length)] ^= value;
                }

                // what comes out fits the class, whatever went in
                var reader = new RecordReader();
                foreach (byte[] found in Read(type, buffer, 0, length, out _))
                {
                    reader.Begin(type, found, 0, found.Length);
                    while (reader.Next())
                    {
                    }

                    Assert.AreEqual(SyncError.None, reader.Error);
                }
            },
            iter: 20000);
    }

    [TestMethod]
    public void Random_bytes_never_throw()
    {
        Gen.Select(Records.Class, Gen.Byte.Array[0, 200]).Sample((type, bytes) => Read(type, bytes, 0, bytes.Length, out _), iter: 50000);
    }

    private static readonly Comparer<byte[]> s_bytes = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));

    private static List<byte[]> Read(ObjectClass type, byte[] bytes, int offset, int count, out SyncError error)
    {
        var reader = new SeriesReader();
        var records = new List<byte[]>();
        reader.Begin(type, bytes, offset, count);
        while (reader.Next())
        {
            Assert.IsTrue(reader.Length <= Series.MaxRecord && records.Count < Series.MaxRecords);
            records.Add(reader.Record[reader.Offset..(reader.Offset + reader.Length)]);
        }

        error = reader.Error;
        return records;
    }
}
