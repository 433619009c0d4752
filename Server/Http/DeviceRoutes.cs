// REST for devices: the list, one in full, enrolment, commands, diary.

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using NanoSync.Server.Access;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Fleet;

namespace NanoSync.Server.Http;

internal sealed class DeviceRoutes(ServerCore core)
{
    private const string BytesType = "application/octet-stream";

    public void Map(RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Devices");
        group.MapGet("/fleet", Fleet).Needs(Role.Read).WithSummary("Counts: for each problem, state, configuration and group, how many devices /devices lists when it is chosen instead of the one given, beside the other filters.");
        group.MapGet("/devices", List).Needs(Role.Read).WithSummary("Devices, worst first.");
        group.MapPost("/devices", (Delegate)AddDevice).Needs(Role.Administer).AcceptsBody<NewDevice>().WithSummary("Enrol a device; its token is shown once.");
        group.MapGet("/devices/{device}", Get).Needs(Role.Read).WithSummary("Everything about a device.");
        group.MapPatch("/devices/{device}", Change).Needs(Role.Configure).AcceptsBody<DeviceChange>().WithSummary("Set a device's group, when it is expected, or give it more collections.");
        group.MapDelete("/devices/{device}", Revoke).Needs(Role.Administer).WithSummary("Keep a device out from now on. Its data stays.");
        group.MapPost("/devices/{device}/rotate", Rotate).Needs(Role.Administer).WithSummary("Give a device a new token; the old one ends, at once or after overlap hours, or when the new one is first used.");
        group.MapPost("/devices/enrol", (Delegate)EnrolMany).Needs(Role.Administer).AcceptsBody<NewDevices>("text/csv")
            .WithSummary("Enrol many, all or none: JSON, or CSV with a head of name and what is wanted of collections, group, every, board, note, sealed.");
        group.MapPost("/devices/{device}/claim", Claim).Needs(Role.Administer).WithSummary("Make a code that gives a board the device's token at its first contact; codes before it end.");
        group.MapPost("/devices/{device}/replace", Replace).Needs(Role.Administer)
            .WithSummary("Another board comes in the place of this one, revoked or deleted too: the old token ends, readings and configuration stay, stores and what it told are forgotten.");
        group.MapPost("/devices/{device}/delete", (Delegate)Delete).Needs(Role.Administer).AcceptsBody<DeleteDevice>().WithSummary("Delete a device, with or without what it sent.");
        group.MapGet("/devices/{device}/refusals", Refusals).Needs(Role.Read).WithSummary("What was refused to or by a device, newest first.");
        group.MapGet("/devices/{device}/commands", Commands).Needs(Role.Read).WithSummary("Commands of a device with their results, oldest first.");
        group.MapPost("/devices/{device}/commands", AddCommand).Needs(Role.Configure).AcceptsBody<JsonObject>()
            .WithSummary("Queue a command: {\"class\": restart | interval | start-over | send-status | send-diary, and its arguments}.");
        group.MapGet("/devices/{device}/diary", GetDiary).Needs(Role.Read).Produces<DiaryView>().Produces<byte[]>(contentType: BytesType)
            .WithSummary("The diary that came last; with Accept: application/octet-stream its bytes.");
        group.MapPost("/devices/{device}/diary", AskDiary).Needs(Role.Configure).WithSummary("Ask a device for its diary; it comes with one of its next syncs.");
    }

    private Ok<FleetCounts> Fleet(
        [Description("Part of name, group, firmware or last error.")] string? text = null,
        [Description("Only devices with this problem; counts of problems and states leave it aside."), OneOf(typeof(Problem))] string? problem = null,
        [Description("Only devices in this state; counts of problems and states leave it aside."), OneOf(typeof(FleetState))] string? state = null,
        [Description("Only devices whose configuration has come so far, but those kept out; counts of it leave it aside."), OneOf(typeof(ConfigState))] string? configuration = null,
        [Description("Only devices of this group; counts of groups leave it aside.")] string? group = null)
    {
        FleetCount counts = core.Fleet.Count(Query(text, problem, state, configuration, group));
        return TypedResults.Ok(new FleetCounts(core.Clock.GetUtcNow(), counts.All, counts.Ok, counts.Revoked,
            counts.Problems.ToDictionary(p => JsonNamingPolicy.CamelCase.ConvertName(p.Key.ToString()), p => p.Value),
            counts.Configuration.ToDictionary(c => JsonNamingPolicy.CamelCase.ConvertName(c.Key.ToString()), c => c.Value), counts.Groups));
    }

    private static FleetQuery Query(string? text, string? problem, string? state, string? configuration, string? group)
    {
        return new FleetQuery(text, OneOfAttribute.Parse<Problem>(problem), OneOfAttribute.Parse<FleetState>(state), OneOfAttribute.Parse<ConfigState>(configuration), group, FleetSort.Worst, 0, 100);
    }

    private Ok<DevicePage> List(
        [Description("Part of name, group, firmware or last error.")] string? text = null,
        [Description("Only devices with this problem."), OneOf(typeof(Problem))] string? problem = null,
        [Description("Only devices in this state."), OneOf(typeof(FleetState))] string? state = null,
        [Description("Only devices whose configuration has come so far, but those kept out."), OneOf(typeof(ConfigState))] string? configuration = null,
        [Description("Only devices of this group.")] string? group = null,
        [Description("The order; worst first when left out."), OneOf(typeof(FleetSort))] string? sort = null,
        [Description("How many to leave out at the beginning."), Range(0, int.MaxValue)] int? skip = null,
        [Description("How many at most; 100 when left out."), Range(1, 1000)] int? limit = null)
    {
        (List<DeviceSummary> page, int total) = core.Fleet.List(
            Query(text, problem, state, configuration, group) with { Sort = OneOfAttribute.Parse<FleetSort>(sort) ?? FleetSort.Worst, Skip = skip ?? 0, Count = limit ?? 100 });
        return TypedResults.Ok(new DevicePage(page, total));
    }

    private async Task<Created<NewToken>> AddDevice(HttpContext context)
    {
        NewDevice given = await ApiJson.Read<NewDevice>(context, core.Options.Limits.MaxMessage);
        NewBoard device = BoardOf(given);
        return TypedResults.Created("/v1/devices/" + given.Name, new NewToken(given.Name, core.Enrolment.Add(device)));
    }

    private async Task<Created<List<EnrolledDevice>>> EnrolMany(
        HttpContext context,
        [Description("Codes instead of tokens, which live so many days: a board that is flashed with its code gets its token at its first contact."), Range(1, 365)] int? claimDays = null)
    {
        ReadOnlyMemory<byte> body;
        List<EnrolledBoard> enrolled;
        if ((context.Request.ContentType ?? "").StartsWith("text/csv", StringComparison.OrdinalIgnoreCase))
        {
            body = await ApiJson.ReadBytes(context, core.Options.Limits.MaxMessage);
            (List<NewBoard> devices, List<long> lines) = EnrolmentFile.Read(body);
            enrolled = core.Enrolment.Enrol(devices, claimDays, i => string.Create(CultureInfo.InvariantCulture, $"line {lines[i]}"));
        }
        else
        {
            NewDevices given = await ApiJson.Read<NewDevices>(context, core.Options.Limits.MaxMessage);
            if (given.Devices.Any(d => d is null))
            {
                throw new RefusedException(Refusal.BadInput, "devices is a list of devices; null is none.") { Code = "wrong_type", Field = "devices" };
            }

            enrolled = core.Enrolment.Enrol([.. given.Devices.Select(BoardOf)], claimDays);
        }

        return TypedResults.Created((string?)null, enrolled.ConvertAll(ViewOf));
    }

    private static NewBoard BoardOf(NewDevice given)
    {
        return new NewBoard(given.Name, CollectionsOf(given.Collections), given.Group, given.Every, given.Board, given.Note, given.Sealed);
    }

    private static EnrolledDevice ViewOf(EnrolledBoard e)
    {
        return new EnrolledDevice(e.Device.Name, e.Token, e.Claim, e.ClaimExpires is { } end ? Time(end) : null, e.Device.Board, EnrolmentFile.Text(e, null));
    }

    private Ok<ClaimMade> Claim(string device, [Description("Days that the code lives; 30 when left out."), Range(1, 365)] int? days = null)
    {
        (string code, long expires) = core.Enrolment.MakeClaim(device, days ?? EnrolmentService.DefaultDays);
        return TypedResults.Ok(new ClaimMade(code, Time(expires)));
    }

    private Ok<EnrolledDevice> Replace(string device, [Description("A code instead of a token, which lives so many days."), Range(1, 365)] int? claimDays = null)
    {
        EnrolledBoard replaced = core.Enrolment.Replace(device, claimDays);
        return TypedResults.Ok(ViewOf(replaced));
    }

    private async Task<NoContent> Delete(string device, HttpContext context)
    {
        DeleteDevice given = await ApiJson.Read<DeleteDevice>(context, core.Options.Limits.MaxMessage);
        core.Enrolment.Delete(device, given.Data);
        return TypedResults.NoContent();
    }

    // "a,b@site" or ["a", "b@site"]; null when not given
    private static string? CollectionsOf(JsonNode? given)
    {
        return given switch
        {
            null => null,
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
            JsonArray list => list.All(c => c?.GetValueKind() == JsonValueKind.String && !c.GetValue<string>().Contains(','))
                ? string.Join(',', list.Select(c => c!.GetValue<string>()))
                : throw new RefusedException(Refusal.BadInput, "collections is a text, or a list of texts, each one name.") { Code = "wrong_type", Field = "collections" },
            _ => throw new RefusedException(Refusal.BadInput, "collections is a text, or a list of texts, each one name.") { Code = "wrong_type", Field = "collections" },
        };
    }

    private Ok<DeviceInFull> Get(string device)
    {
        (DeviceSummary summary, List<RoundRow> rounds, List<SampleRow> samples) = core.Fleet.Get(device);
        DeviceRow row = core.Devices.Get(device);
        DeviceNotes notes = core.Enrolment.Notes(device);
        return TypedResults.Ok(new DeviceInFull(
            summary,
            [.. summary.Problems.Select(p => new Advice(p, AdviceText.For(p, summary)))],
            row.Id,
            row.Collections.Split(','),
            core.Devices.Info(device).ToDictionary(i => i.Row.Class, i => new Information(
                Time(i.Row.Time), i.Fields.Count > 0 ? new Dictionary<string, string>(i.Fields) : null, i.Fields.Count > 0 ? null : Convert.ToBase64String(i.Row.Data))),
            core.Devices.Stores(device).ConvertAll(s => new StoreView(s.StoreId, Time(s.FirstSeen), Time(s.LastSeen), s.CameFrom, s.Why)),
            rounds.ConvertAll(r => new RoundView(Time(r.Time), r.Took, r.Up, r.Down, r.Refused, r.BytesUp, r.BytesDown, r.Status)),
            samples.ConvertAll(s => new SampleView(Time(s.Time), s.Battery, s.Signal, s.Heap, s.FlashLeft, s.Clock, s.Pending, s.Life)),
            RefusalsOf(device),
            CommandsOf(device),
            core.Devices.ReplyAddress(device),
            notes.Board,
            notes.Note,
            core.Enrolment.ClaimOf(device) is { } claim ? new ClaimState(Time(claim.Expires), claim.Used is { } used ? Time(used) : null) : null));
    }

    private async Task<NoContent> Change(string device, HttpContext context)
    {
        DeviceChange given = await ApiJson.Read<DeviceChange>(context, core.Options.Limits.MaxMessage);
        core.Devices.Get(device);
        if (given.Group != null || given.Every != null)
        {
            core.Fleet.Place(device, given.Group, given.Every);
        }

        if (given.Collections != null)
        {
            core.Devices.Grant(device, given.Collections);
        }

        if (given.Board != null || given.Note != null)
        {
            core.Enrolment.Note(device, given.Board, given.Note);
        }

        return TypedResults.NoContent();
    }

    private NoContent Revoke(string device)
    {
        core.Devices.Revoke(device);
        return TypedResults.NoContent();
    }

    private Ok<Rotated> Rotate(
        string device,
        [Description("True: let a revoked device in again.")] bool? readmit = null,
        [Description("Hours for which the old token is taken, too, until the new one is first used; 0 or left out: it ends at once."), Range(0, 720)] int? overlap = null)
    {
        return TypedResults.Ok(new Rotated(core.Devices.Rotate(device, readmit: readmit ?? false, overlap: overlap ?? 0)));
    }

    private Ok<List<RefusalView>> Refusals(string device) => TypedResults.Ok(RefusalsOf(device));

    private List<RefusalView> RefusalsOf(string device)
    {
        return core.Devices.Refusals(device).ConvertAll(r => new RefusalView(r.Collection, r.ObjectId, r.ByServer ? "server" : device, r.Status, r.Reason, r.Times, Time(r.Time)));
    }

    private Ok<List<CommandView>> Commands(string device) => TypedResults.Ok(CommandsOf(device));

    private List<CommandView> CommandsOf(string device)
    {
        return core.Devices.Commands(device).ConvertAll(c => new CommandView(c.Id, c.Class, Time(c.Created), c.Done is { } done ? Time(done) : null, c.Status, c.Reason));
    }

    private async Task<Accepted<CommandQueued>> AddCommand(string device, HttpContext context)
    {
        using JsonDocument json = ObjectJson.ParseObject(await ApiJson.ReadBytes(context, core.Options.Limits.MaxMessage));
        string? twice = json.RootElement.EnumerateObject().CountBy(m => m.Name, StringComparer.Ordinal).FirstOrDefault(n => n.Value > 1).Key;
        if (twice != null)
        {
            throw new RefusedException(Refusal.BadInput, $"{twice} is given twice.") { Code = "given_twice", Field = twice };
        }

        if (!json.RootElement.TryGetProperty("class", out JsonElement type))
        {
            throw new RefusedException(Refusal.BadInput, "class is missing.") { Code = "missing_field", Field = "class" };
        }

        if (type.ValueKind != JsonValueKind.String)
        {
            throw new RefusedException(Refusal.BadInput, "class is not a text.") { Code = "wrong_type", Field = "class" };
        }

        List<KeyValuePair<string, string>> arguments = ObjectJson.ParseFields(json.RootElement);
        arguments.RemoveAll(a => a.Key == "class");
        return TypedResults.Accepted((string?)null, new CommandQueued(core.Devices.Command(device, type.GetString()!, arguments)));
    }

    private Accepted<CommandQueued> AskDiary(string device) => TypedResults.Accepted((string?)null, new CommandQueued(core.Devices.AskDiary(device)));

    // As the device's bytes when asked for so, else entry by entry.
    private IResult GetDiary(string device, HttpContext context)
    {
        if (context.Request.Headers.Accept == BytesType)
        {
            return Results.Bytes(core.Devices.DiaryBytes(device).Data, BytesType);
        }

        (long time, Diary diary) = core.Devices.Diary(device);
        return Results.Ok(new DiaryView(Time(time), diary.Damaged, [.. diary.Entries.Select(e => new DiaryLine(
            e.Number,
            e.Time == 0 ? null : Time(e.Time * 1000L),
            e.Uptime,
            e.Kind.ToString().ToLowerInvariant(),
            e.Failed,
            e.Times,
            e.Kind == DiaryKind.Start ? e.Reason : null,
            (int)e.Carrier,
            e.Http,
            (int)e.Message,
            (int)e.Store,
            e.Kind == DiaryKind.Start ? 0 : e.Status,
            e.ObjectsUp,
            e.ObjectsDown,
            e.RefusedUp,
            e.RefusedDown,
            e.BytesUp,
            e.BytesDown,
            e.HeapKilobytes,
            e.Correction,
            e.ToString()))]));
    }

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
