// An upstream that nothing reaches becomes an alert, and one that was never reached too.

using NanoSync.Server;
using NanoSync.Server.Alerts;
using NanoSync.Server.Engine;
using NanoSync.Server.Proxy;

namespace NanoSync.ProxyTests;

[TestClass]
public sealed class AlertTests
{
    [TestMethod]
    public async Task An_upstream_that_is_away_for_a_quarter_of_an_hour_is_an_alert_until_it_is_back_or_taken_away()
    {
        SteppedClock clock = new();
        await using Node up = await Node.Start();
        await using Node site = await Node.Start(clock: clock);
        UpstreamWatch watch = new(site.Core, site.Proxy);
        site.PassTo(up, "readings", "d1.readings", ProxyDirection.Up);
        FieldDevice device = site.Device("d1", "readings,config");
        device.Append(1);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);

        await up.Stop();
        clock.Now += TimeSpan.FromMinutes(14);
        Assert.AreEqual("", Alerts(site, watch, clock));
        Assert.IsFalse(site.Run());
        Assert.AreEqual("proxy up proxyAway open", Alerts(site, watch, clock));
        AlertRow alert = site.Core.Alerts.List().Single().Alert;
        StringAssert.Contains(alert.Text, "Nothing of d1.readings has been passed on to up since 2026-03-01 12:00:00Z: ");

        await up.Start();
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.AreEqual("proxy up proxyAway closed", Alerts(site, watch, clock));

        // the alert of an upstream that is removed while it is away is closed, too
        await up.Stop();
        clock.Now += TimeSpan.FromHours(1);
        Assert.AreEqual("proxy up proxyAway open, proxy up proxyAway closed", Alerts(site, watch, clock));
        site.Proxy.Remove("up");
        Assert.AreEqual("proxy up proxyAway closed, proxy up proxyAway closed", Alerts(site, watch, clock));
    }

    [TestMethod]
    public async Task An_upstream_that_was_never_reached_is_an_alert_a_quarter_of_an_hour_after_it_was_first_tried()
    {
        SteppedClock clock = new();
        await using Node up = await Node.Start();
        await using Node site = await Node.Start(clock: clock);
        site.PassTo(up, "readings", "d1.readings", ProxyDirection.Up);
        site.Device("d1", "readings,config");
        await up.Stop();
        UpstreamWatch watch = new(site.Core, site.Proxy);
        Assert.IsFalse(site.Run());
        Assert.AreEqual("", Alerts(site, watch, clock));
        Assert.AreEqual("proxy up proxyAway open", Alerts(site, watch, clock));
        StringAssert.Contains(site.Core.Alerts.List().Single().Alert.Text, "Nothing of d1.readings has been passed on to up ever: ");
    }

    // Looked at now; what was seen then lasts for long enough.
    private static string Alerts(Node site, UpstreamWatch watch, SteppedClock clock)
    {
        watch.Look();
        clock.Now += TimeSpan.FromMinutes(16); // alertClear is 15, alertAfter 5
        site.Core.Alerts.Turn();
        return string.Join(", ", site.Core.Alerts.List(AlertState.All).Select(a => $"{a.Alert.Subject} {a.Alert.Kind} {(a.Alert.Closed == null ? "open" : "closed")}"));
    }

    private sealed class SteppedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
