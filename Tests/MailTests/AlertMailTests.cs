// Alerts by mail, over the real mail server: that one began and that it is over, also when mails could not be sent for a while.

using MimeKit;
using NanoSync.Server.Alerts;
using NanoSync.Server.Engine;
using NanoSync.Server.Mail;

namespace NanoSync.MailTests;

[TestClass]
public sealed class AlertMailTests
{
    private const string Person = "person";

    private static MailServer s_mail = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static void Begin(TestContext context) => s_mail = new MailServer();

    [ClassCleanup]
    public static void End() => s_mail?.Dispose();

    [TestMethod]
    public async Task An_alert_and_its_end_arrive_as_mails_also_after_SMTP_was_away_for_a_while()
    {
        ManualClock clock = new();
        using MailBench bench = new(s_mail, clock: clock);
        AlertService alerts = new(bench.Core.Store, clock, new AlertOptions(), [new MailChannel(bench.Options, MailServer.Address(Person))]);
        Last(bench, alerts, clock, "batteryLow", "battery 3.00 V");
        Assert.AreEqual(1, await alerts.Deliver(TestContext.CancellationToken));
        s_mail.WaitFor(Person, 1);

        s_mail.EndSmtp();
        Last(bench, alerts, clock); // the alert is closed
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(0, await alerts.Deliver(TestContext.CancellationToken));
            clock.Pass(TimeSpan.FromHours(1));
        }

        DeliveryRow waiting = alerts.List(AlertState.Closed).Single().Deliveries[^1];
        Assert.AreEqual("closed 3", $"{waiting.Event} {waiting.Tries}");
        Assert.IsNull(waiting.Done);
        Assert.IsFalse(string.IsNullOrEmpty(waiting.Error), "why it was not sent is shown");

        s_mail.StartSmtp();
        Assert.AreEqual(1, await alerts.Deliver(TestContext.CancellationToken));
        Assert.AreEqual(0, await alerts.Deliver(TestContext.CancellationToken), "each once");
        s_mail.WaitFor(Person, 2);
        List<MimeMessage> mails = s_mail.Mails(Person);
        Assert.AreEqual("d1 batteryLow | Over: d1 batteryLow", string.Join(" | ", mails.Select(m => m.Subject)));
        foreach (MimeMessage mail in mails)
        {
            Assert.AreEqual(bench.Options.From, mail.From.Mailboxes.Single().Address);
            Assert.AreEqual("auto-generated", mail.Headers[HeaderId.AutoSubmitted], "nobody answers it by itself");
            StringAssert.Contains(mail.TextBody, "battery 3.00 V");
        }
    }

    // What is wrong with a device, or nothing, for long enough to be told.
    private static void Last(MailBench bench, AlertService alerts, ManualClock clock, string? kind = null, string text = "")
    {
        using (IStoreTransaction transaction = bench.Core.Store.BeginWrite())
        {
            alerts.See(transaction, 1, "d1", kind == null ? [] : [(kind, text)], clock.GetUtcNow().ToUnixTimeMilliseconds());
            transaction.Commit();
        }

        clock.Pass(TimeSpan.FromMinutes(20));
        alerts.Turn();
    }
}
