// Folders: whose a relative path is, where data lies when nothing is said, two programs on one store, a disk that is full.

using System.Globalization;
using System.Text.RegularExpressions;

namespace NanoSync.Tests;

[TestClass]
public sealed class FolderTests
{
    [TestMethod]
    public void A_relative_path_is_the_callers_with_dotnet_run_too_and_the_default_is_outside_the_source_tree()
    {
        using var bench = new Bench();
        string project = Path.Combine(Bench.Root, "Server");
        string[] run = ["run", "-c", Configuration, "--no-build", "--project", project, "--"];

        RunningProgram serving = bench.Start("dotnet", [.. run, "serve", "--port", "0", "--data", "here"]);
        string told = serving.WaitFor("^NanoSync server on .*, data in (.*)$").Groups[1].Value;
        Assert.AreEqual(bench.At("here"), told);
        Assert.IsTrue(File.Exists(Path.Combine(bench.At("here"), "nanosync.db")));
        Assert.IsFalse(Path.Exists(Path.Combine(project, "here")));
        Ended listed = bench.Run("dotnet", bench.Folder, [.. run, "device", "list", "--data", "here"]);
        Assert.AreEqual(0, listed.Code, listed.Output);

        RunningProgram usual = bench.Start("dotnet", [.. run, "serve", "--port", "0"]);
        Assert.AreEqual(Path.Combine(bench.At("home"), "nanosync", "server"), usual.WaitFor("^NanoSync server on .*, data in (.*)$").Groups[1].Value);

        Ended device = bench.Run("dotnet", bench.Folder, "run", "-c", Configuration, "--no-build", "--project", Path.Combine(Bench.Root, "Device", "Virtual"), "--", "--once", "--port", "0");
        Assert.AreEqual(0, device.Code, device.Output);
        Assert.IsTrue(Directory.Exists(Path.Combine(bench.At("home"), "nanosync", "virtual", "flash")));
    }

    [TestMethod]
    public void A_second_device_on_one_store_folder_is_refused_and_the_first_goes_on()
    {
        using var bench = new Bench();
        string data = bench.At("data");
        RunningProgram first = bench.StartDevice("--port", "0", "--data", data, "--interval", "1");
        first.WaitFor("in step$");
        foreach (string[] more in (string[][])[["--once", "--port", "0"], ["--once", "--server", "http://127.0.0.1:1", "--token", "t"]])
        {
            Ended second = bench.Device(["--data", data, .. more]);
            Assert.AreEqual(2, second.Code, second.Output);
            Assert.Contains($"Another virtual device runs on {data}", second.Output);
        }

        int mark = first.Mark();
        first.WaitFor("in step$", mark);
        first.Kill();
        Ended after = bench.Device("--once", "--port", "0", "--data", data);
        Assert.AreEqual(0, after.Code, "a killed program holds nothing: " + after.Output);
    }

    [TestMethod]
    public void Of_two_servers_on_one_folder_one_passes_on_and_the_other_takes_over()
    {
        using var bench = new Bench();
        string upstream = bench.At("upstream"), site = bench.At("site");
        (_, string url) = bench.Serve(upstream);
        string token = bench.Enrol("site", upstream, "--collections", "d.readings,d.config");
        (RunningProgram first, string firstUrl) = bench.Serve(site);
        string device = bench.Enrol("d", site);
        Assert.AreEqual(0, bench.Verb("proxy", "add", "hq", "--url", url + "/sync", "--token", token, "--collections", "readings", "--every", "1", "--data", site).Code);
        Assert.AreEqual(0, bench.Device("--once", "--server", firstUrl, "--token", device, "--data", bench.At("d")).Code);
        first.WaitFor("Proxy hq, d.readings: in step");
        (RunningProgram second, string secondUrl) = bench.Serve(site);
        second.WaitFor("Another server passes on what is in");
        first.Interrupt();
        Assert.AreEqual(0, first.WaitForExit(), first.Output);
        Assert.AreEqual(0, bench.Device("--once", "--server", secondUrl, "--token", device, "--data", bench.At("d")).Code);
        for (int i = 0; bench.Objects("site", "d.readings", upstream).Count < 2; i++)
        {
            Assert.IsLessThan(60, i, second.Output);
        }
    }

    [TestMethod]
    public void A_folder_that_is_to_be_carried_is_not_made()
    {
        using var bench = new Bench();
        Ended ended = bench.Device("--carrier", "file", "--device", "d", "--token", "t", "--folder", bench.At("stik"), "--once", "--data", bench.At("data"));
        Assert.AreEqual(2, ended.Code, ended.Output);
        Assert.Contains("there is no such folder", ended.Output);
        Assert.IsFalse(Path.Exists(bench.At("stik")));
    }

    [TestMethod]
    public void A_full_disk_is_503_with_Retry_After_one_line_in_the_log_and_said_by_health_until_there_is_room()
    {
        using var bench = new Bench();
        string disk = Directory.CreateDirectory(bench.At("disk")).FullName;
        string device = bench.At("device");

        // a file system of its own, of 1.5 MB, that only this server sees
        RunningProgram server = bench.Start("unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
            $"mount -t tmpfs -o size=1536k none {disk} && exec dotnet {Bench.Program("Server", "NanoSync.Server")} serve --port 0 --data {disk}/data");
        string url = server.WaitFor("^NanoSync server on (http://[^ ,]+)").Groups[1].Value;
        string admin = server.WaitFor(@"Authorization: Bearer (\S+)").Groups[1].Value;
        string token = System.Text.Json.JsonDocument.Parse(bench.Rest(HttpMethod.Post, url + "/v1/devices", admin, """{"name":"d"}""").Body).RootElement.GetProperty("token").GetString()!;
        string[] sync = ["--once", "--server", url, "--token", token, "--data", device];
        Assert.AreEqual(0, bench.Device(sync).Code);

        string filler = string.Create(CultureInfo.InvariantCulture, $"/proc/{server.Id}/root{disk}/filler");
        Fill(filler);
        RunningProgram waiting = bench.StartDevice(sync);
        waiting.WaitFor(@"asks to wait \(HTTP 503\), 60 s");
        waiting.Kill();
        for (int i = 0; i < 5; i++)
        {
            (int status, string body) = bench.Rest(HttpMethod.Put, url + "/v1/devices/d/collections/config/objects/x", admin, """{"class":"thing#0000","data":"BAU="}""");
            Assert.AreEqual(503, status, body);
            Assert.Contains("the disk is full", body);
        }

        (int health, string said) = bench.Rest(HttpMethod.Get, url + "/health", "");
        Assert.AreEqual(503, health, said);
        Assert.Contains("the disk is full", said);
        (int looked, string fleet) = bench.Rest(HttpMethod.Get, url + "/v1/devices", admin);
        Assert.AreEqual(200, looked, "who mends it can look: " + fleet);
        Assert.AreEqual(200, bench.Rest(HttpMethod.Get, url + "/v1/devices/d", admin).Status);
        int told = Regex.Count(server.Output, "one more store");
        Assert.AreEqual(503, bench.Raw(url, token, "<Sync xmlns=\"AirSync:\"><Version>1.0</Version><Collections><Collection><SyncKey>0</SyncKey><CollectionId>readings</CollectionId></Collection></Collections></Sync>"));
        Assert.AreEqual(told, Regex.Count(server.Output, "one more store"), "what was not done is not said: " + server.Output);
        string[] log = [.. server.Output.Split('\n').Where(l => l.Contains("fail:", StringComparison.Ordinal))];
        Assert.HasCount(1, log, server.Output);
        Assert.IsLessThan(250, log[0].Length, log[0]);

        File.Delete(filler);
        Assert.AreEqual(200, bench.Rest(HttpMethod.Get, url + "/health", "").Status);
        server.WaitFor("takes what it is given again");
        Ended after = bench.Device(sync);
        Assert.AreEqual(0, after.Code, after.Output);
        Assert.Contains("both sides are in step", after.Output);
    }

    [TestMethod]
    public async Task Of_requests_that_share_a_commit_on_a_full_disk_all_get_503_and_none_is_stored()
    {
        const int Devices = 24;
        using var bench = new Bench();
        string disk = Directory.CreateDirectory(bench.At("disk")).FullName;
        RunningProgram server = bench.Start("unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
            $"mount -t tmpfs -o size=8m none {disk} && exec dotnet {Bench.Program("Server", "NanoSync.Server")} serve --port 0 --data {disk}/data");
        string url = server.WaitFor("^NanoSync server on (http://[^ ,]+)").Groups[1].Value;
        string admin = server.WaitFor(@"Authorization: Bearer (\S+)").Groups[1].Value;
        string[] tokens = [.. Enumerable.Range(0, Devices).Select(i => System.Text.Json.JsonDocument.Parse(
            bench.Rest(HttpMethod.Post, url + "/v1/devices", admin, $$"""{"name":"d{{i}}","collections":"log"}""").Body).RootElement.GetProperty("token").GetString()!)];
        using HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = Devices });

        async Task<(int Status, string Key)> Sync(string token, string key, int readings)
        {
            string adds = string.Concat(Enumerable.Range(1, readings).Select(i => $"<Add><ClientId>Ab1_{i}</ClientId><ApplicationData>{Convert.ToBase64String(new byte[3000])}</ApplicationData></Add>"));
            string commands = readings == 0 ? "" : $"<Commands>{adds}</Commands>";
            using HttpRequestMessage request = new(HttpMethod.Post, url + "/sync");
            request.Headers.Authorization = new("Bearer", token);
            request.Content = new StringContent($"""<Sync xmlns="AirSync:"><Version>1.0</Version><Collections><Collection><SyncKey>{key}</SyncKey><CollectionId>log</CollectionId><DeletesAsMoves/>{commands}</Collection></Collections></Sync>""");
            request.Content.Headers.ContentType = new("application/vnd.nanosync+xml");
            using HttpResponseMessage response = await http.SendAsync(request);
            string body = await response.Content.ReadAsStringAsync();
            return ((int)response.StatusCode, System.Text.RegularExpressions.Regex.Match(body, "<SyncKey>([^<]+)<").Groups[1].Value);
        }

        int Held(int device) => System.Text.Json.JsonDocument.Parse(bench.Rest(HttpMethod.Get, $"{url}/v1/devices/d{device}/collections/log/objects", admin).Body).RootElement
            .GetArrayLength();

        (int Status, string Key)[] first = await Task.WhenAll(tokens.Select(t => Sync(t, "0", 0)));
        CollectionAssert.AreEqual(Enumerable.Repeat(200, Devices).ToArray(), first.Select(f => f.Status).ToArray());
        string filler = string.Create(CultureInfo.InvariantCulture, $"/proc/{server.Id}/root{disk}/filler");
        Fill(filler);
        (int Status, string Key)[] full = await Task.WhenAll(tokens.Select((t, i) => Sync(t, first[i].Key, 10)));
        CollectionAssert.AreEqual(Enumerable.Repeat(503, Devices).ToArray(), full.Select(f => f.Status).ToArray());
        CollectionAssert.AreEqual(new int[Devices], Enumerable.Range(0, Devices).Select(Held).ToArray());

        // once there is room the same requests are taken
        File.Delete(filler);
        (int Status, string Key)[] after = await Task.WhenAll(tokens.Select((t, i) => Sync(t, first[i].Key, 10)));
        CollectionAssert.AreEqual(Enumerable.Repeat(200, Devices).ToArray(), after.Select(f => f.Status).ToArray());
        CollectionAssert.AreEqual(Enumerable.Repeat(10, Devices).ToArray(), Enumerable.Range(0, Devices).Select(Held).ToArray());
    }

    private static string Configuration => AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Debug" : "Release";

    private static void Fill(string file)
    {
        using var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (int size = 4096; size >= 1; size /= 4096)
        {
            try
            {
                while (true)
                {
                    stream.Write(new byte[size]);
                }
            }
            catch (IOException)
            {
                // no more of this size
            }
        }
    }
}
