// REST for objects: JSON by their class, or bytes. ETag = the object's number.

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using NanoSync.Server.Access;
using NanoSync.Server.Application;

namespace NanoSync.Server.Http;

internal sealed class ObjectRoutes(ServerCore core)
{
    private const string Objects = "/devices/{device}/collections/{collection}/objects";
    private const string BytesType = "application/octet-stream";

    public void Map(RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Objects");
        group.MapGet(Objects, List).Needs(Role.Read).WithSummary("Objects of a collection in the order of their changes.");
        group.MapPost(Objects, (string device, string collection, HttpContext context, [Description(ClassText)] string? @class = null) => Put(device, collection, null, context, @class))
            .Needs(Role.Configure).AcceptsBody<JsonObject>(BytesType).Produces<ObjectAnswer>(StatusCodes.Status201Created).WithSummary("Make an object under an id that the server gives.");
        group.MapGet(Objects + "/{id}", Get).Needs(Role.Read).Produces<ObjectAnswer>().WithSummary("One object; with Accept: application/octet-stream its bytes.");
        group.MapPut(Objects + "/{id}", (string device, string collection, string id, HttpContext context, [Description(ClassText)] string? @class = null) => Put(device, collection, Id(context), context, @class))
            .Needs(Role.Configure).IsConditional().AcceptsBody<JsonObject>(BytesType).Produces<ObjectAnswer>().Produces<ObjectAnswer>(StatusCodes.Status201Created)
            .WithSummary("Make or change an object. If-Match: its ETag, or * for any, or If-None-Match: *, else 412 when it was changed since.");
        group.MapDelete(Objects + "/{id}", Delete).Needs(Role.Configure).IsConditional().WithSummary("Delete an object, on the devices too.");
        group.MapPost(Objects + "/{id}/retry", Retry).Needs(Role.Configure).WithSummary("Send again what a device refused.");
        group.MapPost(Objects + "/{id}/drop", Drop).Needs(Role.Configure).WithSummary("Ask the device to drop its copy; the server keeps the object.");
        group.MapPost(Objects + "/{id}/fetch", Fetch).Needs(Role.Configure).WithSummary("Ask the device for its copy.");
        group.MapGet(Objects + "/{id}/history", History).Needs(Role.Read).WithSummary("Who changed an object and what stood there before, newest first; a deleted one's too. What the device changed itself is no edit.");
        group.MapPost(Objects + "/{id}/restore", Restore).Needs(Role.Configure).IsConditional().AcceptsBody<Restoring>().Produces<ObjectAnswer>().WithSummary("Write what an earlier version was, as a new edit. If-Match as with PUT.");
        group.MapPost(Objects + "/{id}/follow", Follow).Needs(Role.Configure).WithSummary("Give up the device's own value: it gets its group's.");
        group.MapGet("/devices/{device}/collections/{collection}/conflicts", Conflicts).Needs(Role.Read).WithSummary("Losing sides of conflicts, newest first.");
    }

    private const string ClassText = "The object's class: name, name#hash, or name(field:code,...) where it is new. Default: that of the object, or of the collection.";

    private static ObjectAnswer Answer(ObjectView view)
    {
        (JsonNode? value, string? data) = Shown(view.Class, view.Row.Deleted ? null : view.Row.Data);
        return new ObjectAnswer(view.Row.Id, view.Row.Class, view.Row.Seq, DateTimeOffset.FromUnixTimeMilliseconds(view.Row.Changed), view.By, view.State, view.Reason,
            view.Row.Deleted ? true : null, value, data, view.Group, view.Group == null ? null : view.Overrides,
            view.OnDevice is { } held ? Shown(held.Class, held.Value.Data).Value : null);
    }

    /// <summary>A value as its fields, else as its bytes; neither when there is none.</summary>
    public static (JsonNode? Value, string? Data) Shown(NanoSync.Protocol.ObjectClass? type, byte[]? data)
    {
        JsonObject json = [];
        if (data != null)
        {
            ObjectJson.AddValue(json, type, data);
        }

        JsonNode? value = json["value"];
        json.Remove("value");
        return (value, json["data"]?.GetValue<string>());
    }

    /// <summary>An edit.</summary>
    public static EditAnswer Answer(EditView edit)
    {
        EditRow row = edit.Row;
        (JsonNode? old, string? oldData) = Shown(edit.OldClass, row.Old.Data);
        (JsonNode? value, string? data) = Shown(edit.Class, row.New.Data);
        return new EditAnswer(row.Version, DateTimeOffset.FromUnixTimeMilliseconds(row.Time), row.Who, row.Note, row.Old.Size < 0 ? null : row.Old.Size, row.Old.Class, old, oldData,
            row.New.Size < 0 ? null : row.New.Size, row.New.Class, value, data);
    }

    private Ok<List<ObjectAnswer>> List(
        string device,
        string collection,
        [Description("Only objects changed after this number."), Range(0, long.MaxValue)] long? after = null,
        [Description("How many at most; 1000 when left out."), Range(1, 10_000)] int? limit = null,
        [Description("True: what is left of deleted objects too.")] bool? deleted = null)
    {
        return TypedResults.Ok(core.Objects.List(device, collection, after ?? 0, limit ?? 1000, deleted ?? false).ConvertAll(Answer));
    }

    /// <summary>The id in /v1/devices/{device}/collections/{collection}/objects/{id}, as it was sent; groups' paths have it at the same place.</summary>
    public static string Id(HttpContext context)
    {
        const int Place = 6;
        return RawPath.Decode(RawPath.Segments(context)[Place]);
    }

    private IResult Get(string device, string collection, string id, HttpContext context)
    {
        ObjectView view = core.Objects.Get(device, collection, Id(context));
        SetTag(context, view);
        return context.Request.Headers.Accept == BytesType ? Results.Bytes(view.Row.Data!, BytesType) : Results.Ok(Answer(view));
    }

    private async Task<IResult> Put(string device, string collection, string? id, HttpContext context, string? type)
    {
        // base64 in JSON takes a third more than the object
        ReadOnlyMemory<byte> body = await ApiJson.ReadBytes(context, core.Options.Limits.MaxObject * 2);
        NewValue value = context.Request.ContentType?.StartsWith(BytesType, StringComparison.OrdinalIgnoreCase) == true
            ? new NewValue(null, body.ToArray(), type)
            : ObjectJson.Parse(body, type);
        ObjectView view = core.Objects.Put(device, collection, id, value, Expected(context), TokenHandler.CallerOf(context).Name);
        SetTag(context, view);
        return view.Row.CreatedSeq == view.Row.Seq ? Results.Created((string?)null, Answer(view)) : Results.Ok(Answer(view));
    }

    private NoContent Delete(string device, string collection, string id, HttpContext context)
    {
        core.Objects.Delete(device, collection, Id(context), Expected(context), TokenHandler.CallerOf(context).Name);
        return TypedResults.NoContent();
    }

    private Ok<Retried> Retry(string device, string collection, string id, HttpContext context)
    {
        return TypedResults.Ok(new Retried(core.Objects.Retry(device, collection, Id(context))));
    }

    private Ok<List<EditAnswer>> History(string device, string collection, string id, HttpContext context,
        [Description("How many at most; 100 when left out."), Range(1, EditHistory.Most)] int? limit = null)
    {
        return TypedResults.Ok(core.Objects.History(device, collection, Id(context), limit ?? EditHistory.Most).ConvertAll(Answer));
    }

    private async Task<IResult> Restore(string device, string collection, string id, HttpContext context)
    {
        Restoring given = await ApiJson.Read<Restoring>(context, 64 << 10);
        ObjectView view = core.Objects.Restore(device, collection, Id(context), given.Version, Expected(context), TokenHandler.CallerOf(context).Name);
        SetTag(context, view);
        return Results.Ok(Answer(view));
    }

    private NoContent Follow(string device, string collection, string id, HttpContext context)
    {
        core.Groups.Follow(device, collection, Id(context));
        return TypedResults.NoContent();
    }

    private NoContent Drop(string device, string collection, string id, HttpContext context)
    {
        core.Objects.Drop(device, collection, Id(context));
        return TypedResults.NoContent();
    }

    private NoContent Fetch(string device, string collection, string id, HttpContext context)
    {
        core.Objects.FetchFromDevice(device, collection, Id(context));
        return TypedResults.NoContent();
    }

    private Ok<List<LoserView>> Conflicts(string device, string collection)
    {
        return TypedResults.Ok(core.Objects.Losers(device, collection).ConvertAll(l =>
        {
            JsonObject json = [];
            if (!l.Row.Deleted)
            {
                ObjectJson.AddValue(json, l.Class, l.Row.Data ?? []);
            }

            JsonNode? value = json["value"];
            json.Remove("value");
            return new LoserView(l.Row.ServerId, l.Row.FromDevice ? "device" : "server", DateTimeOffset.FromUnixTimeMilliseconds(l.Row.Time), l.Row.Class, l.Row.Deleted,
                value, json["data"]?.GetValue<string>());
        }));
    }

    private static void SetTag(HttpContext context, ObjectView view)
    {
        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{view.Row.Seq}\"");
    }

    // If-Match: "12" = only that one, * = only when there is one [RFC 9110, 13.1]; If-None-Match: * = only when there is none
    public static long? Expected(HttpContext context)
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

        if (tag.Trim() == "*")
        {
            return ObjectService.Any;
        }

        return long.TryParse(tag.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out long seq) && seq > 0
            ? seq
            : throw new RefusedException(Refusal.BadInput, "If-Match is not an ETag of this server.") { Code = "wrong_type", Field = "If-Match" };
    }
}
