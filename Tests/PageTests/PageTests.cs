// The page in a real browser, against a real server: each view, and what goes wrong. What a person does stands in scenarios.mjs.

using System.Buffers.Binary;
using System.Globalization;
using NanoSync.Protocol;
using NanoSync.Server.Access;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Tests;
using CarrierError = NanoSync.Device.CarrierError;
using RoundOutcome = NanoSync.Device.RoundOutcome;

[assembly: DoNotParallelize]

namespace NanoSync.PageTests;

[TestClass]
[TestCategory("Slow")]
public sealed class PageTests
{
    private const string Sampling = "sampling(interval:u,sensors:t)";

    [TestMethod]
    public async Task Signing_in_by_token_or_by_a_link_that_counts_once_and_out_everywhere_when_revoked()
    {
        await using PageBench bench = await PageBench.Start();
        bench.Server.Enrol("d1");
        string reader = bench.Core.Access.Add("anna", Role.Read, null, "test");
        string configurer = bench.Core.Access.Add("otto", Role.Configure, null, "test");
        string link = bench.Core.Access.Link(AccessService.Admin).Code;
        await bench.Browse("signIn", new { reader, configurer, link = "/#link=" + link }, new() { ["revoke"] = () => Do(() => bench.Core.Access.Revoke("anna")) });
    }

    [TestMethod]
    public async Task The_link_that_the_first_command_prints_opens_the_readings_of_this_machine()
    {
        await using PageBench bench = await PageBench.Start();
        string address = bench.StartFirst().WaitFor("^the page, .*: (http://.*)$").Groups[1].Value;
        Uri url = new(address);
        await bench.Browse("first", new { link = url.PathAndQuery + url.Fragment }, url: url.GetLeftPart(UriPartial.Authority));
    }

    [TestMethod]
    public async Task What_a_device_is_to_have_waits_until_it_is_due_is_sent_and_is_applied()
    {
        await using PageBench bench = await PageBench.Start();
        bench.Server.Enrol("d1");
        bench.Core.Fleet.Place("d1", null, 600);
        string key = bench.StartSync("d1", "config", "AAAA");
        bench.Put("d1", "config", "a", """{"interval":5,"sensors":null}""", Sampling);
        await bench.Browse("waiting", null, new()
        {
            ["fetch"] = () => Do(() => key = Fetch(bench, "d1", key)),
            ["take"] = () => Do(() => bench.Sync("d1", Asking(key))),
        });
    }

    [TestMethod]
    public async Task The_fleet_is_worst_first_with_counts_that_filter_and_an_overdue_device_by_the_clock()
    {
        await using PageBench bench = await PageBench.Start();
        foreach (string device in (string[])["late", "well", "dropper", "idle", "out", "twin"])
        {
            bench.Server.Enrol(device);
        }

        bench.Core.Fleet.Place("late", null, 600);
        bench.Core.Fleet.Place("dropper", "north", null);
        bench.Tell("late", new KeyValuePair<string, string>("battery", "3.60"));
        bench.Clock.Skew += TimeSpan.FromHours(2);
        bench.Tell("well", new("firmware", "2.7"), new("battery", "3.90"), new("signal", "-61"));
        bench.Tell("idle", new KeyValuePair<string, string>("firmware", "2.6"));
        bench.Tell("out", new KeyValuePair<string, string>("firmware", "2.6"));
        bench.Core.Devices.Revoke("out");
        bench.Tell("dropper", new KeyValuePair<string, string>("dropped", "0"));
        bench.Clock.Skew += TimeSpan.FromSeconds(5);
        bench.Tell("dropper", new KeyValuePair<string, string>("dropped", "7"));
        bench.StartSync("twin", "config", "AAAA");
        bench.StartSync("twin", "config", "BBBB");
        bench.Put("dropper", "config", "a", """{"interval":1,"sensors":null}""", Sampling);
        string key = bench.StartSync("dropper", "config");
        key = bench.Sync("dropper", new CollectionElement { Id = "config", SyncKey = key, GetChanges = true })!.SyncKey;
        bench.Refuse("dropper", "config", key, "a", "interval below 5");
        await bench.Browse("fleet", null, new() { ["sync late"] = () => Do(() => bench.Tell("late", new KeyValuePair<string, string>("battery", "3.60"))) });
    }

    [TestMethod]
    public async Task The_pictures_of_the_README_are_made_of_a_fleet_as_one_has_it()
    {
        await using PageBench bench = await PageBench.Start();
        MakeFleet(bench);
        await bench.Browse("pictures");
        if (Environment.GetEnvironmentVariable("NANOSYNC_PICTURES") is { } pictures)
        {
            File.WriteAllText(Path.Combine(pictures, "readme", "page.sum"), FileTests.SumOfThePage() + "\n"); // says of which page they are
        }
    }

    [TestMethod]
    public async Task A_list_of_20_000_devices_holds_what_is_seen_and_no_more()
    {
        await using PageBench bench = await PageBench.Start();
        using (IStoreTransaction store = bench.Core.Store.BeginWrite())
        {
            for (int i = 0; i < 20_000; i++)
            {
                int device = store.AddDevice(string.Create(CultureInfo.InvariantCulture, $"device{i:00000}"), BitConverter.GetBytes(i), 1);
                store.SaveInfo(device, new InfoRow(BuiltIn.DeviceStatus.Name, RecordText.Pack(BuiltIn.DeviceStatus, [new("firmware", string.Create(CultureInfo.InvariantCulture, $"1.{i}")), new("battery", "3.90")]), 1));
            }

            store.Commit();
        }

        while (bench.Core.Fleet.Flush())
        {
        }

        await bench.Browse("many");
    }

    [TestMethod]
    public async Task What_is_pressed_nowhere_else_does_what_it_says_and_a_range_is_kept_to_before_anything_is_sent()
    {
        await using PageBench bench = await PageBench.Start();
        bench.Server.Enrol("d1");
        bench.Server.Enrol("d2");
        ObjectClass weather = new ObjectClass("weather").Time("at").Fixed("temperature", 2).Fixed("humidity", 1);
        foreach (string device in (string[])["d1", "d2"])
        {
            for (int i = 0; i < 20; i++)
            {
                bench.Put(device, "readings", $"r{i}", $$"""{"at":"{{DateTimeOffset.UtcNow.AddMinutes(-10 * i):yyyy-MM-ddTHH:mm:ssZ}}","temperature":{{20 + i}}.5,"humidity":{{40 + i}}.5}""", weather.Definition);
            }
        }

        bench.Core.Notes.Set("weather", "temperature", null, "\u00b0C", null, null, "test");
        bench.Core.Notes.Set("weather", "humidity", "Humidity", null, null, null, "test");
        bench.Put("d1", "config", "a", """{"interval":1,"sensors":null}""", "sampling(interval:u,sensors:t)");
        CollectionElement next = new() { Id = "config", SyncKey = bench.StartSync("d1", "config", "AAAA"), GetChanges = true };
        next.SyncKey = bench.Sync("d1", next)!.SyncKey;
        next.Responses.Add(new SyncCommand { Tag = Tags.Add, ServerId = "a", Status = Status.BadObject, Data = "interval below 5"u8.ToArray() });
        next.SyncKey = bench.Sync("d1", next)?.SyncKey ?? next.SyncKey;
        next.Responses.Clear();
        Task Comes(byte tag, string id) => Do(() =>
        {
            CollectionElement? reply = bench.Sync("d1", next);
            CollectionAssert.Contains(reply?.Commands.ConvertAll(c => $"{c.Tag} {c.ServerId}"), $"{tag} {id}");
            next.SyncKey = reply!.SyncKey;
        });
        await bench.Browse("buttons", null, new()
        {
            ["a is sent again"] = () => Comes(Tags.Add, "a"),
            ["b is fetched"] = () => Comes(Tags.Fetch, "b"),
        });
        Assert.AreEqual(("north", 600L), (bench.Core.Fleet.Get("d1").Summary.Group, bench.Core.Fleet.Get("d1").Summary.Interval));
        Assert.IsNull(bench.Core.Devices.Get("d1").Revoked, "what was asked and not answered was not done");
        Assert.IsFalse(bench.Core.Objects.List("d1", "config").Exists(o => o.Row.Id == "b"));
    }

    [TestMethod]
    public async Task A_device_says_what_is_wrong_and_each_button_what_it_does_and_when()
    {
        await using PageBench bench = await PageBench.Start();
        MakeTroubled(bench);
        await bench.Browse("device");
        Assert.IsNull(bench.Core.Devices.Get("d1").Revoked);
        CollectionAssert.AreEqual(new[] { "send-status", "interval" }, bench.Core.Devices.Commands("d1").ConvertAll(c => c.Class));
    }

    [TestMethod]
    public async Task A_virtual_device_carries_out_what_the_page_asks_for()
    {
        await using PageBench bench = await PageBench.Start();
        RunningProgram device = bench.StartDevice("virtual");
        device.WaitFor("up +[1-9]");
        await bench.Browse("virtual", null, new() { ["it restarted"] = () => Do(() => device.WaitFor("the server asked for a restart")) });
    }

    [TestMethod]
    public async Task An_edit_is_applied_one_is_refused_with_the_reason_and_a_stale_one_writes_over_nothing()
    {
        await using PageBench bench = await PageBench.Start();
        RunningProgram device = bench.StartDevice("virtual");
        device.WaitFor("up +[1-9]");
        string Now() => ObjectJsonOf(bench);
        await bench.Browse("config", null, new()
        {
            ["device has 2"] = () => Do(() => device.WaitFor("sampling every 2 s")),
            ["edit elsewhere"] = () => Do(() => bench.Put("virtual", "config", "sampling", """{"interval":3,"sensors":""}""")),
            ["still -1"] = () => Do(() => StringAssert.Contains(Now(), "\"interval\":-1")),
            ["still 3"] = () => Do(() => StringAssert.Contains(Now(), "\"interval\":3")),
        });
        StringAssert.Contains(Now(), "\"interval\":7");
    }

    [TestMethod]
    public async Task A_group_is_given_a_value_with_who_applied_and_who_refused_it_counted_staged_and_the_way_back()
    {
        await using PageBench bench = await PageBench.Start();
        RunningProgram device = bench.StartDevice("virtual");
        device.WaitFor("up +[1-9]");
        foreach (string board in (string[])["b1", "b2"])
        {
            bench.Server.Enrol(board);
        }

        foreach (string member in (string[])["virtual", "b1", "b2"])
        {
            bench.Core.Fleet.Place(member, "north", null);
        }

        string first = bench.StartSync("b1", "config", "AAAA"), second = bench.StartSync("b2", "config", "BBBB");
        string key = "";
        await bench.Browse("group", null, new()
        {
            ["b1 takes it and b2 does not"] = () => Do(() =>
            {
                key = bench.Sync("b1", new CollectionElement { Id = "config", SyncKey = first, GetChanges = true })!.SyncKey;
                bench.Sync("b1", new CollectionElement { Id = "config", SyncKey = key, GetChanges = true });
                second = bench.Sync("b2", new CollectionElement { Id = "config", SyncKey = second, GetChanges = true })!.SyncKey;
                bench.Refuse("b2", "config", second, "sampling", "interval below 5");
            }),
            ["edit elsewhere"] = () => Do(() => bench.Core.Groups.Put("north", "config", "sampling",
                Server.Application.ObjectJson.Parse("""{"interval":4,"sensors":""}"""u8.ToArray(), null), null, null, "anna")),
            ["still 4"] = () => Do(() => Assert.AreEqual("anna", bench.Core.Groups.Get("north", "config", "sampling").Row.Who)),
        });
        StringAssert.Contains(ObjectJsonOf(bench), "\"interval\":3");
        Assert.IsTrue(bench.Core.Objects.Get("b1", "config", "sampling") is { Overrides: true });
    }

    [TestMethod]
    public async Task Readings_are_plotted_with_gaps_as_gaps_zoomed_and_exported()
    {
        await using PageBench bench = await PageBench.Start();
        MakeGappy(bench, "hill");
        RunningProgram device = bench.StartDevice("virtual");
        int mark = device.Mark();
        device.WaitFor("up +[1-9]");
        device.WaitFor("up +[1-9]", mark + 3);
        await bench.Browse("readings");
    }

    [TestMethod]
    public async Task Objects_are_shown_raw_and_decoded_and_a_pasted_message_with_its_offsets()
    {
        await using PageBench bench = await PageBench.Start();
        MakeTroubled(bench);
        SyncMessage message = new() { Version = "1.0" };
        message.Collections.Add(new CollectionElement { Id = "config", SyncKey = "{7}", GetChanges = true });
        byte[] bytes = MessagePrinter.Print(MessageFormat.Wbxml, message);
        byte[] xml = MessagePrinter.Print(MessageFormat.Xml, message);
        await bench.Browse("objects", new { hex = Convert.ToHexString(bytes), length = bytes.Length, xml = System.Text.Encoding.UTF8.GetString(xml), letters = xml.Length });
    }

    [TestMethod]
    public async Task Many_are_enrolled_by_names_or_a_table_with_files_and_codes_to_scan_and_their_first_contact_is_told()
    {
        await using PageBench bench = await PageBench.Start();
        bench.Server.Enrol("d1");
        await bench.Browse("enrol", null, new()
        {
            ["board1 comes"] = () => Do(() => bench.Tell("board1", new KeyValuePair<string, string>("firmware", "1"))),
            ["nobody"] = () => Do(() => Assert.AreEqual("d1", Names(bench))),
        });
        Assert.AreEqual("board1 board2 board3 board4 d1", Names(bench));
        Assert.AreEqual("north", bench.Core.Fleet.Get("board4").Summary.Group);
    }

    [TestMethod]
    public async Task A_code_that_was_scanned_from_the_page_gives_a_device_its_token()
    {
        await using PageBench bench = await PageBench.Start();
        await bench.Browse("scan", null, new());
        Assert.AreEqual("scanned", Names(bench));
    }

    [TestMethod]
    public async Task A_board_is_replaced_and_a_device_deleted_with_or_without_its_data()
    {
        await using PageBench bench = await PageBench.Start();
        foreach (string device in (string[])["d1", "d2", "d3"])
        {
            bench.Server.Enrol(device);
            bench.StartSync(device, "config", "AAAA");
        }

        string old = bench.Core.Devices.Rotate("d1");
        await bench.Browse("replace");
        Assert.IsNull(bench.Core.Devices.Authenticate(old));
        Assert.IsEmpty(bench.Core.Devices.Stores("d1"), "its stores are forgotten");
        Assert.IsNotNull(bench.Core.Devices.Get("d2").Retired);
        Assert.AreEqual("d1 d2", Names(bench));
    }

    [TestMethod]
    public async Task Tokens_are_made_shown_once_and_revoked_and_each_change_stands_in_the_log()
    {
        await using PageBench bench = await PageBench.Start();
        bench.Core.Access.Add("gone", Role.Read, null, "test");
        bench.Core.Access.Revoke("gone");
        for (int i = 0; i < 60; i++)
        {
            bench.Core.Access.Audit("cli", string.Create(CultureInfo.InvariantCulture, $"old {i}"), "x");
        }

        await bench.Browse("access");
        Assert.IsNotNull(bench.Core.Access.List().Single(t => t.Name == "plotter").Revoked);
    }

    [TestMethod]
    public async Task Open_alerts_stand_above_the_fleet_and_one_says_that_one_knows()
    {
        await using PageBench bench = await PageBench.Start();
        bench.Server.Enrol("d1");
        bench.Tell("d1", new("battery", "3.00"), new("firmware", "<img src=/x onerror=alert(1)>"));
        bench.Clock.Skew += TimeSpan.FromMinutes(6);
        bench.Core.Fleet.Flush(look: true);
        await bench.Browse("alerts");
    }

    [TestMethod]
    public async Task A_change_is_shown_unasked_by_the_stream_and_by_asking_where_that_is_cut()
    {
        await using PageBench bench = await PageBench.Start();
        bench.Server.Enrol("d1");
        await bench.Browse("live", null, new()
        {
            ["sync"] = () => Do(() => bench.Tell("d1", new KeyValuePair<string, string>("battery", "3.90"))),
            ["lower"] = () => Do(() => bench.Tell("d1", new KeyValuePair<string, string>("battery", "3.00"))),
        });
    }

    [TestMethod]
    public async Task A_server_that_is_away_is_said_and_what_it_has_when_it_is_back_is_shown()
    {
        await using PageBench bench = await PageBench.Start();
        bench.Server.Enrol("d1");
        await bench.Browse("gone", null, new()
        {
            ["stop"] = async () => await bench.Stop(),
            ["start"] = bench.Revive,
            ["sync"] = () => Do(() => bench.Tell("d1", new KeyValuePair<string, string>("firmware", "1"))),
        });
    }

    [TestMethod]
    public async Task No_view_breaks_a_rule_of_accessibility_light_or_dark_on_a_phone_or_a_desk()
    {
        await using PageBench bench = await PageBench.Start();
        MakeTroubled(bench);
        MakeGappy(bench);
        bench.Tell("gappy", new("dropped", "0"), new("battery", "3.95"));
        bench.Clock.Skew += TimeSpan.FromSeconds(5);
        bench.Tell("gappy", new("dropped", "7"), new("battery", "3.95"));
        bench.Core.Fleet.Place("d1", "north", null);
        bench.Core.Groups.Put("north", "config", "b", Server.Application.ObjectJson.Parse("""{"interval":5,"sensors":null}"""u8.ToArray(), Sampling), null, new(1, null), "anna");
        await bench.Browse("looks");
    }

    // 200 devices of three groups, most of them well; of the group north 4 refuse what it is to have, and 9 have not fetched it
    private static void MakeFleet(PageBench bench)
    {
        string[] places = ["weir", "ridge", "orchard", "pump", "barn"];
        string[] names = [.. Enumerable.Range(0, 200).Select(i => string.Create(CultureInfo.InvariantCulture, $"{places[i % 5]}-{(i / 5) + 1:00}"))];
        string[] north = names[..120], refusing = ["ridge-03", "barn-11", "pump-19", "weir-22"], away = ["pump-02", "orchard-09", "ridge-17"];
        KeyValuePair<string, string>[] Status(int i, string dropped, string battery) =>
        [
            new("battery", battery), new("signal", (-52 - (i * 7 % 38)).ToString(CultureInfo.InvariantCulture)), new("flashLeft", (140_000 - (i * 331)).ToString(CultureInfo.InvariantCulture)),
            new("freeHeap", "61000"), new("firmware", i % 9 == 0 ? "1.2.4" : "1.3.0"), new("dropped", dropped), new("uptime", (90_000 + (i * 611)).ToString(CultureInfo.InvariantCulture)), new("clock", "1"),
        ];
        string Volts(int i) => i % 67 == 66 ? "3.21" : (3.6 + (i * 13 % 50 / 100.0)).ToString("0.00", CultureInfo.InvariantCulture);
        MakePast(bench, "ridge-03", Status(11, "0", Volts(11)));
        for (int i = 0; i < names.Length; i++)
        {
            bench.Server.Enrol(names[i]);
            bench.Core.Fleet.Place(names[i], i < 120 ? "north" : i < 170 ? "south" : "valley", 900);
        }

        bench.Core.Groups.Put("north", "config", "sampling", Server.Application.ObjectJson.Parse("""{"interval":60,"sensors":"temperature,humidity"}"""u8.ToArray(), Sampling), null, null, "anna");
        Dictionary<string, string> keys = [];
        while (bench.Core.Groups.Turn())
        {
        }

        for (int i = 0; i < names.Length; i++)
        {
            bench.Tell(names[i], Status(i, "0", Volts(i)));
            keys[names[i]] = bench.StartSync(names[i], "config", string.Create(CultureInfo.InvariantCulture, $"S{i:000}"));
            if (i < 120)
            {
                keys[names[i]] = Fetch(bench, names[i], keys[names[i]]);
                bench.Sync(names[i], Asking(keys[names[i]]));
            }
        }

        bench.Clock.Skew += TimeSpan.FromHours(2);
        bench.Core.Groups.Put("north", "config", "sampling", Server.Application.ObjectJson.Parse("""{"interval":5,"sensors":"temperature,humidity"}"""u8.ToArray(), null), null, null, "anna");
        while (bench.Core.Groups.Turn())
        {
        }

        string[] waiting = [.. away, "barn-02", "weir-12", "ridge-20", "orchard-21", "pump-22", "barn-23"];
        for (int i = 0; i < names.Length; i++)
        {
            string name = names[i];
            if (away.Contains(name))
            {
                continue;
            }

            if (north.Contains(name) && !waiting.Contains(name))
            {
                keys[name] = Fetch(bench, name, keys[name]);
                if (refusing.Contains(name))
                {
                    bench.Refuse(name, "config", keys[name], "sampling", "interval below 10");
                }
                else
                {
                    bench.Sync(name, Asking(keys[name]));
                }
            }

            bench.Tell(name, Status(i, name == "orchard-31" ? "412" : "0", Volts(i)));
        }

        bench.StartSync("weir-28", "config", "Bx7q"); // another board with its token
        bench.TellDiary("ridge-03", MakeDiary(bench));
        MakeDay(bench, "weir-07");
        bench.Clock.Skew += TimeSpan.FromMinutes(6);
        while (bench.Core.Fleet.Flush(look: true) || bench.Core.Alerts.Turn())
        {
        }
    }

    // two days of status by the hour: a battery that sinks at night, a signal and a clock that wander
    private static void MakePast(PageBench bench, string device, KeyValuePair<string, string>[] status)
    {
        bench.Server.Enrol(device);
        for (int i = 48; i > 0; i--)
        {
            Dictionary<string, string> told = new(status)
            {
                ["battery"] = (3.78 + (0.12 * Math.Sin(i / 24.0 * 2 * Math.PI))).ToString("0.00", CultureInfo.InvariantCulture),
                ["signal"] = (-66 - (i * 5 % 9)).ToString(CultureInfo.InvariantCulture),
                ["freeHeap"] = (61_000 + (i * 377 % 2_900)).ToString(CultureInfo.InvariantCulture),
                ["flashLeft"] = (136_000 + (i * 350)).ToString(CultureInfo.InvariantCulture),
                ["clock"] = (i * 3 % 5).ToString(CultureInfo.InvariantCulture),
            };
            bench.Tell(device, [.. told]);
            bench.Clock.Skew += TimeSpan.FromHours(1);
        }
    }

    // what the firmware notes [SPEC 7.3]: a start, no network, rounds that failed, a clock that was put right, rounds
    private static byte[] MakeDiary(PageBench bench)
    {
        uint now = (uint)bench.Clock.GetUtcNow().ToUnixTimeSeconds();
        List<byte> diary = [];
        void Note(DiaryKind kind, bool failed, int times, int ago, CarrierError carrier = CarrierError.None, int status = 0, int up = 0, int down = 0, int bytesUp = 0, int bytesDown = 0)
        {
            byte[] entry = new byte[Diary.EntryBytes];
            Span<byte> e = entry;
            e[0] = 0xD1; // version 1
            e[1] = (byte)((int)kind | ((int)(failed ? RoundOutcome.Failed : RoundOutcome.InStep) << 4));
            BinaryPrimitives.WriteUInt16LittleEndian(e[2..], (ushort)times);
            BinaryPrimitives.WriteUInt32LittleEndian(e[4..], (uint)(diary.Count / Diary.EntryBytes) + 1);
            BinaryPrimitives.WriteUInt32LittleEndian(e[8..], now - (uint)ago);
            BinaryPrimitives.WriteUInt32LittleEndian(e[12..], (uint)(90_000 - ago));
            BinaryPrimitives.WriteUInt16LittleEndian(e[16..], (ushort)carrier);
            BinaryPrimitives.WriteUInt16LittleEndian(e[24..], (ushort)status);
            BinaryPrimitives.WriteUInt16LittleEndian(e[26..], (ushort)up);
            BinaryPrimitives.WriteUInt16LittleEndian(e[28..], (ushort)down);
            BinaryPrimitives.WriteUInt16LittleEndian(e[32..], (ushort)bytesUp);
            BinaryPrimitives.WriteUInt16LittleEndian(e[34..], (ushort)bytesDown);
            BinaryPrimitives.WriteUInt16LittleEndian(e[36..], 59);
            BinaryPrimitives.WriteUInt16LittleEndian(e[38..], (ushort)CrcSum.Of(e[..38]));
            diary.AddRange(entry);
        }

        Note(DiaryKind.Start, false, 1, 89_990, status: 2);
        Note(DiaryKind.Network, true, 3, 88_200);
        Note(DiaryKind.Round, true, 2, 86_400, CarrierError.Unreachable, bytesUp: 412);
        Note(DiaryKind.Clock, false, 1, 85_500, up: 2);
        Note(DiaryKind.Round, false, 61, 31_000, up: 366, bytesUp: 21_350, bytesDown: 1_980);
        Note(DiaryKind.Round, true, 1, 30_100, CarrierError.Unreachable, bytesUp: 408);
        Note(DiaryKind.Round, false, 33, 420, up: 198, down: 1, bytesUp: 11_540, bytesDown: 1_120);
        return [.. diary];
    }

    // a day of readings every ten minutes, two hours of it missing
    private static void MakeDay(PageBench bench, string device)
    {
        long now = bench.Clock.GetUtcNow().ToUnixTimeSeconds();
        for (int i = 0; i < 144; i++)
        {
            if (i is > 80 and < 93)
            {
                continue;
            }

            double hour = DateTimeOffset.FromUnixTimeSeconds(now - ((144 - i) * 600L)).UtcDateTime.TimeOfDay.TotalHours;
            string when = DateTimeOffset.FromUnixTimeSeconds(now - ((144 - i) * 600L)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            string temperature = (11 + (6 * Math.Sin((hour - 9) / 24 * 2 * Math.PI)) + (0.35 * Math.Sin(i * 1.7))).ToString("0.00", CultureInfo.InvariantCulture);
            string humidity = (68 - (17 * Math.Sin((hour - 8) / 24 * 2 * Math.PI)) + (1.3 * Math.Sin(i * 2.3))).ToString("0.0", CultureInfo.InvariantCulture);
            bench.Put(device, "readings", string.Create(CultureInfo.InvariantCulture, $"r{i}"), $$"""{"at":"{{when}}","temperature":{{temperature}},"humidity":{{humidity}}}""",
                i == 0 ? "weather(at:c,temperature:f2,humidity:f1)" : null);
        }
    }

    private static CollectionElement Asking(string key) => new() { Id = "config", SyncKey = key, GetChanges = true };

    private static string Fetch(PageBench bench, string device, string key) => bench.Sync(device, Asking(key))!.SyncKey;

    // refused configuration, a battery that sinks
    private static void MakeTroubled(PageBench bench)
    {
        bench.Server.Enrol("d1");
        bench.Put("d1", "config", "a", """{"interval":5,"sensors":null}""", Sampling);
        string key = bench.StartSync("d1", "config", "AAAA");
        key = bench.Sync("d1", new CollectionElement { Id = "config", SyncKey = key, GetChanges = true })!.SyncKey;
        bench.Sync("d1", new CollectionElement { Id = "config", SyncKey = key, GetChanges = true });
        bench.Tell("d1", new("battery", "3.70"), new("signal", "-67"), new("flashLeft", "120000"), new("freeHeap", "61000"), new("firmware", "1.2"), new("clock", "-1"));
        bench.Clock.Skew += TimeSpan.FromHours(1);
        bench.Put("d1", "config", "a", """{"interval":1,"sensors":null}""");
        key = bench.Sync("d1", new CollectionElement { Id = "config", SyncKey = key, GetChanges = true })!.SyncKey;
        bench.Refuse("d1", "config", key, "a", "interval below 5");
        bench.Tell("d1", new("battery", "3.10"), new("signal", "-80"), new("flashLeft", "110000"), new("freeHeap", "60000"), new("firmware", "1.2"), new("clock", "3"));
    }

    // 60 readings of a minute each in the last six hours; none for two hours in their middle
    private static void MakeGappy(PageBench bench, string? warmer = null)
    {
        bench.Server.Enrol("gappy");
        if (warmer != null)
        {
            bench.Server.Enrol(warmer);
        }

        long now = bench.Clock.GetUtcNow().ToUnixTimeSeconds();
        for (int i = 0; i < 60; i++)
        {
            long at = now - (i < 30 ? 300 - i : 150 - i) * 60L;
            string when = DateTimeOffset.FromUnixTimeSeconds(at).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            Put("gappy", 20);
            if (warmer != null)
            {
                Put(warmer, 30);
            }

            void Put(string name, int around)
            {
                string temperature = (around + (3 * Math.Sin(i / 6.0))).ToString("0.00", CultureInfo.InvariantCulture);
                bench.Put(name, "readings", string.Create(CultureInfo.InvariantCulture, $"r{i}"), $$"""{"at":"{{when}}","temperature":{{temperature}}}""", i == 0 ? "weather(at:c,temperature:f2)" : null);
            }
        }

        bench.Tell("gappy", new("firmware", "1.2"), new("battery", "3.95"));
    }

    private static string ObjectJsonOf(PageBench bench) => Server.Application.ObjectJson.Of(bench.Core.Objects.Get("virtual", "config", "sampling")).ToJsonString();

    private static string Names(PageBench bench) => string.Join(' ', bench.Core.Devices.List().Select(d => d.Name).Order());

    private static Task Do(Action work)
    {
        work();
        return Task.CompletedTask;
    }
}
