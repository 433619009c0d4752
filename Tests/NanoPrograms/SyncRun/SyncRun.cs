// The virtual-device run: a store with an outbox full of readings, synced window by window against a server in the same
// process, while configuration objects come down; and what that takes of the heap.
//
// Idle: volume, server, classes and record writer exist, and the store object with its buffers, not yet opened. What is
// counted above idle is therefore: the store's index (made at Open; the same store opened without an engine tells how
// much that is), the engine, its codecs and collections, every call frame down to the volume, and whatever is allocated
// on the way. Limits of the method: it looks only where the engine or the store calls carrier or volume; one frame of
// the wrapper there is counted too.

using System;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;
using NanoSync.Tests;

namespace NanoSync.SyncRun
{
    /// <summary>Makes volumes; what the platform has decides which.</summary>
    public interface IVolumeMaker
    {
        /// <summary>An empty volume for files of at most <paramref name="fileBytes"/>.</summary>
        IVolume Make(int files, int fileBytes);
    }

    /// <summary>One run.</summary>
    public static class SyncRun
    {
        private const int Down = 20; // most objects in a reply
        private const int SegmentBytes = 4096;
        private const int ConfigSlots = 256;
        private const int RecordBytes = 40; // a reading in the log, and some

        /// <summary>Runs and prints.</summary>
        public static void Run(IVolumeMaker maker, int readings, int objects, int window)
        {
            ObjectClass reading = new ObjectClass("reading").Time("at").Fixed("temperature", 2).UInt("humidity").UInt("co2").Fixed("battery", 2);
            ObjectClass setting = new ObjectClass("setting").UInt("value");
            uint hash = reading.Hash + setting.Hash; // asking makes both, and their names on the wire
            RecordWriter record = new RecordWriter(64);
            int outboxQuota = readings * RecordBytes + 4 * SegmentBytes;
            StoreOptions options = new StoreOptions() { QuotaBytes = outboxQuota + 12 * SegmentBytes, SegmentBytes = SegmentBytes };
            int files = options.QuotaBytes / SegmentBytes + 8;

            long storeIndex = StoreIndex(maker.Make(files, SegmentBytes), options, outboxQuota);

            IVolume volume = new MeteredVolume(maker.Make(files, SegmentBytes));
            ScriptedServer server = new ScriptedServer(2048) { Objects = objects, Window = Down, ReadingClass = reading };
            MeteredCarrier carrier = new MeteredCarrier(server);
            FlashStore store = new FlashStore(volume, options);
            uint idle = HeapMeter.Free();

            SyncEngine engine = new SyncEngine(store, carrier, new SyncOptions() { Window = window });
            SyncCollection log = engine.AddOutbox("log", reading, outboxQuota, false);
            SyncCollection config = engine.AddTwoWay("config", setting, ConfigSlots, null, false);
            Check(engine.Open(), "open");
            uint opened = HeapMeter.Free();

            for (int i = 0; i < readings; i++)
            {
                uint id;
                record.Begin(reading);
                record.Time((uint)(1764000000 + i * 60));
                record.Fixed(2150 + i % 17);
                record.UInt((ulong)(45 + i % 3));
                record.UInt((ulong)(600 + i % 50));
                record.Fixed(371);
                Check(store.Append(log.Number, reading.Hash, record.Buffer, 0, record.Length, out id), "append");
            }

            uint before = HeapMeter.Free();
            HeapMeter.Start();
            int rounds = 0;
            RoundResult result;
            do
            {
                result = engine.Round();
                rounds++;
            }
            while (result.Outcome == RoundOutcome.More);

            uint atCarrier;
            uint lowest = HeapMeter.Stop(out atCarrier);
            uint after = HeapMeter.Free();
            if (result.Outcome != RoundOutcome.InStep || server.Readings != readings || server.Repeated + server.Gaps != 0 || store.Count(config.Number) != objects)
            {
                throw new Exception("the sync failed: outcome " + ((int)result.Outcome).ToString() + " carrier " + ((int)result.Carrier).ToString()
                    + " message " + ((int)result.Message).ToString() + " store " + ((int)result.Store).ToString() + " readings " + server.Readings.ToString());
            }

            Console.WriteLine("-- " + readings.ToString() + " readings up, " + objects.ToString() + " objects down, window " + window.ToString());
            HeapMeter.Print("rounds", rounds, "messages each way");
            HeapMeter.Print("readings sent", server.Readings, "objects");
            HeapMeter.Print("configuration kept", store.Count(config.Number), "objects");
            HeapMeter.Print("sent", carrier.BytesUp, "bytes");
            HeapMeter.Print("received", carrier.BytesDown, "bytes");
            HeapMeter.Print("samples", HeapMeter.Samples, "full collections");
            HeapMeter.Print("peak above idle", idle - lowest, "bytes");
            HeapMeter.Print("  the store's index, made at Open", storeIndex, "bytes");
            HeapMeter.Print("  engine, codecs and collections", idle - opened - storeIndex, "bytes");
            HeapMeter.Print("  frames and what is allocated on the way, at a call of the carrier", (long)before - atCarrier, "bytes");
            HeapMeter.Print("  the same with the store's frames on top, at a call of the volume", (long)before - lowest, "bytes");
            HeapMeter.Print("engine and codecs, peak above idle", idle - atCarrier - storeIndex, "bytes");
            HeapMeter.Print("engine and codecs, peak above idle, store's frames included", idle - lowest - storeIndex, "bytes");
            HeapMeter.Print("left behind by the sync", (long)before - after, "bytes");
        }

        /// <summary>What each part of the engine takes when made: objects and buffers.</summary>
        public static void PrintParts()
        {
            uint free = HeapMeter.Free();
            object part = new WbxmlReader();
            free = Part("WBXML reader", free);
            object second = new WbxmlWriter(512);
            free = Part("WBXML writer, 512-byte buffer", free);
            object third = new RecordReader();
            free = Part("record reader", free);
            object fourth = new RecordWriter(64);
            free = Part("record writer, 64 bytes", free);
            object fifth = new ObjectInfo();
            free = Part("object info (the engine has 2)", free);
            object sixth = new ScriptedServer(2048);
            free = Part("scripted server, 2,048-byte reply (not part of a device)", free);
            // alive until here
            if (part == second || third == fourth || fifth == sixth)
            {
                throw new Exception();
            }
        }

        private static uint Part(string name, uint before)
        {
            uint now = HeapMeter.Free();
            HeapMeter.Print(name, before - now, "bytes");
            return HeapMeter.Free();
        }

        private static long StoreIndex(IVolume volume, StoreOptions options, int outboxQuota)
        {
            FlashStore store = new FlashStore(volume, options);
            uint before = HeapMeter.Free();
            Check(store.DeclareOutbox(0, outboxQuota, false), "declare");
            Check(store.DeclareKeyed(1, ConfigSlots), "declare");
            Check(store.DeclareKeyed(15, new SyncOptions().Answers), "declare");
            Check(store.Open(), "open");
            return before - HeapMeter.Free() + (store.DroppedCount(0) & 0);
        }

        private static void Check(StoreError error, string what)
        {
            if (error != StoreError.None)
            {
                throw new Exception(what + ": store error " + ((int)error).ToString());
            }
        }
    }
}
