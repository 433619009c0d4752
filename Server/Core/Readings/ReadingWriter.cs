// Readings as CSV, NDJSON or JSON, into a stream as they come.

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using NanoSync.Protocol;
using NanoSync.Server.Application;

namespace NanoSync.Server.Readings;

/// <summary>Writes readings.</summary>
public sealed class ReadingWriter
{
    private const int Enough = 64 << 10; // bytes written at once

    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Stream _output;
    private readonly ReadingFormat _format;
    private readonly List<string> _fields;
    private readonly ArrayBufferWriter<byte> _buffer = new(Enough + 4096);
    private readonly Utf8JsonWriter _writer;
    private bool _any;

    private ReadingWriter(Stream output, ReadingFormat format, List<string> fields)
    {
        _output = output;
        _format = format;
        _fields = fields;
        _writer = new Utf8JsonWriter(_buffer, s_json);
    }

    /// <summary>Writes what is asked for to its end.</summary>
    /// <param name="service">Where it comes from.</param>
    /// <param name="query">What is asked for.</param>
    /// <param name="format">How.</param>
    /// <param name="output">Where to; flushed, not closed.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>How many were written.</returns>
    public static async Task<long> Write(ReadingService service, ReadingQuery query, ReadingFormat format, Stream output, CancellationToken cancellation = default)
    {
        ReadingWriter writer = new(output, format, format == ReadingFormat.Csv ? service.Fields(query) : []);
        long count = 0;
        writer.Head(query);
        if (query.Bucket != null)
        {
            foreach (Bucket bucket in service.Sum(query))
            {
                writer.Put(bucket);
                await writer.Flush(Enough, cancellation);
                count++;
            }
        }
        else
        {
            foreach (Reading reading in service.Read(query))
            {
                writer.Put(reading, query.Fields);
                await writer.Flush(Enough, cancellation);
                count++;
            }
        }

        writer.Text(format == ReadingFormat.Json ? (writer._any ? "\n]\n" : "[]\n") : "");
        await writer.Flush(0, cancellation);
        return count;
    }

    /// <summary>A reading's members.</summary>
    public static void Members(Utf8JsonWriter writer, Reading reading, IReadOnlyList<string>? only = null)
    {
        writer.WriteString("device", reading.Device);
        writer.WriteString("collection", reading.Collection);
        writer.WriteString("id", reading.Row.Id);
        writer.WriteNumber("seq", reading.Row.Seq);
        writer.WriteString("at", ObjectJson.Time(reading.At));
        writer.WriteString("received", ObjectJson.Time(reading.Row.Changed));
        writer.WriteString("class", reading.Row.Class);
        if (reading.Row.Deleted)
        {
            writer.WriteBoolean("deleted", true);
        }
        else if (reading.Fields == null)
        {
            writer.WriteString("data", Convert.ToBase64String(reading.Row.Data ?? []));
        }
        else
        {
            writer.WriteStartObject("value");
            for (int i = 0; i < reading.Fields.Length; i++)
            {
                string name = reading.Class!.FieldName(i);
                if (only == null || only.Contains(name))
                {
                    writer.WritePropertyName(name);
                    Value(writer, reading.Class!.TypeOf(i), reading.Fields[i]);
                }
            }

            writer.WriteEndObject();
        }
    }

    private static void Value(Utf8JsonWriter writer, FieldType type, string? text)
    {
        if (text == null)
        {
            writer.WriteNullValue();
        }
        else if (type is FieldType.Text or FieldType.Bytes or FieldType.Time || text is "NaN" or "Infinity" or "-Infinity")
        {
            writer.WriteStringValue(text);
        }
        else
        {
            writer.WriteRawValue(text, skipInputValidation: true); // as written: no digit is lost
        }
    }

    private void Head(ReadingQuery query)
    {
        if (_format != ReadingFormat.Csv)
        {
            return;
        }

        IEnumerable<string> columns = query.Bucket == null
            ? ["device", "collection", "id", "time", "received", "class", .. _fields.Select(f => f + Unit(query, f))]
            : ["device", "collection", "time", "count", .. _fields.SelectMany(f => new[] { f + ".min", f + ".mean", f + ".max" }.Select(n => n + Unit(query, f)))];
        Line(columns);
    }

    // Of a field of that name in several classes with several units none is named.
    private static string Unit(ReadingQuery query, string field)
    {
        string[] units = [.. query.Units.Where(n => n.Field == field && n.Unit != null && (query.Class == null || query.Class == n.Class || query.Class.StartsWith(n.Class + "#", StringComparison.Ordinal)))
            .Select(n => n.Unit!).Distinct()];
        return units.Length == 1 ? $" ({units[0]})" : "";
    }

    private void Put(Reading reading, IReadOnlyList<string>? only)
    {
        if (_format == ReadingFormat.Csv)
        {
            List<string?> cells = [reading.Device, reading.Collection, reading.Row.Id, ObjectJson.Time(reading.At), ObjectJson.Time(reading.Row.Changed), reading.Row.Class];
            foreach (string name in _fields)
            {
                int field = reading.Class?.FindField(name) ?? -1;
                cells.Add(field < 0 ? null : reading.Fields![field]);
            }

            Line(cells);
            return;
        }

        Begin();
        Members(_writer, reading, only);
        End();
    }

    private void Put(Bucket bucket)
    {
        if (_format == ReadingFormat.Csv)
        {
            List<string?> cells = [bucket.Device, bucket.Collection, ObjectJson.Time(bucket.At), Text(bucket.Count)];
            foreach (string name in _fields)
            {
                Spread? spread = bucket.Fields.GetValueOrDefault(name);
                cells.AddRange(spread == null ? [null, null, null] : [Text(spread.Min), Text(spread.Mean), Text(spread.Max)]);
            }

            Line(cells);
            return;
        }

        Begin();
        _writer.WriteString("device", bucket.Device);
        _writer.WriteString("collection", bucket.Collection);
        _writer.WriteString("at", ObjectJson.Time(bucket.At));
        _writer.WriteNumber("count", bucket.Count);
        _writer.WriteStartObject("value");
        foreach ((string name, Spread spread) in bucket.Fields)
        {
            _writer.WriteStartObject(name);
            _writer.WriteNumber("min", spread.Min);
            _writer.WriteNumber("mean", spread.Mean);
            _writer.WriteNumber("max", spread.Max);
            _writer.WriteEndObject();
        }

        _writer.WriteEndObject();
        End();
    }

    private void Begin()
    {
        Text(_format == ReadingFormat.Ndjson ? "" : _any ? ",\n" : "[\n");
        _any = true;
        _writer.Reset();
        _writer.WriteStartObject();
    }

    private void End()
    {
        _writer.WriteEndObject();
        _writer.Flush();
        Text(_format == ReadingFormat.Ndjson ? "\n" : "");
    }

    // RFC 4180; what a spreadsheet would take for a formula is a text to it
    private void Line(IEnumerable<string?> cells)
    {
        StringBuilder line = new();
        bool first = true;
        foreach (string? cell in cells)
        {
            line.Append(first ? "" : ",");
            first = false;
            if (cell == null)
            {
                continue;
            }

            bool formula = cell.Length > 0 && cell[0] is '=' or '@' or '+' or '-' && !double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
            string text = formula ? "'" + cell : cell;
            line.Append(text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : text);
        }

        Text(line.Append("\r\n").ToString());
    }

    private void Text(string text)
    {
        if (text.Length > 0)
        {
            Encoding.UTF8.GetBytes(text, _buffer);
        }
    }

    private async ValueTask Flush(int from, CancellationToken cancellation)
    {
        if (_buffer.WrittenCount > from)
        {
            await _output.WriteAsync(_buffer.WrittenMemory, cancellation);
            _buffer.ResetWrittenCount();
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
