// Series: the bytes of the specification, the way back, and hostile bytes.

using System;
using System.Text;
using NanoSync.Protocol;
#if NANOFRAMEWORK_1_0
using nanoFramework.TestFramework;
#else
using Microsoft.VisualStudio.TestTools.UnitTesting;
#endif

namespace NanoSync.Tests
{
    [TestClass]
    public class SeriesTests
    {
        private static readonly ObjectClass s_reading = new ObjectClass("reading").Time("at").Fixed("temperature", 2).UInt("humidity").UInt("co2").Fixed("battery", 2);
        private static readonly ObjectClass s_event = new ObjectClass("event").Time("at").Bool("on").Text("what").Float("level").Double("exact").Bytes("raw").Int("n").UInt("m");
        private static readonly RecordWriter s_record = new RecordWriter(128);
        private static readonly SeriesWriter s_writer = new SeriesWriter();
        private static readonly SeriesReader s_reader = new SeriesReader();
        private static readonly byte[] s_buffer = new byte[2048];

        [TestMethod]
        public void The_bytes_are_those_of_the_specification()
        {
            s_writer.Begin(s_reading, s_buffer, 0, s_buffer.Length);
            Assert.IsTrue(AddReading(100000000, 2153, 45, 612, 371));
            Assert.IsTrue(AddReading(100000600, 2155, 45, 608, 371));
            Assert.IsTrue(AddReading(100001200, 2150, 44, 608, 370));
            Assert.IsTrue(AddReading(100001801, 2150, 44, 608, 370));

            // map, length, record; map, time +600, temperature +2, co2 -4; map (no time: as far as before), -5, -1, -1; time +1
            Assert.AreEqual("010C1F80C2D72FD2212DE404E605" + "16B0090407" + "2C090101" + "0202", Codec.Hex(Copy(s_buffer, 0, s_writer.Length)));
        }

        [TestMethod]
        [DataRow(64)]
        [DataRow(512)]
        public void Readings_come_back_and_cost_less_than_ten_bytes(int count)
        {
            byte[] series = new byte[count * 12];
            s_writer.Begin(s_reading, series, 0, series.Length);
            for (int n = 0; n < count; n++)
            {
                Assert.IsTrue(AddReading(100000000 + n * 600 + (n & 1), Wave(n), 45 + n % 3, 612 + n * 7 % 40, 371 - n / 20));
            }

            Assert.AreEqual(count, s_writer.Count);
            Assert.IsTrue(s_writer.Length < count * 10, "bytes: " + s_writer.Length);

            s_reader.Begin(s_reading, series, 0, s_writer.Length);
            for (int n = 0; n < count; n++)
            {
                Assert.IsTrue(s_reader.Next(), "reading " + n);
                PackReading(100000000 + n * 600 + (n & 1), Wave(n), 45 + n % 3, 612 + n * 7 % 40, 371 - n / 20);
                Assert.AreEqual(Codec.Hex(Copy(s_record.Buffer, 0, s_record.Length)), Codec.Hex(Copy(s_reader.Record, s_reader.Offset, s_reader.Length)));
            }

            Assert.IsFalse(s_reader.Next());
            Assert.IsTrue(s_reader.Error == SyncError.None);
        }

        [TestMethod]
        public void Every_type_comes_back_at_its_edges_in_any_order()
        {
            long[] values = { 0, long.MaxValue, long.MinValue, -1, 1, long.MinValue, long.MaxValue, 127, 128 };
            uint[] times = { 0, uint.MaxValue, 1704067199, 1704067200, 0, 0, uint.MaxValue };
            float[] floats = { 0f, float.MaxValue, float.MaxValue, float.Epsilon, float.NaN, float.NaN, float.NegativeInfinity };
            string[] texts = { "", "a", "a", "ab", "\u20ac", "" };
            byte[][] records = new byte[60][];
            s_writer.Begin(s_event, s_buffer, 0, s_buffer.Length);
            int added = 0;
            for (int n = 0; n < records.Length; n++)
            {
                s_record.Begin(s_event);
                s_record.Time(times[n % times.Length]);
                s_record.Bool((n & 2) != 0);
                s_record.Text(texts[n % texts.Length]);
                s_record.Float(floats[n % floats.Length]);
                s_record.Double(n % 3 * 1.0e300);
                if (n % 11 == 5)
                {
                    s_record.None(); // another presence map
                }
                else
                {
                    s_record.Bytes(s_record.Buffer, 0, n % 4);
                }

                s_record.Int(values[n % values.Length]);
                s_record.UInt((ulong)values[n % values.Length]);
                Assert.IsTrue(s_record.End());
                records[n] = Copy(s_record.Buffer, 0, s_record.Length);
                if (!s_writer.Add(s_record.Buffer, 0, s_record.Length))
                {
                    break;
                }

                added++;
            }

            Assert.IsTrue(added > 30 && added == s_writer.Count);
            s_reader.Begin(s_event, s_buffer, 0, s_writer.Length);
            for (int n = 0; n < added; n++)
            {
                Assert.IsTrue(s_reader.Next(), "record " + n);
                Assert.AreEqual(Codec.Hex(records[n]), Codec.Hex(Copy(s_reader.Record, s_reader.Offset, s_reader.Length)));
            }

            Assert.IsFalse(s_reader.Next());
            Assert.IsTrue(s_reader.Error == SyncError.None);
        }

        [TestMethod]
        public void A_full_series_keeps_what_it_has_and_takes_no_more()
        {
            s_writer.Begin(s_reading, s_buffer, 3, 20); // 1 + 1 + 12, then 5 of 6
            Assert.IsTrue(AddReading(100000000, 2153, 45, 612, 371));
            int length = s_writer.Length;
            Assert.IsTrue(AddReading(100000600, 2155, 45, 608, 371));
            Assert.IsFalse(AddReading(100001300, 2500, 45, 608, 371));
            Assert.IsFalse(AddReading(100001200, 2155, 45, 608, 371)); // would fit: one byte
            Assert.AreEqual(length + 5, s_writer.Length);
            Assert.AreEqual(2, s_writer.Count);
            Assert.AreEqual(5, s_writer.FirstOffset);
            Assert.AreEqual(12, s_writer.FirstLength);
            s_reader.Begin(s_reading, s_buffer, 3, s_writer.Length);
            Assert.IsTrue(s_reader.Next() && s_reader.Next() && !s_reader.Next() && s_reader.Error == SyncError.None);
        }

        [TestMethod]
        public void A_first_record_of_more_than_127_bytes_is_found_again()
        {
            ObjectClass note = new ObjectClass("note").Bytes("raw");
            RecordWriter record = new RecordWriter(1100);
            record.Begin(note);
            record.Bytes(new byte[900], 0, 900);
            s_writer.Begin(note, s_buffer, 0, s_buffer.Length);
            Assert.IsTrue(s_writer.Add(record.Buffer, 0, record.Length));
            Assert.AreEqual(903, s_writer.FirstLength);
            Assert.AreEqual(3, s_writer.FirstOffset);

            record.Begin(note);
            record.Bytes(new byte[1022], 0, 1022); // 1 + 2 + 1,022
            Assert.IsFalse(s_writer.Add(record.Buffer, 0, record.Length));
        }

        [TestMethod]
        [DataRow("01")] // a time without bytes
        [DataRow("0080")] // a varint cut
        [DataRow("008000")] // a byte more than it takes
        [DataRow("1F80C2D72FD2212DE404E60500")] // a byte left over
        [DataRow("20")] // a field that the class does not have
        [DataRow("")]
        public void A_record_that_does_not_fit_its_class_is_not_added(string hex)
        {
            byte[] bytes = Codec.FromHex(hex);
            s_writer.Begin(s_reading, s_buffer, 0, s_buffer.Length);
            Assert.IsFalse(s_writer.Add(bytes, 0, bytes.Length), hex);
            Assert.AreEqual(0, s_writer.Length);
        }

        [TestMethod]
        [DataRow("")] // no records
        [DataRow("00")] // differences to nothing
        [DataRow("01")] // no length
        [DataRow("0102")] // no record
        [DataRow("010100FF")] // a map with a field that the class does not have
        [DataRow("03020100")] // a whole record, and a difference
        [DataRow("0102020104")] // a difference cut at its start
        [DataRow("010202010202")] // a difference to an absent field
        [DataRow("010202010480")] // a map bit beyond the class
        [DataRow("01030201")] // a record longer than what is there
        [DataRow("01020100020101")] // a time of one byte, then a whole record cut
        [DataRow("01020180")] // a varint cut in a whole record
        [DataRow("01020100028000")] // a byte more than it takes
        [DataRow("010201000280")] // a difference cut
        [DataRow("01FFFFFFFFFFFFFFFFFF01")] // 2^64 - 1 bytes of record
        [DataRow("01020201040180808080808080808002")] // 65 bits
        public void Bytes_that_are_no_series_are_an_error(string hex)
        {
            byte[] bytes = Codec.FromHex(hex);
            s_reader.Begin(s_reading, bytes, 0, bytes.Length);
            while (s_reader.Next())
            {
            }

            Assert.IsTrue(s_reader.Error == SyncError.BadRecord, hex);
        }

        [TestMethod]
        public void A_time_or_a_bool_out_of_range_is_an_error()
        {
            ObjectClass two = new ObjectClass("two").Time("t").Bool("b");
            string[] differences = { "0203", "0201", "0402" }; // time 1 - 2; time 1 - 1 = 0, fits; bool 1 + 1
            for (int n = 0; n < differences.Length; n++)
            {
                // 1 second after 1970 is 2^32 - 1,704,067,199 on the wire
                s_record.Begin(two);
                s_record.Time(1);
                s_record.Bool(true);
                byte[] bytes = Codec.FromHex("0107" + Codec.Hex(Copy(s_record.Buffer, 0, s_record.Length)) + differences[n]);
                s_reader.Begin(two, bytes, 0, bytes.Length);
                Assert.IsTrue(s_reader.Next());
                Assert.AreEqual(n == 1, s_reader.Next());
                Assert.AreEqual(n != 1, s_reader.Error == SyncError.BadRecord);
            }
        }

        [TestMethod]
        public void A_series_unfolds_to_512_records_and_no_more()
        {
            byte[] bytes = new byte[600]; // 1, 1 + 1 bytes of length, an empty record, and "as before" over and over
            bytes[0] = 1;
            bytes[1] = 1;
            s_reader.Begin(s_reading, bytes, 0, bytes.Length);
            int records = 0;
            while (s_reader.Next())
            {
                records++;
            }

            Assert.AreEqual(512, records);
            Assert.IsTrue(s_reader.Error == SyncError.BadRecord);
        }

        private static int Wave(int n)
        {
            return 2153 + n * 37 % 19 - 9;
        }

        private static bool AddReading(int since2024, int temperature, int humidity, int co2, int battery)
        {
            PackReading(since2024, temperature, humidity, co2, battery);
            return s_writer.Add(s_record.Buffer, 0, s_record.Length);
        }

        private static void PackReading(int since2024, int temperature, int humidity, int co2, int battery)
        {
            s_record.Begin(s_reading);
            s_record.Time((uint)(1704067200 + since2024));
            s_record.Fixed(temperature);
            s_record.UInt((ulong)humidity);
            s_record.UInt((ulong)co2);
            s_record.Fixed(battery);
            Assert.IsTrue(s_record.End());
        }

        private static byte[] Copy(byte[] bytes, int offset, int count)
        {
            byte[] copy = new byte[count];
            Array.Copy(bytes, offset, copy, 0, count);
            return copy;
        }
    }
}
