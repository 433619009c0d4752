// REST for alerts.

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using NanoSync.Server.Access;
using NanoSync.Server.Alerts;

namespace NanoSync.Server.Http;

internal sealed class AlertRoutes(ServerCore core)
{
    public void Map(RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Alerts");
        group.MapGet("/alerts", List).Needs(Role.Read).WithSummary("Alerts, newest first: what was wrong for long enough.");
        group.MapPost("/alerts/{alert}/acknowledge", Acknowledge).Needs(Role.Configure).AcceptsBody<Acknowledgement>().WithSummary("Say that one knows of an alert.");
    }

    private Ok<AlertPage> List(
        [Description("open (default), closed or all."), OneOf(typeof(AlertState))] string? state = null,
        [Description("Only of this device.")] string? device = null,
        [Description("Only of devices of this group.")] string? group = null,
        [Description("Only alerts below this number."), Range(1, long.MaxValue)] long? before = null,
        [Description("How many at most; 100 when left out."), Range(1, 1000)] int? limit = null)
    {
        return TypedResults.Ok(new AlertPage(core.Alerts.List(OneOfAttribute.Parse<AlertState>(state) ?? AlertState.Open, device, group, before ?? long.MaxValue, limit ?? 100).ConvertAll(a =>
            new AlertView(a.Alert.Id, a.Alert.Device == 0 ? null : a.Alert.Subject, a.Alert.Subject, a.Alert.Kind, a.Alert.Text, Time(a.Alert.Began)!.Value, Time(a.Alert.Opened)!.Value,
                Time(a.Alert.Ended), Time(a.Alert.Closed), Time(a.Alert.Acknowledged), a.Alert.AcknowledgedBy, a.Alert.Note,
                a.Deliveries.ConvertAll(d => new DeliveryView(d.Channel, d.Event, d.Tries, Time(d.Done), d.Error))))));
    }

    private async Task<NoContent> Acknowledge(long alert, HttpContext context)
    {
        Acknowledgement given = await ApiJson.Read<Acknowledgement>(context, 64 << 10);
        core.Alerts.Acknowledge(alert, TokenHandler.CallerOf(context).Name, given.Note);
        return TypedResults.NoContent();
    }

    private static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
}

internal sealed record Acknowledgement([property: Description("What one has to say of it.")] string? Note = null);

internal sealed record AlertPage(IReadOnlyList<AlertView> Alerts);

internal sealed record AlertView(
    long Id,
    [property: Description("null = of the server itself.")] string? Device,
    [property: Description("The device's name, or what it is about.")] string Subject,
    [property: Description("A problem of the fleet, or proxyAway.")] string Kind,
    [property: Description("What is wrong and what to do.")] string Text,
    [property: Description("When it was first seen.")] DateTimeOffset Began,
    [property: Description("When it had lasted for long enough.")] DateTimeOffset Opened,
    [property: Description("Since when it is seen no more; null = it is.")] DateTimeOffset? Ended,
    [property: Description("When that had lasted for long enough; null = open.")] DateTimeOffset? Closed,
    DateTimeOffset? Acknowledged,
    string? AcknowledgedBy,
    string? Note,
    [property: Description("Who was told, and what became of it.")] IReadOnlyList<DeliveryView> Deliveries);

internal sealed record DeliveryView(
    [property: Description("webhook or mail.")] string Channel,
    [property: Description("opened or closed.")] string Event,
    int Tries,
    [property: Description("null = still tried.")] DateTimeOffset? Done,
    [property: Description("Why it was not taken at the last try.")] string? Error);
