// A device and a server that only mail joins.

using System.Text;
using MimeKit;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Mail;
using NanoSync.Server.Sealed;

namespace NanoSync.MailTests;

[TestClass]
public sealed class RoundTripTests
{
    private static MailServer s_mail = null!;

    [ClassInitialize]
    public static void Begin(TestContext context) => s_mail = new MailServer();

    [ClassCleanup]
    public static void End() => s_mail.Dispose();

    [TestMethod]
    public async Task Readings_go_up_and_configuration_comes_down()
    {
        using MailBench bench = new(s_mail);
        MailDevice device = NewDevice(bench, "field-1");
        bench.Core.Objects.Put("field-1", "config", "sampling", ObjectJson.Parse(Encoding.UTF8.GetBytes("{\"n\":5}"), "setting(n:u)"));
        device.Append(30);
        await device.SyncUntilInStep(async () =>
        {
            MailPass pass = await bench.Pass(1);
            Assert.AreEqual(1, pass.Answered);
            s_mail.WaitFor("field-1", 1);
            device.Restart(); // a restart between any two rounds
        });
        Assert.AreEqual(30, bench.Core.Objects.List("field-1", "readings").Count);
        Assert.AreEqual(1, device.Settings);
        Assert.IsEmpty(s_mail.Mails("server"));
        Assert.IsEmpty(s_mail.Mails("field-1"), "The device deletes what it took.");

        MimeMessage request = s_mail.Mails("server", bench.Options.Done)[^1];
        StringAssert.StartsWith(request.MessageId, "field-1.");
    }

    private sealed class Watch : IDeviceHost
    {
        public int Times { get; private set; }

        public void WriteStatus(RecordWriter record)
        {
        }

        public void SetTime(uint unixSeconds, int milliseconds) => Times++;

        public int Accept(DeviceCommand command, uint value) => Status.NotFound;

        public void Execute(DeviceCommand command, uint value)
        {
        }
    }

    [TestMethod]
    public async Task A_time_that_came_by_mail_is_over_and_not_taken()
    {
        using MailBench bench = new(s_mail);
        MailDevice device = NewDevice(bench, "field-1");
        Watch watch = new();
        (device.Engine.Host, device.Engine.AskTime) = (watch, true);
        await device.SyncUntilInStep(async () =>
        {
            await bench.Pass(1);
            s_mail.WaitFor("field-1", 1);
        });
        Assert.IsFalse(device.Engine.AskTime, "the server told it");
        Assert.AreEqual(0, watch.Times);
    }

    [TestMethod]
    public async Task The_server_is_told_of_a_mail_by_IDLE_and_answers_in_the_thread()
    {
        using MailBench bench = new(s_mail);
        MailDevice device = NewDevice(bench, "field-2");
        device.Append(1);
        device.Round(RoundOutcome.Deferred);
        using CancellationTokenSource end = new();
        Task running = bench.Service.Run(() => true, end.Token);
        s_mail.WaitFor("field-2", 1);
        MimeMessage reply = s_mail.Mails("field-2").Single();
        StringAssert.StartsWith(reply.InReplyTo, "field-2.");
        Assert.AreEqual(reply.InReplyTo, reply.References.Single());
        Assert.AreEqual("auto-replied", reply.Headers[HeaderId.AutoSubmitted]);
        MimePart part = (MimePart)reply.Attachments.Single();
        Assert.AreEqual(SealedMessage.MediaType, part.ContentType.MimeType);
        device.Round(RoundOutcome.More);
        device.Round(RoundOutcome.Deferred);
        s_mail.WaitFor("field-2", 1); // IDLE a second time, on the same connection
        device.Round(RoundOutcome.InStep);
        await end.CancelAsync();
        await running;
        Assert.AreEqual(1, bench.Core.Objects.List("field-2", "readings").Count);
    }

    private static MailDevice NewDevice(MailBench bench, string name)
    {
        string token = bench.Core.Devices.Add(name, isSealed: true);
        return new MailDevice(() => MailDevice.Carrier(s_mail, name, token));
    }
}
