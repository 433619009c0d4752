// REST for readings: taken out, and followed as they come.

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using NanoSync.Protocol;
using NanoSync.Server.Access;
using NanoSync.Server.Application;
using NanoSync.Server.Readings;

namespace NanoSync.Server.Http;

internal sealed class ReadingRoutes(ServerCore core, IHostApplicationLifetime lifetime)
{
    private const string Field = "/classes/{class}/fields/{field}";
    private const string Any = "Only of this collection; of any when left out.";

    public void Map(RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Readings");
        group.MapGet("/readings", Read).Needs(Role.Read).Produces<List<ReadingAnswer>>(StatusCodes.Status200OK, "application/json", "application/x-ndjson", "text/csv")
            .WithSummary("Readings, streamed: by device, and of each in the order in which they came; with bucket least, mean and most of each number, in the order of their time.");
        group.MapGet("/classes", Classes).Needs(Role.Read).WithSummary("Classes of what is in collections, with their fields.");
        group.MapGet("/fields", Notes).Needs(Role.Read).WithSummary("What is said of the fields of classes: what to call them, units, ranges.");
        group.MapPut(Field, (Delegate)Describe).Needs(Role.Configure).AcceptsBody<FieldText>().WithSummary("Say what a field is called, its unit and its range, instead of what was said before. What is written through this server beyond the range is refused; what devices write is taken.");
        group.MapDelete(Field, Forget).Needs(Role.Configure).WithSummary("Say nothing of a field any more.");
        group.MapGet("/changes", Follow).Needs(Role.Read).Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .WithSummary("What changes, as server-sent events: event object = a reading or another object, as in /readings, each change once; event device = a device's line, the newest only. "
                + "The id of an event is a cursor: given as Last-Event-ID or after, the stream goes on behind it, at any server on this database. Without one it begins now. "
                + "410 = what was behind the cursor is kept no longer, or the database was put back: read /readings, and begin anew.");
    }

    private async Task Read(
        HttpContext context,
        [Description(Any)] string? collection = null,
        [Description("Only of this class: name or name#hash.")] string? @class = null,
        [Description("Only of this device.")] string? device = null,
        [Description("Only of devices of this group.")] string? group = null,
        [Description("From this time on: that which the reading says, else that at which it came.")] DateTimeOffset? from = null,
        [Description("Before this time.")] DateTimeOffset? to = null,
        [Description("json (default), ndjson or csv."), OneOf(typeof(ReadingFormat))] string? format = null,
        [Description("Seconds over which numbers are summed up; from is wanted then."), Range(1, 31_622_400)] int? bucket = null,
        [Description("Only these fields, comma-separated.")] string? fields = null,
        [Description("true: csv has the units that are said of fields in its head, as temperature (C).")] bool? units = null)
    {
        ReadingQuery query = new()
        {
            Collection = collection,
            Class = @class,
            Device = device,
            Group = group,
            From = from?.ToUnixTimeMilliseconds(),
            To = to?.ToUnixTimeMilliseconds(),
            Fields = fields == null ? null : Names.Split(fields, "fields"),
            Bucket = bucket * 1000L,
            Units = units == true ? core.Notes.List() : [],
        };
        if (query.Bucket is { } width)
        {
            long first = query.From ?? throw new RefusedException(Refusal.BadInput, "from is missing: with bucket it is wanted.") { Code = "missing_field", Field = "from" };
            long last = query.To ?? core.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            query = query with { To = last };
            if ((last - first) / width > ReadingService.MaxBuckets)
            {
                throw new RefusedException(Refusal.BadInput, $"bucket is too small: it would make more than {ReadingService.MaxBuckets} spans of a device.") { Code = "out_of_range", Field = "bucket" };
            }
        }

        core.Readings.Classes(query with { Class = null }); // a device that is not there is said before anything is written
        ReadingFormat form = OneOfAttribute.Parse<ReadingFormat>(format) ?? ReadingFormat.Json;
        context.Response.ContentType = form switch
        {
            ReadingFormat.Csv => "text/csv; charset=utf-8; header=present",
            ReadingFormat.Ndjson => "application/x-ndjson",
            _ => "application/json",
        };
        await ReadingWriter.Write(core.Readings, query, form, context.Response.Body, context.RequestAborted);
    }

    private Ok<List<ClassAnswer>> Classes(
        [Description(Any)] string? collection = null,
        [Description("Only of this device.")] string? device = null,
        [Description("Only of devices of this group.")] string? group = null)
    {
        ILookup<(string, string), FieldNote> notes = core.Notes.List().ToLookup(n => (n.Class, n.Field));
        return TypedResults.Ok(core.Readings.Classes(new ReadingQuery { Collection = collection, Device = device, Group = group }).ConvertAll(c => new ClassAnswer(
            c.Collection, c.WireName[..^5], c.WireName,
            [.. Enumerable.Range(0, c.Class.Count).Select(i => FieldOf(c.Class, i, notes[(c.WireName[..^5], c.Class.FieldName(i))].FirstOrDefault()))])));
    }

    private static FieldAnswer FieldOf(ObjectClass type, int field, FieldNote? note)
    {
        return new FieldAnswer(type.FieldName(field), type.TypeOf(field).ToString().ToLowerInvariant(), type.TypeOf(field) == FieldType.Fixed ? type.DigitsOf(field) : null,
            ReadingService.IsNumber(type.TypeOf(field)), note?.Label, note?.Unit, note?.Least, note?.Most);
    }

    private Ok<List<FieldNoteAnswer>> Notes() => TypedResults.Ok(core.Notes.List().ConvertAll(Answer));

    private async Task<Ok<FieldNoteAnswer>> Describe(HttpContext context, string @class, string field)
    {
        FieldText given = await ApiJson.Read<FieldText>(context, 4096);
        return TypedResults.Ok(Answer(core.Notes.Set(@class, field, given.Label, given.Unit, given.Least, given.Most, TokenHandler.CallerOf(context).Name)));
    }

    private NoContent Forget(string @class, string field)
    {
        core.Notes.Drop(@class, field);
        return TypedResults.NoContent();
    }

    private static FieldNoteAnswer Answer(FieldNote n) => new(n.Class, n.Field, n.Label, n.Unit, n.Least, n.Most, DateTimeOffset.FromUnixTimeMilliseconds(n.Time), n.Who);

    private async Task Follow(
        HttpContext context,
        [Description("The cursor behind which to go on, or a change's number; 0 = from the first that is kept. Last-Event-ID goes before.")] string? after = null,
        [Description(Any)] string? collection = null,
        [Description("Only of this device.")] string? device = null,
        [Description("Only of devices of this group.")] string? group = null)
    {
        string? given = context.Request.Headers["Last-Event-ID"].FirstOrDefault() ?? after;
        ChangeStream stream = new(core, new ReadingQuery { Collection = collection, Device = device, Group = group }, Cursor.Parse(given));
        stream.Check();
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await stream.Run(context.Response.Body, ending.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException || ending.IsCancellationRequested)
        {
            // the other side has gone, or this one ends: it goes on elsewhere
        }
    }
}

internal sealed record ReadingAnswer(
    string Device,
    string Collection,
    string Id,
    [property: Description("Number of its last change in the collection.")] long Seq,
    [property: Description("The time that it says, else that at which it came; with bucket, where the span begins.")] DateTimeOffset At,
    DateTimeOffset Received,
    [property: Description("name#hash.")] string? Class,
    [property: Description("Its fields by their names; with bucket {min, mean, max} of each.")] System.Text.Json.Nodes.JsonObject? Value,
    [property: Description("Its bytes, base64, when they cannot be read as fields.")] string? Data,
    [property: Description("With bucket: how many readings.")] long? Count);

internal sealed record ClassAnswer(string Collection, string Name, [property: Description("name#hash.")] string WireName, IReadOnlyList<FieldAnswer> Fields);

internal sealed record FieldAnswer(
    string Name,
    [property: Description("bool, int, uint, fixed, float, double, text, bytes or time.")] string Type,
    [property: Description("Of fixed: digits behind the point.")] int? Digits,
    [property: Description("True when it can be plotted and summed up.")] bool Number,
    [property: Description("What an operator calls it; null = by its name.")] string? Label,
    [property: Description("Its unit, as an operator said.")] string? Unit,
    [property: Description("The least that is taken of who writes it here; null = what its type holds.")] double? Least,
    [property: Description("The most.")] double? Most);

internal sealed record FieldText(
    [property: Description("What to call it, at most 64 characters; left out or null: by its name.")] string? Label = null,
    [property: Description("Its unit, at most 16 characters; left out or null: none.")] string? Unit = null,
    [property: Description("The least that is taken of who writes it here; left out or null: what its type holds.")] double? Least = null,
    [property: Description("The most.")] double? Most = null);

internal sealed record FieldNoteAnswer(
    [property: Description("Name of the class, without its hash: it counts for each version of it.")] string Class,
    string Field,
    string? Label,
    string? Unit,
    double? Least,
    double? Most,
    DateTimeOffset Time,
    [property: Description("Name of the token; cli and a user = the command line.")] string Who);
