// Every route with what it cannot take, taken from the OpenAPI document, so that a route that is added is tried, too: parameters
// and fields that there are not, of another type, out of range or given twice; bodies that are none or too large; devices, groups
// and objects that there are not; versions that are gone. Each is refused with a status, a code and the field that is meant.

using System.Net;
using System.Text.Json.Nodes;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class BadInputTests
{
    private const string Sampling = """{"interval":5,"sensors":null}""";

    // What stands in a path, and in fields that are wanted while another is tried.
    private static readonly Dictionary<string, string> s_places = new() { ["device"] = "d1", ["group"] = "north", ["collection"] = "config", ["id"] = "a", ["token"] = "t", ["alert"] = "1", ["class"] = "sampling", ["field"] = "interval" };
    private static readonly Dictionary<string, JsonNode> s_fields = new() { ["name"] = "x", ["role"] = "read", ["devices"] = new JsonArray(), ["data"] = false, ["version"] = 1 };

    private readonly List<string> _wrong = [];
    private OpsServer _ops = null!;
    private JsonNode _document = null!;
    private int _tried;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task Start()
    {
        _ops = await OpsServer.Start();
        _ops.Server.Enrol("d1");
        _ops.Core.Fleet.Place("d1", "north", null);
        _ops.Core.Notes.Set("sampling", "interval", "Interval", null, null, null, "test");
        _ops.Core.Access.Add("t", Server.Access.Role.Read, null, "test");
        foreach (string of in (string[])["/v1/devices/d1", "/v1/groups/north"])
        {
            HttpStatusCode status = (await _ops.Send(HttpMethod.Put, $"{of}/collections/config/objects/a?class={Uri.EscapeDataString(Bench.Sampling)}", Sampling)).Status;
            Assert.IsTrue(status is HttpStatusCode.OK or HttpStatusCode.Created, of);
        }

        _document = await _ops.Get("/openapi/v1.json");
    }

    [TestCleanup]
    public async Task Stop()
    {
        await _ops.DisposeAsync();
        TestContext.WriteLine($"{_tried} requests");
    }

    [TestMethod]
    public async Task Each_parameter_of_each_route_of_another_type_out_of_range_or_given_twice()
    {
        foreach ((string path, string method, JsonNode operation) in Operations())
        {
            string given = Filled(path);
            await Refused(method, $"{given}?nonsense=1", BodyOf(operation), 400, "unknown_parameter", "nonsense");
            foreach (JsonNode parameter in Parameters(operation, "query"))
            {
                string name = parameter["name"]!.GetValue<string>();
                JsonNode schema = parameter["schema"]!;
                string type = schema["type"]?.GetValue<string>() ?? schema["format"]!.GetValue<string>();
                string[] bad = type switch
                {
                    "integer" => ["x", "1.5", "99999999999999999999999", .. Beyond(schema)],
                    "boolean" => ["maybe", "2"],
                    "date-time" => ["yesterday", "2026-13-01"],
                    _ => schema["enum"] != null ? ["nonsense", "2"] : [],
                };
                foreach (string value in bad)
                {
                    await Refused(method, $"{given}?{name}={value}", BodyOf(operation), 400, "wrong_type out_of_range", name);
                }

                await Refused(method, $"{given}?{name}=1&{name}=2", BodyOf(operation), 400, "given_twice", name);
            }
        }

        Assert.IsEmpty(_wrong, string.Join('\n', _wrong));
        Assert.IsGreaterThan(150, _tried);
    }

    [TestMethod]
    public async Task Each_field_of_each_body_of_another_type_unknown_or_given_twice_and_bodies_that_are_none_or_too_large()
    {
        foreach ((string path, string method, JsonNode operation) in Operations().Where(o => o.Operation["requestBody"] != null))
        {
            string given = Filled(path), good = BodyOf(operation)!;
            foreach (string body in (string[])["", "{", "[]", "5", "null", """{"a":"\ud800"}""", """{"a":1,}"""])
            {
                await Refused(method, given, body, 400, null, null);
            }

            await Refused(method, given, "{\"x\":\"" + new string('x', 3 << 20) + "\"}", 413, "too_large", null);
            await Refused(method, given, With(good, "nonsense", 1), 400, "unknown_field", "nonsense");
            foreach ((string name, JsonNode? value) in JsonNode.Parse(good)!.AsObject())
            {
                await Refused(method, given, good[..^1] + $",\"{name}\":{value?.ToJsonString() ?? "null"}}}", 400, "given_twice", name);
            }

            foreach ((string name, JsonNode wrong) in WrongFields(operation))
            {
                await Refused(method, given, With(good, name, wrong), 400, "wrong_type out_of_range", name);
            }
        }

        Assert.IsEmpty(_wrong, string.Join('\n', _wrong));
        Assert.IsGreaterThan(150, _tried);
    }

    [TestMethod]
    public async Task Each_route_that_names_a_device_a_group_or_an_object_that_there_is_not()
    {
        foreach ((string path, string method, JsonNode operation) in Operations())
        {
            foreach (JsonNode place in Parameters(operation, "path"))
            {
                string name = place["name"]!.GetValue<string>();
                bool made = method == "PUT" && (name is "id" or "class" or "field"); // which makes it
                if (!made)
                {
                    string type = Parameters(operation, "query").Any(p => p["name"]!.GetValue<string>() == "class") ? "?class=" + Uri.EscapeDataString(Bench.Sampling) : "";
                    await Refused(method, Filled(path, name, name == "alert" ? "999" : "nobody") + type, BodyOf(operation), 404, "not_found", null);
                }
            }
        }

        await Refused("POST", "/v1/alerts/x/acknowledge", "{}", 400, "wrong_type", "alert");
        await Refused("GET", "/v1/readings?device=nobody", null, 404, "not_found", null);
        await Refused("GET", "/v1/changes?device=nobody", null, 404, "not_found", null);
        Assert.IsEmpty(_wrong, string.Join('\n', _wrong));
        Assert.IsGreaterThan(50, _tried);
    }

    [TestMethod]
    public async Task Each_route_that_writes_only_over_what_somebody_saw_writes_over_nothing_else()
    {
        foreach ((string path, string method, JsonNode operation) in Operations().Where(o => Parameters(o.Operation, "header").Any(p => p["name"]!.GetValue<string>() == "If-Match")))
        {
            await Refused(method, Filled(path), BodyOf(operation), 412, "changed_since", null, ("If-Match", "\"999\""));
            await Refused(method, Filled(path), BodyOf(operation), 412, "changed_since", null, ("If-None-Match", "*"));
            await Refused(method, Filled(path), BodyOf(operation), 400, "wrong_type", "If-Match", ("If-Match", "yesterday"));
        }

        Assert.IsEmpty(_wrong, string.Join('\n', _wrong));
        Assert.AreEqual(3 * 6, _tried, "objects and groups' values: PUT, DELETE, restore");
        Assert.AreEqual("5", (await _ops.Get("/v1/devices/d1/collections/config/objects/a"))["value"]!["interval"]!.ToJsonString());
        Assert.HasCount(1, (await _ops.Get("/v1/groups/north/collections/config/objects/a/history")).AsArray());
    }

    // Refused with one of these codes (null = any), and with this field named in the sentence.
    private async Task Refused(string method, string path, string? body, int status, string? codes, string? field, params (string Name, string Value)[] headers)
    {
        _tried++;
        string what = $"{method} {path} {(body?.Length > 200 ? $"({body.Length} bytes)" : body)} {string.Join(' ', headers)}";
        (HttpStatusCode got, JsonNode? problem) = await OpsServer.Send(_ops.Client, new HttpMethod(method), path, body, [("X-NanoSync", "1"), .. headers]);
        string? code = problem?["code"]?.GetValue<string>(), named = problem?["field"]?.GetValue<string>(), detail = problem?["detail"]?.GetValue<string>();
        bool right = (int)got == status && code != null && detail is { Length: > 5 } && (codes == null || codes.Split(' ').Contains(code))
            && (field == null || (named == field && detail.Contains(field, StringComparison.Ordinal)));
        if (!right)
        {
            _wrong.Add($"{what}: {(int)got} {code} {named}: {detail ?? problem?.ToJsonString()}; wanted {status} {codes} {field}");
        }
    }

    private IEnumerable<(string Path, string Method, JsonNode Operation)> Operations()
    {
        return _document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => (p.Key, o.Key.ToUpperInvariant(), o.Value!)));
    }

    private static IEnumerable<JsonNode> Parameters(JsonNode operation, string where)
    {
        return (operation["parameters"] as JsonArray ?? []).Where(p => p!["in"]!.GetValue<string>() == where).Select(p => p!);
    }

    private static string Filled(string path, string? other = null, string? value = null)
    {
        return string.Join('/', path.Split('/').Select(s => !s.StartsWith('{') ? s : s[1..^1] == other ? value : s_places[s[1..^1]]));
    }

    private static IEnumerable<string> Beyond(JsonNode schema)
    {
        foreach ((string bound, int step) in ((string, int)[])[("minimum", -1), ("maximum", 1)])
        {
            if (schema[bound] is { } value && decimal.TryParse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture, out decimal number))
            {
                yield return (number + step).ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
        }
    }

    private JsonObject? FieldsOf(JsonNode operation)
    {
        return operation["requestBody"]?["content"]?["application/json"]?["schema"]?["$ref"]?.GetValue<string>() is { } name
            ? _document["components"]!["schemas"]![name.Split('/')[^1]]!["properties"] as JsonObject ?? []
            : null;
    }

    // A body that the route would take; null where it takes none.
    private string? BodyOf(JsonNode operation)
    {
        JsonObject? fields = FieldsOf(operation);
        return fields == null ? null
            : fields.Count == 0 ? (operation["summary"]!.GetValue<string>().StartsWith("Queue", StringComparison.Ordinal) ? """{"class":"interval","seconds":60}""" : Sampling)
            : new JsonObject(fields.Where(f => s_fields.ContainsKey(f.Key)).Select(f => KeyValuePair.Create(f.Key, (JsonNode?)s_fields[f.Key].DeepClone()))).ToJsonString();
    }

    private IEnumerable<(string Name, JsonNode Wrong)> WrongFields(JsonNode operation)
    {
        JsonObject fields = FieldsOf(operation)!;
        if (fields.Count == 0)
        {
            return JsonNode.Parse(BodyOf(operation)!)!.AsObject().SelectMany(f => ((JsonNode[])[new JsonArray(), new JsonObject(), true, f.Value?.GetValueKind() == System.Text.Json.JsonValueKind.Number ? "x" : 5]).Select(w => (f.Key, w)));
        }

        return fields.SelectMany(f => (f.Value!["type"] is JsonArray types ? types.First(t => t!.GetValue<string>() != "null")! : f.Value["type"])?.GetValue<string>() switch
        {
            "integer" => (JsonNode[])["x", 1.5, true, JsonNode.Parse("100000000000000000000000000000")!, new JsonArray()],
            "number" => ["x", true, new JsonArray(), new JsonObject()],
            "boolean" => ["true", 1, new JsonObject()],
            "array" => [5, "x", true, new JsonObject()],
            "string" => [5, true, new JsonArray(), new JsonObject()],
            _ => [5, true, .. f.Value["enum"] == null ? (JsonNode[])[] : ["nonsense"]],
        }, (f, w) => (f.Key, w));
    }

    private static string With(string body, string name, JsonNode value)
    {
        JsonObject changed = JsonNode.Parse(body)!.AsObject();
        changed[name] = value;
        return changed.ToJsonString();
    }
}
