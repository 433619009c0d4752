using System.Runtime.CompilerServices;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Simulation;

/// <summary>What happened: always as a digest, and as text when somebody will read it.</summary>
public sealed class Trace(bool readable)
{
    private readonly List<string> _lines = [];
    private ulong _digest = 14695981039346656037;

    public bool Readable => readable;

    public ulong Digest => _digest;

    public IReadOnlyList<string> Lines => _lines;

    public void Mix(ulong value)
    {
        _digest = (_digest ^ value) * 1099511628211;
        _digest ^= _digest >> 29;
    }

    public void Mix(ReadOnlySpan<byte> bytes)
    {
        ulong digest = _digest;
        foreach (byte b in bytes)
        {
            digest = (digest ^ b) * 1099511628211;
        }

        _digest = digest;
        Mix((ulong)bytes.Length);
    }

    /// <summary>A line; the text is only made when somebody will read it, so it must not hold what the digest lacks.</summary>
    public void Line([InterpolatedStringHandlerArgument("")] Handler text)
    {
        if (readable)
        {
            _lines.Add(text.ToString());
        }
    }

    public void Message(string what, ReadOnlySpan<byte> bytes, bool xml)
    {
        Mix(bytes);
        if (readable)
        {
            _lines.Add($"    {what} {bytes.Length} bytes {Explain.Message(bytes.ToArray(), xml)}");
        }
    }

    /// <summary>Formats only when the trace is read.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Handler
    {
        private readonly StringBuilder? _text;

        public Handler(int literal, int holes, Trace trace, out bool wanted)
        {
            wanted = trace.Readable;
            _text = wanted ? new StringBuilder(literal + (holes * 8)) : null;
        }

        public void AppendLiteral(string text) => _text!.Append(text);

        public void AppendFormatted<T>(T value) => _text!.Append(value);

        public override string ToString() => _text?.ToString() ?? "";
    }
}

/// <summary>Messages for a person.</summary>
public static class Explain
{
    public static string Message(byte[] bytes, bool xml)
    {
        if (bytes.Length == 0 || bytes[0] == EmptyReply.Mark)
        {
            return "(empty)";
        }

        MessageReader reader = xml ? new XmlReader() : new WbxmlReader();
        reader.Reset();
        reader.Feed(bytes, 0, bytes.Length);
        StringBuilder text = new();
        List<byte> data = [];
        while (true)
        {
            switch (reader.Read())
            {
                case Item.Start:
                    text.Append(TagNames.Of(reader.Tag)).Append('(');
                    break;
                case Item.End:
                    text.Append(") ");
                    break;
                case Item.Value:
                    text.Append(TagNames.Of(reader.Tag));
                    string value = Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength);
                    text.Append(value.Length > 0 ? "=" + value + " " : " ");
                    break;
                case Item.Data:
                    data.AddRange(reader.Data.AsSpan(reader.DataOffset, reader.DataCount));
                    break;
                case Item.DataEnd:
                    text.Append('[').Append(Payload.Describe(data.ToArray())).Append("] ");
                    data.Clear();
                    break;
                case Item.Field:
                    text.Append("field ");
                    break;
                case Item.NeedMore:
                case Item.EndOfMessage:
                    return (reader.Finish() == Item.EndOfMessage ? "" : "CUT ") + text;
                default:
                    return $"ERROR {reader.Error} at {reader.ErrorOffset} after {text}";
            }
        }
    }
}
