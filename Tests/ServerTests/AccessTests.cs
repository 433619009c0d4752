// Who may do what through REST: roles, sign-in of a page, links, ends of tokens, the audit log.

using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using NanoSync.Server;
using NanoSync.Server.Access;
using NanoSync.Server.Application;
using NanoSync.Server.Host;
using NanoSync.Server.Http;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class AccessTests
{
    private static readonly (string, string) s_csrf = ("X-NanoSync", "1");

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("read", "200 403 403 403")]
    [DataRow("configure", "200 202 403 403")]
    [DataRow("administer", "200 202 201 200")]
    public async Task A_role_contains_those_below_it_and_nothing_above(string role, string expected)
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("d1");
        using HttpClient client = ops.Open(await Token(ops, "t", role));
        List<int> got = [];
        foreach ((HttpMethod method, string path, string? json) in ((HttpMethod, string, string?)[])
            [(HttpMethod.Get, "/v1/devices", null), (HttpMethod.Post, "/v1/devices/d1/commands", """{"class":"restart"}"""), (HttpMethod.Post, "/v1/devices", """{"name":"x"}"""), (HttpMethod.Get, "/v1/audit", null)])
        {
            (HttpStatusCode status, JsonNode? body) = await OpsServer.Send(client, method, path, json);
            got.Add((int)status);
            if (status == HttpStatusCode.Forbidden)
            {
                Assert.AreEqual("role", body!["code"]!.GetValue<string>());
                StringAssert.Contains(body["detail"]!.GetValue<string>(), $"The token t may {role}");
            }
        }

        Assert.AreEqual(expected, string.Join(' ', got));
    }

    [TestMethod]
    public async Task A_token_ends_when_it_is_revoked_or_too_old_and_with_it_what_signed_in_with_it()
    {
        await using OpsServer ops = await OpsServer.Start();
        string forever = await Token(ops, "forever", "read"), day = await Token(ops, "day", "read", 1);
        using HttpClient page = ops.Open(null), other = ops.Open(null), both = ops.Open(day);
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(page, HttpMethod.Post, "/v1/session", $$"""{"token":"{{forever}}"}""", s_csrf)).Status);
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(other, HttpMethod.Post, "/v1/session", $$"""{"token":"{{day}}"}""", s_csrf)).Status);
        JsonNode me = (await OpsServer.Send(page, HttpMethod.Get, "/v1/session")).Body!;
        Assert.AreEqual("forever read", $"{me["name"]} {me["role"]}");
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(both, HttpMethod.Get, "/v1/fleet")).Status);

        ops.Clock.Now += TimeSpan.FromHours(25);
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await OpsServer.Send(both, HttpMethod.Get, "/v1/fleet")).Status);
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await OpsServer.Send(other, HttpMethod.Get, "/v1/fleet")).Status);
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(page, HttpMethod.Get, "/v1/fleet")).Status);
        Assert.AreEqual(HttpStatusCode.NoContent, (await ops.Send(HttpMethod.Delete, "/v1/tokens/forever")).Status);
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await OpsServer.Send(page, HttpMethod.Get, "/v1/fleet")).Status);
        Assert.AreEqual(HttpStatusCode.NotFound, (await ops.Send(HttpMethod.Delete, "/v1/tokens/forever")).Status);

        string again = await Token(ops, "forever", "configure"); // another token of that name
        Assert.AreNotEqual(forever, again);
        Assert.AreEqual("admin:administer day:read forever:read forever:configure", string.Join(' ', (await ops.Get("/v1/tokens")).AsArray().Select(t => $"{t!["name"]}:{t["role"]}")));
        Assert.IsFalse((await ops.Get("/v1/tokens")).ToJsonString().Contains(again, StringComparison.Ordinal));
        await ops.Refused(HttpStatusCode.Conflict, "conflict", HttpMethod.Post, "/v1/tokens", """{"name":"forever","role":"read"}""");
        await ops.Refused(HttpStatusCode.BadRequest, "bad_input", HttpMethod.Post, "/v1/tokens", """{"name":"admin","role":"read"}""");
    }

    [TestMethod]
    public async Task A_change_by_a_page_carries_a_header_that_no_other_page_can_send()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("d1");
        string token = await Token(ops, "t", "configure");
        using HttpClient page = ops.Open(null), raw = ops.Open(null, cookies: false);
        Assert.AreEqual(HttpStatusCode.Forbidden, (await OpsServer.Send(page, HttpMethod.Post, "/v1/session", $$"""{"token":"{{token}}"}""")).Status, "nor is anybody signed in by another page");
        Assert.AreEqual(HttpStatusCode.Forbidden, (await OpsServer.Send(page, HttpMethod.Post, "/v1/session", """{"token":"wrong"}""", s_csrf)).Status);
        string cookie = await SignIn(raw, token, TestContext.CancellationToken);
        foreach (string part in (string[])["httponly", "samesite=strict", "path=/"])
        {
            StringAssert.Contains(cookie, part);
        }

        Assert.IsFalse(cookie.Contains(token, StringComparison.Ordinal));
        (string, string) carried = ("Cookie", cookie.Split(';')[0]);
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(raw, HttpMethod.Get, "/v1/devices", null, carried)).Status);
        (HttpStatusCode status, JsonNode? body) = await OpsServer.Send(raw, HttpMethod.Post, "/v1/devices/d1/commands", """{"class":"restart"}""", carried);
        Assert.AreEqual((HttpStatusCode.Forbidden, "foreign"), (status, body!["code"]!.GetValue<string>()));
        Assert.AreEqual(HttpStatusCode.Accepted, (await OpsServer.Send(raw, HttpMethod.Post, "/v1/devices/d1/commands", """{"class":"restart"}""", carried, s_csrf)).Status);
        Assert.AreEqual(HttpStatusCode.NoContent, (await OpsServer.Send(raw, HttpMethod.Delete, "/v1/session", null, carried, s_csrf)).Status);
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await OpsServer.Send(raw, HttpMethod.Get, "/v1/devices", null, carried)).Status, "signed out");
    }

    [TestMethod]
    public async Task A_link_signs_in_once_and_not_for_long()
    {
        await using OpsServer ops = await OpsServer.Start();
        using HttpClient first = ops.Open(null), second = ops.Open(null);
        (_, JsonNode? link) = await ops.Send(HttpMethod.Post, "/v1/session/link");
        Assert.AreEqual("/#link=" + link!["code"], link["path"]!.GetValue<string>());
        string body = $$"""{"link":"{{link["code"]}}"}""";
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(first, HttpMethod.Post, "/v1/session", body, s_csrf)).Status);
        Assert.AreEqual(HttpStatusCode.Forbidden, (await OpsServer.Send(second, HttpMethod.Post, "/v1/session", body, s_csrf)).Status);
        Assert.AreEqual("admin", (await OpsServer.Send(first, HttpMethod.Get, "/v1/session")).Body!["name"]!.GetValue<string>());

        (_, link) = await ops.Send(HttpMethod.Post, "/v1/session/link");
        ops.Clock.Now += TimeSpan.FromMinutes(16);
        Assert.AreEqual(HttpStatusCode.Forbidden, (await OpsServer.Send(second, HttpMethod.Post, "/v1/session", $$"""{"link":"{{link!["code"]}}"}""", s_csrf)).Status);
        using (HttpClient bearer = ops.Open(link["code"]!.GetValue<string>()))
        {
            Assert.AreEqual(HttpStatusCode.Unauthorized, (await OpsServer.Send(bearer, HttpMethod.Get, "/v1/devices")).Status, "a code is no token");
        }

        ops.Core.Access.Renew(AccessService.Admin, null, "test");
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await OpsServer.Send(first, HttpMethod.Get, "/v1/session")).Status, "a renewed admin token ends what signed in with the old one");
    }

    [TestMethod]
    public async Task Every_change_stands_in_the_audit_log_with_who_made_it_and_nothing_else_does()
    {
        await using OpsServer ops = await OpsServer.Start();
        using HttpClient client = ops.Open(await Token(ops, "smith", "administer"));
        await OpsServer.Send(client, HttpMethod.Post, "/v1/devices", """{"name":"d1"}""");
        await OpsServer.Send(client, HttpMethod.Post, "/v1/devices", """{"name":"d1"}"""); // there already
        await OpsServer.Send(client, HttpMethod.Get, "/v1/devices/d1");
        await OpsServer.Send(client, HttpMethod.Post, "/v1/devices/d1/commands", """{"class":"interval","seconds":60}""");
        await OpsServer.Send(client, HttpMethod.Put, "/v1/devices/d1/collections/config/objects/a?class=" + Uri.EscapeDataString(Bench.Sampling), """{"interval":5,"sensors":null}""");
        await ops.Send(HttpMethod.Delete, "/v1/devices/d1");
        JsonArray log = (await ops.Get("/v1/audit?limit=4"))["entries"]!.AsArray();
        Assert.AreEqual(
            "admin DELETE devices /v1/devices/d1; smith PUT devices/collections/objects /v1/devices/d1/collections/config/objects/a; smith POST devices/commands /v1/devices/d1/commands; smith POST devices /v1/devices",
            string.Join("; ", log.Select(e => $"{e!["who"]} {e["action"]} {e["target"]}")));
        long last = log[3]!["id"]!.GetValue<long>();
        Assert.AreEqual("admin POST tokens", (await ops.Get($"/v1/audit?before={last}"))["entries"]!.AsArray().Single() is { } e ? $"{e["who"]} {e["action"]}" : "");
    }

    [TestMethod]
    public async Task A_change_whose_line_the_audit_log_does_not_take_is_not_made()
    {
        await using OpsServer ops = await OpsServer.Start();
        await ops.Send(HttpMethod.Post, "/v1/devices", """{"name":"d1"}""");
        TestDatabase.Execute(ops.Folder, "ALTER TABLE audit RENAME TO elsewhere");
        (HttpStatusCode status, _) = await ops.Send(HttpMethod.Post, "/v1/devices", """{"name":"d2"}""");
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, status);
        Assert.AreEqual(HttpStatusCode.NotFound, (await ops.Send(HttpMethod.Get, "/v1/devices/d2")).Status);
        TestDatabase.Execute(ops.Folder, "ALTER TABLE elsewhere RENAME TO audit");
        await ops.Send(HttpMethod.Post, "/v1/devices", """{"name":"d2"}""");
        JsonArray log = (await ops.Get("/v1/audit?limit=10"))["entries"]!.AsArray();
        Assert.AreEqual("POST devices; POST devices", string.Join("; ", log.Select(e => $"{e!["action"]}")), "one line for one change");
    }

    [TestMethod]
    public async Task The_database_holds_neither_a_token_nor_the_secret_of_a_cookie_nor_the_code_of_a_link()
    {
        await using OpsServer ops = await OpsServer.Start();
        string token = await Token(ops, "t", "read");
        using HttpClient page = ops.Open(null, cookies: false), bearer = ops.Open(token);
        string code = (await OpsServer.Send(bearer, HttpMethod.Post, "/v1/session/link")).Body!["code"]!.GetValue<string>();
        string cookie = await SignIn(page, token, TestContext.CancellationToken);
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(page, HttpMethod.Get, "/v1/session", null, ("Cookie", cookie.Split(';')[0]))).Status);
        byte[] bytes = TestDatabase.Bytes(ops.Folder);
        foreach ((string what, string secret) in ((string, string)[])[("token", token), ("cookie", cookie.Split(';')[0].Split('=')[1]), ("link", code), ("admin token", ops.Server.AdminToken)])
        {
            Assert.IsTrue(Holds(bytes, DeviceService.HashOf(secret)), $"{what}: its check sum is looked for at the right place");
            byte[] raw = System.Buffers.Text.Base64Url.DecodeFromChars(secret);
            Assert.IsFalse(Holds(bytes, Encoding.UTF8.GetBytes(secret)) || Holds(bytes, raw), what);
        }
    }

    [TestMethod]
    public async Task Under_https_a_cookie_goes_back_under_https_alone()
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-access-").FullName;
        try
        {
            TlsFiles files = TlsFiles.Make(folder, ["127.0.0.1"], 10, DateTimeOffset.UtcNow);
            await using (WebHost host = await WebHost.Start(
                new ServerOptions { Data = Path.Combine(folder, "data"), Urls = "https://127.0.0.1:0;http://127.0.0.1:0", TlsCertificate = files.Certificate, TlsKey = files.Key }, logLevel: LogLevel.None))
            {
                foreach (string url in host.Urls)
                {
                    using SocketsHttpHandler handler = new() { UseCookies = false };
                    handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true; // whose it is TlsTests look at
                    using HttpClient client = new(handler) { BaseAddress = new Uri(url) };
                    string[] parts = (await SignIn(client, host.AdminToken!, TestContext.CancellationToken)).Split("; ");
                    Assert.AreEqual(url.StartsWith("https:", StringComparison.Ordinal), parts.Contains("secure", StringComparer.OrdinalIgnoreCase), url);
                }

                Assert.HasCount(2, host.Urls);
            }
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    // Signs in; the cookie with what is said of it.
    private static async Task<string> SignIn(HttpClient client, string token, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/session") { Content = new StringContent($$"""{"token":"{{token}}"}""") };
        request.Headers.Add("X-NanoSync", "1");
        using HttpResponseMessage response = await client.SendAsync(request, cancellation);
        return response.Headers.GetValues("Set-Cookie").Single();
    }

    // As they are, or as a dump of the database shows bytes.
    private static bool Holds(byte[] bytes, byte[] part)
    {
        return bytes.AsSpan().IndexOf(part) >= 0 || bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(part))) >= 0;
    }

    private static async Task<string> Token(OpsServer ops, string name, string role, int? days = null)
    {
        (HttpStatusCode status, JsonNode? body) = await ops.Send(HttpMethod.Post, "/v1/tokens", $$"""{"name":"{{name}}","role":"{{role}}"{{(days == null ? "" : $",\"days\":{days}")}}}""");
        Assert.AreEqual(HttpStatusCode.Created, status, body?.ToJsonString());
        return body!["token"]!.GetValue<string>();
    }
}
