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
[TestCategory("Slow")] // a server with sockets
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
    public async Task A_renewed_token_counts_at_once_and_the_old_one_no_more()
    {
        string old = _server.AdminToken;
        await Anew();
        Assert.AreEqual(HttpStatusCode.OK, await Ask(old));
        (int code, string renewed, _) = Cli.Run(_folder, "admin-token", "--renew");
        Assert.AreEqual(0, code);
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Ask(old));
        Assert.AreEqual(HttpStatusCode.OK, await Ask(renewed.Trim()));
        (_, string told, _) = Cli.Run(_folder, "admin-token");
        Assert.DoesNotContain(renewed.Trim(), told, "it cannot be shown again");
        StringAssert.Contains(told, "last used 20");

        string named = Cli.Run(_folder, "token", "add", "t", "--role", "read", "--days", "7").Output.Trim();
        string again = Cli.Run(_folder, "token", "renew", "t").Output.Trim();
        Assert.AreEqual("Unauthorized OK", $"{await Ask(named)} {await Ask(again)}");
        Server.Access.AccessTokenRow row = _server.Core.Access.List().Single(t => t is { Name: "t", Revoked: null });
        Assert.AreEqual((Server.Access.Role.Read, 7 * 86_400_000L), (row.Role, row.Expires - row.Created), "role and life are those of before");
        Assert.AreEqual(3, Cli.Run(_folder, "token", "renew", "nobody").Code);

        Cli.Run(_folder, "token", "revoke", "admin");
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Ask(renewed.Trim()));
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Ask(""));
        Assert.AreEqual(3, Cli.Run(_folder, "admin-token").Code);
        await Anew();
        Assert.ThrowsExactly<InvalidOperationException>(() => _server.AdminToken, "what was revoked is not made by a start");
        Assert.AreEqual(HttpStatusCode.OK, await Ask(Cli.Run(_folder, "admin-token", "--renew").Output.Trim()), "who may write the data folder helps himself");
    }

    [TestMethod]
    public async Task A_token_that_an_earlier_version_kept_in_a_file_goes_on_to_count_and_the_file_goes()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, true);
        Directory.CreateDirectory(_folder);
        string file = Path.Combine(_folder, "admin-token");
        File.WriteAllText(file, "of-before\n");
        await Anew();
        Assert.IsFalse(File.Exists(file));
        Assert.AreEqual(HttpStatusCode.OK, await Ask("of-before"));
        Assert.AreEqual("admin", _server.Core.Access.List().Single().Name);
    }

    [TestMethod]
    public void A_token_is_not_renewed_where_no_database_opens_and_the_error_says_what_to_do()
    {
        string other = Directory.CreateDirectory(Path.Combine(_folder, "other")).FullName;
        File.WriteAllText(Path.Combine(other, "nanosync.db"), new string('x', 5000));
        (int code, string output, string error) = Cli.Run(other, "admin-token", "--renew");
        Assert.AreEqual((4, ""), (code, output));
        foreach (string said in (string[])[Path.Combine(other, "nanosync.db"), "Not a database", "doctor", "restore", "admin-token --renew"])
        {
            StringAssert.Contains(error, said);
        }
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

    // A server on the folder as it is, that lets nobody in without a token.
    private async Task Anew()
    {
        await _server.DisposeAsync();
        _server = await EmbeddedServer.Start(_folder);
        _client.Dispose();
        _client = new HttpClient { BaseAddress = new Uri(_server.Url) };
    }

    private Task<HttpStatusCode> Ask(string token) => Send(HttpMethod.Get, null, ("Authorization", "Bearer " + token));

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
