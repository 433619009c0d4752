// What goes wrong on people's machines: each gives a message that helps, a fitting exit code or HTTP status, and nothing
// pending is lost.

using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace NanoSync.Tests;

[TestClass]
public class BadInputTests
{
    private const int Failed = 1, Usage = 2;

    [TestMethod]
    public void Token_wrong_collection_unknown_device_revoked()
    {
        using var bench = new Bench();
        string server = bench.At("server"), data = bench.At("data");
        (_, string url) = bench.Serve(server);
        Expect(Failed, bench.Device("--once", "--server", url, "--token", "guess", "--data", data), "refuses the token (HTTP 401)", "1 pending|pending    2", "NOT in step");

        string token = bench.Enrol("d", server, "--collections", "other");
        Expect(Failed, bench.Device("--once", "--server", url, "--token", token, "--data", data), "status 8: the server does not know one of the collections");

        Assert.AreEqual(0, bench.Verb("device", "grant", "d", "readings,config", "--data", server).Code);
        Assert.AreEqual(0, bench.Verb("device", "revoke", "d", "--data", server).Code);
        Expect(Failed, bench.Device("--once", "--server", url, "--token", token, "--data", data), "refuses the token (HTTP 401)");

        Ended rotated = bench.Verb("device", "rotate", "d", "--readmit", "--data", server);
        Expect(0, bench.Device("--once", "--server", url, "--token", rotated.Output.Trim(), "--data", data), "both sides are in step");
        Once(bench.Objects("d", "readings", server), 4);
    }

    [TestMethod]
    public void A_code_gives_a_device_its_token_and_is_used_up()
    {
        using var bench = new Bench();
        string server = bench.At("server"), data = bench.At("data");
        (_, string url) = bench.Serve(server);
        bench.Enrol("d", server);
        string code = bench.Verb("device", "claim", "d", "--data", server).Output.Split('\n')[0].Trim();
        Expect(Failed, bench.Device("--once", "--server", url, "--claim", "0000-0000-0000-0000", "--data", data), "refuses the code (HTTP 403)", "NOT in step");
        Expect(0, bench.Device("--once", "--server", url, "--claim", code, "--data", data), "both sides are in step");
        Expect(0, bench.Device("--once", "--server", url, "--claim", code, "--data", data), "both sides are in step");
        Expect(0, bench.Device("--once", "--server", url, "--claim", code, "--data", data, "--platform-http"), "both sides are in step");
        Expect(Failed, bench.Device("--once", "--server", url, "--claim", code, "--data", bench.At("other")), "refuses the code (HTTP 403)");
        Expect(Usage, bench.Device("--once", "--server", url, "--claim", code, "--token", "t", "--data", data), "--claim goes without --token");
        Once(bench.Objects("d", "readings", server), 4);
    }

    [TestMethod]
    public void Message_too_large()
    {
        using var bench = new Bench();
        string server = bench.At("server"), data = bench.At("data"), csv = Csv(bench, 150);
        (RunningProgram small, string url) = bench.Serve(server, settings: new Dictionary<string, string> { ["NANOSYNC_MAXMESSAGE"] = "400" });
        string token = bench.Enrol("d", server);
        string[] replay = ["--readings", csv, "--server", url, "--token", token, "--data", data];
        Expect(Failed, bench.Device([.. replay, "--window", "100"]), "too large for the server (HTTP 413)", "--window", "NOT in step");
        Expect(0, bench.Device([.. replay, "--window", "5"]), "both sides are in step");
        Once(bench.Objects("d", "readings", server), 150);
        small.Interrupt();
        Assert.AreEqual(0, small.WaitForExit(), small.Output);
    }

    [TestMethod]
    public void Data_folder_unusable()
    {
        using var bench = new Bench();
        string file = bench.At("file");
        File.WriteAllText(file, "not a folder");
        foreach (string folder in OperatingSystem.IsLinux() ? [file, "/proc/nanosync"] : new[] { file })
        {
            Expect(Usage, bench.Device("--once", "--port", "0", "--data", folder), folder, "cannot be made", "--data");
            Expect(4, bench.Verb("serve", "--port", "0", "--data", folder), folder, "Cannot make the data folder");
        }

        string data = Directory.CreateDirectory(bench.At("data")).FullName;
        File.WriteAllText(Path.Combine(data, "flash"), "not a folder");
        Expect(Usage, bench.Device("--once", "--port", "0", "--data", data), "error NS307", "--data");
        Expect(Usage, bench.Device("--once", "--port", "0", "--data", bench.At("other"), "--dump", file), file, "--dump");
        Assert.AreEqual(2, bench.Device("store", bench.At("none")).Code);

        string broken = Directory.CreateDirectory(bench.At("broken")).FullName;
        File.WriteAllText(Path.Combine(broken, "nanosync.db"), new string('x', 5000));
        Expect(4, bench.Verb("serve", "--port", "0", "--data", broken), "nanosync.db");
    }

    [TestMethod]
    public void Port_in_use()
    {
        using var bench = new Bench();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString();
        Expect(5, bench.Verb("serve", "--port", port, "--data", bench.At("a")), "Another program listens", port, "--port");
        Expect(Usage, bench.Device("--once", "--port", port, "--data", bench.At("b")), "Another program listens", port, "--port");
    }

    [TestMethod]
    public void Csv_bad_or_missing()
    {
        using var bench = new Bench();
        string data = bench.At("data"), csv = bench.At("bad.csv");
        File.WriteAllText(csv, "timestamp,value\n2024-01-01 00:00:00,1.5\nyesterday,2\n2024-01-01 02:00:00,much\n2024-01-01 03:00:00\n");
        Ended ended = bench.Device("--readings", csv, "--port", "0", "--data", data);
        Expect(Usage, ended, "3 bad rows, nothing was replayed", "line 3: not a time", "line 4: not a number", "line 5: 1 columns");
        string[] ambiguous = ["01.03.2026,1", "3/1/2026 10:00,1", "10.5,3", "12:30,5", "20260301,1", "99,1", "2026-03-01 10:00:00+1,1", "2026-13-01,1", "1767225600000,1", "4102444800,1", "2026-03-01,1,5"];
        File.WriteAllLines(csv, ["timestamp,value", .. ambiguous]);
        ended = bench.Device("--readings", csv, "--port", "0", "--data", data);
        Expect(Usage, ended, $"{ambiguous.Length} bad rows, nothing was replayed");
        File.WriteAllText(csv, "timestamp,value\n" + new string('x', 3_000_000) + "\n2026-01-01,\u001b[31m1\n");
        ended = bench.Device("--readings", csv, "--port", "0", "--data", data);
        Expect(Usage, ended, "line 2: 1 columns", "(3000000 characters)", "line 3: not a number", "?[31m");
        Assert.IsLessThan(1000, ended.Output.Length);
        Assert.IsFalse(Directory.Exists(data));
        File.WriteAllText(csv, "timestamp,value\n");
        Expect(Usage, bench.Device("--readings", csv, "--port", "0", "--data", data), "no rows");
        Expect(Usage, bench.Device("--readings", bench.At("none.csv"), "--port", "0", "--data", data), "Cannot read", "none.csv");
        Expect(Usage, bench.Device("--readings", bench.Folder, "--port", "0", "--data", data), "Cannot read");
        Assert.IsFalse(Directory.Exists(data));
    }

    [TestMethod]
    [DataRow("--window 0", "--window is 1 to 512")]
    [DataRow("--window 513", "--window is 1 to 512")]
    [DataRow("--window many", "many")]
    [DataRow("--interval 0", "--interval is 1 to")]
    [DataRow("--port 70000", "--port is 0 to 65535")]
    [DataRow("--token x", "--server and --token, or --claim, go together")]
    [DataRow("--server http://127.0.0.1:1", "--server and --token, or --claim, go together")]
    [DataRow("--server here --token x", "A URL such as")]
    [DataRow("--server ftp://here --token x", "A URL such as")]
    [DataRow("--server http://[::1]:8080 --token x", "no IPv6 address")]
    [DataRow("--server http://me:secret@here --token x", "no user and password")]
    [DataRow("--server http://m\u00fcller --token x", "only printable ASCII")]
    [DataRow("--server http://here --token t\u00f6ken", "only printable ASCII without spaces")]
    [DataRow("--sever x", "--help")]
    public void Options_of_the_device(string options, string message)
    {
        using var bench = new Bench();
        Expect(Usage, bench.Device(["--once", "--data", bench.At("data"), .. options.Split(' ')]), message);
        Assert.IsFalse(Directory.Exists(bench.At("data")));
    }

    [TestMethod]
    [DataRow("serve --port 70000", 2, "65535")]
    [DataRow("serve --port x", 2, "65535")]
    [DataRow("sevre", 2, "--help")]
    [DataRow("object list nobody readings", 3, "nobody")]
    [DataRow("device revoke nobody", 3, "nobody")]
    [DataRow("device add a/b", 1, "a/b")]
    [DataRow("decode none.wbxml", 3, "none.wbxml")]
    public void Options_of_the_server(string arguments, int code, string message)
    {
        using var bench = new Bench();
        bench.Prepare(bench.At("data"));
        Expect(code, bench.Verb([.. arguments.Split(' '), "--data", bench.At("data")]), message);
    }

    [TestMethod]
    public void Server_away_and_gone_in_the_middle_of_a_reply()
    {
        using var bench = new Bench();
        string server = bench.At("server"), data = bench.At("data");
        (_, string url) = bench.Serve(server);
        string token = bench.Enrol("d", server);

        Expect(Failed, bench.Device("--once", "--server", "http://127.0.0.1:1", "--token", token, "--data", data), "cannot be reached", "NOT in step");
        using (var proxy = new CuttingProxy(url))
        {
            Expect(Failed, bench.Device("--once", "--server", proxy.Url, "--token", token, "--data", data), "ended in the middle", "NOT in step");
            Assert.IsGreaterThan(0, proxy.Cuts);
        }

        Expect(0, bench.Device("--once", "--server", url, "--token", token, "--data", data), "both sides are in step");
        Once(bench.Objects("d", "readings", server), 3);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Replies_cut_during_a_replay(bool platformHttp)
    {
        using var bench = new Bench();
        string server = bench.At("server"), data = bench.At("data");
        (_, string url) = bench.Serve(server);
        string token = bench.Enrol("d", server);

        // in the first reply's head, in bodies, at a reply's very start
        using var proxy = new CuttingProxy(url, 30, 700, 1500);
        string[] more = platformHttp ? ["--platform-http"] : [];
        Expect(0, bench.Device(["--readings", Csv(bench, 400), "--server", proxy.Url, "--token", token, "--data", data, .. more]), "again in", "both sides are in step");
        Assert.AreEqual(3, proxy.Cuts);
        Once(bench.Objects("d", "readings", server), 400);
    }

    [TestMethod]
    public void Requests_that_are_none()
    {
        using var bench = new Bench();
        string server = bench.At("server");
        (_, string url) = bench.Serve(server, settings: new Dictionary<string, string> { ["NANOSYNC_MAXMESSAGE"] = "1000" });
        string token = bench.Enrol("d", server);
        const string Wbxml = "application/vnd.nanosync+wbxml";
        Assert.AreEqual(401, Post(url, null, Wbxml, [3, 1, 0x6A, 0]).Status);
        Assert.AreEqual(401, Post(url, "guess", Wbxml, [3, 1, 0x6A, 0]).Status);
        Assert.AreEqual(415, Post(url, token, "text/plain", [1]).Status);
        Assert.AreEqual(413, Post(url, token, Wbxml, new byte[1001]).Status);
        (int status, byte[] body) = Post(url, token, Wbxml, [3, 1, 0x6A, 0, 0x45, 0x5C]);
        Assert.AreEqual(400, status);
        File.WriteAllBytes(bench.At("reply"), body);
        Ended decoded = bench.Verb("decode", bench.At("reply"));
        Assert.AreEqual(0, decoded.Code, decoded.Output);
        Assert.Contains("<Status>4</Status>", decoded.Output);
    }

    private static (int Status, byte[] Body) Post(string url, string? token, string type, byte[] body)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, url + "/sync") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = http.Send(request);
        using var copy = new MemoryStream();
        response.Content.ReadAsStream().CopyTo(copy);
        return ((int)response.StatusCode, copy.ToArray());
    }

    private static string Csv(Bench bench, int rows)
    {
        var text = new StringBuilder("timestamp,value\n");
        for (int i = 0; i < rows; i++)
        {
            text.Append($"{new DateTime(2024, 1, 1).AddMinutes(i):yyyy-MM-dd HH:mm:ss},{i}.25\n");
        }

        string path = bench.At("series.csv");
        File.WriteAllText(path, text.ToString());
        return path;
    }

    private static void Expect(int code, Ended ended, params string[] messages)
    {
        Assert.AreEqual(code, ended.Code, ended.Output);
        foreach (string message in messages)
        {
            Assert.IsTrue(message.Split('|').Any(ended.Output.Contains), $"no \"{message}\" in: {ended.Output}");
        }
    }

    private static void Once(List<(string Id, JsonElement Value)> objects, int count)
    {
        Assert.HasCount(count, objects);
        Assert.HasCount(count, objects.Select(o => o.Id).Distinct());
    }
}
