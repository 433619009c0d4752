// The codecs against the table: writers make its bytes, readers read them whole, byte by byte and at every split point.

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
    public class CodecTests
    {
        private static readonly MessageReader s_wbxml = new WbxmlReader();
        private static readonly MessageReader s_xml = new XmlReader();

        [TestMethod]
        public void Writers_make_the_bytes_of_the_table()
        {
            for (int i = 0; i < MessageTable.Names.Length; i++)
            {
                Sink sink = new Sink();
                Codec.Write(new WbxmlWriter(64), sink, MessageTable.Items[i]);
                Assert.AreEqual(Codec.Hex(Codec.FromHex(MessageTable.Wbxml[i])), Codec.Hex(sink.ToArray()), MessageTable.Names[i]);

                sink = new Sink();
                Codec.Write(new XmlWriter(64), sink, MessageTable.Items[i]);
                Assert.AreEqual(MessageTable.XmlText[i], Codec.Utf8(sink.ToArray()), MessageTable.Names[i]);
            }
        }

        [TestMethod]
        public void A_counting_pass_gives_the_exact_length()
        {
            for (int i = 0; i < MessageTable.Names.Length; i++)
            {
                MessageWriter wbxml = new WbxmlWriter(64);
                Codec.Write(wbxml, null, MessageTable.Items[i]);
                Assert.AreEqual(Codec.FromHex(MessageTable.Wbxml[i]).Length, wbxml.Length, MessageTable.Names[i]);

                MessageWriter xml = new XmlWriter(64);
                Codec.Write(xml, null, MessageTable.Items[i]);
                Assert.AreEqual(Encoding.UTF8.GetBytes(MessageTable.XmlText[i]).Length, xml.Length, MessageTable.Names[i]);
            }
        }

        [TestMethod]
        public void Reads_whole()
        {
            for (int i = 0; i < MessageTable.Names.Length; i++)
            {
                Assert.AreEqual(MessageTable.Items[i], Codec.Read(s_wbxml, Codec.FromHex(MessageTable.Wbxml[i]), -1, 0), MessageTable.Names[i]);
                Assert.AreEqual(MessageTable.Items[i], Codec.Read(s_xml, Encoding.UTF8.GetBytes(MessageTable.XmlText[i]), -1, 0), MessageTable.Names[i]);
            }
        }

        [TestMethod]
        public void Reads_the_same_byte_by_byte()
        {
            for (int i = 0; i < MessageTable.Names.Length; i++)
            {
                Assert.AreEqual(MessageTable.Items[i], Codec.Read(s_wbxml, Codec.FromHex(MessageTable.Wbxml[i]), -1, 1), MessageTable.Names[i]);
                Assert.AreEqual(MessageTable.Items[i], Codec.Read(s_xml, Encoding.UTF8.GetBytes(MessageTable.XmlText[i]), -1, 1), MessageTable.Names[i]);
            }
        }

        [TestMethod]
        public void Reads_the_same_at_every_split_point_of_wbxml()
        {
            for (int i = 0; i < MessageTable.Names.Length; i++)
            {
                byte[] bytes = Codec.FromHex(MessageTable.Wbxml[i]);
                for (int split = 0; split <= bytes.Length; split++)
                {
                    Assert.AreEqual(MessageTable.Items[i], Codec.Read(s_wbxml, bytes, split, 0), MessageTable.Names[i]);
                }
            }
        }

        [TestMethod]
        public void Reads_the_same_at_every_split_point_of_xml()
        {
            for (int i = 0; i < MessageTable.Names.Length; i++)
            {
                byte[] bytes = Encoding.UTF8.GetBytes(MessageTable.XmlText[i]);
                for (int split = 0; split <= bytes.Length; split++)
                {
                    Assert.AreEqual(MessageTable.Items[i], Codec.Read(s_xml, bytes, split, 0), MessageTable.Names[i]);
                }
            }
        }

        [TestMethod]
        public void A_cut_at_any_byte_is_reported_as_cut()
        {
            for (int i = 0; i < MessageTable.Names.Length; i++)
            {
                byte[] bytes = Codec.FromHex(MessageTable.Wbxml[i]);
                for (int cut = 0; cut < bytes.Length; cut++)
                {
                    Assert.AreEqual(ErrorName((int)SyncError.Truncated, cut), Codec.ReadError(s_wbxml, bytes, cut), MessageTable.Names[i]);
                }

                bytes = Encoding.UTF8.GetBytes(MessageTable.XmlText[i]);
                for (int cut = 0; cut < bytes.Length; cut++)
                {
                    Assert.AreEqual(ErrorName((int)SyncError.Truncated, cut), Codec.ReadError(s_xml, bytes, cut), MessageTable.Names[i]);
                }
            }
        }

        [TestMethod]
        public void Trailing_bytes_are_an_error()
        {
            Assert.AreEqual(ErrorName((int)SyncError.TrailingBytes, 5), Codec.ReadError(s_wbxml, Codec.FromHex("03016A00 05 05"), 6));
            Assert.AreEqual(ErrorName((int)SyncError.TrailingBytes, 5), Codec.ReadError(s_wbxml, Codec.FromHex("03016A00 05 01"), 6));
            byte[] xml = Encoding.UTF8.GetBytes("<Sync xmlns='AirSync:'/>x");
            Assert.AreEqual(ErrorName((int)SyncError.TrailingBytes, 24), Codec.ReadError(s_xml, xml, xml.Length));
        }

        // bytes, error, offset of the byte at fault
        [TestMethod]
        [DataRow("04", (int)SyncError.BadHeader, 0)]
        [DataRow("03016A01", (int)SyncError.BadHeader, 3)]
        [DataRow("03016A00 01", (int)SyncError.TokenNotAllowed, 4)]
        [DataRow("03016A00 C5", (int)SyncError.TokenNotAllowed, 4)] // attributes
        [DataRow("03016A00 45 04", (int)SyncError.TokenNotAllowed, 5)] // LITERAL
        [DataRow("03016A00 45 00 01", (int)SyncError.TokenNotAllowed, 6)] // page 1
        [DataRow("03016A00 45 83", (int)SyncError.TokenNotAllowed, 5)] // STR_T
        [DataRow("03016A00 47", (int)SyncError.NotInGrammar, 4)] // Add as root
        [DataRow("03016A00 45 58", (int)SyncError.UnknownTag, 5)] // FilterType
        [DataRow("03016A00 45 7F", (int)SyncError.UnknownTag, 5)]
        [DataRow("03016A00 45 56", (int)SyncError.NotInGrammar, 5)] // Commands in Sync
        [DataRow("03016A00 45 03 61", (int)SyncError.BadText, 5)]
        [DataRow("03016A00 45 51 51", (int)SyncError.NotInGrammar, 6)] // an element in a value
        [DataRow("03016A00 45 51 03 312E30 00 01 51", (int)SyncError.Duplicate, 12)]
        [DataRow("03016A00 45 51 03 31 07", (int)SyncError.BadText, 8)]
        [DataRow("03016A00 45 4E 03 78 00 01", (int)SyncError.BadNumber, 9)]
        [DataRow("03016A00 45 4E 01", (int)SyncError.BadNumber, 6)]
        [DataRow("03016A00 45 51 C3 41", (int)SyncError.TextTooLong, 7)]
        [DataRow("03016A00 45 5C 4F 01", (int)SyncError.Missing, 7)]
        [DataRow("03016A00 45 5C 4F 56", (int)SyncError.Missing, 7)]
        [DataRow("03016A00 45 57 50036300 01 5D C3 90 80 80 80 00", (int)SyncError.BadLength, 17)]
        [DataRow("03016A00 45 57 50036300 01 5D C3 A0 01", (int)SyncError.DataTooLong, 14)] // 4,097 of 4,096
        [DataRow("03016A00 45 57 50036300 01 5D 03 48", (int)SyncError.BadText, 12)] // text in data, which only a server reads
        [DataRow("03016A00 45 57 50036300 01 5D C3 01 00 C3", (int)SyncError.BadText, 15)] // a second OPAQUE
        [DataRow("03016A00 45 57 50036300 01 5D C3 87 FF FF FF 7F", (int)SyncError.DataTooLong, 17)] // 2^31 - 1, the longest there is
        [DataRow("03016A00 45 57 50036300 01 5D C3 88 80 80 80 00", (int)SyncError.BadLength, 17)] // 2^31
        [DataRow("03016A00 45 57 50C3 41 31313131 3131", (int)SyncError.TextTooLong, 8)] // a value of 65 bytes in OPAQUE
        [DataRow("03016A00 45 57 50C3 03 61 1F 62", (int)SyncError.BadText, 10)] // a control character in OPAQUE
        [DataRow("03016A00 6A", (int)SyncError.UnknownTag, 4)] // past the last tag
        [DataRow("03016A00 45 57 5D", (int)SyncError.NotInGrammar, 6)] // a structure without Class
        [DataRow("03016A00 45 57 50036300 01 5D C3 00 01 5D", (int)SyncError.NotInGrammar, 15)] // two records of one structure
        [DataRow("03016A00 45 57 50036300 01 5B", (int)SyncError.None, 12)] // but Conflict may follow
        [DataRow("03016A00 45 5C 4F 4B0331 00 01 57", (int)SyncError.Missing, 12)] // Options before CollectionId
        [DataRow("03016A00 45 5C 4F 4B0331 00 01 520331 00 01 56 47 5D C3 00 01 4C", (int)SyncError.Missing, 23)] // ClientId behind the data
        [DataRow("03016A00 45 5C 4F 4B0331 00 01 520331 00 01 56 47 5D C3 00 01 5D", (int)SyncError.Duplicate, 23)]
        [DataRow("03016A00 45 5C 4F 4B0331 00 01 4B", (int)SyncError.Duplicate, 12)]
        public void A_bad_message_is_named_with_its_offset(string hex, int error, int offset)
        {
            byte[] bytes = Codec.FromHex(hex);
            string expected = ErrorName(error == 0 ? (int)SyncError.Truncated : error, error == 0 ? bytes.Length : offset);
            Assert.AreEqual(expected, Codec.ReadError(s_wbxml, bytes, bytes.Length), hex);
            Assert.AreEqual(expected, Codec.ReadError(s_wbxml, bytes, bytes.Length, 1), hex);
        }

        // tag, text, whether it is a value of that element; the tag stands in Sync, in a Collection or in its Options
        [TestMethod]
        [DataRow((int)Tags.Status, "0", 0)]
        [DataRow((int)Tags.Status, "999999999", 999999999)]
        [DataRow((int)Tags.Status, "1000000000", -1)] // ten digits
        [DataRow((int)Tags.Status, "/", -1)] // beside the digits
        [DataRow((int)Tags.Status, ":", -1)]
        [DataRow((int)Tags.Wait, "60", 60)]
        [DataRow((int)Tags.Wait, "-1", -1)]
        [DataRow((int)Tags.Limit, "2048", 2048)]
        [DataRow((int)Tags.Limit, "x", -1)]
        [DataRow((int)Tags.HeartbeatInterval, "300", 300)]
        [DataRow((int)Tags.HeartbeatInterval, "", -1)]
        [DataRow((int)Tags.Version, "10.25", 10)]
        [DataRow((int)Tags.Version, "1.", -1)]
        [DataRow((int)Tags.Version, ".0", -1)]
        [DataRow((int)Tags.Version, "1", -1)]
        [DataRow((int)Tags.Version, "1.0.0", -1)]
        [DataRow((int)Tags.Conflict, "0", 0)]
        [DataRow((int)Tags.Conflict, "1", 1)]
        [DataRow((int)Tags.Conflict, "2", -1)]
        [DataRow((int)Tags.Conflict, "x", -1)]
        [DataRow((int)Tags.WindowSize, "0", -1)]
        [DataRow((int)Tags.WindowSize, "1", 1)]
        [DataRow((int)Tags.WindowSize, "512", 512)]
        [DataRow((int)Tags.WindowSize, "513", -1)]
        [DataRow((int)Tags.WindowSize, "x", -1)]
        [DataRow((int)Tags.GetChanges, "", 1)]
        [DataRow((int)Tags.GetChanges, "1", 1)]
        [DataRow((int)Tags.GetChanges, "0", 0)]
        [DataRow((int)Tags.GetChanges, "2", -1)]
        [DataRow((int)Tags.GetChanges, "00", -1)]
        [DataRow((int)Tags.DeletesAsMoves, "0", 0)]
        [DataRow((int)Tags.DeletesAsMoves, "x", -1)]
        [DataRow((int)Tags.MoreAvailable, "0", 0)]
        [DataRow((int)Tags.MoreAvailable, "10", -1)]
        public void A_value_is_what_its_element_wants(int tag, string text, int number)
        {
            bool conflict = tag == Tags.Conflict;
            bool collection = conflict || tag == Tags.WindowSize || tag == Tags.GetChanges || tag == Tags.DeletesAsMoves || tag == Tags.MoreAvailable;
            string before = collection ? "03016A00 45 5C 4F 4B033100 01 52033100 01" : "03016A00 45";
            byte[] value = Encoding.UTF8.GetBytes(text);
            byte[] bytes = Codec.FromHex(before + (conflict ? "57" : "") + Codec.Hex(new byte[] { (byte)(tag | 0x40), 3 }) + Codec.Hex(value) + "00" + "01");
            s_wbxml.Reset();
            s_wbxml.Number = -2;
            s_wbxml.Feed(bytes, 0, bytes.Length);
            Item item = s_wbxml.Read();
            while (item == Item.Start || (item == Item.Value && s_wbxml.Tag != tag))
            {
                item = s_wbxml.Read();
            }

            Assert.IsTrue(item == (number < 0 ? Item.Error : Item.Value), "item " + (int)item);
            Assert.IsTrue(number < 0 ? s_wbxml.Error == SyncError.BadNumber : s_wbxml.Number == number, "number " + s_wbxml.Number.ToString());
        }

        // bytes of a class name, whether they are UTF-8
        [TestMethod]
        [DataRow("7F", true)]
        [DataRow("80", false)]
        [DataRow("C1BF", false)] // U+007F in two bytes
        [DataRow("C280", true)]
        [DataRow("C2", false)]
        [DataRow("C27F", false)]
        [DataRow("C2C0", false)]
        [DataRow("DFBF", true)]
        [DataRow("E09FBF", false)] // U+07FF in three
        [DataRow("E0A080", true)]
        [DataRow("E0A0", false)]
        [DataRow("ED9FBF", true)]
        [DataRow("EDA080", false)] // a surrogate
        [DataRow("EFBFBF", true)]
        [DataRow("EFBF7F", false)]
        [DataRow("F08FBFBF", false)] // U+FFFF in four
        [DataRow("F0908080", true)]
        [DataRow("F09080", false)]
        [DataRow("F48FBFBF", true)] // U+10FFFF
        [DataRow("F4908080", false)]
        [DataRow("F5808080", false)]
        [DataRow("61C3A462", true)]
        [DataRow("C3A480", false)]
        public void A_value_is_UTF_8(string hex, bool sound)
        {
            string[] forms = { "03" + hex + "00", "C3" + Codec.Hex(new byte[] { (byte)(hex.Length / 2) }) + hex };
            for (int i = 0; i < forms.Length; i++)
            {
                byte[] bytes = Codec.FromHex("03016A00 45 57 50" + forms[i] + "01 01 01");
                string read = Codec.ReadError(s_wbxml, bytes, bytes.Length);
                Assert.AreEqual(sound ? read : ErrorName((int)SyncError.BadText, bytes.Length - 3), read);
                Assert.AreEqual(sound, read.IndexOf("<Sync <Options Class=") == 0, read);
            }
        }

        [TestMethod]
        public void A_reader_says_where_the_message_ends_and_an_error_is_final()
        {
            WbxmlReader reader = new WbxmlReader(); // new, it is ready
            byte[] bytes = Codec.FromHex("03016A00 45 01 05");
            reader.Feed(bytes, 0, 4);
            Assert.IsTrue(reader.Read() == Item.NeedMore);
            reader.Feed(bytes, 4, 2);
            Assert.IsTrue(reader.Read() == Item.Start);
            Assert.IsTrue(reader.Read() == Item.End);
            Assert.AreEqual(0, (int)reader.OpenTag(0));
            Assert.IsTrue(reader.Read() == Item.EndOfMessage);
            Assert.IsTrue(reader.Read() == Item.EndOfMessage);
            Assert.IsTrue(reader.Finish() == Item.EndOfMessage);
            Assert.IsTrue(reader.FieldName == null && reader.FieldNameLength == 0); // the encoding has none

            reader.Feed(bytes, 6, 1);
            Assert.IsTrue(reader.Read() == Item.Error);
            Assert.AreEqual(6, reader.ErrorOffset);
            Assert.IsTrue(reader.Read() == Item.Error);
            reader.Feed(bytes, 4, 1);
            Assert.IsTrue(reader.Read() == Item.Error);
            Assert.IsTrue(reader.Finish() == Item.Error);
            Assert.IsTrue(reader.Error == SyncError.TrailingBytes);
            Assert.AreEqual(6, reader.ErrorOffset);
        }

        [TestMethod]
        public void The_elements_that_are_open_are_known_from_within()
        {
            byte[] bytes = Codec.FromHex("03016A00 45 57 50036300 01 5D C3 01 FF");
            s_wbxml.Reset();
            s_wbxml.Feed(bytes, 0, bytes.Length);
            Item item = s_wbxml.Read();
            while (item != Item.Data)
            {
                Assert.IsTrue(item == Item.Start || item == Item.Value);
                item = s_wbxml.Read();
            }

            Assert.AreEqual((int)Tags.ApplicationData, (int)s_wbxml.OpenTag(0));
            Assert.AreEqual((int)Tags.Options, (int)s_wbxml.OpenTag(1));
            Assert.AreEqual((int)Tags.Sync, (int)s_wbxml.OpenTag(2));
            Assert.AreEqual(0, (int)s_wbxml.OpenTag(3));
            Assert.AreEqual(1, s_wbxml.DataLength);
        }

        [TestMethod]
        public void A_value_is_compared_in_each_of_its_bytes()
        {
            byte[] bytes = Codec.FromHex("03016A00 45 57 50 03 616263 00 01");
            s_wbxml.Reset();
            s_wbxml.Feed(bytes, 0, bytes.Length);
            Item item = s_wbxml.Read();
            while (item != Item.Value)
            {
                Assert.IsTrue(item == Item.Start);
                item = s_wbxml.Read();
            }

            Assert.IsTrue(s_wbxml.TextIs(Encoding.UTF8.GetBytes("abc")));
            Assert.IsFalse(s_wbxml.TextIs(Encoding.UTF8.GetBytes("ab")));
            Assert.IsFalse(s_wbxml.TextIs(Encoding.UTF8.GetBytes("abcd")));
            Assert.IsFalse(s_wbxml.TextIs(Encoding.UTF8.GetBytes("xbc")));
            Assert.IsFalse(s_wbxml.TextIs(Encoding.UTF8.GetBytes("abx")));
        }

        [TestMethod]
        [DataRow(100)] // a length of one byte, read at once where it lies in one piece
        [DataRow(200)]
        public void Data_of_the_most_bytes_passes_and_one_more_does_not(int most)
        {
            Sink sink = new Sink();
            MessageWriter writer = new WbxmlWriter(64);
            writer.Begin(sink);
            writer.Start(Tags.Sync);
            writer.Start(Tags.Options);
            writer.Value(Tags.Class, new byte[] { (byte)'c' });
            writer.Payload(new byte[most], 0, most);
            writer.End();
            writer.End();
            Assert.IsTrue(writer.Finish());
            byte[] bytes = sink.ToArray();
            for (int step = 0; step < 2; step++)
            {
                s_wbxml.MaxData = most;
                Assert.IsTrue(Codec.Read(s_wbxml, bytes, -1, step).IndexOf(">Sync") > 0);
                s_wbxml.MaxData = most - 1;
                Assert.AreEqual(ErrorName((int)SyncError.DataTooLong, most < 128 ? 13 : 14), LastError(Codec.Read(s_wbxml, bytes, -1, step)));
                s_wbxml.MaxData = 0;
            }
        }

        private static string LastError(string items)
        {
            return items.Substring(items.IndexOf("error"));
        }

        [TestMethod]
        [DataRow("<Sync/>", (int)SyncError.BadNamespace, 6)]
        [DataRow("<Sync xmlns='Other:'/>", (int)SyncError.BadNamespace, 19)]
        [DataRow("x<Sync/>", (int)SyncError.BadHeader, 0)]
        [DataRow("<!DOCTYPE Sync [", (int)SyncError.BadXml, 15)]
        [DataRow("<Sync xmlns='AirSync:'>x", (int)SyncError.BadText, 23)]
        [DataRow("<Sync xmlns='AirSync:'><Nonsense>", (int)SyncError.UnknownTag, 32)]
        [DataRow("<Sync xmlns='AirSync:'><Version>1</Wersion>", (int)SyncError.BadXml, 42)]
        [DataRow("<Sync xmlns='AirSync:'><Version>&nope;", (int)SyncError.BadXml, 37)]
        [DataRow("<Sync xmlns='AirSync:'><Version>&#0;", (int)SyncError.BadXml, 35)]
        [DataRow("<Sync xmlns='AirSync:'></Sync></Sync>", (int)SyncError.TrailingBytes, 36)]
        [DataRow("<Sync xmlns=AirSync:>", (int)SyncError.BadXml, 12)]
        [DataRow("<Sync xmlns='AirSync:'><Version a='<", (int)SyncError.BadXml, 35)]
        [DataRow("<a:Sync xmlns:a='AirSync:'/>", (int)SyncError.UnknownTag, 7)]
        [DataRow("<Sync xmlns='AirSync:'><Options><Class>c</Class><ApplicationData><a>1</a>xyz<b>", (int)SyncError.BadText, 73)] // beside a field, and not only once the run of text ends
        public void Bad_xml_is_named_with_its_offset(string xml, int error, int offset)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(xml);
            Assert.AreEqual(ErrorName(error, offset), Codec.ReadError(s_xml, bytes, bytes.Length), xml);
        }

        // A table and not DataRows: nanoCLR does not read attribute texts beyond 127 bytes.
        [TestMethod]
        public void Xml_of_other_hands_is_read()
        {
            string[] texts =
            {
                "\ufeff<?xml version='1.0'?><!-- a - b --><!DOCTYPE Sync PUBLIC '-//X//' 'y'>\r\n<Sync xmlns = \"AirSync:\" other=\"1\" ><Version >1.0</Version ></Sync>\n",
                "<Sync\txmlns='AirSync:'><!-- - - - --> <?pi ? x?><Version><![CDATA[1.]]>&#48;</Version></Sync>",
                "<Sync xmlns='AirSync:'><Version>&#x31;.0<!-- in a value --></Version></Sync>",
            };
            for (int i = 0; i < texts.Length; i++)
            {
                Assert.AreEqual("<Sync Version=1.0 >Sync ", Codec.Read(s_xml, Encoding.UTF8.GetBytes(texts[i]), -1, 1), texts[i]);
            }
        }

        [TestMethod]
        public void Elements_may_stand_in_any_order()
        {
            byte[] xml = Encoding.UTF8.GetBytes("<Sync xmlns='AirSync:'><Collections><Collection><GetChanges/><CollectionId>c</CollectionId><Class>x</Class>"
                + "<SyncKey>1</SyncKey></Collection></Collections><Version>1.0</Version></Sync>");
            string items = "<Sync <Collections <Collection GetChanges CollectionId=c Class=x SyncKey=1 >Collection >Collections Version=1.0 >Sync ";
            Assert.AreEqual(items, Codec.Read(s_xml, xml, -1, 1));
            Assert.AreEqual(items, Codec.Read(s_wbxml, Codec.FromHex("03016A00 45 5C 4F 13 52 036300 01 50 037800 01 4B 033100 01 01 01 51 03312E3000 01 01"), -1, 1));
        }

        [TestMethod]
        [DataRow("03016A00 45 51 03312E00 033000 01 01")] // two STR_I
        [DataRow("03016A00 45 51 C301 31 03 2E3000 01 01")] // OPAQUE and STR_I
        [DataRow("03016A00 0000 45 0000 51 03312E3000 01 0000 01")] // SWITCH_PAGE to page 0
        public void Other_spellings_of_the_binary_form_are_read(string hex)
        {
            Assert.AreEqual("<Sync Version=1.0 >Sync ", Codec.Read(s_wbxml, Codec.FromHex(hex), -1, 1), hex);
            Assert.AreEqual("<Sync Version=1.0 >Sync ", Codec.Read(s_wbxml, Codec.FromHex(hex), -1, 0), hex);
        }

        [TestMethod]
        [DataRow("C3 80 01 1F", "1F")] // a length that begins with a byte of zeros
        [DataRow("C3 01 1F", "1F")]
        [DataRow("C3 00", "")]
        public void Other_spellings_of_a_length_are_read(string data, string expected)
        {
            byte[] bytes = Codec.FromHex("03016A00 45 57 50036300 01 5D " + data + " 01 01 01");
            Assert.AreEqual("<Sync <Options Class=c [" + expected + "] >Options >Sync ", Codec.Read(s_wbxml, bytes, -1, 1));
            Assert.AreEqual("<Sync <Options Class=c [" + expected + "] >Options >Sync ", Codec.Read(s_wbxml, bytes, -1, 0));
        }

        [TestMethod]
        public void A_value_in_OPAQUE_has_the_same_bounds()
        {
            byte[] bytes = Codec.FromHex("03016A00 45 57 50C3 40 20202020202020202020202020202020 20202020202020202020202020202020"
                + "20202020202020202020202020202020 20202020202020202020202020202020 01 01 01");
            string items = "<Sync <Options Class=                                                                 >Options >Sync "; // 64 blanks, 0x20 is none too low
            Assert.AreEqual(items, Codec.Read(s_wbxml, bytes, -1, 0));
            Assert.AreEqual(items, Codec.Read(s_wbxml, bytes, -1, 1));
        }

        [TestMethod]
        public void Text_in_binary_data_is_base64()
        {
            // STR_I "HwD/fw=="
            Assert.AreEqual("<Sync <Options Class=c [1F00FF7F] >Options >Sync ",
                Codec.Read(new Base64WbxmlReader(), Codec.FromHex("03016A00 45 57 50 036300 01 5D 03 4877442F66773D3D 00 01 01 01"), -1, 1));
        }

        [TestMethod]
        [DataRow("03016A00 45 57 50036300 01 5D 03 2A", (int)SyncError.BadBase64, 13)]
        [DataRow("03016A00 45 57 50036300 01 5D 03 41 41 00 01", (int)SyncError.BadBase64, 16)]
        public void Bad_base64_in_binary_data_is_named_with_its_offset(string hex, int error, int offset)
        {
            byte[] bytes = Codec.FromHex(hex);
            Assert.AreEqual(ErrorName(error, offset), Codec.ReadError(new Base64WbxmlReader(), bytes, bytes.Length), hex);
        }

        [TestMethod]
        public void White_space_is_kept_in_values_and_ignored_in_base64_and_entities_are_read()
        {
            string xml = "<Sync xmlns='AirSync:'><Options><Class> &quot;&apos;&amp;&lt;&gt;&#x20AC; </Class><ApplicationData>\n  Hw D/\tfw\r\n== </ApplicationData></Options></Sync>";
            Assert.AreEqual("<Sync <Options Class= \"'&<>\u20ac  [1F00FF7F] >Options >Sync ", Codec.Read(s_xml, Encoding.UTF8.GetBytes(xml), -1, 1));
        }

        [TestMethod]
        public void Xml_fields_come_one_by_one()
        {
            string xml = "<Sync xmlns='AirSync:'><Options><Class>time</Class><ApplicationData> <now>2024-01-01T00:00:00Z</now><ms/> </ApplicationData></Options></Sync>";
            Assert.AreEqual("<Sync <Options Class=time .now=2024-01-01T00:00:00Z .ms= [] >Options >Sync ", Codec.Read(s_xml, Encoding.UTF8.GetBytes(xml), -1, 1));
        }

        [TestMethod]
        public void A_value_of_64_bytes_passes_and_65_do_not()
        {
            string id = "0123456789012345678901234567890123456789012345678901234567890123";
            string items = "<Sync <Options Class=" + id + " >Options >Sync ";
            Sink sink = new Sink();
            Codec.Write(new WbxmlWriter(64), sink, items);
            byte[] bytes = sink.ToArray();
            Assert.AreEqual(items, Codec.Read(s_wbxml, bytes, -1, 7));

            byte[] longer = new byte[bytes.Length + 1];
            Array.Copy(bytes, longer, 8);
            longer[8] = (byte)'x';
            Array.Copy(bytes, 8, longer, 9, bytes.Length - 8);
            Assert.AreEqual(ErrorName((int)SyncError.TextTooLong, 72), Codec.ReadError(s_wbxml, longer, longer.Length));
        }

        [TestMethod]
        public void A_writer_refuses_what_the_grammar_does_not_allow()
        {
            MessageWriter writer = new WbxmlWriter(64);
            writer.Begin(null);
            writer.Start(Tags.Commands);
            Assert.IsTrue(writer.Error == SyncError.WriterMisuse);

            writer.Begin(null);
            writer.Start(Tags.Sync);
            Assert.IsFalse(writer.Finish()); // still open

            Sink sink = new Sink();
            writer.Begin(sink);
            writer.Start(Tags.Sync);
            writer.Start(Tags.Options);
            writer.DataStart(2);
            writer.Data(new byte[1], 0, 1);
            writer.DataEnd(); // one byte short
            Assert.IsTrue(writer.Error == SyncError.WriterMisuse);

            writer.Begin(sink);
            writer.Start(Tags.Sync);
            writer.Payload(new byte[1], 0, 1); // not in here
            Assert.IsTrue(writer.Error == SyncError.WriterMisuse);
        }

        // Each call that has no place where it stands; what follows it is not written, and the first error counts.
        [TestMethod]
        public void A_call_out_of_place_ends_the_message()
        {
            for (int call = 0; call < 16; call++)
            {
                Sink sink = new Sink();
                MessageWriter writer = new WbxmlWriter(64);
                writer.Begin(sink);
                if (call != 0)
                {
                    writer.Start(Tags.Sync);
                }

                Misuse(writer, call);
                Assert.IsTrue(writer.Error == SyncError.WriterMisuse, "call " + call.ToString());
                int length = writer.Length;
                writer.Empty(Tags.Version);
                writer.Number(Tags.Status, 1);
                writer.Start(Tags.Options);
                writer.End();
                writer.Payload(new byte[1], 0, 1);
                Assert.AreEqual(length, writer.Length, "call " + call.ToString());
                Assert.IsFalse(writer.Finish());
                Assert.AreEqual(0, sink.Count);
            }
        }

        private static void Misuse(MessageWriter writer, int call)
        {
            byte[] bytes = new byte[65];
            if (call >= 8)
            {
                writer.Start(Tags.Options);
                writer.Value(Tags.Class, bytes, 0, 1);
            }

            if (call >= 12)
            {
                writer.DataStart(2);
            }

            switch (call)
            {
                case 0: writer.End(); break;
                case 1: writer.Empty(Tags.Add); break;
                case 2: writer.Value(Tags.Version, bytes, 0, 65); break;
                case 3: writer.Value(Tags.Options, bytes, 0, 1); break;
                case 4: writer.Number(Tags.Status, -1); break;
                case 5: writer.Number(Tags.SyncKey, 1); break;
                case 6: writer.Start(Tags.Version); break; // it holds no elements
                case 7: writer.Start(Tags.End); break;
                case 8: writer.DataStart(-1); break;
                case 9: writer.Payload(bytes, 0, -1); break;
                case 10: writer.Data(bytes, 0, 0); break; // none is open
                case 11: writer.DataEnd(); break;
                case 12: writer.Data(bytes, 0, 3); break;
                case 13: writer.DataEnd(); break; // two bytes short
                case 14: writer.End(); break;
                case 15: writer.Start(Tags.Options); break;
            }
        }

        [TestMethod]
        public void A_message_is_the_same_through_a_buffer_of_any_size()
        {
            for (int shift = 0; shift < 70; shift++)
            {
                byte[] text = new byte[64];
                for (int i = 0; i < text.Length; i++)
                {
                    text[i] = (byte)('a' + i % 26);
                }

                string expected = null;
                for (int size = 1; size <= 4096; size *= 64)
                {
                    Sink sink = new Sink();
                    MessageWriter writer = new WbxmlWriter(size);
                    writer.Begin(sink);
                    writer.Start(Tags.Sync);
                    writer.Start(Tags.Options);
                    writer.Value(Tags.Class, text, 0, shift < 64 ? shift : 64);
                    writer.Number(Tags.Limit, shift >= 64 ? 2147483647 : 0);
                    writer.Value(Tags.Class, text);
                    writer.Payload(text, 0, shift < 64 ? shift : 64);
                    writer.Number(Tags.Conflict, 0);
                    writer.Number(Tags.Limit, 1000000000 + shift);
                    int length = writer.Length;
                    writer.End();
                    Assert.AreEqual(length + 1, writer.Length);
                    writer.End();
                    Assert.IsTrue(writer.Finish());
                    Assert.AreEqual(sink.Count, writer.Length);
                    string hex = Codec.Hex(sink.ToArray());
                    expected = expected == null ? hex : expected;
                    Assert.AreEqual(expected, hex, "shift " + shift.ToString());
                }
            }
        }

        [TestMethod]
        [DataRow(0)]
        [DataRow(1)]
        [DataRow(40)]
        [DataRow(127)]
        [DataRow(128)]
        [DataRow(500)]
        public void A_payload_whole_is_the_same_bytes_as_one_in_pieces(int count)
        {
            byte[] data = new byte[count + 3];
            for (int i = 0; i < data.Length; i++)
            {
                data[i] = (byte)(i * 7);
            }

            for (int form = 0; form < 3; form++)
            {
                MessageWriter writer = form == 0 ? (MessageWriter)new XmlWriter(64) : new WbxmlWriter(form == 1 ? 64 : 256);
                Sink whole = new Sink();
                WritePayloads(writer, whole, data, count, true);
                Sink pieces = new Sink();
                WritePayloads(writer, pieces, data, count, false);
                Assert.AreEqual(Codec.Hex(pieces.ToArray()), Codec.Hex(whole.ToArray()));
                WritePayloads(writer, null, data, count, true);
                Assert.AreEqual(whole.ToArray().Length, writer.Length);
            }
        }

        // Three, so that the buffer is in different states.
        private static void WritePayloads(MessageWriter writer, IByteSink sink, byte[] data, int count, bool whole)
        {
            writer.Begin(sink);
            writer.Start(Tags.Sync);
            writer.Start(Tags.Options);
            for (int i = 0; i < 3; i++)
            {
                if (whole)
                {
                    writer.Payload(data, i, count);
                }
                else
                {
                    writer.DataStart(count);
                    writer.Data(data, i, count / 2);
                    writer.Data(data, i + count / 2, count - count / 2);
                    writer.DataEnd();
                }
            }

            writer.End();
            writer.End();
            Assert.IsTrue(writer.Finish());
        }

        [TestMethod]
        public void A_sink_that_fails_ends_the_message()
        {
            MessageWriter writer = new WbxmlWriter(64);
            writer.Begin(new FailingSink());
            writer.Start(Tags.Sync);
            writer.End();
            Assert.IsFalse(writer.Finish());
            Assert.IsTrue(writer.Error == SyncError.SinkFailed);
        }

        private static string ErrorName(int error, int offset)
        {
            return "error " + error + " at " + offset;
        }

        private sealed class FailingSink : IByteSink
        {
            public bool Write(byte[] buffer, int offset, int count)
            {
                return false;
            }
        }
    }
}
