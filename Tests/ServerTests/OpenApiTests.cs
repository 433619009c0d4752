// The description of REST: nothing in it is open, everything in it is described, and what it says of refusals is so.

using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NanoSync.Server.Access;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed partial class OpenApiTests
{
    // What whoever has a token does with it changes nothing of anybody else's.
    private static readonly string[] s_ownSession = ["/v1/session", "/v1/session/link", "/v1/decode"];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task No_route_answers_without_a_token_or_with_a_wrong_one()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("d1");
        string device = ops.Core.Devices.Rotate("d1");
        using HttpClient nobody = ops.Open(null), wrong = ops.Open("wrong"), board = ops.Open(device);
        int tried = 0;
        foreach ((string path, string method, JsonNode operation) in Operations(await ops.Get("/openapi/v1.json")))
        {
            foreach (HttpClient client in (HttpClient[])[nobody, wrong, board])
            {
                (HttpStatusCode status, JsonNode? body) = await OpsServer.Send(client, new HttpMethod(method.ToUpperInvariant()), Filled(path), "{}");
                bool open = operation["security"] is JsonArray { Count: 0 };
                Assert.AreEqual(open ? HttpStatusCode.Forbidden : HttpStatusCode.Unauthorized, status, $"{method} {path}");
                Assert.AreEqual(open ? "foreign" : "no_token", body!["code"]!.GetValue<string>(), $"{method} {path}");
                Assert.AreEqual(open, path == "/v1/session" && method == "post", "signing in alone is open, and asks for its header first");
                tried++;
            }
        }

        Assert.IsGreaterThan(60, tried);
        foreach (string path in (string[])["/openapi/v1.json", "/reference", "/reference/v1", "/v1/nothing", "/nothing"])
        {
            HttpStatusCode status = (await OpsServer.Send(nobody, HttpMethod.Get, path)).Status;
            Assert.IsTrue(status is HttpStatusCode.Unauthorized || (path.EndsWith("nothing", StringComparison.Ordinal) && status == HttpStatusCode.NotFound), $"{path}: {status}");
        }
    }

    [TestMethod]
    public async Task Each_operation_lets_its_role_in_and_not_the_one_below()
    {
        await using OpsServer ops = await OpsServer.Start();
        string[] roles = ["read", "configure", "administer"];
        Dictionary<string, HttpClient> clients = [];
        try
        {
            foreach (string role in roles)
            {
                clients[role] = ops.Open(ops.Core.Access.Add(role, Enum.Parse<Role>(role, ignoreCase: true), null, "test"));
            }

            Dictionary<string, int> tried = roles.ToDictionary(r => r, _ => 0);
            foreach ((string path, string method, JsonNode operation) in Operations(await ops.Get("/openapi/v1.json")).Where(o => o.Operation["security"] is not JsonArray { Count: 0 }))
            {
                string role = Roles().Match(operation["description"]!.GetValue<string>()).Groups[1].Value;
                int rank = Array.IndexOf(roles, role);
                Assert.AreNotEqual(-1, rank, $"{method} {path}");
                Assert.IsTrue(rank > 0 || method is "get" || s_ownSession.Contains(path), $"{method} {path}: who may only read changes something");
                for (int i = 0; i < roles.Length; i++)
                {
                    using HttpRequestMessage request = new(new HttpMethod(method.ToUpperInvariant()), Filled(path)) { Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json") };
                    using HttpResponseMessage response = await clients[roles[i]].SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.CancellationToken);
                    if (i < rank)
                    {
                        Assert.AreEqual(HttpStatusCode.Forbidden, response.StatusCode, $"{method} {path} as {roles[i]}");
                        Assert.AreEqual("role", JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.CancellationToken))!["code"]!.GetValue<string>(), $"{method} {path}");
                    }
                    else
                    {
                        Assert.IsFalse(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, $"{method} {path} as {roles[i]}: {response.StatusCode}");
                    }
                }

                tried[role]++;
            }

            TestContext.WriteLine(string.Join(", ", tried.Select(t => $"{t.Value} {t.Key}")));
            Assert.IsTrue(tried.Values.All(n => n > 5) && tried.Values.Sum() > 50);
        }
        finally
        {
            foreach (HttpClient client in clients.Values)
            {
                client.Dispose();
            }
        }
    }

    [TestMethod]
    public async Task Every_operation_says_what_it_does_what_it_answers_and_which_role_it_asks_for()
    {
        await using OpsServer ops = await OpsServer.Start();
        JsonNode document = await ops.Get("/openapi/v1.json");
        StringAssert.StartsWith(document["openapi"]!.GetValue<string>(), "3.1");
        List<string> bare = [];
        foreach ((string path, string method, JsonNode operation) in Operations(document))
        {
            bool described = operation["summary"]?.GetValue<string>() is { Length: > 0 } && operation["description"]?.GetValue<string>() is { Length: > 0 }
                && operation["responses"]!.AsObject().Any(r => r.Key[0] == '2') && operation["responses"]!["401"] != null && operation["tags"] is JsonArray { Count: 1 };
            bool parameters = (operation["parameters"] as JsonArray ?? []).All(p => p!["in"]!.GetValue<string>() != "query" || p["description"]?.GetValue<string>() is { Length: > 0 });
            if (!described || !parameters)
            {
                bare.Add($"{method} {path}");
            }
        }

        Assert.IsEmpty(bare, string.Join(", ", bare));
        string[] dangling = [.. References().Matches(document.ToJsonString()).Select(m => m.Groups[1].Value).Distinct().Where(r => document["components"]!["schemas"]![r] == null)];
        Assert.IsEmpty(dangling);
    }

    [TestMethod]
    public async Task The_document_of_REST_has_each_operation_with_its_role_and_no_other()
    {
        await using OpsServer ops = await OpsServer.Start();
        string[] operations = [.. Operations(await ops.Get("/openapi/v1.json")).Select(o =>
            $"{o.Method.ToUpperInvariant()} {o.Path} {(o.Operation["security"] is JsonArray { Count: 0 } ? "none" : Roles().Match(o.Operation["description"]!.GetValue<string>()).Groups[1].Value)}")];
        string[] listed = [.. CallRow().Matches(await File.ReadAllTextAsync(Path.Combine(RepositoryRoot(), "docs/rest.md"), TestContext.CancellationToken)).Select(r => $"{r.Groups[1].Value} {r.Groups[2].Value}")];
        CollectionAssert.AreEquivalent(operations, listed, $"missing: {string.Join(", ", operations.Except(listed))}; too much: {string.Join(", ", listed.Except(operations))}");
    }

    [TestMethod]
    [DataRow("GET", "/v1/devices?limit=0", null, "out_of_range", "limit")]
    [DataRow("GET", "/v1/devices?limit=x", null, "wrong_type", "limit")]
    [DataRow("GET", "/v1/devices?sort=colour", null, "wrong_type", "sort")]
    [DataRow("GET", "/v1/devices?lmit=5", null, "unknown_parameter", "lmit")]
    [DataRow("GET", "/v1/devices?limit=5&limit=6", null, "given_twice", "limit")]
    [DataRow("GET", "/v1/devices/d1?device=d2", null, "unknown_parameter", "device")]
    [DataRow("POST", "/v1/devices", """{"name":"x","colour":"red"}""", "unknown_field", "colour")]
    [DataRow("POST", "/v1/devices", """{"Name":"x"}""", "unknown_field", "Name")]
    [DataRow("POST", "/v1/devices", """{"name":"x","name":"y"}""", "given_twice", "name")]
    [DataRow("POST", "/v1/devices", """{"name":5}""", "wrong_type", "name")]
    [DataRow("POST", "/v1/devices", """{"name":null}""", "wrong_type", "name")]
    [DataRow("POST", "/v1/devices", "{}", "missing_field", "name")]
    [DataRow("POST", "/v1/tokens", """{"name":"t","role":"king"}""", "wrong_type", "role")]
    [DataRow("POST", "/v1/tokens", """{"name":"t","role":"read","days":0}""", "out_of_range", "days")]
    [DataRow("PATCH", "/v1/devices/d1", """{"every":-1}""", "out_of_range", "every")]
    public async Task What_cannot_be_taken_is_refused_with_a_code_and_the_field(string method, string path, string? json, string code, string field)
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("d1");
        JsonNode problem = await ops.Refused(HttpStatusCode.BadRequest, code, new HttpMethod(method), path, json);
        Assert.AreEqual(field, problem["field"]!.GetValue<string>());
        StringAssert.Contains(problem["detail"]!.GetValue<string>(), field);
    }

    [TestMethod]
    public async Task The_reference_page_comes_from_the_server_and_names_no_other()
    {
        await using OpsServer ops = await OpsServer.Start();
        string page = await ops.Client.GetStringAsync("/reference/v1", TestContext.CancellationToken);
        Assert.IsFalse(Elsewhere().IsMatch(page), page);
        string script = Source().Matches(page).Select(m => m.Groups[1].Value).First(s => s.Contains("scalar", StringComparison.Ordinal));
        using HttpResponseMessage response = await ops.Client.GetAsync(new Uri(new Uri(ops.Server.Url + "/reference/v1"), script), TestContext.CancellationToken);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, script);
    }

    private static IEnumerable<(string Path, string Method, JsonNode Operation)> Operations(JsonNode document)
    {
        return document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => (p.Key, o.Key, o.Value!)));
    }

    private static string Filled(string path) => Places().Replace(path, "d1");

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder != null && !File.Exists(Path.Combine(folder, "NanoSync.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder!;
    }

    [GeneratedRegex(@"(?m)^\| [^|]+ \| `([A-Z]+ /[^`]*)` \| (\w+) \|$")]
    private static partial Regex CallRow();

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Places();

    [GeneratedRegex(@"Role: (\w+)\.")]
    private static partial Regex Roles();

    [GeneratedRegex("\"#/components/schemas/([^\"]+)\"")]
    private static partial Regex References();

    [GeneratedRegex("(src|href)=\"(https?:)?//")]
    private static partial Regex Elsewhere();

    [GeneratedRegex("src=\"([^\"]+)\"")]
    private static partial Regex Source();
}
