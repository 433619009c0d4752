// Helpers of the codec tests: items as text, text as items, hex, a sink that keeps what it gets.

using System;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Tests
{
    public sealed class Sink : IByteSink
    {
        private byte[] _bytes = new byte[256];

        public int Count;

        public bool Write(byte[] buffer, int offset, int count)
        {
            while (Count + count > _bytes.Length)
            {
                byte[] larger = new byte[_bytes.Length * 2];
                Array.Copy(_bytes, larger, Count);
                _bytes = larger;
            }

            Array.Copy(buffer, offset, _bytes, Count, count);
            Count += count;
            return true;
        }

        public byte[] ToArray()
        {
            byte[] copy = new byte[Count];
            Array.Copy(_bytes, copy, Count);
            return copy;
        }
    }

    public static class Codec
    {
        private const string Digits = "0123456789ABCDEF";
        private const int Around = 8;
        private const byte Foreign = (byte)'A';

        /// <summary>Reads a message split once at <paramref name="split"/> (-1 = not), or in pieces of <paramref name="step"/> bytes (0 = not).</summary>
        public static string Read(MessageReader reader, byte[] bytes, int split, int step)
        {
            StringBuilder items = new StringBuilder();
            StringBuilder data = new StringBuilder();
            reader.Reset();
            int fed = 0;
            Item item = Item.NeedMore;
            while (true)
            {
                if (item == Item.NeedMore && fed < bytes.Length)
                {
                    int count = step > 0 ? step : split > fed ? split - fed : bytes.Length - fed;
                    if (count > bytes.Length - fed)
                    {
                        count = bytes.Length - fed;
                    }

                    Feed(reader, bytes, fed, count);
                    fed += count;
                }

                item = reader.Read();
                if (item == Item.EndOfMessage || (item == Item.NeedMore && fed == bytes.Length))
                {
                    if (fed < bytes.Length)
                    {
                        item = Item.NeedMore; // white space may follow the root
                        continue;
                    }

                    item = reader.Finish();
                    if (item == Item.EndOfMessage)
                    {
                        return items.ToString();
                    }
                }

                if (item == Item.Error)
                {
                    return items.ToString() + "error " + (int)reader.Error + " at " + reader.ErrorOffset;
                }

                Append(items, data, reader, item);
            }
        }

        // What a reader is given lies between bytes that are none of its.
        private static void Feed(MessageReader reader, byte[] bytes, int offset, int count)
        {
            byte[] fed = new byte[count + 2 * Around];
            for (int i = 0; i < Around; i++)
            {
                fed[i] = Foreign;
                fed[Around + count + i] = Foreign;
            }

            Array.Copy(bytes, offset, fed, Around, count);
            reader.Feed(fed, Around, count);
        }

        /// <summary>The error of the first <paramref name="count"/> bytes, or the items when there is none.</summary>
        public static string ReadError(MessageReader reader, byte[] bytes, int count)
        {
            return ReadError(reader, bytes, count, 0);
        }

        /// <summary>The same, read in pieces of <paramref name="step"/> bytes (0 = whole).</summary>
        public static string ReadError(MessageReader reader, byte[] bytes, int count, int step)
        {
            byte[] part = new byte[count];
            Array.Copy(bytes, part, count);
            reader.MaxData = 4096;
            string items = Read(reader, part, -1, step);
            reader.MaxData = 0;
            int error = items.IndexOf("error ");
            return error < 0 ? items : items.Substring(error);
        }

        /// <summary>Writes a message given as items.</summary>
        public static void Write(MessageWriter writer, IByteSink sink, string items)
        {
            writer.Begin(sink);
            string[] parts = items.Split(' ');
            for (int i = 0; i < parts.Length - 1; i++)
            {
                string part = parts[i];
                int equals = part.IndexOf('=');
                if (part[0] == '<')
                {
                    if (parts[i + 1] == ">" + part.Substring(1))
                    {
                        writer.Empty(Find(part.Substring(1)));
                        i++;
                    }
                    else
                    {
                        writer.Start(Find(part.Substring(1)));
                    }
                }
                else if (part[0] == '>')
                {
                    writer.End();
                }
                else if (part[0] == '[')
                {
                    byte[] data = FromHex(part.Substring(1, part.Length - 2));
                    writer.DataStart(data.Length);
                    writer.Data(data, 0, data.Length);
                    writer.DataEnd();
                }
                else if (equals < 0)
                {
                    writer.Empty(Find(part));
                }
                else
                {
                    writer.Value(Find(part.Substring(0, equals)), Encoding.UTF8.GetBytes(part.Substring(equals + 1)));
                }
            }

            if (!writer.Finish())
            {
                throw new Exception("writer error " + (int)writer.Error + " in " + items);
            }
        }

        public static byte[] FromHex(string hex)
        {
            byte[] bytes = new byte[hex.Length / 2];
            int digits = 0;
            char[] chars = hex.ToCharArray();
            for (int i = 0; i < chars.Length; i++)
            {
                int digit = Digits.IndexOf(chars[i]);
                if (digit >= 0)
                {
                    bytes[digits / 2] = (byte)((bytes[digits / 2] << 4) | digit);
                    digits++;
                }
            }

            byte[] exact = new byte[digits / 2];
            Array.Copy(bytes, exact, exact.Length);
            return exact;
        }

        public static string Hex(byte[] bytes)
        {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < bytes.Length; i++)
            {
                AppendHex(text, bytes[i]);
            }

            return text.ToString();
        }

        public static string Utf8(byte[] bytes)
        {
            return Encoding.UTF8.GetString(bytes, 0, bytes.Length);
        }

        private static void Append(StringBuilder items, StringBuilder data, MessageReader reader, Item item)
        {
            switch (item)
            {
                case Item.Start:
                    items.Append("<" + TagNames.Of(reader.Tag) + " ");
                    break;
                case Item.End:
                    items.Append(">" + TagNames.Of(reader.Tag) + " ");
                    break;
                case Item.Value:
                    items.Append(TagNames.Of(reader.Tag));
                    if (reader.TextLength > 0)
                    {
                        items.Append("=" + Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength));
                    }

                    items.Append(" ");
                    break;
                case Item.Field:
                    items.Append("." + Encoding.UTF8.GetString(reader.FieldName, 0, reader.FieldNameLength) + "="
                        + Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength) + " ");
                    break;
                case Item.Data:
                    for (int i = 0; i < reader.DataCount; i++)
                    {
                        AppendHex(data, reader.Data[reader.DataOffset + i]);
                    }

                    break;
                case Item.DataEnd:
                    items.Append("[" + data.ToString() + "] ");
                    data.Clear();
                    break;
            }
        }

        private static void AppendHex(StringBuilder text, byte value)
        {
            text.Append(Digits[value >> 4]);
            text.Append(Digits[value & 15]);
        }

        private static byte Find(string name)
        {
            for (int tag = 0; tag < Tags.End; tag++)
            {
                // nanoCLR ends at a comparison of a null string with ==
                string known = TagNames.Of(tag);
                if (known != null && known == name)
                {
                    return (byte)tag;
                }
            }

            throw new Exception("no tag " + name);
        }
    }
}
