// Any message as indented XML, line by line with the offset at which each begins. Of a bad one, what stood before the error.

using System.Globalization;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Formats;

public static class MessageDump
{
    /// <summary>Writes a message; false when it is not one, and then the error and its offset stand last.</summary>
    public static bool Write(ReadOnlyMemory<byte> message, TextWriter output)
    {
        string? error = Read(message, (_, text) => output.WriteLine(text));
        if (error != null)
        {
            output.WriteLine(error);
        }

        return error == null;
    }

    /// <summary>Gives each line with the offset in the message at which it begins; of the text form, which has none, 0. What is wrong with the message; null = nothing.</summary>
    public static string? Read(ReadOnlyMemory<byte> message, Action<int, string> take)
    {
        MessageReader reader = MessageFormat.Guess(message.Span).Open(message);
        MemoryStream data = new();
        string structure = "";
        int depth = 0;
        int begin = 0;
        int dataBegin = -1;
        void Line(string text) => take(begin, new string(' ', depth * 2) + Terminal.Clean(text));

        while (true)
        {
            begin = reader.Position;
            Item item = reader.Read();
            string name = TagNames.Of(reader.Tag) ?? "";
            switch (item)
            {
                case Item.Start:
                    Line(depth == 0 ? $"<{name} xmlns=\"AirSync:\">" : $"<{name}>");
                    depth++;
                    break;
                case Item.End:
                    depth--;
                    Line($"</{name}>");
                    break;
                case Item.Value:
                    string value = Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength);
                    structure = reader.Scope == Scopes.Options && reader.Tag == Tags.Class ? value : structure;
                    Line(value.Length == 0 ? $"<{name}/>" : $"<{name}>{Escape(value)}</{name}>");
                    break;
                case Item.Data:
                    dataBegin = dataBegin < 0 ? begin : dataBegin;
                    data.Write(reader.Data, reader.DataOffset, reader.DataCount);
                    break;
                case Item.DataEnd:
                    begin = dataBegin < 0 ? begin : dataBegin;
                    dataBegin = -1;
                    Line($"<{name}>{Convert.ToBase64String(data.ToArray())}</{name}>{Explain(reader.Scope == Scopes.Options ? structure : null, data.ToArray())}");
                    data.SetLength(0);
                    break;
                case Item.Field:
                    string field = Encoding.ASCII.GetString(reader.FieldName, 0, reader.FieldNameLength);
                    string text = reader is XmlMessageReader xml ? xml.FieldText : "";
                    Line($"  <{field}>{Escape(text)}</{field}>");
                    break;
                default:
                    if (item != Item.Error && reader.Finish() == Item.EndOfMessage)
                    {
                        return null;
                    }

                    if (data.Length > 0)
                    {
                        Line($"<!-- {data.Length} bytes of ApplicationData: {Convert.ToHexString(data.ToArray().AsSpan(0, (int)Math.Min(data.Length, 64)))} -->");
                    }

                    return string.Create(CultureInfo.InvariantCulture, $"error NS{(int)reader.Error} ({reader.Error}) at byte {reader.ErrorOffset} of {message.Length}");
            }
        }
    }

    // the bytes, and what they say where that is known
    private static string Explain(string? structure, byte[] data)
    {
        if (data.Length == 0)
        {
            return "";
        }

        ObjectClass? type = structure == null ? null : Array.Find(
            [BuiltIn.Time, BuiltIn.Quota, BuiltIn.DeviceStatus, BuiltIn.Result, BuiltIn.Range, .. BuiltIn.Commands], c => c.Name == structure);
        if (type != null && RecordText.IsSound(type, data))
        {
            return $" <!-- {Comment(string.Join(", ", RecordText.Unpack(type, data).Select(f => $"{type.FieldName(f.Field)} {f.Text}")))} -->";
        }

        bool text = data.All(b => b is >= 0x20 and < 0x7F);
        return text ? $" <!-- {Comment(Encoding.ASCII.GetString(data))} -->"
            : $" <!-- {data.Length} bytes: {Convert.ToHexString(data.AsSpan(0, Math.Min(data.Length, 64)))}{(data.Length > 64 ? "..." : "")} -->";
    }

    private static string Comment(string text)
    {
        return text.Replace("--", "- -", StringComparison.Ordinal);
    }

    private static string Escape(string text)
    {
        return text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
    }
}
