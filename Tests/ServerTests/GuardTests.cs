// Who is let in to REST, and where the server listens.

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NanoSync.Server;
using NanoSync.Server.Http;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class GuardTests
{
    private string _folder = "";
    private EmbeddedServer _server = null!;
    private HttpClient _client = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task Start()
    {
        _folder = Directory.CreateTempSubdirectory("nanosync-guard-").FullName;
        _server = await EmbeddedServer.Start(_folder, options: new ServerOptions { RatePerSecond = 0, OpenApiOnLoopback = true });
        _client = new HttpClient { BaseAddress = new Uri(_server.Url) };
    }

    [TestCleanup]
    public async Task Stop()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    [TestMethod]
    public async Task Opened_on_loopback_the_api_takes_programs_of_this_machine()
    {
        Assert.AreEqual(HttpStatusCode.OK, await Send(HttpMethod.Get));
        Assert.AreEqual(HttpStatusCode.Created, await Send(HttpMethod.Post, "application/json"));
        Assert.AreEqual(HttpStatusCode.Conflict, await Send(HttpMethod.Post, "application/json; charset=utf-8", ("Origin", _server.Url)), "a page of its own");
        Assert.AreEqual(HttpStatusCode.OK, await Send(HttpMethod.Get, null, ("Host", $"localhost:{new Uri(_server.Url).Port}")));
        Assert.AreEqual(HttpStatusCode.OK, await Send(HttpMethod.Get, null, ("Host", "[::1]:8080")));
    }

    [TestMethod]
    [DataRow("GET", null, "Host", "evil.example")]
    [DataRow("GET", null, "Host", "127.0.0.1.evil.example")]
    [DataRow("GET", null, "Origin", "http://evil.example")]
    [DataRow("POST", "application/json", "Origin", "http://127.0.0.1:1")]
    [DataRow("POST", "application/json", "Origin", "null")]
    [DataRow("POST", "application/json", "Sec-Fetch-Site", "cross-site")]
    [DataRow("POST", "text/plain", null, null)]
    [DataRow("POST", "application/x-www-form-urlencoded", null, null)]
    [DataRow("POST", "multipart/form-data; boundary=x", null, null)]
    [DataRow("POST", "", null, null)]
    [DataRow("GET", null, "X-Forwarded-For", "10.0.0.1")]
    [DataRow("GET", null, "Forwarded", "for=10.0.0.1")]
    [DataRow("GET", null, "Via", "1.1 gateway")]
    public async Task It_takes_no_page_of_another_origin_no_form_and_nobody_behind_a_proxy(string method, string? type, string? header, string? value)
    {
        (string, string)[] headers = header == null ? [] : [(header, value!)];
        Assert.AreEqual(HttpStatusCode.Forbidden, await Send(new HttpMethod(method), type, headers));
        Assert.IsEmpty(_server.Core.Devices.List());
        Assert.AreNotEqual(HttpStatusCode.Forbidden, await Send(new HttpMethod(method), type, [.. headers, ("Authorization", "Bearer " + _server.AdminToken)]), "who has the token may");
    }

    [TestMethod]
    public async Task A_renewed_admin_token_counts_at_once_and_the_old_one_no_more()
    {
        await _server.DisposeAsync();
        _server = await EmbeddedServer.Start(_folder);
        _client.Dispose();
        _client = new HttpClient { BaseAddress = new Uri(_server.Url) };
        string old = _server.AdminToken;
        Assert.AreEqual(HttpStatusCode.OK, await Send(HttpMethod.Get, null, ("Authorization", "Bearer " + old)));
        (int code, string renewed, _) = Cli.Run(_folder, "admin-token", "--renew");
        Assert.AreEqual(0, code);
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Send(HttpMethod.Get, null, ("Authorization", "Bearer " + old)));
        Assert.AreEqual(HttpStatusCode.OK, await Send(HttpMethod.Get, null, ("Authorization", "Bearer " + renewed.Trim())));
        Assert.AreEqual(renewed, Cli.Run(_folder, "admin-token").Output);
        if (!OperatingSystem.IsWindows())
        {
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "admin-token")));
        }

        File.Delete(Path.Combine(_folder, "admin-token"));
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Send(HttpMethod.Get, null, ("Authorization", "Bearer " + renewed.Trim())), "no token, nobody");
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Send(HttpMethod.Get, null, ("Authorization", "Bearer ")));
        Assert.AreEqual(3, Cli.Run(_folder, "admin-token").Code);
    }

    [TestMethod]
    [DataRow("http://256.1.1.1:80")]
    [DataRow("http://example.com:80")]
    [DataRow("http://127.0.0.1.:80")]
    [DataRow("http://:80")]
    [DataRow("http://127.0.0.1:70000")]
    [DataRow("http://127.0.0.1:80/sync")]
    [DataRow("ftp://127.0.0.1:80")]
    [DataRow("127.0.0.1:80")]
    [DataRow("http://127.0.0.1:80;")]
    [DataRow("http://127.0.0.1:80;http://256.1.1.1:80")]
    public void A_host_that_would_mean_all_addresses_is_refused(string urls)
    {
        StartupException refused = Assert.ThrowsExactly<StartupException>(() => ListenUrls.Parse(urls));
        StringAssert.StartsWith(refused.Message, "Cannot listen on ");
    }

    [TestMethod]
    public void Addresses_localhost_and_all_may_be_listened_on()
    {
        foreach (string url in (string[])["http://127.0.0.1:0", "http://[::1]:80", "http://0.0.0.0:8080", "http://*:80", "https://localhost:443", "http://[::]:80", "http://unix:/run/x.sock"])
        {
            Assert.AreEqual(url, ListenUrls.Parse(url).Single());
        }
    }

    [TestMethod]
    public void A_log_line_is_one_line_whatever_is_in_it()
    {
        using StringWriter output = new();
        LogEntry<string> entry = new(LogLevel.Error, "NanoSync", default, "a\u001b[2J\r\n12:00:00 info: all is well\u009b1m", new IOException("x\ny\u0007"), (state, _) => state);
        new OneLineFormatter().Write(entry, null, output);
        string line = output.ToString();
        StringAssert.Matches(line, new(@"^\d\d:\d\d:\d\d fail: NanoSync a\\u001b\[2J 12:00:00 info: all is well\\u009b1m System\.IO\.IOException: x y\\u0007"));
        Assert.AreEqual(Environment.NewLine, new string([.. line.Where(char.IsControl)]));
    }

    private async Task<HttpStatusCode> Send(HttpMethod method, string? type = null, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, "/v1/devices");
        if (type != null)
        {
            request.Content = new ByteArrayContent(Encoding.ASCII.GetBytes("""{"name":"d"}"""));
            request.Content.Headers.ContentType = type.Length == 0 ? null : MediaTypeHeaderValue.Parse(type);
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return (await _client.SendAsync(request, TestContext.CancellationToken)).StatusCode;
    }
}
