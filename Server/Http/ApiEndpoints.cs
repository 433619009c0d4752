// REST for the application and the operator: devices, objects, commands, refusals. JSON, ETag = the object's number.

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Http;

internal sealed class ApiEndpoints(ServerCore core, ApiGuard guard)
{
    private const string Objects = "/devices/{device}/collections/{collection}/objects";
    private const string BytesType = "application/octet-stream";

    public void Map(IEndpointRouteBuilder app)
    {
        RouteGroupBuilder api = app.MapGroup("/api").AddEndpointFilter(guard.Filter);
        api.MapGet("/devices", () => Json(new JsonArray([.. core.Devices.List().Select(Device)])));
        api.MapPost("/devices", (Delegate)AddDevice);
        api.MapGet("/devices/{device}", (string device) => Json(DeviceInFull(device)));
        api.MapDelete("/devices/{device}", (string device) => Done(() => core.Devices.Revoke(device)));
        api.MapPost("/devices/{device}/rotate", (string device, HttpRequest request) =>
            Json(new JsonObject { ["token"] = core.Devices.Rotate(device, readmit: Flag(request, "readmit")) }));
        api.MapGet("/devices/{device}/refusals", (string device) => Json(Refusals(device)));
        api.MapPost("/devices/{device}/commands", (Delegate)AddCommand);
        api.MapGet("/devices/{device}/commands", (string device) => Json(Commands(device)));
        api.MapPost("/devices/{device}/diary", (string device) => Json(new JsonObject { ["id"] = core.Devices.AskDiary(device) }, StatusCodes.Status202Accepted));
        api.MapGet("/devices/{device}/diary", GetDiary);

        api.MapGet(Objects, List);
        api.MapPost(Objects, (string device, string collection, HttpContext context) => Put(device, collection, null, context));
        api.MapGet(Objects + "/{id}", Get);
        api.MapPut(Objects + "/{id}", (string device, string collection, HttpContext context) => Put(device, collection, Id(context), context));
        api.MapDelete(Objects + "/{id}", (string device, string collection, HttpContext context) =>
            Done(() => core.Objects.Delete(device, collection, Id(context), Expected(context))));
        api.MapPost(Objects + "/{id}/retry", (string device, string collection, HttpContext context) =>
            Json(new JsonObject { ["retried"] = core.Objects.Retry(device, collection, Id(context)) }));
        api.MapPost(Objects + "/{id}/drop", (string device, string collection, HttpContext context) =>
            Done(() => core.Objects.Drop(device, collection, Id(context))));
        api.MapPost(Objects + "/{id}/fetch", (string device, string collection, HttpContext context) =>
            Done(() => core.Objects.FetchFromDevice(device, collection, Id(context))));
        api.MapGet("/devices/{device}/collections/{collection}/conflicts", Conflicts);
    }

    private static IResult Json(JsonNode json, int status = StatusCodes.Status200OK)
    {
        return Results.Text(json.ToJsonString(), "application/json", statusCode: status);
    }

    private static IResult Done(Action action)
    {
        action();
        return Results.NoContent();
    }

    private JsonNode Device(DeviceRow device)
    {
        DeviceCounts counts = core.Devices.Counts(device.Name) ?? new DeviceCounts(0, 0, 0, 0);
        return new JsonObject
        {
            ["name"] = device.Name,
            ["id"] = device.Id,
            ["created"] = ObjectJson.Time(device.Created),
            ["lastSeen"] = device.LastSeen is { } seen ? ObjectJson.Time(seen) : null,
            ["revoked"] = device.Revoked is { } revoked ? ObjectJson.Time(revoked) : null,
            ["collections"] = new JsonArray([.. device.Collections.Split(',').Select(c => JsonValue.Create(c))]),
            ["losses"] = new JsonObject
            {
                ["refused"] = counts.Refused,
                ["dropped"] = counts.Dropped,
                ["damaged"] = counts.Damaged,
                ["forked"] = counts.Forked,
            },
        };
    }

    private JsonNode DeviceInFull(string name)
    {
        JsonNode json = Device(core.Devices.Get(name));
        JsonObject told = [];
        foreach ((InfoRow row, List<KeyValuePair<string, string>> fields) in core.Devices.Info(name))
        {
            JsonObject structure = new() { ["time"] = ObjectJson.Time(row.Time) };
            if (fields.Count > 0)
            {
                structure["value"] = new JsonObject(fields.Select(f => new KeyValuePair<string, JsonNode?>(f.Key, JsonValue.Create(f.Value))));
            }
            else
            {
                structure["data"] = Convert.ToBase64String(row.Data);
            }

            told[row.Class] = structure;
        }

        json["told"] = told;
        json["stores"] = new JsonArray([.. core.Devices.Stores(name).Select(store => (JsonNode)new JsonObject
        {
            ["id"] = store.StoreId,
            ["since"] = ObjectJson.Time(store.FirstSeen),
            ["lastSeen"] = ObjectJson.Time(store.LastSeen),
            ["cameFrom"] = store.CameFrom,
            ["why"] = store.Why,
        })]);
        return json;
    }

    private async Task<IResult> AddDevice(HttpContext context)
    {
        using JsonDocument json = await ReadJson(context);
        foreach (JsonProperty member in json.RootElement.EnumerateObject())
        {
            if (member.Name is not ("name" or "collections" or "sealed"))
            {
                throw new RefusedException(Refusal.BadInput, $"A device is made of name, collections and sealed; there is no {member.Name}.");
            }
        }

        string name = Member(json, "name") ?? throw new RefusedException(Refusal.BadInput, "name is missing.");
        string token = core.Devices.Add(name, Collections(json) ?? DeviceService.DefaultCollections, Flag(json, "sealed"));
        return Json(new JsonObject { ["name"] = name, ["token"] = token }, StatusCodes.Status201Created);
    }

    // "a,b@site" or ["a", "b@site"]; null when not given
    private static string? Collections(JsonDocument json)
    {
        if (!json.RootElement.TryGetProperty("collections", out JsonElement given) || given.ValueKind != JsonValueKind.Array)
        {
            return Member(json, "collections");
        }

        return given.EnumerateArray().All(c => c.ValueKind == JsonValueKind.String && !c.GetString()!.Contains(','))
            ? string.Join(',', given.EnumerateArray().Select(c => c.GetString()))
            : throw new RefusedException(Refusal.BadInput, "collections is a text, or a list of texts, each one name.");
    }

    private async Task<IResult> AddCommand(string device, HttpContext context)
    {
        using JsonDocument json = await ReadJson(context);
        string type = Member(json, "class") ?? throw new RefusedException(Refusal.BadInput, "class is missing.");
        List<KeyValuePair<string, string>> arguments = ObjectJson.ParseFields(json.RootElement);
        arguments.RemoveAll(a => a.Key == "class");
        long id = core.Devices.Command(device, type, arguments);
        return Json(new JsonObject { ["id"] = id }, StatusCodes.Status202Accepted);
    }

    private JsonArray Commands(string device)
    {
        return new JsonArray([.. core.Devices.Commands(device).Select(c => new JsonObject
        {
            ["id"] = c.Id,
            ["class"] = c.Class,
            ["queued"] = ObjectJson.Time(c.Created),
            ["done"] = c.Done is { } done ? ObjectJson.Time(done) : null,
            ["status"] = c.Status,
            ["reason"] = c.Reason,
        })]);
    }

    // As the device's bytes when asked for so, else entry by entry.
    private IResult GetDiary(string device, HttpContext context)
    {
        if (context.Request.Headers.Accept == BytesType)
        {
            return Results.Bytes(core.Devices.DiaryBytes(device).Data, BytesType);
        }

        (long time, Diary diary) = core.Devices.Diary(device);
        return Json(new JsonObject
        {
            ["time"] = ObjectJson.Time(time),
            ["damaged"] = diary.Damaged,
            ["entries"] = new JsonArray([.. diary.Entries.Select(e => new JsonObject
            {
                ["number"] = e.Number,
                ["time"] = e.Time == 0 ? null : ObjectJson.Time(e.Time * 1000L),
                ["uptime"] = e.Uptime,
                ["kind"] = e.Kind.ToString().ToLowerInvariant(),
                ["failed"] = e.Failed,
                ["times"] = e.Times,
                ["reason"] = e.Kind == DiaryKind.Start ? e.Reason : null,
                ["carrier"] = (int)e.Carrier,
                ["http"] = e.Http,
                ["message"] = (int)e.Message,
                ["store"] = (int)e.Store,
                ["status"] = e.Kind == DiaryKind.Start ? 0 : e.Status,
                ["objectsUp"] = e.ObjectsUp,
                ["objectsDown"] = e.ObjectsDown,
                ["refusedUp"] = e.RefusedUp,
                ["refusedDown"] = e.RefusedDown,
                ["bytesUp"] = e.BytesUp,
                ["bytesDown"] = e.BytesDown,
                ["heapKilobytes"] = e.HeapKilobytes,
                ["correction"] = e.Correction,
                ["text"] = e.ToString(),
            })]),
        });
    }

    private JsonArray Refusals(string device)
    {
        return new JsonArray([.. core.Devices.Refusals(device).Select(r => new JsonObject
        {
            ["collection"] = r.Collection,
            ["object"] = r.ObjectId,
            ["by"] = r.ByServer ? "server" : device,
            ["status"] = r.Status,
            ["reason"] = r.Reason,
            ["times"] = r.Times,
            ["time"] = ObjectJson.Time(r.Time),
        })]);
    }

    private IResult List(string device, string collection, HttpRequest request)
    {
        List<ObjectView> objects = core.Objects.List(
            device, collection, Number(request, "after", 0, 0, long.MaxValue), (int)Number(request, "limit", 1000, 1, 10_000), Flag(request, "deleted"));
        return Json(new JsonArray([.. objects.Select(ObjectJson.Of)]));
    }

    // What stands in the query is read here and not by the framework, whose refusal says nothing.
    private static long Number(HttpRequest request, string name, long otherwise, long least, long most)
    {
        string? text = request.Query[name];
        return text == null ? otherwise
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= least && value <= most ? value
            : throw new RefusedException(Refusal.BadInput, string.Create(CultureInfo.InvariantCulture, $"{name} is a number from {least} to {most}."));
    }

    private static bool Flag(HttpRequest request, string name)
    {
        string? text = request.Query[name];
        return text != null && (bool.TryParse(text, out bool value) ? value : throw new RefusedException(Refusal.BadInput, $"{name} is true or false."));
    }

    // /api/devices/{device}/collections/{collection}/objects/{id}
    private static string Id(HttpContext context)
    {
        const int Place = 6;
        return RawPath.Decode(RawPath.Segments(context)[Place]);
    }

    private IResult Get(string device, string collection, HttpContext context)
    {
        ObjectView view = core.Objects.Get(device, collection, Id(context));
        SetTag(context, view);
        return context.Request.Headers.Accept == BytesType ? Results.Bytes(view.Row.Data!, BytesType) : Json(ObjectJson.Of(view));
    }

    private async Task<IResult> Put(string device, string collection, string? id, HttpContext context)
    {
        // base64 in JSON takes a third more than the object
        ReadOnlyMemory<byte> body = await SyncEndpoint.ReadBody(context, core.Options.Limits.MaxObject * 2)
            ?? throw new RefusedException(Refusal.TooLarge, "The body is too large.");
        string? type = context.Request.Query["class"];
        NewValue value = context.Request.ContentType?.StartsWith(BytesType, StringComparison.OrdinalIgnoreCase) == true
            ? new NewValue(null, body.ToArray(), type)
            : ObjectJson.Parse(body, type);
        ObjectView view = core.Objects.Put(device, collection, id, value, Expected(context));
        SetTag(context, view);
        return Json(ObjectJson.Of(view), view.Row.CreatedSeq == view.Row.Seq ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private IResult Conflicts(string device, string collection)
    {
        return Json(new JsonArray([.. core.Objects.Losers(device, collection).Select(l =>
        {
            JsonObject json = new()
            {
                ["id"] = l.Row.ServerId,
                ["loser"] = l.Row.FromDevice ? "device" : "server",
                ["time"] = ObjectJson.Time(l.Row.Time),
                ["class"] = l.Row.Class,
                ["deleted"] = l.Row.Deleted,
            };
            if (!l.Row.Deleted)
            {
                ObjectJson.AddValue(json, l.Class, l.Row.Data ?? []);
            }

            return json;
        })]));
    }

    private static void SetTag(HttpContext context, ObjectView view)
    {
        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{view.Row.Seq}\"");
    }

    // If-Match: "12" = only that one; If-None-Match: * = only when there is none
    private static long? Expected(HttpContext context)
    {
        if (context.Request.Headers.IfNoneMatch == "*")
        {
            return 0;
        }

        string? tag = context.Request.Headers.IfMatch;
        if (tag == null)
        {
            return null;
        }

        return long.TryParse(tag.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out long seq)
            ? seq
            : throw new RefusedException(Refusal.BadInput, "If-Match is not an ETag of this server.");
    }

    private async Task<JsonDocument> ReadJson(HttpContext context)
    {
        ReadOnlyMemory<byte> body = await SyncEndpoint.ReadBody(context, core.Options.Limits.MaxMessage)
            ?? throw new RefusedException(Refusal.TooLarge, "The body is too large.");
        JsonDocument json = ObjectJson.ParseObject(body);
        string? twice = json.RootElement.EnumerateObject().CountBy(m => m.Name, StringComparer.Ordinal).FirstOrDefault(n => n.Value > 1).Key;
        if (twice != null)
        {
            json.Dispose();
            throw new RefusedException(Refusal.BadInput, $"{twice} is given twice.");
        }

        return json;
    }

    // null when not given; what is given and no text is an error, or it would count as not given
    private static string? Member(JsonDocument json, string name)
    {
        return !json.RootElement.TryGetProperty(name, out JsonElement member) ? null
            : member.ValueKind == JsonValueKind.String ? member.GetString()
            : throw new RefusedException(Refusal.BadInput, $"{name} is a text.");
    }

    private static bool Flag(JsonDocument json, string name)
    {
        return json.RootElement.TryGetProperty(name, out JsonElement member)
            && (member.ValueKind == JsonValueKind.True || (member.ValueKind == JsonValueKind.False ? false
                : throw new RefusedException(Refusal.BadInput, $"{name} is true or false.")));
    }
}
