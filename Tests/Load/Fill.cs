// A database that is full before its server starts: devices and what they sent, through the server's rules where few, by its store
// where many.

using System.Globalization;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Access;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.Load;

internal static class Fill
{
    private const int Run = 1000; // readings that follow each other in one run of the log
    private const int Commit = 200_000; // and in one transaction

    private static readonly ObjectClass s_weather = new ObjectClass("weather").Time("at").Fixed("temperature", 2).Fixed("humidity", 1).Fixed("battery", 2).Int("signal");

    /// <summary>Readings of five fields, spread over devices evenly.</summary>
    public static void Readings(ServerCore core, int devices, long count, Action<string> progress)
    {
        long start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
        string wire = ClassCatalog.WireName(s_weather);
        RecordWriter writer = new(64);
        long made = 0;
        for (int i = 0; i < devices; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"board{i:0000}");
            core.Devices.Add(name, "readings");
            int device = core.Devices.Get(name).Id;
            Exchange(core, name, null, new CollectionElement { Id = "readings", SyncKey = SyncKeys.Zero, DeletesAsMoves = true });
            long left = (count / devices) + (i < count % devices ? 1 : 0), number = 0;
            while (left > 0)
            {
                using IStoreTransaction store = core.Store.BeginWrite();
                store.SaveClass(device, wire, s_weather.Definition, 1);
                CollectionRow collection = store.FindCollection(device, "readings")!;
                ReplicaRow replica = store.ListReplicas(device)[0];
                for (long end = Math.Max(0, left - Commit); left > end;)
                {
                    byte[][] records = new byte[Math.Min(Run, left - end)][];
                    for (int n = 0; n < records.Length; n++)
                    {
                        long at = number + n;
                        writer.Begin(s_weather);
                        writer.Time((uint)(start + (at * 60)));
                        writer.Fixed(2000 + (at % 700));
                        writer.Fixed(400 + (at % 300));
                        writer.Fixed(300 + (at % 120));
                        writer.Int(-60 - (at % 30));
                        writer.End();
                        records[n] = writer.Buffer[..writer.Length];
                    }

                    store.AppendReadings(collection.Id, new LogRun(device, replica.Id, new ReadingId("ZZZZ", number), collection.Seq + 1, wire, (start + (number * 60)) * 1000), records);
                    collection.Seq += records.Length;
                    collection.Live += records.Length;
                    number += records.Length;
                    left -= records.Length;
                    made += records.Length;
                }

                store.SaveCollection(collection);
                store.Commit();
            }

            if ((i + 1) % 10 == 0)
            {
                progress(string.Create(CultureInfo.InvariantCulture, $"{made} readings of {i + 1} devices are there"));
            }
        }
    }

    /// <summary>Devices of a group that told how they are, each fiftieth badly, the others well.</summary>
    public static void Fleet(ServerCore core, int devices, string group, Action<string> progress)
    {
        for (int i = 0; i < devices; i += Run)
        {
            using IStoreTransaction store = core.Store.BeginWrite();
            for (int n = i; n < Math.Min(devices, i + Run); n++)
            {
                int device = store.AddDevice(NameOf(n), BitConverter.GetBytes(n), 1);
                store.Grant(device, "readings", null);
                store.Grant(device, "config", null);
                ((Server.Fleet.IFleetTransaction)store).SetPlace(device, group, 900);
            }

            store.Commit();
        }

        for (int n = 0; n < devices; n++)
        {
            string F(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
            Exchange(core, NameOf(n),
            [
                new("battery", F(n % 50 == 0 ? 3.1 : 3.4 + (n % 60 / 100.0))), new("signal", $"{-50 - (n % 40)}"), new("freeHeap", $"{60_000 + n}"), new("flashLeft", $"{100_000 + n}"),
                new("firmware", n % 3 == 0 ? "1.2.0" : "1.3.1"), new("uptime", $"{n * 17}"), new("dropped", n % 50 == 0 ? "7" : "0"), new("clock", "1"),
            ], new CollectionElement { Id = "config", SyncKey = SyncKeys.Zero, GetChanges = true });
            if ((n + 1) % 5000 == 0)
            {
                progress($"{n + 1} devices were there");
            }
        }

        while (core.Fleet.Flush(look: true))
        {
        }
    }

    /// <summary>A token of REST, also beside a running server.</summary>
    public static string Token(string folder)
    {
        using ServerCore core = ServerData.OpenExisting(new ServerOptions { Data = folder });
        return core.Access.Renew(AccessService.Admin, null, "load");
    }

    /// <summary>The name of a device of the fleet.</summary>
    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"board{number:00000}");

    private static void Exchange(ServerCore core, string device, KeyValuePair<string, string>[]? status, CollectionElement collection)
    {
        SyncMessage message = new() { Version = SyncService.Version };
        message.Collections.Add(collection);
        if (status != null)
        {
            message.Options.Add(new Structure(BuiltIn.DeviceStatus.Name, RecordText.Pack(BuiltIn.DeviceStatus, status)));
        }

        core.Sync.Handle(new DeviceIdentity(core.Devices.Get(device).Id, device), MessagePrinter.Print(MessageFormat.Wbxml, message), MessageFormat.Wbxml);
    }
}
