// Records as text, field by field: what the text form of the message and the application's JSON have in common. [SPEC 6.4]

using System.Globalization;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

/// <summary>A value that does not fit its class, and why in words.</summary>
public sealed class RecordException(string message) : Exception(message)
{
    /// <summary>The field that is meant; null = none in particular.</summary>
    public string? Field { get; init; }

    /// <summary>What programs tell it by: unknown_field, given_twice, wrong_type, out_of_range; null = none of these.</summary>
    public string? Code { get; init; }
}

/// <summary>Packs and unpacks records by the names of their fields.</summary>
public static class RecordText
{
    private const int VarintBytes = 10;

    // ISO 8601 and nothing that could be read in two ways; without a zone it is UTC
    private static readonly string[] s_times =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd HH:mmK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>True when the bytes are a record of the class.</summary>
    public static bool IsSound(ObjectClass type, ReadOnlyMemory<byte> data)
    {
        if (type.Count == 0)
        {
            return true; // one long payload
        }

        byte[] bytes = data.ToArray();
        RecordReader reader = new();
        reader.Begin(type, bytes, 0, bytes.Length);
        while (reader.Next())
        {
        }

        return reader.Error == SyncError.None;
    }

    /// <summary>Packs fields given in any order; those not given are absent.</summary>
    public static byte[] Pack(ObjectClass type, IReadOnlyList<KeyValuePair<string, string>> fields)
    {
        string?[] values = new string?[type.Count];
        int size = 8;
        foreach ((string name, string value) in fields)
        {
            int field = type.FindField(name);
            if (field < 0)
            {
                throw new RecordException($"{type.Name} has no field {name}.") { Code = "unknown_field", Field = name };
            }

            if (values[field] != null)
            {
                throw new RecordException($"{name} is given twice.") { Code = "given_twice", Field = name };
            }

            values[field] = value;
            size += VarintBytes + Encoding.UTF8.GetByteCount(value);
        }

        RecordWriter writer = new(size);
        writer.Begin(type);
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] is not { } value)
            {
                writer.None();
                continue;
            }

            try
            {
                Put(writer, type, i, value);
            }
            catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
            {
                throw new RecordException($"{type.FieldName(i)} does not take {Shorten(value)}: {Wanted(type, i)} is wanted.")
                {
                    Code = e is OverflowException ? "out_of_range" : "wrong_type",
                    Field = type.FieldName(i),
                };
            }
        }

        return writer.End() ? writer.Buffer[..writer.Length] : throw new RecordException($"{type.Name} cannot be packed: error NS{(int)writer.Error}.");
    }

    /// <summary>Unpacks a record: the fields present, in the order of the class. Throws when it is not sound.</summary>
    public static List<(int Field, string Text)> Unpack(ObjectClass type, ReadOnlyMemory<byte> data)
    {
        byte[] bytes = data.ToArray();
        List<(int, string)> fields = [];
        RecordReader reader = new();
        reader.Begin(type, bytes, 0, bytes.Length);
        while (reader.Next())
        {
            fields.Add((reader.Field, Text(reader, type, bytes)));
        }

        return reader.Error == SyncError.None ? fields : throw new RecordException($"The bytes are not a record of {type.Name}.");
    }

    private static string Text(RecordReader reader, ObjectClass type, byte[] bytes)
    {
        switch (type.TypeOf(reader.Field))
        {
            case FieldType.Bool:
                return reader.Value != 0 ? "true" : "false";
            case FieldType.UInt:
                return ((ulong)reader.Value).ToString(CultureInfo.InvariantCulture);
            case FieldType.Fixed:
                return FixedText(reader.Value, type.DigitsOf(reader.Field));
            case FieldType.Float:
                return ((float)reader.Number).ToString("R", CultureInfo.InvariantCulture);
            case FieldType.Double:
                return reader.Number.ToString("R", CultureInfo.InvariantCulture);
            case FieldType.Text:
                return Encoding.UTF8.GetString(bytes, reader.Offset, reader.Count);
            case FieldType.Bytes:
                return Convert.ToBase64String(bytes, reader.Offset, reader.Count);
            case FieldType.Time:
                return DateTimeOffset.FromUnixTimeSeconds(reader.Value).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            default:
                return reader.Value.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static void Put(RecordWriter writer, ObjectClass type, int field, string value)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        switch (type.TypeOf(field))
        {
            case FieldType.Bool:
                writer.Bool(value == "true" || (value == "false" ? false : throw new FormatException()));
                break;
            case FieldType.Int:
                writer.Int(long.Parse(value, NumberStyles.AllowLeadingSign, culture));
                break;
            case FieldType.UInt:
                writer.UInt(ulong.Parse(value, NumberStyles.None, culture));
                break;
            case FieldType.Fixed:
                writer.Fixed(ParseFixed(value, type.DigitsOf(field)));
                break;
            case FieldType.Float:
                writer.Float(float.Parse(value, NumberStyles.Float, culture));
                break;
            case FieldType.Double:
                writer.Double(double.Parse(value, NumberStyles.Float, culture));
                break;
            case FieldType.Text:
                writer.Text(value);
                break;
            case FieldType.Bytes:
                byte[] bytes = Convert.FromBase64String(value);
                writer.Bytes(bytes, 0, bytes.Length);
                break;
            default:
                DateTimeOffset time = DateTimeOffset.ParseExact(value, s_times, culture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
                writer.Time(checked((uint)time.ToUnixTimeSeconds()));
                break;
        }
    }

    private static long ParseFixed(string value, int digits)
    {
        decimal steps = decimal.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture);
        for (int i = 0; i < digits; i++)
        {
            steps *= 10;
        }

        return steps == decimal.Truncate(steps) ? checked((long)steps) : throw new FormatException();
    }

    private static string FixedText(long steps, int digits)
    {
        decimal value = steps;
        decimal divisor = 1;
        for (int i = 0; i < digits; i++)
        {
            divisor *= 10;
        }

        return (value / divisor).ToString("F" + digits, CultureInfo.InvariantCulture);
    }

    private static string Wanted(ObjectClass type, int field)
    {
        return type.TypeOf(field) switch
        {
            FieldType.Bool => "true or false",
            FieldType.Int => "a whole number of 64 bits",
            FieldType.UInt => "a whole number, 0 or more",
            FieldType.Fixed => $"a number with at most {type.DigitsOf(field)} digits behind the point",
            FieldType.Float or FieldType.Double => "a number",
            FieldType.Bytes => "base64",
            FieldType.Time => "an ISO 8601 time from 1970 to 2106, such as 2026-03-01T12:00:00Z,",
            _ => "a text",
        };
    }

    private static string Shorten(string value)
    {
        return value.Length <= 40 ? value : value[..40] + "...";
    }
}
