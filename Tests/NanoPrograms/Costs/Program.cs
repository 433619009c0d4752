// What one reading of five fields costs on its way: per step, over 200 readings.
//   Tests/run-nanoclr.sh run Tests/NanoPrograms/Costs
//
// Any nanoCLR gives the time and the bytes that a step leaves on the heap. A nanoCLR whose interpreter counts
// instructions and allocations answers the lines "##reset" and "##report NAME" with its counts since the last reset; to
// any other they are lines like the rest.

using System;
using NanoSync.Protocol;
using NanoSync.Storage;
using NanoSync.SyncRun;
using GC = nanoFramework.Runtime.Native.GC;

namespace NanoSync.Costs
{
    public static class Program
    {
        private const int Readings = 200;
        private const int SegmentBytes = 4096;

        private static readonly ObjectClass s_reading =
            new ObjectClass("reading").Time("at").Fixed("temperature", 2).UInt("humidity").UInt("co2").Fixed("battery", 2);

        private static readonly RecordWriter s_record = new RecordWriter(64);
        private static readonly RecordReader s_fields = new RecordReader();
        private static readonly WbxmlWriter s_writer = new WbxmlWriter(512);
        private static readonly WbxmlReader s_reader = new WbxmlReader();
        private static readonly ObjectInfo s_info = new ObjectInfo();
        private static readonly byte[] s_buffer = new byte[512];
        private static readonly Message s_message = new Message(8192);
        private static readonly byte[] s_key = { (byte)'1', (byte)'A', (byte)'B', (byte)'C', (byte)'D' };
        private static readonly byte[] s_log = { (byte)'l', (byte)'o', (byte)'g' };
        private static FlashStore s_store;
        private static long s_started;

        public static void Main()
        {
            int quota = Readings * 60 + 4 * SegmentBytes;
            StoreOptions options = new StoreOptions() { QuotaBytes = quota + 12 * SegmentBytes, SegmentBytes = SegmentBytes };
            s_store = new FlashStore(new SlotVolume(options.QuotaBytes / SegmentBytes + 8, SegmentBytes), options);
            s_store.DeclareOutbox(0, quota, false);
            s_store.DeclareKeyed(1, 256);
            Check(s_store.Open() == StoreError.None);

            // once before it counts: whatever is made at first use is made
            Encode(1);
            Decode(1);
            Write(null, 1);

            Begin();
            Console.WriteLine("##reset");
            Encode(Readings);
            Console.WriteLine("##report record_encode");
            End("record encode");

            Begin();
            Console.WriteLine("##reset");
            Write(null, Readings);
            Console.WriteLine("##report message_count");
            End("message write, counting only");

            Begin();
            Console.WriteLine("##reset");
            Write(s_message, Readings);
            Console.WriteLine("##report message_write");
            End("message write");

            Begin();
            Console.WriteLine("##reset");
            int items = Read();
            Console.WriteLine("##report message_read");
            End("message read");
            Check(items >= 4 * Readings + 11); // and a slice more where a feed ends inside a record
            Console.WriteLine("message: " + s_message.Length.ToString() + " bytes");

            Begin();
            Console.WriteLine("##reset");
            Decode(Readings);
            Console.WriteLine("##report record_decode");
            End("record decode");

            Begin();
            Console.WriteLine("##reset");
            Append(Readings);
            Console.WriteLine("##report store_append");
            End("store append");

            Begin();
            Console.WriteLine("##reset");
            int pending = Enumerate(false);
            Console.WriteLine("##report store_enumerate");
            End("store enumerate");
            Check(pending == Readings);

            Begin();
            Console.WriteLine("##reset");
            Enumerate(true);
            Console.WriteLine("##report store_enumerate_and_read");
            End("store enumerate and read");

            Begin();
            Console.WriteLine("##reset");
            Check(s_store.AckOutbox(0, Readings) == StoreError.None);
            Console.WriteLine("##report store_acknowledge");
            End("store acknowledge");
        }

        private static void Encode(int count)
        {
            for (int i = 0; i < count; i++)
            {
                s_record.Begin(s_reading);
                s_record.Time((uint)(1764000000 + i * 60));
                s_record.Fixed(2150 + i % 17);
                s_record.UInt((ulong)(45 + i % 3));
                s_record.UInt((ulong)(600 + i % 50));
                s_record.Fixed(371);
                Check(s_record.End());
            }
        }

        private static void Decode(int count)
        {
            for (int i = 0; i < count; i++)
            {
                s_fields.Begin(s_reading, s_record.Buffer, 0, s_record.Length);
                while (s_fields.Next())
                {
                }
            }
        }

        private static void Write(IByteSink sink, int count)
        {
            WbxmlWriter w = s_writer;
            w.Begin(sink);
            w.Start(Tags.Sync);
            w.Start(Tags.Collections);
            w.Start(Tags.Collection);
            w.Value(Tags.SyncKey, s_key);
            w.Value(Tags.CollectionId, s_log);
            w.Start(Tags.Commands);
            for (int i = 0; i < count; i++)
            {
                w.Start(Tags.Add);
                w.Payload(s_record.Buffer, 0, s_record.Length);
                w.End();
            }

            w.End();
            w.End();
            w.End();
            w.End();
            Check(w.Finish());
        }

        private static int Read()
        {
            int items = 0;
            int at = 0;
            s_reader.Reset();
            while (true)
            {
                Item item = s_reader.Read();
                items++;
                if (item == Item.NeedMore)
                {
                    items--;
                    int count = s_message.Length - at < 512 ? s_message.Length - at : 512;
                    s_reader.Feed(s_message.Bytes, at, count);
                    at += count;
                }
                else if (item == Item.EndOfMessage || item == Item.Error)
                {
                    Check(item == Item.EndOfMessage);
                    return items;
                }
            }
        }

        private static void Append(int count)
        {
            for (int i = 0; i < count; i++)
            {
                uint id;
                Check(s_store.Append(0, s_reading.Hash, s_record.Buffer, 0, s_record.Length, out id) == StoreError.None);
            }
        }

        private static int Enumerate(bool read)
        {
            int count = 0;
            uint at = 0;
            while (s_store.NextPending(0, at, s_info) == StoreError.None)
            {
                at = s_info.Id;
                count++;
                if (read)
                {
                    Check(s_store.Read(s_info, 0, s_buffer, 0, s_info.Length) == s_info.Length);
                }
            }

            return count;
        }

        private static void Begin()
        {
            GC.Run(true);
            s_started = DateTime.UtcNow.Ticks;
        }

        private static void End(string step)
        {
            long ticks = DateTime.UtcNow.Ticks - s_started;
            Console.WriteLine(step + ": " + (ticks / 10 / Readings).ToString() + " microseconds a reading");
        }

        private static void Check(bool right)
        {
            if (!right)
            {
                throw new Exception("a step failed");
            }
        }

        /// <summary>Holds a message.</summary>
        private sealed class Message : IByteSink
        {
            public readonly byte[] Bytes;
            public int Length;

            public Message(int size)
            {
                Bytes = new byte[size];
            }

            public bool Write(byte[] buffer, int offset, int count)
            {
                Array.Copy(buffer, offset, Bytes, Length, count);
                Length += count;
                return true;
            }
        }
    }
}
