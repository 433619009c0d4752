// Random classes, and records of them whose values stand at the edges of their types, repeat, or move a little.

using CsCheck;
using NanoSync.Protocol;

namespace NanoSync.Tests;

internal static class Records
{
    private static readonly long[] s_integers =
        [0, 1, -1, 63, 64, -64, -65, 127, 128, 255, 16383, 16384, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MaxValue - 1, long.MinValue, long.MinValue + 1];
    private static readonly uint[] s_times = [0, 1, 1704067199, 1704067200, 1972502655, 1972502656, int.MaxValue, uint.MaxValue];
    private static readonly float[] s_floats =
        [0f, -0f, 1f, -1.5f, float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon, 1.1754944E-38f, 1.1754942E-38f, float.NaN, float.PositiveInfinity, float.NegativeInfinity];
    private static readonly double[] s_doubles =
        [0d, -0d, 1d, double.MaxValue, double.MinValue, double.Epsilon, 2.2250738585072014E-308, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.1];
    private static readonly string[] s_texts = ["", "a", "ab", "\u00e4\u20ac", "\U0001F600", "a\"b\\c<d>&'\t\r\n]]>", new('x', 127), new('y', 128)];

    /// <summary>Classes of 1 to 32 fields of any type.</summary>
    public static readonly Gen<ObjectClass> Class = Gen.Char["biufsdtxc"].Array[1, ObjectClass.MaxFields].Select(Make);

    public static ObjectClass Make(char[] codes)
    {
        var type = new ObjectClass("c");
        for (int i = 0; i < codes.Length; i++)
        {
            string name = "f" + i;
            _ = codes[i] switch
            {
                'b' => type.Bool(name),
                'i' => type.Int(name),
                'u' => type.UInt(name),
                'f' => type.Fixed(name, i % 10),
                's' => type.Float(name),
                'd' => type.Double(name),
                't' => type.Text(name),
                'x' => type.Bytes(name),
                _ => type.Time(name),
            };
        }

        return type;
    }

    /// <summary>A record: mostly the fields present in the one before, each value new or as before.</summary>
    public static byte[] Next(ObjectClass type, Random random, byte[]? before)
    {
        var writer = new RecordWriter(8192);
        var old = new RecordReader();
        bool anew = before == null || random.Next(5) == 0;
        bool more = false;
        if (!anew)
        {
            old.Begin(type, before!, 0, before!.Length);
            more = old.Next();
        }

        writer.Begin(type);
        for (int field = 0; field < type.Count; field++)
        {
            bool had = more && old.Field == field;
            if (anew ? random.Next(4) == 0 : !had)
            {
                writer.None();
            }
            else if (had && random.Next(2) == 0)
            {
                Copy(writer, type.TypeOf(field), old, before!);
            }
            else
            {
                Put(writer, type.TypeOf(field), random, had ? old.Value : 0);
            }

            more = had ? old.Next() : more;
        }

        Assert.IsTrue(writer.End(), writer.Error.ToString());
        return writer.Buffer[..writer.Length];
    }

    private static void Copy(RecordWriter writer, FieldType type, RecordReader old, byte[] before)
    {
        switch (type)
        {
            case FieldType.Bool:
                writer.Bool(old.Value == 1);
                break;
            case FieldType.Int:
                writer.Int(old.Value);
                break;
            case FieldType.UInt:
                writer.UInt((ulong)old.Value);
                break;
            case FieldType.Fixed:
                writer.Fixed(old.Value);
                break;
            case FieldType.Time:
                writer.Time((uint)old.Value);
                break;
            case FieldType.Float:
                writer.Float((float)old.Number);
                break;
            case FieldType.Double:
                writer.Double(old.Number);
                break;
            case FieldType.Text:
                writer.Text(before, old.Offset, old.Count);
                break;
            default:
                writer.Bytes(before, old.Offset, old.Count);
                break;
        }
    }

    private static void Put(RecordWriter writer, FieldType type, Random random, long before)
    {
        long integer = random.Next(2) == 0 ? Pick(s_integers, random) : unchecked(before + random.Next(-200, 200));
        switch (type)
        {
            case FieldType.Bool:
                writer.Bool(random.Next(2) == 0);
                break;
            case FieldType.Int:
                writer.Int(integer);
                break;
            case FieldType.UInt:
                writer.UInt((ulong)integer);
                break;
            case FieldType.Fixed:
                writer.Fixed(integer);
                break;
            case FieldType.Float:
                writer.Float(Pick(s_floats, random));
                break;
            case FieldType.Double:
                writer.Double(Pick(s_doubles, random));
                break;
            case FieldType.Text:
                writer.Text(Pick(s_texts, random));
                break;
            case FieldType.Bytes:
                byte[] bytes = new byte[random.Next(3) == 0 ? 0 : random.Next(150)];
                random.NextBytes(bytes);
                writer.Bytes(bytes, 0, bytes.Length);
                break;
            default:
                writer.Time(random.Next(2) == 0 ? Pick(s_times, random) : (uint)(before + random.Next(1000)));
                break;
        }
    }

    private static T Pick<T>(T[] values, Random random)
    {
        return values[random.Next(values.Length)];
    }
}
