// REST for what a server does by itself.

using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using NanoSync.Server.Access;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Http;

internal sealed record RetentionRuleView(
    [property: Description("Name of the collection; * = outboxes that no rule names.")] string Collection,
    [property: Description("Hours that readings are kept; null = whatever their age.")] double? Hours,
    [property: Description("How many of the newest are kept; null = however many there are.")] long? Readings);

internal sealed record RetentionPassView(
    DateTimeOffset Began,
    DateTimeOffset Ended,
    [property: Description("Readings removed.")] long Readings,
    [property: Description("What was left of deleted objects.")] long Deleted,
    [property: Description("Losers of conflicts, refusals and finished commands removed.")] long Notes,
    [property: Description("Stores whose keys were forgotten, as they were not seen for long.")] long Stores);

internal sealed record RetentionView(
    [property: Description("The rules, from the setting retention.")] IReadOnlyList<RetentionRuleView> Rules,
    [property: Description("The last pass that ended; null = none did.")] RetentionPassView? Last,
    [property: Description("Until when nothing is removed, because the clock went ahead by more than a day, or the server was off for longer; null = it is removed.")] DateTimeOffset? WaitsUntil);

internal sealed class ServerRoutes(ServerCore core)
{
    public void Map(RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Server");
        group.MapGet("/retention", Retention).Needs(Role.Read).WithSummary("How long readings are kept, and what was removed last.");
    }

    private Ok<RetentionView> Retention()
    {
        RetentionPass? pass = core.Retention.Last();
        return TypedResults.Ok(new RetentionView(
            [.. core.Retention.Rules.Select(r => new RetentionRuleView(r.Collection, r.Age?.TotalHours, r.Count))],
            pass == null ? null : new RetentionPassView(DateTimeOffset.FromUnixTimeMilliseconds(pass.Began), DateTimeOffset.FromUnixTimeMilliseconds(pass.Ended),
                pass.Readings, pass.Deleted, pass.Notes, pass.Stores),
            core.Retention.WaitsUntil()));
    }
}
