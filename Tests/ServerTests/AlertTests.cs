// Alerts: what lasts is told once, in order, until it is taken; under a clock that a test moves.

using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Alerts;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Fleet;
using NanoSync.Server.Http;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class AlertTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task A_problem_that_lasts_is_one_alert_however_often_it_comes_and_goes_until_it_is_away_for_long_enough()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("d1");
        Battery(ops, "3.90");
        Battery(ops, "3.00");
        Assert.AreEqual("", await Alerts(ops), "not yet");
        ops.Clock.Now += TimeSpan.FromMinutes(3);
        Battery(ops, "3.90");
        ops.Clock.Now += TimeSpan.FromMinutes(20);
        Assert.AreEqual("", await Alerts(ops, "all"), "it was away before it was one");

        Battery(ops, "3.00");
        ops.Clock.Now += TimeSpan.FromMinutes(6);
        Battery(ops, "3.01");
        Assert.AreEqual("batteryLow open", await Alerts(ops));
        for (int i = 0; i < 5; i++)
        {
            ops.Clock.Now += TimeSpan.FromMinutes(5);
            Battery(ops, "3.90");
            ops.Clock.Now += TimeSpan.FromMinutes(5);
            Battery(ops, "3.00");
        }

        Assert.AreEqual("batteryLow open", await Alerts(ops, "all"));
        Battery(ops, "3.90");
        ops.Clock.Now += TimeSpan.FromMinutes(16);
        Battery(ops, "3.90");
        Assert.AreEqual("", await Alerts(ops));
        Assert.AreEqual("batteryLow closed", await Alerts(ops, "closed"));
    }

    [TestMethod]
    public async Task Each_problem_of_a_device_is_an_alert_unless_set_otherwise_but_that_it_never_came()
    {
        Action<OpsServer> Told(string field, string value) => ops => ops.SyncAll("d1", [new(field, value)]);
        Dictionary<Problem, Action<OpsServer>> problems = new()
        {
            [Problem.Overdue] = ops =>
            {
                ops.Core.Fleet.Place("d1", null, 60);
                ops.StartSync("d1", "config");
                ops.Core.Fleet.Flush(look: true);
                ops.Clock.Now += TimeSpan.FromMinutes(10);
            },
            [Problem.Dropping] = Told("dropped", "7"),
            [Problem.Refusing] = Told("refused", "1"),
            [Problem.ConfigRefused] = ops =>
            {
                ops.Core.Objects.Put("d1", "config", "a", new NewValue(null, [1], null));
                CollectionElement next = new() { Id = "config", SyncKey = ops.StartSync("d1", "config"), GetChanges = true };
                next.SyncKey = ops.Sync("d1", next)!.SyncKey;
                next.Responses.Add(TestDevice.Refuse(Tags.Add, "a", Status.BadObject, "below 5"));
                ops.Sync("d1", next);
            },
            [Problem.Damaged] = Told("damaged", "2"),
            [Problem.BatteryLow] = Told("battery", "3.00"),
            [Problem.FlashLow] = Told("flashLeft", "4000"),
            [Problem.FlashWorn] = Told("life", "364"),
            [Problem.ClockOff] = Told("clock", "-300"),
            [Problem.Forked] = Told("forked", "1"),
            [Problem.NeverSeen] = _ => { },
        };
        CollectionAssert.AreEquivalent(Enum.GetValues<Problem>(), problems.Keys, "each problem has its case here");
        foreach ((Problem problem, Action<OpsServer> happens) in problems)
        {
            await using OpsServer ops = await OpsServer.Start();
            ops.Server.Enrol("d1");
            happens(ops);
            string name = AlertOptions.NameOf(problem);
            Assert.AreEqual("", await Alerts(ops), $"{name}: not yet");
            Assert.AreEqual(name, string.Join(' ', (await ops.Get("/v1/devices/d1"))["summary"]!["problems"]!.AsArray()));
            ops.Clock.Now += TimeSpan.FromMinutes(6);
            Assert.AreEqual(problem == Problem.NeverSeen ? "" : name + " open", await Alerts(ops));
        }
    }

    [TestMethod]
    public async Task Who_knows_of_an_alert_is_shown_and_stands_in_the_audit_log()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("d1");
        Battery(ops, "3.00");
        ops.Clock.Now += TimeSpan.FromMinutes(6);
        Assert.AreEqual("batteryLow open", await Alerts(ops));
        JsonNode alert = (await ops.Get("/v1/alerts?device=d1"))["alerts"]![0]!;
        StringAssert.Contains(alert["text"]!.GetValue<string>(), "3.00 V");
        Assert.AreEqual(HttpStatusCode.NoContent, (await ops.Send(HttpMethod.Post, $"/v1/alerts/{alert["id"]}/acknowledge", """{"note":"on Monday"}""")).Status);
        alert = (await ops.Get("/v1/alerts"))["alerts"]![0]!;
        Assert.AreEqual("admin on Monday", $"{alert["acknowledgedBy"]} {alert["note"]}");
        await ops.Refused(HttpStatusCode.NotFound, "not_found", HttpMethod.Post, "/v1/alerts/999/acknowledge", "{}");
        Assert.AreEqual("POST alerts/acknowledge", (await ops.Get("/v1/audit?limit=1"))["entries"]![0]!["action"]!.GetValue<string>());
        Assert.HasCount(0, (await ops.Get("/v1/alerts?device=d2"))["alerts"]!.AsArray());
    }

    [TestMethod]
    public async Task A_webhook_gets_each_alert_signed_again_until_it_is_taken_and_those_of_a_device_in_order()
    {
        using Receiver receiver = new();
        string folder = Directory.CreateTempSubdirectory("nanosync-alert-").FullName;
        try
        {
            TestClock clock = new();
            using IServerStore store = TestDatabase.Open(folder, clock);
            AlertService alerts = new(store, clock, new AlertOptions(), [new WebhookChannel(new Uri("https://pager.example/hook"), "secret", receiver)]);
            receiver.Status = HttpStatusCode.BadGateway;
            See(store, alerts, clock, "d1", "overdue");
            See(store, alerts, clock, "d2", "dropping");
            clock.Now += TimeSpan.FromMinutes(6);
            alerts.Turn();
            Assert.AreEqual(0, await alerts.Deliver(TestContext.CancellationToken));
            Assert.HasCount(2, receiver.Got);
            See(store, alerts, clock, "d1");
            clock.Now += TimeSpan.FromMinutes(16);
            alerts.Turn(); // d1's alert is closed before anybody took the delivery that it was opened
            await alerts.Deliver(TestContext.CancellationToken);
            Assert.HasCount(4, receiver.Got);
            Assert.DoesNotContain("closed d1", receiver.Events, "it does not overtake");

            receiver.Status = HttpStatusCode.OK;
            receiver.Got.Clear();
            clock.Now += TimeSpan.FromHours(1);
            Assert.AreEqual(2, await alerts.Deliver(TestContext.CancellationToken));
            Assert.AreEqual(1, await alerts.Deliver(TestContext.CancellationToken));
            Assert.AreEqual(0, await alerts.Deliver(TestContext.CancellationToken));
            Assert.AreEqual("opened d1, opened d2, closed d1", string.Join(", ", receiver.Events));
            foreach ((string signature, byte[] body) in receiver.Got)
            {
                string time = signature.Split('=', ',')[1];
                Assert.AreEqual($"t={time},sha256={WebhookChannel.Sign("secret", long.Parse(time, CultureInfo.InvariantCulture), body)}", signature);
                Assert.AreNotEqual(signature.Split("sha256=")[1], WebhookChannel.Sign("other", long.Parse(time, CultureInfo.InvariantCulture), body));
            }

            (AlertRow first, List<DeliveryRow> deliveries) = alerts.List(AlertState.Closed).Single();
            Assert.AreEqual("d1: opened 3 , closed 1 ", $"{first.Subject}: {string.Join(", ", deliveries.Select(d => $"{d.Event} {d.Tries} {d.Error}"))}");
        }
        finally
        {
            TestDatabase.Drop(folder);
        }
    }

    [TestMethod]
    public async Task Of_the_same_within_the_quiet_time_nobody_is_told_again()
    {
        using Receiver receiver = new();
        string folder = Directory.CreateTempSubdirectory("nanosync-alert-").FullName;
        try
        {
            TestClock clock = new();
            using IServerStore store = TestDatabase.Open(folder, clock);
            AlertService alerts = new(store, clock, new AlertOptions(), [new WebhookChannel(new Uri("https://pager.example/hook"), "", receiver)]);
            for (int i = 0; i < 5; i++) // each is over after 16 minutes and comes again
            {
                See(store, alerts, clock, "d1", "overdue", "neverSeen");
                clock.Now += TimeSpan.FromMinutes(6);
                alerts.Turn();
                See(store, alerts, clock, "d1");
                clock.Now += TimeSpan.FromMinutes(16);
                alerts.Turn();
                await alerts.Deliver(TestContext.CancellationToken);
                await alerts.Deliver(TestContext.CancellationToken);
            }

            Assert.HasCount(5, alerts.List(AlertState.Closed), "all are shown");
            Assert.AreEqual("opened d1, closed d1, opened d1, closed d1", string.Join(", ", receiver.Events), "the first, and the one that began an hour after somebody was told last");
        }
        finally
        {
            TestDatabase.Drop(folder);
        }
    }

    [TestMethod]
    public async Task What_becomes_of_alerts_is_told_once_to_who_is_cut_a_hundred_times_by_either_of_two_servers()
    {
        await using OpsServer ops = await OpsServer.Start();
        await using EmbeddedServer second = await ops.Another(); // which looks for what has lasted, too
        using HttpClient other = new() { BaseAddress = new Uri(second.Url) };
        other.DefaultRequestHeaders.Authorization = ops.Client.DefaultRequestHeaders.Authorization;
        const int Devices = 40, Rounds = 3;
        Task happening = Task.Run(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                for (int i = 0; i < Devices; i++)
                {
                    See(ops.Core.Store, ops.Core.Alerts, ops.Clock, $"d{i:00}", "overdue");
                }

                ops.Clock.Now += TimeSpan.FromMinutes(6);
                ops.Core.Alerts.Turn();
                foreach ((AlertRow alert, _) in ops.Core.Alerts.List())
                {
                    ops.Core.Alerts.Acknowledge(alert.Id, "anna", $"in round {round}");
                }

                for (int i = 0; i < Devices; i++)
                {
                    See(ops.Core.Store, ops.Core.Alerts, ops.Clock, $"d{i:00}");
                }

                ops.Clock.Now += TimeSpan.FromMinutes(16);
                ops.Core.Alerts.Turn();
            }
        }, TestContext.CancellationToken);

        Random random = new(11);
        List<string> told = [];
        string? cursor = "0";
        int cuts = 0;
        System.Diagnostics.Stopwatch limit = System.Diagnostics.Stopwatch.StartNew();
        while ((cuts < 100 || !happening.IsCompleted || told.Count < Devices * Rounds * 3) && limit.Elapsed < TimeSpan.FromMinutes(3))
        {
            (cursor, List<(string Event, JsonNode Data)> events) = await Following.Follow(random.Next(2) == 0 ? ops.Client : other, "?collection=-", cursor, random.Next(1, 1_500), TestContext.CancellationToken);
            told.AddRange(events.Where(e => e.Event == "alert").Select(e => $"{e.Data["subject"]} {e.Data["id"]} {e.Data["event"]}"));
            cuts++;
        }

        await happening;
        TestContext.WriteLine($"{cuts} cuts, {told.Count} events of alerts told");
        Assert.IsGreaterThanOrEqualTo(100, cuts);
        CollectionAssert.AllItemsAreUnique(told);
        for (int i = 0; i < Devices; i++)
        {
            string[] mine = [.. told.Where(t => t.StartsWith($"d{i:00} ", StringComparison.Ordinal))];
            Assert.AreEqual(string.Concat(Enumerable.Repeat("opened acknowledged closed ", Rounds)), string.Concat(mine.Select(t => t.Split(' ')[2] + " ")), "all, in order");
        }
    }

    [TestMethod]
    public async Task Who_follows_a_device_or_a_group_is_told_of_its_alerts_with_what_rest_says_of_them()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("d1");
        ops.Server.Enrol("d2");
        ops.Core.Fleet.Place("d1", "north", null);
        Battery(ops, "3.00");
        ops.Clock.Now += TimeSpan.FromMinutes(6);
        Assert.AreEqual("batteryLow open", await Alerts(ops));
        JsonNode alert = (await ops.Get("/v1/alerts"))["alerts"]![0]!;
        await ops.Send(HttpMethod.Post, $"/v1/alerts/{alert["id"]}/acknowledge", """{"note":"on Monday"}""");
        ops.Core.Fleet.Flush(look: true);
        alert = (await ops.Get("/v1/alerts"))["alerts"]![0]!;
        // beside each other, since each waits for what would come too much
        (string, int)[] queries = [("", 2), ("?device=d1", 2), ("?group=north", 2), ("?device=d2", 0), ("?group=south", 0)];
        await Task.WhenAll(queries.Select(async q =>
        {
            (string query, int expected) = q;
            (_, List<(string Event, JsonNode Data)> told) = await Following.Follow(ops.Client, query, "0", 1 << 20, TestContext.CancellationToken);
            JsonNode[] alerts = [.. told.Where(t => t.Event == "alert").Select(t => t.Data)];
            Assert.HasCount(expected, alerts, query);
            foreach (JsonNode data in alerts)
            {
                foreach ((string name, JsonNode? value) in data.AsObject().Where(m => m.Key != "event"))
                {
                    Assert.AreEqual(alert[name]?.ToJsonString(), value?.ToJsonString(), name);
                }
            }

            Assert.AreEqual(expected == 0 ? "" : "opened acknowledged", string.Join(' ', alerts.Select(a => a["event"])));
        }));
    }

    private static void See(IServerStore store, AlertService alerts, TestClock clock, string device, params string[] kinds)
    {
        using IStoreTransaction transaction = store.BeginWrite();
        alerts.See(transaction, 1, device, [.. kinds.Select(k => (k, "it is so"))], clock.Now.ToUnixTimeMilliseconds());
        transaction.Commit();
    }

    private static void Battery(OpsServer ops, string volts)
    {
        ops.SyncAll("d1", [new("battery", volts)]);
        ops.Core.Fleet.Flush(look: true);
    }

    private static async Task<string> Alerts(OpsServer ops, string state = "open")
    {
        ops.Core.Fleet.Flush(look: true);
        ops.Core.Alerts.Turn();
        return string.Join(", ", (await ops.Get("/v1/alerts?state=" + state))["alerts"]!.AsArray().Select(a => $"{a!["kind"]} {(a["closed"] == null ? "open" : "closed")}"));
    }

    // Stands in for the server that takes the webhooks.
    private sealed class Receiver : HttpMessageHandler
    {
        public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

        public List<(string Signature, byte[] Body)> Got { get; } = [];

        public IEnumerable<string> Events => Got.Select(g => JsonNode.Parse(Encoding.UTF8.GetString(g.Body))!).Select(b => $"{b["event"]} {b["device"]}");

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Got.Add((request.Headers.GetValues("X-NanoSync-Signature").Single(), await request.Content!.ReadAsByteArrayAsync(cancellationToken)));
            return new HttpResponseMessage(Status);
        }
    }
}
