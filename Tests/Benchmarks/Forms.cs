// The same rows in every form that is compared: a list of new objects, each with its id, and its fields. Ours is the
// Commands element of a real message, the others the bare list without any protocol around it.

using System.Formats.Cbor;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using MessagePack;
using NanoSync.Protocol;

namespace NanoSync.Benchmarks;

/// <summary>One way to write the first rows of a data set.</summary>
internal sealed record Form(string Name, Func<DataSet, int, byte[]> Encode)
{
    private const int FirstId = 10001;
    private const string StoreId = "k3Fz";

    /// <summary>All forms, ours first.</summary>
    public static readonly Form[] All =
    [
        new("NanoSync WBXML", (set, count) => Ours(new WbxmlWriter(256), set, count, false)),
        new("NanoSync WBXML series", (set, count) => Ours(new WbxmlWriter(256), set, count, true)),
        new("NanoSync XML", (set, count) => Ours(new XmlWriter(256), set, count, false)),
        new("NanoSync XML fields", XmlFields),
        new("AirSync plain text", AirSyncText),
        new("JSON", Json),
        new("JSON gzip", (set, count) => Gzip(Json(set, count))),
        new("CBOR names", (set, count) => Cbor(set, count, true)),
        new("CBOR arrays", (set, count) => Cbor(set, count, false)),
        new("MessagePack names", (set, count) => Pack(set, count, true)),
        new("MessagePack arrays", (set, count) => Pack(set, count, false)),
        new("protobuf", Protobuf),
    ];

    /// <summary>Packs one row.</summary>
    public static void Record(RecordWriter writer, DataSet set, int row)
    {
        writer.Begin(set.Type);
        foreach (long value in set.Rows[row])
        {
            switch (set.Type.TypeOf(writer.Field))
            {
                case FieldType.Time:
                    writer.Time((uint)value);
                    break;
                case FieldType.UInt:
                    writer.UInt((ulong)value);
                    break;
                case FieldType.Fixed:
                    writer.Fixed(value);
                    break;
                default:
                    writer.Int(value);
                    break;
            }
        }

        if (!writer.End())
        {
            throw new InvalidOperationException("record: " + writer.Error);
        }
    }

    private static byte[] Ours(MessageWriter writer, DataSet set, int count, bool series)
    {
        var sink = new Bytes();
        var record = new RecordWriter(256);
        writer.Begin(sink);
        writer.Start(Tags.Sync);
        writer.Start(Tags.Collections);
        writer.Start(Tags.Collection);
        writer.Value(Tags.SyncKey, "1abcd"u8.ToArray());
        writer.Value(Tags.CollectionId, "log"u8.ToArray());
        writer.Start(Tags.Commands);
        var pack = new SeriesWriter();
        byte[] packed = new byte[count * 64];
        pack.Begin(set.Type, packed, 0, packed.Length);
        for (int row = 0; row < count; row++)
        {
            Record(record, set, row);
            if (series)
            {
                if (!pack.Add(record.Buffer, 0, record.Length))
                {
                    throw new InvalidOperationException("series");
                }
            }
            else
            {
                Add(writer, row == 0, false, record.Buffer, record.Length);
            }
        }

        if (series)
        {
            Add(writer, true, true, packed, pack.Length);
        }

        writer.End();
        writer.End();
        writer.End();
        writer.End();
        if (!writer.Finish())
        {
            throw new InvalidOperationException("message: " + writer.Error);
        }

        return sink.ToArray();
    }

    private static void Add(MessageWriter writer, bool first, bool series, byte[] data, int count)
    {
        writer.Start(Tags.Add);
        if (first)
        {
            writer.Value(Tags.ClientId, Encoding.ASCII.GetBytes(StoreId + FirstId));
        }

        if (series)
        {
            writer.Value(Tags.Class, "*"u8.ToArray());
        }

        writer.Payload(data, 0, count);
        writer.End();
    }

    private static byte[] XmlFields(DataSet set, int count)
    {
        var text = new StringBuilder("<Commands>");
        for (int row = 0; row < count; row++)
        {
            text.Append("<Add>").Append(row == 0 ? $"<ClientId>{StoreId}{FirstId}</ClientId>" : "").Append("<ApplicationData>");
            for (int field = 0; field < set.Type.Count; field++)
            {
                text.Append(CultureInfo.InvariantCulture, $"<{set.Type.FieldName(field)}>{Text(set, row, field)}</{set.Type.FieldName(field)}>");
            }

            text.Append("</ApplicationData></Add>");
        }

        return Encoding.UTF8.GetBytes(text.Append("</Commands>").ToString());
    }

    // As ActiveSync carries a contact: an element of its own per field, the value as text, an id per Add.
    private static byte[] AirSyncText(DataSet set, int count)
    {
        var bytes = new MemoryStream();
        for (int row = 0; row < count; row++)
        {
            bytes.WriteByte(Tags.Add | 0x40);
            Element(Tags.ClientId, StoreId + (FirstId + row));
            bytes.WriteByte(Tags.ApplicationData | 0x40);
            for (int field = 0; field < set.Type.Count; field++)
            {
                Element((byte)(field + 5), Text(set, row, field)); // a code page of its own, without the switch to it
            }

            bytes.WriteByte(1);
            bytes.WriteByte(1);
        }

        return bytes.ToArray();

        void Element(byte tag, string text)
        {
            bytes.WriteByte((byte)(tag | 0x40));
            bytes.WriteByte(3);
            bytes.Write(Encoding.UTF8.GetBytes(text));
            bytes.WriteByte(0);
            bytes.WriteByte(1);
        }
    }

    private static string Text(DataSet set, int row, int field)
    {
        return set.Type.TypeOf(field) == FieldType.Time
            ? DateTime.UnixEpoch.AddSeconds(set.Rows[row][field]).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : set.Value(row, field).ToString(CultureInfo.InvariantCulture);
    }

    private static byte[] Json(DataSet set, int count)
    {
        var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartArray();
            for (int row = 0; row < count; row++)
            {
                json.WriteStartObject();
                json.WriteNumber("id", FirstId + row);
                for (int field = 0; field < set.Type.Count; field++)
                {
                    json.WriteNumber(set.Type.FieldName(field), set.Value(row, field));
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return bytes.ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    // With names: numbers as one writes them. As arrays: numbers in steps, the densest that the form has without a schema.
    private static byte[] Cbor(DataSet set, int count, bool names)
    {
        var cbor = new CborWriter();
        cbor.WriteStartArray(count);
        for (int row = 0; row < count; row++)
        {
            if (names)
            {
                cbor.WriteStartMap(set.Type.Count + 1);
                cbor.WriteTextString("id");
            }
            else
            {
                cbor.WriteStartArray(set.Type.Count + 1);
            }

            cbor.WriteInt64(FirstId + row);
            for (int field = 0; field < set.Type.Count; field++)
            {
                if (names)
                {
                    cbor.WriteTextString(set.Type.FieldName(field));
                }

                if (names && set.Type.DigitsOf(field) > 0)
                {
                    cbor.WriteDouble((double)set.Value(row, field));
                }
                else
                {
                    cbor.WriteInt64(set.Rows[row][field]);
                }
            }

            if (names)
            {
                cbor.WriteEndMap();
            }
            else
            {
                cbor.WriteEndArray();
            }
        }

        cbor.WriteEndArray();
        return cbor.Encode();
    }

    private static byte[] Pack(DataSet set, int count, bool names)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(bytes);
        writer.WriteArrayHeader(count);
        for (int row = 0; row < count; row++)
        {
            if (names)
            {
                writer.WriteMapHeader(set.Type.Count + 1);
                writer.Write("id");
            }
            else
            {
                writer.WriteArrayHeader(set.Type.Count + 1);
            }

            writer.Write(FirstId + row);
            for (int field = 0; field < set.Type.Count; field++)
            {
                if (names)
                {
                    writer.Write(set.Type.FieldName(field));
                }

                if (names && set.Type.DigitsOf(field) > 0)
                {
                    writer.Write((double)set.Value(row, field));
                }
                else
                {
                    writer.Write(set.Rows[row][field]);
                }
            }
        }

        writer.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    // message List { repeated Item item = 1; }  message Item { uint64 id = 1; uint64 at = 2; sint64 temperature = 3; ... }
    private static byte[] Protobuf(DataSet set, int count)
    {
        var bytes = new MemoryStream();
        var list = new CodedOutputStream(bytes);
        for (int row = 0; row < count; row++)
        {
            var item = new MemoryStream();
            var output = new CodedOutputStream(item);
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteUInt64((ulong)(FirstId + row));
            for (int field = 0; field < set.Type.Count; field++)
            {
                output.WriteTag(field + 2, WireFormat.WireType.Varint);
                if (set.Type.TypeOf(field) == FieldType.Fixed)
                {
                    output.WriteSInt64(set.Rows[row][field]);
                }
                else
                {
                    output.WriteUInt64((ulong)set.Rows[row][field]);
                }
            }

            output.Flush();
            list.WriteTag(1, WireFormat.WireType.LengthDelimited);
            list.WriteBytes(ByteString.CopyFrom(item.ToArray()));
        }

        list.Flush();
        return bytes.ToArray();
    }

    /// <summary>A sink that keeps what it gets.</summary>
    internal sealed class Bytes : MemoryStream, IByteSink
    {
        bool IByteSink.Write(byte[] buffer, int offset, int count)
        {
            Write(buffer, offset, count);
            return true;
        }
    }
}
