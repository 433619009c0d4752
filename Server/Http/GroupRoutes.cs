// REST for groups: what their members are to have, and how far each is. Paths as those of a device's objects; ETag = the value's number.

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using NanoSync.Server.Access;
using NanoSync.Server.Application;
using NanoSync.Server.Groups;

namespace NanoSync.Server.Http;

internal sealed class GroupRoutes(ServerCore core)
{
    private const string Values = "/groups/{group}/collections/{collection}/objects/{id}";
    private const string BytesType = "application/octet-stream";
    private const string ClassText = "The value's class: name, name#hash, or name(field:code,...) where it is new. Default: that of the value before, or of the members.";
    private const string FirstText = "To so many devices first, those that were there last, and to the others when all of those have applied it.";
    private const string DevicesText = "To these devices first, comma-separated.";

    public void Map(RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Groups");
        group.MapGet("/groups", Groups).Needs(Role.Read).WithSummary("Groups, with the number of their devices and values.");
        group.MapGet("/groups/{group}", List).Needs(Role.Read).WithSummary("What the members of a group are to have, and how many are how far with it.");
        group.MapGet(Values, Get).Needs(Role.Read).Produces<GroupValueAnswer>().WithSummary("One of a group's values.");
        group.MapPut(Values, (Delegate)Put).Needs(Role.Configure).IsConditional().AcceptsBody<JsonObject>(BytesType).Produces<GroupValueAnswer>().Produces<GroupValueAnswer>(StatusCodes.Status201Created)
            .WithSummary("Say what each member is to have of an object. If-Match: its ETag, or * for any, or If-None-Match: *, else 412 when it was changed since.");
        group.MapDelete(Values, Delete).Needs(Role.Configure).IsConditional().WithSummary("Want nothing of the members any more: each keeps what it has.");
        group.MapGet(Values + "/devices", Devices).Needs(Role.Read).WithSummary("Members, each with how it stands to the value; then devices that left and keep it.");
        group.MapPost(Values + "/continue", Continue).Needs(Role.Configure).Produces<GroupValueAnswer>().WithSummary("Let a staged edit go to all members, whether its first devices took it or not.");
        group.MapPost(Values + "/abort", Abort).Needs(Role.Configure).Produces<GroupValueAnswer>().Produces(StatusCodes.Status204NoContent)
            .WithSummary("Take a staged edit back: its first devices get what they had. 204 when the group had no value before it.");
        group.MapGet(Values + "/history", History).Needs(Role.Read).WithSummary("Who changed a group's value and what it was before, newest first.");
        group.MapPost(Values + "/restore", Restore).Needs(Role.Configure).IsConditional().AcceptsBody<Restoring>().Produces<GroupValueAnswer>().WithSummary("Say what an earlier version said, as a new edit. If-Match as with PUT.");
    }

    private Ok<List<GroupAnswer>> Groups()
    {
        return TypedResults.Ok(core.Groups.Groups().ConvertAll(g => new GroupAnswer(g.Group, g.Devices, g.Values, g.Staged)));
    }

    private Ok<List<GroupValueAnswer>> List(string group) => TypedResults.Ok(core.Groups.List(group).ConvertAll(Answer));

    private IResult Get(string group, string collection, string id, HttpContext context)
    {
        return Tagged(context, core.Groups.Get(group, collection, ObjectRoutes.Id(context)));
    }

    private async Task<IResult> Put(string group, string collection, string id, HttpContext context,
        [Description(ClassText)] string? @class = null,
        [Description(FirstText), Range(1, FirstDevices.Most)] int? first = null,
        [Description(DevicesText)] string? devices = null)
    {
        ReadOnlyMemory<byte> body = await ApiJson.ReadBytes(context, core.Options.Limits.MaxObject * 2);
        NewValue value = context.Request.ContentType?.StartsWith(BytesType, StringComparison.OrdinalIgnoreCase) == true
            ? new NewValue(null, body.ToArray(), @class)
            : ObjectJson.Parse(body, @class);
        GroupValueView view = core.Groups.Put(group, collection, ObjectRoutes.Id(context), value, ObjectRoutes.Expected(context), First(first, devices), TokenHandler.CallerOf(context).Name);
        return Tagged(context, view, isNew: view.Row.Version == 1);
    }

    private NoContent Delete(string group, string collection, string id, HttpContext context)
    {
        core.Groups.Delete(group, collection, ObjectRoutes.Id(context), ObjectRoutes.Expected(context), TokenHandler.CallerOf(context).Name);
        return TypedResults.NoContent();
    }

    private Ok<MemberPage> Devices(string group, string collection, string id, HttpContext context,
        [Description("Only those that stand so."), OneOf(typeof(MemberState))] string? state = null,
        [Description("How many to leave out at the beginning."), Range(0, int.MaxValue)] int? skip = null,
        [Description("How many at most; 100 when left out."), Range(1, 1000)] int? limit = null)
    {
        MemberState? wanted = OneOfAttribute.Parse<MemberState>(state);
        List<GroupMember> members = core.Groups.Members(group, collection, ObjectRoutes.Id(context)).FindAll(m => wanted == null || m.State == wanted);
        return TypedResults.Ok(new MemberPage([.. members.Skip(skip ?? 0).Take(limit ?? 100).Select(Answer)], members.Count));
    }

    private IResult Continue(string group, string collection, string id, HttpContext context)
    {
        return Tagged(context, core.Groups.Continue(group, collection, ObjectRoutes.Id(context), TokenHandler.CallerOf(context).Name));
    }

    private IResult Abort(string group, string collection, string id, HttpContext context)
    {
        return core.Groups.Abort(group, collection, ObjectRoutes.Id(context), TokenHandler.CallerOf(context).Name) is { } view ? Tagged(context, view) : Results.NoContent();
    }

    private Ok<List<EditAnswer>> History(string group, string collection, string id, HttpContext context,
        [Description("How many at most; 100 when left out."), Range(1, EditHistory.Most)] int? limit = null)
    {
        return TypedResults.Ok(core.Groups.History(group, collection, ObjectRoutes.Id(context), limit ?? EditHistory.Most).ConvertAll(ObjectRoutes.Answer));
    }

    private async Task<IResult> Restore(string group, string collection, string id, HttpContext context,
        [Description(FirstText), Range(1, FirstDevices.Most)] int? first = null,
        [Description(DevicesText)] string? devices = null)
    {
        Restoring given = await ApiJson.Read<Restoring>(context, 64 << 10);
        return Tagged(context, core.Groups.Restore(group, collection, ObjectRoutes.Id(context), given.Version, ObjectRoutes.Expected(context), First(first, devices), TokenHandler.CallerOf(context).Name));
    }

    private static FirstDevices? First(int? count, string? devices)
    {
        return count != null && devices != null
            ? throw new RefusedException(Refusal.BadInput, "first and devices say two things: give one of them.") { Field = "devices" }
            : devices != null ? new FirstDevices(null, Names.Split(devices, "devices")) : count != null ? new FirstDevices(count, null) : null;
    }

    private static IResult Tagged(HttpContext context, GroupValueView view, bool isNew = false)
    {
        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{view.Row.Version}\"");
        return isNew ? Results.Created((string?)null, Answer(view)) : Results.Ok(Answer(view));
    }

    private static GroupValueAnswer Answer(GroupValueView view)
    {
        GroupValueRow row = view.Row;
        (JsonNode? value, string? data) = ObjectRoutes.Shown(view.Class, row.Data);
        (JsonNode? good, string? goodData) = ObjectRoutes.Shown(view.GoodClass, row.GoodData);
        return new GroupValueAnswer(row.Group, row.Collection, row.ObjectId, row.Class, row.Version, DateTimeOffset.FromUnixTimeMilliseconds(row.Time), row.Who, value, data, view.Counts, row.Stage,
            row.StopReason.Length > 0 ? row.StopReason : null, [.. view.First.Select(Answer)], good, goodData);
    }

    private static MemberAnswer Answer(GroupMember member)
    {
        return new MemberAnswer(member.Name, member.State, member.Reason, member.IsFirst, member.LeftAt is { } left ? DateTimeOffset.FromUnixTimeMilliseconds(left) : null);
    }
}

internal sealed record GroupAnswer(
    string Name,
    int Devices,
    [property: Description("Objects that its members are to have.")] int Values,
    [property: Description("Those of which a staged edit is under way or stopped.")] int Staged);

internal sealed record GroupValueAnswer(
    string Group,
    [property: Description("What each member calls the collection.")] string Collection,
    string Id,
    [property: Description("name#hash; null when it was never named.")] string? Class,
    [property: Description("Number of its last edit; also its ETag.")] long Version,
    DateTimeOffset Changed,
    [property: Description("Name of the token.")] string By,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Its fields by their names.")] JsonNode? Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Its bytes, base64, when they cannot be read as fields.")] string? Data,
    GroupCounts Counts,
    [property: Description("all: it goes to all members; first: to the first devices, and to the others when those have applied it; stopped: to the first, and no further.")] Stage Stage,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Why it stopped.")] string? Why,
    [property: Description("The first devices of a staged edit.")] IReadOnlyList<MemberAnswer> First,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("While it does not go to all: what the others are to have; left out when nothing.")] JsonNode? Before,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), Description("Its bytes, base64, when they cannot be read as fields.")] string? BeforeData);

internal sealed record MemberPage(
    IReadOnlyList<MemberAnswer> Devices,
    [property: Description("How many there are, skipped ones and those behind this page included.")] int Total);

internal sealed record MemberAnswer(
    string Name,
    [property: Description("applied, sent, waiting, refused, dropped, changed (by the device itself), overridden (it has a value of its own), held (until the first have applied it), revoked, without (no such collection of its own), left (no member any more, and keeps it).")]
    MemberState State,
    [property: Description("Why it is refused, dropped or without.")] string? Reason,
    [property: Description("True for one of the first devices of a staged edit.")] bool First,
    [property: Description("Since when it is no member any more.")] DateTimeOffset? LeftAt);
