// 20 readings encoded into a message and decoded from it, plain and as a series. The lines ##reset and ##report NAME mark
// the stretch whose instructions and allocations a metering host counts; without one they are just lines.
//   Tests/run-nanoclr.sh run Tests/NanoPrograms/CodecRun
// CodecPeers is the same 20 readings in nanoFramework.Json and nanoFramework.MessagePack. Figures: docs/figures-codec.md

using System;
using NanoSync.Protocol;

namespace NanoSync.CodecRun
{
    public static class Program
    {
        private static readonly ObjectClass s_class = new ObjectClass("reading").Time("at").Fixed("temperature", 2).UInt("humidity").UInt("co2").Fixed("battery", 2);
        private static readonly Reading[] s_readings = Reading.Twenty();
        private static readonly Reading[] s_back = Reading.Twenty(); // what is decoded
        private static readonly Message s_message = new Message();
        private static readonly WbxmlWriter s_writer = new WbxmlWriter(256);
        private static readonly WbxmlReader s_reader = new WbxmlReader();
        private static readonly RecordWriter s_record = new RecordWriter(64);
        private static readonly RecordReader s_fields = new RecordReader();
        private static readonly SeriesWriter s_series = new SeriesWriter();
        private static readonly SeriesReader s_parts = new SeriesReader();
        private static readonly byte[] s_gathered = new byte[512];
        private static readonly byte[] s_key = { (byte)'1', (byte)'a', (byte)'b', (byte)'c', (byte)'d' };
        private static readonly byte[] s_log = { (byte)'l', (byte)'o', (byte)'g' };
        private static readonly byte[] s_id = { (byte)'k', (byte)'3', (byte)'F', (byte)'z', (byte)'1', (byte)'0', (byte)'1' };
        private static readonly byte[] s_star = { (byte)'*' };
        private static int s_decoded;
        private static int s_wrong;

        public static void Main()
        {
            // once without counting: what a first call makes is made
            Encode(false);
            Decode();
            Encode(true);
            Decode();

            Check();
            Measure(false, "##report plain-encode", "##report plain-decode");
            Measure(true, "##report series-encode", "##report series-decode");

            Console.WriteLine("##reset");
            for (int i = 0; i < s_readings.Length; i++)
            {
                Pack(s_readings[i]);
            }

            Console.WriteLine("##report records-encode");
            s_decoded = 0;
            Console.WriteLine("##reset");
            for (int i = 0; i < s_readings.Length; i++)
            {
                Unpack(s_record.Buffer, 0, s_record.Length);
            }

            Console.WriteLine("##report records-decode");
            Console.WriteLine("readings decoded wrong: " + s_wrong.ToString());
        }

        private static void Measure(bool series, string encoded, string decoded)
        {
            Console.WriteLine("##reset");
            Encode(series);
            Console.WriteLine(encoded);
            Console.WriteLine("##reset");
            Decode();
            Console.WriteLine(decoded);
            Check();
            Console.WriteLine((series ? "series" : "plain") + ", message of " + s_decoded.ToString() + " readings: " + s_message.Length.ToString() + " bytes");
        }

        private static void Encode(bool series)
        {
            s_message.Length = 0;
            s_writer.Begin(s_message);
            s_writer.Start(Tags.Sync);
            s_writer.Start(Tags.Collections);
            s_writer.Start(Tags.Collection);
            s_writer.Value(Tags.SyncKey, s_key);
            s_writer.Value(Tags.CollectionId, s_log);
            s_writer.Start(Tags.Commands);
            s_series.Begin(s_class, s_gathered, 0, s_gathered.Length);
            for (int i = 0; i < s_readings.Length; i++)
            {
                Pack(s_readings[i]);
                if (series)
                {
                    s_series.Add(s_record.Buffer, 0, s_record.Length);
                }
                else
                {
                    s_writer.Start(Tags.Add);
                    if (i == 0)
                    {
                        s_writer.Value(Tags.ClientId, s_id);
                    }

                    s_writer.Payload(s_record.Buffer, 0, s_record.Length);
                    s_writer.End();
                }
            }

            if (series)
            {
                s_writer.Start(Tags.Add);
                s_writer.Value(Tags.ClientId, s_id);
                s_writer.Value(Tags.Class, s_star);
                s_writer.Payload(s_gathered, 0, s_series.Length);
                s_writer.End();
            }

            s_writer.End();
            s_writer.End();
            s_writer.End();
            s_writer.End();
            s_writer.Finish();
        }

        private static void Decode()
        {
            WbxmlReader reader = s_reader;
            bool series = false;
            s_decoded = 0;
            reader.Reset();
            reader.Feed(s_message.Bytes, 0, s_message.Length);
            Item item = reader.Read();
            while (item != Item.EndOfMessage)
            {
                switch (item)
                {
                    case Item.Data:
                        // the message lies whole in one buffer here, and so does each object
                        if (series)
                        {
                            UnpackSeries(reader.Data, reader.DataOffset, reader.DataCount);
                        }
                        else
                        {
                            Unpack(reader.Data, reader.DataOffset, reader.DataCount);
                        }

                        break;
                    case Item.Value:
                        series |= reader.Tag == Tags.Class;
                        break;
                    case Item.Error:
                    case Item.NeedMore:
                        throw new Exception("error " + ((int)reader.Error).ToString());
                }

                item = reader.Read();
            }
        }

        private static void UnpackSeries(byte[] bytes, int offset, int count)
        {
            s_parts.Begin(s_class, bytes, offset, count);
            while (s_parts.Next())
            {
                Unpack(s_parts.Record, s_parts.Offset, s_parts.Length);
            }
        }

        private static void Pack(Reading reading)
        {
            s_record.Begin(s_class);
            s_record.Time(reading.At);
            s_record.Fixed(reading.Temperature);
            s_record.UInt(reading.Humidity);
            s_record.UInt(reading.Co2);
            s_record.Fixed(reading.Battery);
            s_record.End();
        }

        private static void Unpack(byte[] record, int offset, int count)
        {
            RecordReader fields = s_fields;
            Reading back = s_back[s_decoded++];
            fields.Begin(s_class, record, offset, count);
            while (fields.Next())
            {
                switch (fields.Field)
                {
                    case 0:
                        back.At = (uint)fields.Value;
                        break;
                    case 1:
                        back.Temperature = (int)fields.Value;
                        break;
                    case 2:
                        back.Humidity = (uint)fields.Value;
                        break;
                    case 3:
                        back.Co2 = (uint)fields.Value;
                        break;
                    default:
                        back.Battery = (int)fields.Value;
                        break;
                }
            }

            if (fields.Error != SyncError.None)
            {
                s_wrong++;
            }
        }

        // Compares what came back, and empties it.
        private static void Check()
        {
            for (int i = 0; i < s_readings.Length; i++)
            {
                Reading read = s_readings[i];
                Reading back = s_back[i];
                if (back.At != read.At || back.Temperature != read.Temperature || back.Humidity != read.Humidity || back.Co2 != read.Co2 || back.Battery != read.Battery)
                {
                    s_wrong++;
                }

                s_back[i] = new Reading();
            }
        }
    }

    /// <summary>Takes the message.</summary>
    public sealed class Message : IByteSink
    {
        public readonly byte[] Bytes = new byte[1024];

        public int Length;

        public bool Write(byte[] buffer, int offset, int count)
        {
            Array.Copy(buffer, offset, Bytes, Length, count);
            Length += count;
            return true;
        }
    }
}
