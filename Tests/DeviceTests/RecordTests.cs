// Packed records: the bytes of the specification, every type at its edges, and hostile bytes.

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
    public class RecordTests
    {
        private static readonly ObjectClass s_reading = new ObjectClass("reading").Time("at").Fixed("temperature", 2).UInt("humidity").UInt("co2").Fixed("battery", 2);
        private static readonly RecordWriter s_writer = new RecordWriter(64);
        private static readonly RecordReader s_reader = new RecordReader();

        [TestMethod]
        public void A_class_is_its_definition()
        {
            Assert.AreEqual("reading(at:c,temperature:f2,humidity:u,co2:u,battery:f2)", s_reading.Definition);
            Assert.AreEqual(5, s_reading.Count);
            Assert.AreEqual("humidity", s_reading.FieldName(2));
            Assert.AreEqual(4, s_reading.FindField("battery"));
            Assert.AreEqual(-1, s_reading.FindField("at2"));
            Assert.AreEqual(13 - 1, s_reading.WireName.Length); // reading#xxxx
        }

        [TestMethod]
        [DataRow("a(b:i)")]
        [DataRow("a()")]
        [DataRow("a-1(b_2:f9,c:t,d:x,e:b,f:u,g:s,h:d,i:c)")]
        public void A_definition_comes_back(string definition)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(definition);
            ObjectClass parsed = ClassDefinition.Parse(bytes, 0, bytes.Length);
            Assert.IsTrue(parsed != null, definition);
            Assert.AreEqual(definition, parsed.Definition);
        }

        [TestMethod]
        [DataRow("")]
        [DataRow("a")]
        [DataRow("(a:i)")]
        [DataRow("a(b)")]
        [DataRow("a(b:)")]
        [DataRow("a(b:i")]
        [DataRow("a(b:i,)")]
        [DataRow("a(b:q)")]
        [DataRow("a(b:i2)")]
        [DataRow("a(b:f)")]
        [DataRow("a(b:fx)")]
        [DataRow("a(b:i,b:u)")]
        [DataRow("a(b c:i)")]
        [DataRow("a(b:i))")]
        [DataRow("a(b:i)x")]
        [DataRow("a\tb(b:i)")]
        public void A_bad_definition_is_none(string definition)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(definition);
            Assert.IsTrue(ClassDefinition.Parse(bytes, 0, bytes.Length) == null, definition);
        }

        [TestMethod]
        public void A_definition_has_bounds()
        {
            string name = "";
            string fields = "";
            for (int n = 0; n < 32; n++)
            {
                name += "n";
                fields += (n == 0 ? "f" : ",f") + n + ":i";
            }

            IsDefinition(name + "(a:i)", true);
            IsDefinition(name + "n(a:i)", false);
            IsDefinition("a(" + name + ":i)", true);
            IsDefinition("a(" + name + "n:i)", false);
            IsDefinition("a(" + fields + ")", true);
            IsDefinition("a(" + fields + ",x:i)", false);

            // 2 + 29 * 35 + 6 + 1 bytes, and one more
            string longest = "a(";
            for (int n = 0; n < 29; n++)
            {
                longest += name.Substring(2) + (char)('A' + n / 10) + (char)('0' + n % 10) + ":i,";
            }

            IsDefinition(longest + "bcd:f9)", true);
            IsDefinition(longest + "bcde:f9)", false);
        }

        [TestMethod]
        [DataRow("")]
        [DataRow("my weather")]
        [DataRow("wetter\u00e4")]
        [DataRow("a,b")]
        [DataRow("a#b")]
        [DataRow("a(b")]
        [DataRow("a.b")]
        [DataRow("123456789012345678901234567890123")]
        public void A_bad_name_in_a_declaration_is_refused_where_it_is_declared(string name)
        {
            Names("\"" + name + "\"", () => { new ObjectClass(name); });
            ObjectClass made = new ObjectClass("a").Bool("b");
            Names("\"" + name + "\" (class a)", () => { made.Int(name); });
            Assert.AreEqual("a(b:b)", made.Definition);
        }

        [TestMethod]
        public void Null_is_no_name()
        {
            A_bad_name_in_a_declaration_is_refused_where_it_is_declared(null);
            Assert.IsFalse(Naming.IsCollection(null));
        }

        [TestMethod]
        public void A_name_has_all_letters_and_digits_and_that_of_a_collection_dots()
        {
            Assert.IsTrue(Naming.IsClass("AZaz09_-"));
            Assert.IsFalse(Naming.IsClass("A.z"));
            Assert.IsTrue(Naming.IsCollection("AZ.az.09_-"));
            Assert.IsTrue(Naming.IsCollection("..."));
            string beside = "@[`{/:";
            for (int i = 0; i < beside.Length; i++)
            {
                Assert.IsFalse(Naming.IsCollection("a" + beside[i]), beside[i].ToString());
            }
        }

        [TestMethod]
        public void A_field_twice_and_digits_there_are_not_are_refused_where_they_are_declared()
        {
            ObjectClass made = new ObjectClass("a").Bool("bc").Fixed("d", 9);
            Names("a field bc already", () => { made.Text("bc"); });
            Names("a field d already", () => { made.Text("d"); });
            Names("not 10 (field e)", () => { made.Fixed("e", 10); });
            Names("not 12 (field e)", () => { made.Fixed("e", 12); });
            Names("not -1 (field e)", () => { made.Fixed("e", -1); });
            Names("not 1 (field e)", () => { made.Field("e", FieldType.Int, 1); });
            Names("no type 113 (field e)", () => { made.Field("e", (FieldType)'q', 0); });
            Assert.AreEqual("a(bc:b,d:f9,b:i,c:i)", made.Int("b").Int("c").Definition); // parts of names are other names
        }

        [TestMethod]
        public void A_declaration_has_the_bounds_of_a_definition()
        {
            ObjectClass many = new ObjectClass("a");
            for (int n = 0; n < ObjectClass.MaxFields; n++)
            {
                many.Int("f" + n.ToString());
            }

            Names("at most 32 fields (class a)", () => { many.Int("x"); });
            ObjectClass large = new ObjectClass("a");
            for (int n = 0; n < 29; n++)
            {
                large.Int("123456789012345678901234567890" + (char)('A' + n / 10) + (char)('0' + n % 10)); // 35 bytes each
            }

            Names("at most 1,024 bytes (class a, field bcde)", () => { large.Fixed("bcde", 9); });
            Assert.AreEqual(ObjectClass.MaxDefinition, large.Fixed("bcd", 9).Definition.Length);
        }

        [TestMethod]
        public void A_class_in_use_takes_no_more_fields()
        {
            ObjectClass made = new ObjectClass("a").Int("b");
            uint hash = made.Hash;
            Names("The class a is in use", () => { made.Int("c"); });
            Assert.IsTrue(hash == made.Hash);
        }

        // The call throws for a misuse, and says what is wrong.
        private static void Names(string mistake, Action declare)
        {
            string message = "nothing was thrown";
            try
            {
                declare();
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

        private static void IsDefinition(string definition, bool expected)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(definition);
            Assert.AreEqual(expected, ClassDefinition.Parse(bytes, 0, bytes.Length) != null, bytes.Length + " bytes: " + definition);
        }

        [TestMethod]
        public void Check_sums_are_FNV_1a_and_their_low_24_bits_4_characters()
        {
            byte[] text = Encoding.UTF8.GetBytes("foobar");
            Assert.IsTrue(Fnv.Of(text, 0, 6) == 0xBF9CF968); // of the FNV reference
            Fnv.WriteTag(0xBF9CF968, text, 2);
            Assert.AreEqual("fonPlo", Encoding.UTF8.GetString(text, 0, 6)); // 100111 001111 100101 101000
            Fnv.WriteTag(0xFFFBEFBE, text, 0);
            Assert.AreEqual("----", Encoding.UTF8.GetString(text, 0, 4));
            Fnv.WriteTag(0x00FFFFFF, text, 0);
            Assert.AreEqual("____", Encoding.UTF8.GetString(text, 0, 4));
            for (int bit = 0; bit < 32; bit++)
            {
                // each of the 24 bits counts, the others are not in it
                Assert.AreEqual(bit >= 24, Fnv.HasTag(0x00FFFFFF ^ (1u << bit), text, 0), "bit " + bit.ToString());
            }

            byte[] name = new ObjectClass("reading").UInt("value").WireName; // FNV-1a of reading(value:u) is FA37C1BE
            Assert.AreEqual("reading#N8G-", Encoding.UTF8.GetString(name, 0, name.Length));
        }

        [TestMethod]
        public void Each_type_has_the_bytes_of_the_specification()
        {
            ObjectClass all = new ObjectClass("all").Bool("b").Int("i").UInt("u").Fixed("f", 3).Float("s").Double("d").Text("t").Bytes("x").Time("c");
            s_writer.Begin(all);
            s_writer.Bool(true);
            s_writer.Int(-3);
            s_writer.UInt(300);
            s_writer.Fixed(-1234);
            s_writer.Float(1.5f);
            s_writer.Double(-2.25);
            s_writer.Text("\u20ac");
            s_writer.Bytes(new byte[] { 0, 255 }, 0, 2);
            s_writer.Time(1893456000); // 2030: 189,388,800 s after 2024
            Assert.IsTrue(s_writer.End());
            Assert.AreEqual("FF01" + "01" + "05" + "AC02" + "A313" + "0000C03F" + "00000000000002C0" + "03E282AC" + "0200FF" + "80B0A75A", Codec.Hex(Record()));
        }

        [TestMethod]
        [DataRow(1704067200, "0100")]
        [DataRow(1972502655, "01FFFFFF7F")] // the last with 4 bytes, in July 2032
        [DataRow(1972502656, "018080808001")]
        [DataRow(0, "0180FFB7D309")]
        [DataRow(-1, "01FFFEB7D309")] // 4,294,967,295 s: attributes on boards hold int alone
        public void A_time_counts_from_2024(int seconds, string hex)
        {
            s_writer.Begin(new ObjectClass("one").Time("c"));
            s_writer.Time((uint)seconds);
            Assert.IsTrue(s_writer.End());
            Assert.AreEqual(hex, Codec.Hex(Record()));
        }

        [TestMethod]
        public void A_reading_packs_into_12_bytes()
        {
            s_writer.Begin(s_reading);
            s_writer.Time(1704067200 + 100000000);
            s_writer.Fixed(2153);
            s_writer.UInt(45);
            s_writer.UInt(612);
            s_writer.Fixed(371);
            Assert.IsTrue(s_writer.End());
            Assert.AreEqual("1F80C2D72FD2212DE404E605", Codec.Hex(Record()));
        }

        [TestMethod]
        public void Absent_fields_take_no_bytes()
        {
            s_writer.Begin(s_reading);
            s_writer.None();
            s_writer.Fixed(-1);
            Assert.IsTrue(s_writer.End());
            Assert.AreEqual("0201", Codec.Hex(Record()));

            s_reader.Begin(s_reading, s_writer.Buffer, 0, s_writer.Length);
            Assert.IsTrue(s_reader.Next());
            Assert.AreEqual(1, s_reader.Field);
            Assert.IsTrue(s_reader.Value == -1);
            Assert.IsFalse(s_reader.Next());
            Assert.IsTrue(s_reader.Error == SyncError.None);
        }

        [TestMethod]
        public void Every_type_comes_back_at_its_edges()
        {
            ObjectClass all = new ObjectClass("all").Bool("b").Int("i").UInt("u").Fixed("f", 3).Float("s").Double("d").Text("t").Bytes("x").Time("c");
            long[] ints = { 0, 1, -1, 63, 64, -64, -65, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue };
            float[] floats = { 0f, 1f, -1.5f, float.MaxValue, float.MinValue, 1.1754944E-38f, 1.4E-45f, -1.0E-40f, 3.14159274f };
            uint[] times = { 0, 1704067199, 1704067200, 1972502655, uint.MaxValue };
            for (int n = 0; n < ints.Length; n++)
            {
                float single = floats[n % floats.Length];
                uint time = times[n % times.Length];
                string text = n == 0 ? "" : "\u00e4\u20ac" + n;
                s_writer.Begin(all);
                s_writer.Bool((n & 1) != 0);
                s_writer.Int(ints[n]);
                s_writer.UInt((ulong)ints[n]);
                s_writer.Fixed(ints[n]);
                s_writer.Float(single);
                s_writer.Double(single * 3.0);
                s_writer.Text(text);
                s_writer.Bytes(s_writer.Buffer, 0, n % 3);
                s_writer.Time(time);
                Assert.IsTrue(s_writer.End());

                s_reader.Begin(all, s_writer.Buffer, 0, s_writer.Length);
                Assert.IsTrue(s_reader.Next() && s_reader.Value == (n & 1));
                Assert.IsTrue(s_reader.Next() && s_reader.Value == ints[n]);
                Assert.IsTrue(s_reader.Next() && s_reader.Value == ints[n]);
                Assert.IsTrue(s_reader.Next() && s_reader.Value == ints[n]);
                Assert.IsTrue(s_reader.Next() && (float)s_reader.Number == single);
                Assert.IsTrue(s_reader.Next() && s_reader.Number == single * 3.0);
                Assert.IsTrue(s_reader.Next());
                Assert.AreEqual(text, s_reader.Text());
                Assert.IsTrue(s_reader.Next() && s_reader.Count == n % 3);
                Assert.IsTrue(s_reader.Next() && s_reader.Value == time);
                Assert.IsFalse(s_reader.Next());
                Assert.IsTrue(s_reader.Error == SyncError.None);
            }
        }

        [TestMethod]
        public void Infinities_nan_and_the_smallest_numbers_come_back()
        {
            ObjectClass one = new ObjectClass("one").Float("s");
            float[] smallest = { 5.877472E-39f, 2.938736E-39f, 1.1754944E-38f, 1.4E-45f }; // 2^-127, 2^-128, 2^-126, 2^-149
            for (int n = 0; n < smallest.Length; n++)
            {
                s_writer.Begin(one);
                s_writer.Float(smallest[n]);
                s_reader.Begin(one, s_writer.Buffer, 0, s_writer.Length);
                Assert.IsTrue(s_reader.Next() && (float)s_reader.Number == smallest[n], "small " + n.ToString());
            }

            float[] values = { float.PositiveInfinity, float.NegativeInfinity, float.NaN };
            for (int n = 0; n < values.Length; n++)
            {
                s_writer.Begin(one);
                s_writer.Float(values[n]);
                s_reader.Begin(one, s_writer.Buffer, 0, s_writer.Length);
                Assert.IsTrue(s_reader.Next());
                Assert.IsTrue(n == 2 ? double.IsNaN(s_reader.Number) : s_reader.Number == values[n]);
            }
        }

        [TestMethod]
        [DataRow("")] // no presence map
        [DataRow("20")] // a sixth field
        [DataRow("01")] // a time without bytes
        [DataRow("018080808080808080808001")] // 11 bytes of varint
        [DataRow("0180808080808080808002")] // 65 bits
        [DataRow("01808080808001")] // a time past 32 bits
        [DataRow("0000")] // a byte left over
        [DataRow("200141")] // a sixth field, with bytes
        [DataRow("0180")] // a varint that goes on behind the record
        [DataRow("0180808080")]
        public void Bytes_that_do_not_fit_the_class_are_an_error(string hex)
        {
            byte[] bytes = Codec.FromHex(hex);
            byte[] around = new byte[bytes.Length + 20];
            for (int i = 0; i < around.Length; i++)
            {
                around[i] = 1;
            }

            Array.Copy(bytes, 0, around, 7, bytes.Length);
            for (int place = 0; place < 2; place++)
            {
                s_reader.Begin(s_reading, place == 0 ? bytes : around, 7 * place, bytes.Length);
                Assert.IsFalse(s_reader.Next(), hex);
                Assert.IsTrue(s_reader.Error == SyncError.BadRecord, hex);
                Assert.IsFalse(s_reader.Next(), hex);
            }
        }

        [TestMethod]
        public void A_field_cut_at_any_byte_is_an_error()
        {
            FieldType[] types = { FieldType.Bool, FieldType.Float, FieldType.Double, FieldType.Text, FieldType.Bytes };
            int[] sizes = { 1, 4, 8, 3, 3 };
            for (int t = 0; t < types.Length; t++)
            {
                ObjectClass one = new ObjectClass("one").Field("f", types[t], 0);
                byte[] around = new byte[40];
                around[9] = 1; // the field is there
                around[10] = sizes[t] == 3 ? (byte)2 : (byte)1; // a length; true; a byte of a number
                for (int size = 0; size <= sizes[t] + 1; size++)
                {
                    s_reader.Begin(one, around, 9, 1 + size);
                    Assert.AreEqual(size >= sizes[t], s_reader.Next(), "type " + t.ToString() + " size " + size.ToString());
                    Assert.IsFalse(s_reader.Next());
                    Assert.AreEqual(size == sizes[t], s_reader.Error == SyncError.None);
                }
            }
        }

        [TestMethod]
        public void A_number_of_any_length_comes_back_and_what_is_behind_it_too()
        {
            ObjectClass three = new ObjectClass("three").UInt("u").Int("i").Bool("b");
            for (int shift = 0; shift < 64; shift++)
            {
                for (int slack = 0; slack < 2; slack++)
                {
                    s_writer.Begin(three);
                    s_writer.UInt((1ul << shift) | 1);
                    s_writer.Int((long)(1ul << shift));
                    s_writer.Bool(true);
                    Assert.IsTrue(s_writer.End());
                    byte[] record = slack == 0 ? Record() : s_writer.Buffer;
                    s_reader.Begin(three, record, 0, s_writer.Length);
                    Assert.IsTrue(s_reader.Next() && s_reader.Value == (long)((1ul << shift) | 1), "bit " + shift.ToString());
                    Assert.IsTrue(s_reader.Next() && s_reader.Value == (long)(1ul << shift), "bit " + shift.ToString());
                    Assert.IsTrue(s_reader.Next() && s_reader.Value == 1, "bit " + shift.ToString());
                    Assert.IsTrue(!s_reader.Next() && s_reader.Error == SyncError.None);
                }
            }
        }

        [TestMethod]
        public void A_record_has_up_to_32_fields()
        {
            for (int fields = 1; fields <= ObjectClass.MaxFields; fields++)
            {
                ObjectClass many = new ObjectClass("many");
                for (int n = 0; n < fields; n++)
                {
                    many.UInt("f" + n.ToString());
                }

                s_writer.Begin(many);
                for (int n = 0; n < fields; n++)
                {
                    s_writer.UInt((ulong)n);
                }

                Assert.AreEqual(fields, s_writer.Field);
                s_writer.None(); // there is no other
                Assert.IsTrue(s_writer.Error == SyncError.WriterMisuse);
                s_writer.Begin(many);
                for (int n = 0; n < fields; n++)
                {
                    s_writer.UInt((ulong)n);
                }

                Assert.AreEqual((fields + 7) / 8 + fields, s_writer.Length);
                s_reader.Begin(many, s_writer.Buffer, 0, s_writer.Length);
                for (int n = 0; n < fields; n++)
                {
                    Assert.IsTrue(s_reader.Next() && s_reader.Field == n && s_reader.Value == n, "field " + n.ToString());
                }

                Assert.IsTrue(!s_reader.Next() && s_reader.Error == SyncError.None && s_reader.Field == fields);

                // the bits alone fit, and one byte less does not
                RecordWriter small = new RecordWriter((fields + 7) / 8);
                small.Begin(many);
                Assert.IsTrue(small.End());
                Assert.AreEqual((fields + 7) / 8, small.Length);
                small = new RecordWriter((fields + 7) / 8 - 1);
                small.Begin(many);
                Assert.IsFalse(small.End());
                Assert.IsTrue(small.Error == SyncError.DataTooLong);
            }
        }

        // The last byte of the buffer is used, and none behind it.
        [TestMethod]
        public void A_field_fits_the_buffer_or_is_refused_whole()
        {
            for (int size = 1; size < 16; size++)
            {
                for (int type = 0; type < 5; type++)
                {
                    ObjectClass one = new ObjectClass("one").Field("f", type == 0 ? FieldType.Bool : type == 1 ? FieldType.Double : type == 2 ? FieldType.UInt : type == 3 ? FieldType.Bytes : FieldType.Float, 0);
                    RecordWriter writer = new RecordWriter(size);
                    writer.Begin(one);
                    switch (type)
                    {
                        case 0: writer.Bool(true); break;
                        case 1: writer.Double(1.5); break;
                        case 2: writer.UInt(ulong.MaxValue); break;
                        case 3: writer.Bytes(new byte[5], 0, 5); break;
                        case 4: writer.Float(1.5f); break;
                    }

                    int needed = type == 0 ? 2 : type == 1 ? 9 : type == 2 ? 11 : type == 3 ? 7 : 5;
                    Assert.AreEqual(size >= needed, writer.End(), "type " + type.ToString() + " size " + size.ToString());
                    Assert.IsTrue(writer.Error == (size >= needed ? SyncError.None : SyncError.DataTooLong));
                    Assert.IsTrue(size < needed || writer.Length == needed);
                }
            }

            s_writer.Begin(s_reading);
            s_writer.Bool(true); // a time stands there
            Assert.IsTrue(s_writer.Error == SyncError.WriterMisuse);
            s_writer.Begin(s_reading);
            s_writer.UInt(1);
            Assert.IsTrue(s_writer.Error == SyncError.WriterMisuse);
        }

        [TestMethod]
        [DataRow("0105")] // 5 bytes of text, none there
        [DataRow("01FFFFFFFF0F")] // 4 GB of text
        [DataRow("01FFFFFFFFFFFFFFFFFF01")] // 2^64 - 1 bytes of text
        public void A_length_beyond_the_record_is_an_error(string hex)
        {
            ObjectClass one = new ObjectClass("one").Text("t");
            byte[] bytes = Codec.FromHex(hex);
            s_reader.Begin(one, bytes, 0, bytes.Length);
            Assert.IsFalse(s_reader.Next());
            Assert.IsTrue(s_reader.Error == SyncError.BadRecord, hex);
        }

        [TestMethod]
        public void A_writer_refuses_the_wrong_type_and_a_full_buffer()
        {
            s_writer.Begin(s_reading);
            s_writer.Int(1);
            Assert.IsFalse(s_writer.End());
            Assert.IsTrue(s_writer.Error == SyncError.WriterMisuse);

            RecordWriter small = new RecordWriter(4);
            ObjectClass one = new ObjectClass("one").Text("t");
            small.Begin(one);
            small.Text("abc");
            Assert.IsFalse(small.End());
            Assert.IsTrue(small.Error == SyncError.DataTooLong);
            small.Begin(one);
            small.Text("ab");
            Assert.IsTrue(small.End());
            Assert.AreEqual(4, small.Length);
        }

        private static byte[] Record()
        {
            byte[] record = new byte[s_writer.Length];
            Array.Copy(s_writer.Buffer, record, record.Length);
            return record;
        }
    }
}
