// Stores that are copied or put back, and a database that is restored, with the real programs: everything is there, once.

using System.Text.Json;
using System.Text.RegularExpressions;

namespace NanoSync.Tests;

[TestClass]
public class IdentityTests
{
    [TestMethod]
    public void A_store_that_was_copied_and_its_copy_both_deliver()
    {
        using var bench = new Bench();
        string[] site = Site(bench, out string server);
        Once(bench, site, "m");
        Copy(bench.At("m"), bench.At("n"));
        Once(bench, site, "m");
        Once(bench, site, "n");
        Assert.HasCount(3, bench.Objects("d1", "readings", server));
        for (int i = 0; i < 3; i++)
        {
            Once(bench, site, "m");
            Once(bench, site, "n");
        }

        Assert.HasCount(9, bench.Objects("d1", "readings", server));
        Ended show = bench.Verb("device", "show", "d1", "--data", server);
        Assert.HasCount(2, Regex.Matches(show.Output, "(?m)^store ....[^ ]* since"), show.Output);
        Assert.Contains("it was one with", show.Output);
    }

    [TestMethod]
    public void Two_copies_that_replay_200_readings_each_deliver_400()
    {
        using var bench = new Bench();
        string[] site = Site(bench, out string server);
        Once(bench, site, "m");
        Copy(bench.At("m"), bench.At("n"));
        Replay(bench, site, "m", 0, 200);
        Replay(bench, site, "n", 1000, 200);
        Assert.HasCount(401, bench.Objects("d1", "readings", server));
        CollectionAssert.AreEquivalent((int[])[.. Enumerable.Range(0, 200), .. Enumerable.Range(1000, 200)], Values(bench, server));
    }

    [TestMethod]
    public void An_old_copy_of_the_flash_that_is_put_back_loses_nothing_that_was_acknowledged()
    {
        using var bench = new Bench();
        string[] site = Site(bench, out string server);
        Replay(bench, site, "m", 0, 100);
        Copy(bench.At("m"), bench.At("old"));
        Replay(bench, site, "m", 100, 100);
        Directory.Delete(bench.At("m"), true);
        Copy(bench.At("old"), bench.At("m"));
        Replay(bench, site, "m", 200, 100);
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 300).ToArray(), Values(bench, server));
    }

    [TestMethod]
    public void A_restored_database_gives_no_id_twice_and_undoes_no_setting()
    {
        using var bench = new Bench();
        string server = bench.At("server");
        (RunningProgram program, string url) = bench.Serve(server);
        int port = new Uri(url).Port;
        string[] site = ["--server", url, "--token", bench.Enrol("d1", server)];
        Once(bench, site, "m");
        Put(bench, server, 11);
        Once(bench, site, "m");
        Once(bench, site, "m");
        program.Kill();
        Copy(server, bench.At("backup"));
        (program, _) = bench.Serve(server, port);
        Put(bench, server, 22);
        Once(bench, site, "m");
        string first = Made(bench, server, url);
        Once(bench, site, "m");

        program.Kill();
        Directory.Delete(server, true);
        Copy(bench.At("backup"), server);
        (program, _) = bench.Serve(server, port);
        string second = Made(bench, server, url);
        Assert.AreNotEqual(first, second);
        Once(bench, site, "m");
        Once(bench, site, "m");
        List<(string Id, JsonElement Value)> config = bench.Objects("d1", "config", server);
        Assert.AreEqual(22, config.Single(c => c.Id == "sampling").Value.GetProperty("interval").GetInt32());
        Assert.Contains(second, config.ConvertAll(c => c.Id)); // the first one the device did not take, so nobody has it
        Ended conflicts = bench.Verb("object", "conflicts", "d1", "config", "--data", server);
        Assert.Contains("\"interval\":11", conflicts.Output);
    }

    [TestMethod]
    public void A_gateway_whose_backup_is_put_back_overwrites_nothing_on_its_healthy_upstream()
    {
        using var bench = new Bench();
        string upstream = bench.At("upstream"), site = bench.At("site");
        (_, string url) = bench.Serve(upstream);
        string token = bench.Enrol("site", upstream, "--collections", "d1.readings,d1.config");
        (RunningProgram gateway, string siteUrl) = bench.Serve(site);
        int port = new Uri(siteUrl).Port;
        string[] way = ["--server", siteUrl, "--token", bench.Enrol("d1", site)];
        Assert.AreEqual(0, bench.Verb("proxy", "add", "hq", "--url", url, "--token", token, "--collections", "readings", "--every", "1", "--data", site).Code);
        Replay(bench, way, "m", 0, 5);
        IsUpstream(bench, gateway, upstream, 5);
        gateway.Kill();
        Copy(site, bench.At("backup"));
        (gateway, _) = bench.Serve(site, port);
        Replay(bench, way, "m", 5, 5);
        IsUpstream(bench, gateway, upstream, 10);

        gateway.Kill();
        Directory.Delete(site, true);
        Copy(bench.At("backup"), site);
        (gateway, _) = bench.Serve(site, port);
        Replay(bench, way, "m", 10, 5);
        IsUpstream(bench, gateway, upstream, 15);
        Assert.HasCount(15, bench.Objects("site", "d1.readings", upstream).ConvertAll(o => o.Id).Distinct().ToList());
    }

    [TestMethod]
    public void An_outbox_file_lost_while_its_reply_was_lost_overwrites_nothing_that_was_delivered()
    {
        using var bench = new Bench();
        string[] site = Site(bench, out string server);
        Replay(bench, site, "m", 0, 5);
        using (var cutter = new CuttingProxy(site[1]))
        {
            string csv = Csv(bench, "cut", 5, 5);
            RunningProgram device = bench.StartDevice(["--readings", csv, "--data", bench.At("m"), "--server", cutter.Url, .. site[2..]]);
            for (int i = 0; cutter.Cuts < 2; i++)
            {
                Assert.IsLessThan(300, i, device.Output);
                Thread.Sleep(100);
            }

            device.Kill();
        }

        Assert.HasCount(10, bench.Objects("d1", "readings", server));
        string[] outbox = Directory.GetFiles(bench.At("m"), "o*.ns", SearchOption.AllDirectories);
        Assert.AreNotEqual(0, outbox.Length);
        Array.ForEach(outbox, File.Delete);
        Replay(bench, site, "m", 10, 5);
        Once(bench, site, "m");
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 15).ToArray(), Values(bench, server));
        Ended show = bench.Verb("device", "show", "d1", "--data", server);
        Assert.Contains("forked 1", show.Output);
        Assert.Contains("dropped 0", show.Output); // what was in the file had been delivered
    }

    [TestMethod]
    public void A_command_made_after_a_restore_is_done_once_and_told_done_only_then()
    {
        using var bench = new Bench();
        string server = bench.At("server");
        Dictionary<string, string> settings = new() { ["NANOSYNC_RATE"] = "0" };
        (RunningProgram program, string url) = bench.Serve(server, settings: settings);
        int port = new Uri(url).Port;
        string[] site = ["--server", url, "--token", bench.Enrol("d1", server)];
        string admin = bench.AdminToken(server);
        Once(bench, site, "m");
        program.Kill();
        Copy(server, bench.At("backup"));
        (program, _) = bench.Serve(server, port, settings);
        for (int i = 0; i < 300; i++)
        {
            (int status, string body) = bench.Rest(HttpMethod.Post, url + "/v1/devices/d1/commands", admin, """{"class":"interval","seconds":2}""");
            Assert.AreEqual(202, status, body);
        }

        Once(bench, site, "m");
        Assert.HasCount(300, Regex.Matches(bench.Verb("device", "show", "d1", "--data", server).Output, "(?m)^interval .*: done"));

        program.Kill();
        Directory.Delete(server, true);
        Copy(bench.At("backup"), server);
        (program, _) = bench.Serve(server, port, settings);
        Assert.AreEqual(0, bench.Verb("device", "tell", "d1", "restart", "--data", server).Code);
        RunningProgram device = bench.StartDevice(["--interval", "1", "--serial", "--data", bench.At("m"), .. site]);
        device.WaitFor("the server asked");
        int mark = device.Mark();
        device.WaitFor("in step$", mark);
        Assert.MatchesRegex("(?m)^restart .*: done", bench.Verb("device", "show", "d1", "--data", server).Output);
        device.WaitFor("in step$", device.Mark());
        Assert.HasCount(1, Regex.Matches(device.Output, "the server asked"), device.Output);
    }

    [TestMethod]
    public void Two_copies_of_a_device_whose_setting_both_sides_change_deliver_everything_and_come_to_rest()
    {
        using var bench = new Bench();
        string[] site = Site(bench, out string server);
        int readings = 0;
        Sync("m", 3);
        Copy(bench.At("m"), bench.At("n"));
        for (int i = 0; i < 3; i++)
        {
            Put(bench, server, 20 + i);
            Sync("m", 3);
            Sync("n", 3);
            Assert.AreEqual(0, bench.Verb("object", "delete", "d1", "config", "sampling", "--data", server).Code);
            Sync(i % 2 == 0 ? "m" : "n", 3); // takes the deletion
            Sync(i % 2 == 0 ? "m" : "n", 30 + i); // and has a default of its own at its next start, which the other one gets
            Sync(i % 2 == 0 ? "n" : "m", 40 + i);
        }

        foreach (string store in (string[])["m", "n", "m", "n"])
        {
            Sync(store, 3);
        }

        string settled = Config(); // value, history and losers
        Assert.MatchesRegex("(?m)^sampling [^\\n]*\"interval\":\\d+", settled);
        foreach (string store in (string[])["n", "m", "n"])
        {
            Assert.Contains($"sampling every {bench.Objects("d1", "config", server).Single().Value.GetProperty("interval").GetInt32()} s", Sync(store, 3), "both have what the server has");
        }

        Assert.AreEqual(settled, Config(), "nobody writes it any more");
        Assert.HasCount(readings, bench.Objects("d1", "readings", server));

        string Config() => string.Join('\n', bench.Verb("object", "list", "d1", "config", "--data", server).Output, bench.Verb("object", "history", "d1", "config", "sampling", "--data", server).Output, bench.Verb("object", "conflicts", "d1", "config", "--data", server).Output);

        string Sync(string store, int interval)
        {
            readings++;
            return Once(bench, [.. site, "--interval", $"{interval}"], store);
        }
    }

    [TestMethod]
    public void A_flash_wiped_after_a_restore_that_sends_the_bytes_of_its_first_time_again_overwrites_no_value_of_the_operator()
    {
        using var bench = new Bench();
        string server = bench.At("server");
        (RunningProgram program, string url) = bench.Serve(server);
        int port = new Uri(url).Port;
        string[] site = ["--server", url, "--token", bench.Enrol("d1", server), "--interval", "5"];
        Once(bench, site, "m");
        Assert.AreEqual(5, Interval(bench, server), "the default that an empty flash brings");
        program.Kill();
        Copy(server, bench.At("backup"));
        (program, _) = bench.Serve(server, port);
        Put(bench, server, 22);
        Once(bench, site, "m");

        program.Kill();
        Directory.Delete(server, true);
        Copy(bench.At("backup"), server);
        bench.Serve(server, port);
        Put(bench, server, 33);
        Directory.Delete(bench.At("m"), true);
        Once(bench, site, "m");
        Assert.AreEqual(33, Interval(bench, server));
        Assert.Contains("sampling every 33 s", Once(bench, site, "m"));
        Assert.AreEqual(33, Interval(bench, server));
        Assert.HasCount(3, bench.Objects("d1", "readings", server)); // of the backup and of the wiped flash: the one between them was acknowledged
    }

    [TestMethod]
    public void A_deletion_that_the_device_had_acknowledged_is_not_undone_by_a_restore()
    {
        using var bench = new Bench();
        string server = bench.At("server");
        (RunningProgram program, string url) = bench.Serve(server);
        int port = new Uri(url).Port;
        string[] site = ["--server", url, "--token", bench.Enrol("d1", server)];
        RunningProgram device = bench.StartDevice(["--interval", "1", "--data", bench.At("m"), .. site]); // it goes on: a start would bring a default
        device.WaitFor("in step$");
        Put(bench, server, 2);
        device.WaitFor("sampling every 2 s");
        InStep();
        program.Kill();
        Copy(server, bench.At("backup"));
        (program, _) = bench.Serve(server, port);
        InStep();
        Assert.AreEqual(0, bench.Verb("object", "delete", "d1", "config", "sampling", "--data", server).Code);
        InStep();
        Assert.IsEmpty(bench.Objects("d1", "config", server));

        program.Kill();
        Directory.Delete(server, true);
        Copy(bench.At("backup"), server);
        bench.Serve(server, port);
        Assert.AreEqual(2, Interval(bench, server), "as the backup has it");
        InStep();
        InStep();
        Assert.IsEmpty(bench.Objects("d1", "config", server));
        Assert.Contains("\"interval\":2", bench.Verb("object", "conflicts", "d1", "config", "--data", server).Output);

        void InStep()
        {
            // the first may have begun before
            int mark = device.Mark();
            device.WaitFor("in step$", mark);
            mark = device.Mark();
            device.WaitFor("in step$", mark);
        }
    }

    [TestMethod]
    public void A_backup_that_is_put_back_twice_gives_no_id_twice_and_loses_nothing_that_the_device_holds()
    {
        using var bench = new Bench();
        string server = bench.At("server"), backup = bench.At("nanosync.backup");
        Dictionary<string, string> settings = new() { ["NANOSYNC_RATE"] = "0" };
        (RunningProgram program, string url) = bench.Serve(server, settings: settings);
        int port = new Uri(url).Port;
        string[] site = ["--server", url, "--token", bench.Enrol("d1", server)];
        Replay(bench, site, "m", 0, 10);
        Put(bench, server, 11);
        Once(bench, site, "m");
        Assert.AreEqual(0, bench.Verb("backup", backup, "--data", server).Code);
        HashSet<string> made = [];
        for (int life = 1; life <= 3; life++)
        {
            Assert.IsTrue(made.Add(Made(bench, server, url)), "an id twice");
            if (life < 3)
            {
                Put(bench, server, 20 + life);
            }

            Replay(bench, site, "m", life * 100, 5);
            Once(bench, site, "m");
            Assert.AreEqual(life < 3 ? 20 + life : 22, Interval(bench, server), "what the device acknowledged in the life before, or what was written in this one");
            Assert.IsTrue(made.Add(Made(bench, server, url)), "an id twice");
            if (life == 3)
            {
                break;
            }

            program.Interrupt();
            Assert.AreEqual(0, program.WaitForExit(), program.Output);
            Assert.AreEqual(1, bench.Device(["--once", "--data", bench.At("m"), .. site]).Code, "a reading of this life, for which there is no server");
            Ended restored = bench.Verb("restore", backup, "--data", server);
            Assert.AreEqual(0, restored.Code, restored.Output);
            (program, _) = bench.Serve(server, port, settings);
        }

        CollectionAssert.AreEquivalent((int[])[.. Enumerable.Range(0, 10), .. Enumerable.Range(300, 5)], Values(bench, server), "the backup's and the last life's: those between were acknowledged");
        Assert.HasCount(15 + 3, bench.Objects("d1", "readings", server)); // and one of the backup, the one that waited while there was no server, and the last
        Assert.IsTrue(File.Exists(Path.Combine(server, "nanosync.db.before-restore")) && File.Exists(Path.Combine(server, "nanosync.db.before-restore-2")));
        Ended conflicts = bench.Verb("object", "conflicts", "d1", "config", "--data", server);
        Assert.Contains("\"interval\":11", conflicts.Output);
    }

    private static string[] Site(Bench bench, out string server)
    {
        server = bench.At("server");
        (_, string url) = bench.Serve(server, settings: new Dictionary<string, string> { ["NANOSYNC_RATE"] = "0" });
        return ["--server", url, "--token", bench.Enrol("d1", server)];
    }

    private static string Once(Bench bench, string[] site, string store)
    {
        // two stores may take equal readings in one second, and equal ones under one id are one (DESIGN 9)
        for (long second = DateTimeOffset.UtcNow.ToUnixTimeSeconds(); DateTimeOffset.UtcNow.ToUnixTimeSeconds() == second;)
        {
            Thread.Sleep(10);
        }

        Ended ended = bench.Device(["--once", "--data", bench.At(store), .. site]);
        Assert.AreEqual(0, ended.Code, ended.Output);
        Assert.Contains("both sides are in step", ended.Output);
        return ended.Output;
    }

    private static void Replay(Bench bench, string[] site, string store, int first, int count)
    {
        Ended ended = bench.Device(["--readings", Csv(bench, store, first, count), "--data", bench.At(store), .. site]);
        Assert.AreEqual(0, ended.Code, ended.Output);
    }

    private static string Csv(Bench bench, string store, int first, int count)
    {
        string csv = bench.At($"{store}-{first}.csv");
        File.WriteAllLines(csv, ["timestamp,value", .. Enumerable.Range(first, count).Select(i => $"{1767225600 + i},{i}")]);
        return csv;
    }

    private static void IsUpstream(Bench bench, RunningProgram gateway, string upstream, int count)
    {
        for (int i = 0; bench.Objects("site", "d1.readings", upstream).Count < count; i++)
        {
            Assert.IsLessThan(40, i, gateway.Output);
        }

        CollectionAssert.AreEquivalent(Enumerable.Range(0, count).ToArray(), Values(bench, upstream, "site", "d1.readings"));
    }

    private static int[] Values(Bench bench, string server, string device = "d1", string collection = "readings")
    {
        return [.. bench.Objects(device, collection, server).Where(o => o.Value.TryGetProperty("value", out _)).Select(o => (int)o.Value.GetProperty("value").GetDecimal())];
    }

    private static int Interval(Bench bench, string server) => bench.Objects("d1", "config", server).Single(c => c.Id == "sampling").Value.GetProperty("interval").GetInt32();

    private static void Put(Bench bench, string server, int interval)
    {
        Ended ended = bench.Verb("object", "put", "d1", "config", "sampling", $"{{\"interval\":{interval},\"sensors\":null}}", "--data", server);
        Assert.AreEqual(0, ended.Code, ended.Output);
    }

    // No id given: the server makes one.
    private static string Made(Bench bench, string server, string url)
    {
        string admin = bench.AdminToken(server);
        (int status, string body) = bench.Rest(HttpMethod.Post, url + "/v1/devices/d1/collections/config/objects", admin, """{"interval":7,"sensors":null}""");
        Assert.AreEqual(201, status, body);
        return JsonDocument.Parse(body).RootElement.GetProperty("id").GetString()!;
    }

    private static void Copy(string from, string to)
    {
        foreach (string folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
        {
            Directory.CreateDirectory(folder.Replace(from, to, StringComparison.Ordinal));
        }

        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, file.Replace(from, to, StringComparison.Ordinal));
        }
    }
}
