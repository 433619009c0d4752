// What a board does on its own ground: files in flash and sockets, the lean carrier, nothing else in the process. These are
// the rows of `Tests/run-nanoclr.sh budgets` that a volume in memory cannot give.
//
//   sync   1,000 readings appended one by one, then sent window by window while 8 configuration objects come down
//   fill   4,642 readings appended and kept: the flash for boot
//   boot   a start over that full outbox, and one round
//   keep   30 configuration objects come down and are kept: the flash for wake
//   wake   what a battery board does between two sleeps: start, mount, one reading, one sync
//
// "##reset" and "##report NAME" ask the host for its counts (NanoPrograms/Costs). Each run ends with "done".

using System;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.BoardRun
{
    public static class Program
    {
        private const string Token = "0123456789abcdef0123456789abcdef0123456789ab"; // as long as a real one
        private const int OutboxBytes = 160 * 1024; // 4,642 readings and some
        private const int Objects = 32; // of configuration, at most

        private static readonly ObjectClass s_reading =
            new ObjectClass("reading").Time("at").Fixed("temperature", 2).UInt("humidity").UInt("co2").Fixed("battery", 2);

        private static readonly ObjectClass s_setting = new ObjectClass("setting").UInt("value");
        private static readonly RecordWriter s_record = new RecordWriter(32);
        private static FlashStore s_store;
        private static SyncEngine s_engine;
        private static SyncCollection s_log;

        public static void Main()
        {
            Console.WriteLine("##reset");
            Open();
            switch (Scenario.Name)
            {
                case "sync":
                    Append(900);
                    Console.WriteLine("##reset");
                    for (int i = 0; i < 100; i++)
                    {
                        Append();
                    }

                    Console.WriteLine("##report append"); // per 100, of one record: how it is encoded is a row of its own
                    Console.WriteLine("##reset");
                    Sync(int.MaxValue);
                    Console.WriteLine("##report sync"); // per 1,000
                    break;
                case "fill":
                    Append(4642);
                    break;
                case "boot":
                    Console.WriteLine("##report open");
                    Console.WriteLine("pending: " + s_store.PendingCount(s_log.Number).ToString() + " readings");
                    Sync(1);
                    break;
                case "keep":
                    Append(1);
                    Sync(int.MaxValue);
                    break;
                case "wake":
                    Append(1);
                    Sync(int.MaxValue);
                    Console.WriteLine("##report wake");
                    break;
            }

            Console.WriteLine("done");
        }

        private static void Open()
        {
            StoreOptions options = new StoreOptions();
            options.QuotaBytes = OutboxBytes + 32 * 1024;
            s_store = new FlashStore(new FileVolume("I:\\nanosync"), options);
            s_engine = new SyncEngine(s_store, new LeanHttpCarrier("http://127.0.0.1:" + Scenario.Port.ToString() + "/sync", Token, null), new SyncOptions());
            s_log = s_engine.AddOutbox("log", s_reading, OutboxBytes, false);
            s_engine.AddTwoWay("config", s_setting, Objects, null, false);
            Check(s_engine.Open());
        }

        private static void Append(int count)
        {
            for (int i = 0; i < count; i++)
            {
                s_record.Begin(s_reading);
                s_record.Time((uint)(1764000000 + i * 60));
                s_record.Fixed(2150 + i % 17);
                s_record.UInt((ulong)(45 + i % 3));
                s_record.UInt((ulong)(600 + i % 50));
                s_record.Fixed(371);
                Append();
            }
        }

        private static void Append()
        {
            uint id;
            Check(s_store.Append(s_log.Number, s_reading.Hash, s_record.Buffer, 0, s_record.Length, out id));
        }

        private static void Sync(int most)
        {
            int rounds = 0;
            RoundResult result;
            do
            {
                result = s_engine.Round();
                rounds++;
            }
            while (result.Outcome == RoundOutcome.More && rounds < most);

            if (result.Outcome != RoundOutcome.InStep && result.Outcome != RoundOutcome.More)
            {
                throw new Exception("outcome " + ((int)result.Outcome).ToString() + " carrier " + ((int)result.Carrier).ToString()
                    + " message " + ((int)result.Message).ToString() + " store " + ((int)result.Store).ToString());
            }

            Console.WriteLine("rounds: " + rounds.ToString() + " rounds");
        }

        private static void Check(StoreError error)
        {
            if (error != StoreError.None)
            {
                throw new Exception("store error " + ((int)error).ToString());
            }
        }
    }
}
