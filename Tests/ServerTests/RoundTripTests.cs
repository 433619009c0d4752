// Every record of every type, at the edges of each type: packed by device code, read and packed again by the server's
// texts and JSON, and carried in either form of the message, it is the same bytes.

using System.Security;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Tests;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class RoundTripTests
{
    private static readonly Gen<(ObjectClass Type, byte[] Record)> s_records =
        Gen.Select(Records.Class, Gen.Int[0, int.MaxValue], (type, seed) => (type, Records.Next(type, new Random(seed), null)));

    [TestMethod]
    public void As_texts_by_field_name()
    {
        s_records.Sample(
            sample =>
            {
                List<KeyValuePair<string, string>> fields = RecordText.Unpack(sample.Type, sample.Record).ConvertAll(f => new KeyValuePair<string, string>(sample.Type.FieldName(f.Field), f.Text));
                AreSame(sample.Record, RecordText.Pack(sample.Type, fields));
            },
            iter: 5000);
    }

    [TestMethod]
    public void As_JSON()
    {
        s_records.Sample(
            sample =>
            {
                JsonObject json = [];
                ObjectJson.AddValue(json, sample.Type, sample.Record);
                NewValue value = ObjectJson.Parse(Encoding.UTF8.GetBytes(json["value"]!.ToJsonString()), null);
                ObjectJson.CheckKinds(sample.Type, value);
                ObjectJson.CheckNames(sample.Type, value);
                AreSame(sample.Record, RecordText.Pack(sample.Type, value.Fields!));
            },
            iter: 5000);
    }

    [TestMethod]
    public void In_both_forms_of_the_message()
    {
        s_records.Sample(
            sample =>
            {
                SyncMessage message = new() { Version = "1.0" };
                CollectionElement collection = new() { Id = "c", SyncKey = "1abcd" };
                collection.Commands.Add(TestDevice.Add("k3Fz1", sample.Record));
                message.Collections.Add(collection);
                foreach (MessageFormat format in (MessageFormat[])[MessageFormat.Wbxml, MessageFormat.Xml])
                {
                    byte[] bytes = MessagePrinter.Print(format, message);
                    AreSame(sample.Record, MessageParser.Parse(format, bytes).Collections[0].Commands[0].Data!.Value.ToArray());
                    AreSame(sample.Record, ReadOnDevice(format == MessageFormat.Wbxml ? new WbxmlReader() : new XmlReader(), bytes));
                }
            },
            iter: 2000);
    }

    [TestMethod]
    public void In_the_text_form_field_by_field()
    {
        s_records.Sample(
            sample =>
            {
                List<(int Field, string Text)> fields = RecordText.Unpack(sample.Type, sample.Record);
                string data = string.Concat(fields.Select(f => $"<{sample.Type.FieldName(f.Field)}>{Escape(f.Text)}</{sample.Type.FieldName(f.Field)}>"));
                string xml = "<Sync xmlns='AirSync:'><Version>1.0</Version><Collections><Collection><SyncKey>1abcd</SyncKey><CollectionId>c</CollectionId>"
                    + $"<Commands><Add><ClientId>k3Fz1</ClientId><ApplicationData>{data}</ApplicationData></Add></Commands></Collection></Collections></Sync>";
                SyncCommand add = MessageParser.Parse(MessageFormat.Xml, Encoding.UTF8.GetBytes(xml)).Collections[0].Commands[0];
                AreSame(sample.Record, fields.Count == 0 ? sample.Record : RecordText.Pack(sample.Type, add.Fields!));
            },
            iter: 2000);
    }

    [TestMethod]
    [DataRow("""{"f0":1.5}""", "i", "f0")]
    [DataRow("""{"f0":"x"}""", "i", "f0")]
    [DataRow("""{"f0":9223372036854775808}""", "i", "f0")]
    [DataRow("""{"f0":-1}""", "u", "f0")]
    [DataRow("""{"f0":1}""", "b", "f0")]
    [DataRow("""{"f0":0.123}""", "if", "f0")]
    [DataRow("""{"f1":0.15}""", "if", "f1")]
    [DataRow("""{"f1":92233720368547758080}""", "if", "f1")]
    [DataRow("""{"f0":"yesterday"}""", "c", "f0")]
    [DataRow("""{"f0":"1969-12-31T23:59:59Z"}""", "c", "f0")]
    [DataRow("""{"f0":"2106-02-07T06:28:16Z"}""", "c", "f0")]
    [DataRow("""{"f0":"not base64!"}""", "x", "f0")]
    [DataRow("""{"speed":1}""", "i", "speed")]
    [DataRow("""{"f0":1,"f0":2}""", "i", "f0")]
    public void What_does_not_fit_is_an_error_that_names_the_field(string json, string codes, string field)
    {
        NewValue value = ObjectJson.Parse(Encoding.UTF8.GetBytes(json), null);
        RecordException e = Assert.ThrowsExactly<RecordException>(() => RecordText.Pack(Records.Make(codes.ToCharArray()), value.Fields!));
        StringAssert.Contains(e.Message, field);
    }

    private static string Escape(string text)
    {
        return SecurityElement.Escape(text)!.Replace("\r", "&#13;");
    }

    private static byte[] ReadOnDevice(MessageReader reader, byte[] bytes)
    {
        MemoryStream data = new();
        reader.Reset();
        reader.Feed(bytes, 0, bytes.Length);
        for (Item item = reader.Read(); item != Item.EndOfMessage; item = reader.Read())
        {
            Assert.IsTrue(item > Item.Error, $"{item} {reader.Error} at {reader.ErrorOffset}");
            if (item == Item.Data)
            {
                data.Write(reader.Data, reader.DataOffset, reader.DataCount);
            }
        }

        return data.ToArray();
    }

    private static void AreSame(byte[] expected, byte[] actual)
    {
        Assert.AreEqual(Convert.ToHexString(expected), Convert.ToHexString(actual));
    }
}
