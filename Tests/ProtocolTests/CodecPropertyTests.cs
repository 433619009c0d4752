// Random messages and random bytes: what is written comes back the same from both encodings however it is cut,
// and no bytes make a reader throw, loop or point outside its input.

using System.Text;
using CsCheck;
using NanoSync.Protocol;

namespace NanoSync.Tests;

[TestClass]
public class CodecPropertyTests
{
    private static readonly Gen<string> s_id = Gen.String[Gen.Char["abcXYZ019_-&<>'\"\u00e4\u20ac\u4e2d"], 1, 16];
    private static readonly Gen<string> s_data = Gen.Byte.Array[0, 300].Select(bytes => "[" + Convert.ToHexString(bytes) + "] ");

    private static readonly Gen<string> s_options = Gen.OneOf(
        Gen.Const("<Options Conflict=0 Limit=512 >Options "),
        Gen.Select(s_id, s_data, (c, d) => $"<Options Class={c} {d}Class={c} >Options "));

    private static readonly Gen<string> s_command = Gen.Select(Gen.OneOf(Gen.Const("Add"), Gen.Const("Change"), Gen.Const("Delete"), Gen.Const("SoftDelete"), Gen.Const("Fetch")), s_id, Gen.Bool, s_options, Gen.Bool, s_data,
        (verb, id, withOptions, options, withData, data) =>
            $"<{verb} ServerId={id} {(withOptions ? options : "")}{(withData ? data : "")}>{verb} ");

    private static readonly Gen<string> s_collection = Gen.Select(s_id, s_id, Gen.Bool, s_command.Array[0, 6], s_command.Array[0, 3], Gen.Int[1, 512],
        (key, id, more, commands, responses, window) =>
            $"<Collection SyncKey={key} CollectionId={id} GetChanges WindowSize={window} "
            + (responses.Length > 0 ? $"<Responses {string.Concat(responses)}>Responses " : "")
            + (commands.Length > 0 ? $"<Commands {string.Concat(commands)}>Commands " : "")
            + $"{(more ? "MoreAvailable " : "")}>Collection ");

    private static readonly Gen<string> s_message = Gen.Select(s_options, s_collection.Array[1, 3],
        (options, collections) => $"<Sync Version=1.0 {options}<Collections {string.Concat(collections)}>Collections >Sync ");

    [TestMethod]
    public void Every_message_comes_back_from_both_forms_however_it_is_cut()
    {
        Gen.Select(s_message, Gen.Int[1, 40]).Sample(
            (items, step) =>
            {
                foreach (bool binary in new[] { true, false })
                {
                    var sink = new Sink();
                    MessageWriter writer = binary ? new WbxmlWriter(64) : new XmlWriter(64);
                    Codec.Write(writer, sink, items);
                    byte[] bytes = sink.ToArray();
                    Assert.AreEqual(bytes.Length, writer.Length);
                    Assert.AreEqual(Fnv.Of(bytes, 0, bytes.Length), writer.Hash);
                    Assert.AreEqual(items, Codec.Read(binary ? new WbxmlReader() : new XmlReader(), bytes, -1, step));
                }
            },
            iter: 2000);
    }

    [TestMethod]
    public void Mutated_messages_give_an_error_with_an_offset_or_items_and_read_the_same_however_cut()
    {
        Gen.Select(s_message, Gen.Bool, Gen.Int[0, int.MaxValue].Array[1, 4], Gen.Byte, Gen.Int[1, 9]).Sample(
            (items, binary, places, value, step) =>
            {
                var sink = new Sink();
                Codec.Write(binary ? new WbxmlWriter(64) : new XmlWriter(64), sink, items);
                byte[] bytes = sink.ToArray();
                foreach (int place in places)
                {
                    bytes[place % bytes.Length] ^= value;
                }

                MessageReader reader = binary ? new WbxmlReader() : new XmlReader();
                string whole = Codec.Read(reader, bytes, -1, 0);
                int at = reader.ErrorOffset;
                if (reader.Error != SyncError.None)
                {
                    Assert.IsTrue(at >= 0 && at <= bytes.Length, whole);
                }

                Assert.AreEqual(whole, Codec.Read(reader, bytes, -1, step));
            },
            iter: 5000);
    }

    [TestMethod]
    public void Random_bytes_never_throw()
    {
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Bool).Sample(
            (tail, binary) =>
            {
                byte[] head = binary ? [0x03, 0x01, 0x6A, 0x00, 0x45] : Encoding.ASCII.GetBytes("<Sync xmlns='AirSync:'>");
                byte[] bytes = [.. head, .. tail];
                MessageReader reader = binary ? new WbxmlReader() : new XmlReader();
                Codec.Read(reader, bytes, -1, 0);
                Assert.IsTrue(reader.Error != SyncError.None || bytes[^1] is 0x01 or (byte)'>' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t');
            },
            iter: 20000);
    }

    [TestMethod]
    public void Random_records_are_read_or_refused_without_leaving_their_bytes()
    {
        ObjectClass all = new ObjectClass("all").Bool("b").Int("i").UInt("u").Fixed("f", 3).Float("s").Double("d").Text("t").Bytes("x").Time("c");
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Int[0, 5]).Sample(
            (bytes, margin) =>
            {
                var reader = new RecordReader();
                int count = Math.Max(0, bytes.Length - margin);
                reader.Begin(all, bytes, 0, count);
                while (reader.Next())
                {
                    if (all.TypeOf(reader.Field) is FieldType.Text or FieldType.Bytes)
                    {
                        Assert.IsTrue(reader.Offset >= 0 && reader.Offset + reader.Count <= count);
                    }
                }
            },
            iter: 50000);
    }
}
