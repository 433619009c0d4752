// What the server makes of the mails that a mailbox may hold.

using System.Text;
using MailKit.Security;
using MimeKit;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Mail;
using NanoSync.Server.Sealed;

namespace NanoSync.MailTests;

[TestClass]
public sealed class MailboxTests
{
    private static MailServer s_mail = null!;

    [ClassInitialize]
    public static void Begin(TestContext context) => s_mail = new MailServer();

    [ClassCleanup]
    public static void End() => s_mail?.Dispose();

    [TestMethod]
    [DataRow("application/vnd.nanosync.sealed", "x.bin", ContentEncoding.Base64, 0)]
    [DataRow("application/octet-stream", "message.SBD", ContentEncoding.QuotedPrintable, 0)]
    [DataRow("application/octet-stream", "message.wbxml", ContentEncoding.UUEncode, 2)]
    [DataRow("application/octet-stream", "message.xml", ContentEncoding.Base64, 4)]
    public async Task A_message_is_found_in_any_part_and_any_transfer_encoding(string type, string name, ContentEncoding encoding, int depth)
    {
        using MailBench bench = new(s_mail);
        byte[] key = Enrol(bench);
        MimeEntity body = Part(type, name, Request(1, key).ToBytes(), encoding);
        for (int i = 0; i < depth; i++)
        {
            body = new Multipart("mixed") { new TextPart("plain") { Text = "Sent from a satellite." }, body };
        }

        s_mail.Send(Mail(body));
        Assert.AreEqual(new MailPass(1, 0, 0, 0), await bench.Pass(1));
        TakeReply(key, 1);
    }

    [TestMethod]
    public async Task Doctor_says_whether_the_mailbox_lets_the_server_in()
    {
        using MailBench bench = new(s_mail);
        Microsoft.Extensions.Configuration.IConfiguration none = new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build();
        foreach ((string password, string folder, Server.Cli.FindingState state) in ((string, string, Server.Cli.FindingState)[])
            [(MailServer.Password, "INBOX", Server.Cli.FindingState.Ok), ("wrong", "INBOX", Server.Cli.FindingState.Wrong), (MailServer.Password, "Nowhere", Server.Cli.FindingState.Wrong)])
        {
            ServerOptions options = (ServerOptions)bench.Core.Options with { Urls = "http://127.0.0.1:0", Mail = bench.Options with { Password = password, Folder = folder } };
            List<Server.Cli.Finding> mail = (await Server.Cli.Doctor.Examine(() => none, _ => options).ToListAsync()).FindAll(f => f.What == "mail");
            Assert.AreEqual((state, Server.Cli.FindingState.Ok), (mail[0].State, mail[1].State), string.Join('\n', mail));
        }
    }

    [TestMethod]
    public async Task A_bare_message_with_its_proof_in_headers_is_answered_likewise()
    {
        using MailBench bench = new(s_mail);
        byte[] key = Enrol(bench);
        SealedMessage sealedMessage = Request(1, key, MessageFormat.Xml);
        MimeMessage mail = Mail(Part(MessageFormat.Xml.MediaType, "m", sealedMessage.Body.ToArray(), ContentEncoding.Base64));
        mail.Headers[MailContent.DeviceHeader] = "field-1";
        mail.Headers[MailContent.NumberHeader] = "AAAA 1";
        mail.Headers[MailContent.MacHeader] = sealedMessage.MacText;
        s_mail.Send(mail);
        Assert.AreEqual(new MailPass(1, 0, 0, 0), await bench.Pass(1));
        s_mail.WaitFor("field-1", 1);
        MimePart part = (MimePart)Empty("field-1").Single().Attachments.Single();
        Assert.AreEqual(MessageFormat.Xml.MediaType, part.ContentType.MimeType);
        Assert.AreEqual("AAAA 1", part.Headers[MailContent.NumberHeader]);
    }

    [TestMethod]
    [DataRow("message.sbd", "AAAA-1.sbd", "application/octet-stream")]
    [DataRow("message.sealed", "AAAA-1.sealed", SealedMessage.MediaType)]
    public async Task The_reply_has_the_ending_of_its_request_and_goes_to_Reply_To(string name, string answer, string type)
    {
        using MailBench bench = new(s_mail);
        byte[] key = Enrol(bench);
        MimeMessage mail = Mail(Part("application/octet-stream", name, Request(1, key).ToBytes(), ContentEncoding.Base64));
        mail.ReplyTo.Add(MailboxAddress.Parse(MailServer.Address("person")));
        s_mail.Send(mail);
        Assert.AreEqual(1, (await bench.Pass(1)).Answered);
        s_mail.WaitFor("person", 1);
        MimePart part = (MimePart)Empty("person").Single().Attachments.Single();
        Assert.AreEqual($"{answer} {type}", $"{part.FileName} {part.ContentType.MimeType}");
        using MemoryStream content = new();
        part.Content!.DecodeTo(content);
        Assert.IsTrue(SealedMessage.Parse(content.ToArray())!.IsFrom(key));
        Assert.IsEmpty(s_mail.Mails("field-1"));
    }

    [TestMethod]
    public async Task An_answer_that_the_relay_does_not_take_now_holds_up_no_other_mail_and_is_given_up_in_the_end()
    {
        ManualClock clock = new();
        using MailBench bench = new(s_mail, shape: o => o with { Batch = 2 }, clock: clock);
        byte[] key = Enrol(bench);
        byte[] blocking = SealedMessage.KeyOf(bench.Core.Devices.Add("blocking", "config", isSealed: true));
        for (uint i = 1; i <= 2; i++)
        {
            MimeMessage mail = Mail(Sealed(SealedMessage.Seal(SealedKind.Request, MessageFormat.Wbxml, "BBB" + i, 1, "blocking", Body(MessageFormat.Wbxml), blocking)));
            mail.ReplyTo.Add(MailboxAddress.Parse(MailServer.Address(MailServer.Later)));
            s_mail.Send(mail);
            s_mail.WaitFor("server", (int)i); // they come first, and fill the batch
        }

        s_mail.Send(Mail(Sealed(Request(1, key))));
        MailPass first = await bench.Pass(3);
        Assert.AreEqual(2, first.Deferred);
        Assert.AreEqual(new MailPass(1, 0, 0, 0), await bench.Service.RunOnce());
        TakeReply(key, 1);
        Assert.AreEqual(new MailPass(0, 0, 0, 0), await bench.Service.RunOnce(), "not before its time");

        int failed = s_mail.Mails("server", bench.Options.Failed).Count;
        int tries = 1;
        for (; (await bench.Service.RunOnce()) is { Total: 0 } && tries < 100; tries++)
        {
            clock.Pass(TimeSpan.FromHours(10));
        }

        Assert.AreEqual(10, tries);
        Assert.AreEqual(failed + 2, s_mail.Mails("server", bench.Options.Failed).Count);
        Assert.IsEmpty(s_mail.Mails("server"));
    }

    [TestMethod]
    public async Task A_later_mail_does_not_turn_the_answers_elsewhere()
    {
        using MailBench bench = new(s_mail);
        byte[] key = Enrol(bench);
        s_mail.Send(Mail(Sealed(Request(1, key))));
        await bench.Pass(1);
        TakeReply(key, 1);
        Assert.AreEqual(MailServer.Address("field-1"), bench.Core.Devices.ReplyAddress("field-1"));

        MimeMessage turned = Mail(Sealed(Request(2, key)));
        turned.From.Clear();
        turned.From.Add(MailboxAddress.Parse(MailServer.Address("field-2")));
        turned.ReplyTo.Add(MailboxAddress.Parse(MailServer.Address("person")));
        s_mail.Send(turned);
        Assert.AreEqual(1, (await bench.Pass(1)).Answered);
        TakeReply(key, 2);
        Assert.IsEmpty(s_mail.Mails("person"));
        Assert.IsEmpty(s_mail.Mails("field-2"));

        bench.Core.Devices.SetReplyAddress("field-1", MailServer.Address("person"));
        s_mail.Send(Mail(Sealed(Request(3, key))));
        Assert.AreEqual(1, (await bench.Pass(1)).Answered);
        s_mail.WaitFor("person", 1);
        Empty("person");
        Assert.IsEmpty(s_mail.Mails("field-1"));
    }

    [TestMethod]
    public async Task A_mail_that_proves_nothing_does_not_say_where_answers_go()
    {
        using MailBench bench = new(s_mail);
        byte[] key = Enrol(bench);
        MimeMessage forged = Mail(Sealed(Request(9, SealedMessage.KeyOf("guess"))));
        forged.ReplyTo.Add(MailboxAddress.Parse(MailServer.Address("person")));
        s_mail.Send(forged);
        Assert.AreEqual(1, (await bench.Pass(1)).Failed);
        Assert.IsNull(bench.Core.Devices.ReplyAddress("field-1"));
        s_mail.Send(Mail(Sealed(Request(1, key))));
        await bench.Pass(1);
        TakeReply(key, 1);
    }

    [TestMethod]
    public async Task Duplicates_get_no_answer_and_another_request_of_a_number_used_is_told_from_which_to_go_on()
    {
        using MailBench bench = new(s_mail);
        byte[] key = Enrol(bench);
        s_mail.Send(Mail(Sealed(Request(2, key))));
        Assert.AreEqual(1, (await bench.Pass(1)).Answered);
        TakeReply(key, 2);
        s_mail.Send(Mail(Sealed(Request(2, key))));
        Assert.AreEqual(new MailPass(0, 1, 0, 0), await bench.Pass(1));

        // never accepted, and lower: of a store that went back
        s_mail.Send(Mail(Sealed(Request(1, key))));
        Assert.AreEqual(new MailPass(1, 0, 0, 0), await bench.Pass(1));
        SealedMessage told = TakeSealed(key, 1);
        Assert.AreEqual("GoOn 00000002", $"{told.Kind} {Convert.ToHexString(told.Body.Span)}");
    }

    [TestMethod]
    public async Task What_cannot_prove_itself_goes_to_the_failed_folder()
    {
        using MailBench bench = new(s_mail);
        byte[] key = Enrol(bench);
        byte[] forged = Request(1, key).ToBytes();
        forged[^40] ^= 1;
        s_mail.Send(Mail(Sealed(forged)));
        s_mail.Send(Mail(Sealed(Request(1, SealedMessage.KeyOf("another token")))));
        s_mail.Send(Mail(new TextPart("plain") { Text = "Hello?" }));
        s_mail.Send(Mail(Part("application/octet-stream", "a.sbd", [3, 1, 0x6A, 0], ContentEncoding.Base64)));
        s_mail.Send(Mail(Sealed(SealedMessage.Seal(SealedKind.Reply, MessageFormat.Wbxml, "AAAA", 9, "field-1", Body(MessageFormat.Wbxml), key))));
        bench.Core.Devices.Revoke("field-1");
        s_mail.Send(Mail(Sealed(Request(3, key))));
        int before = s_mail.Mails("server", bench.Options.Failed).Count;
        Assert.AreEqual(new MailPass(0, 0, 0, 6), await bench.Pass(6));
        Assert.AreEqual(before + 6, s_mail.Mails("server", bench.Options.Failed).Count);
        Assert.IsEmpty(s_mail.Mails("field-1"));
    }

    [TestMethod]
    public async Task Bounces_and_automatic_answers_are_skipped()
    {
        using MailBench bench = new(s_mail);
        byte[] key = Enrol(bench);
        MimeMessage vacation = Mail(Sealed(Request(1, key)));
        vacation.Headers[HeaderId.AutoSubmitted] = "auto-replied";
        s_mail.Send(vacation);
        MimeMessage bounce = Mail(new MultipartReport("delivery-status") { new TextPart("plain") { Text = "Sorry." }, Sealed(Request(1, key)) });
        s_mail.Send(bounce);
        MimeMessage list = Mail(Sealed(Request(1, key)));
        list.Headers[HeaderId.Precedence] = "bulk";
        s_mail.Send(list);
        Assert.AreEqual(new MailPass(0, 0, 3, 0), await bench.Pass(3));
        Assert.IsEmpty(s_mail.Mails("field-1"));
    }

    [TestMethod]
    public async Task A_mail_bomb_is_bounded()
    {
        using MailBench bench = new(s_mail, new ServerOptions { SealedPerHour = 2 }, o => o with { MaxMail = 100_000 });
        byte[] key = Enrol(bench);
        s_mail.Send(Mail(Sealed(new byte[200_000])));
        Multipart many = new("mixed");
        for (int i = 0; i < 100; i++)
        {
            many.Add(new TextPart("plain") { Text = "x" });
        }

        many.Add(Sealed(Request(1, key)));
        s_mail.Send(Mail(many));
        MimeEntity deep = Sealed(Request(1, key));
        for (int i = 0; i < 40; i++)
        {
            deep = new Multipart("mixed") { deep };
        }

        s_mail.Send(Mail(deep));
        for (uint number = 1; number <= 3; number++)
        {
            s_mail.Send(Mail(Sealed(Request(number, key))));
        }

        Assert.AreEqual(new MailPass(2, 0, 0, 4), await bench.Pass(6));
        s_mail.WaitFor("field-1", 2);
        Empty("field-1");
    }

    [TestMethod]
    public async Task The_mailbox_is_read_over_TLS_of_a_trusted_authority_only()
    {
        MailEndpoint tls = new("127.0.0.1", s_mail.ImapsPort, SecureSocketOptions.SslOnConnect);
        using MailBench trusted = new(s_mail, shape: o => o with { Imap = tls, TrustedCa = s_mail.Authority });
        Assert.AreEqual(0, (await trusted.Service.RunOnce()).Total);
        using MailBench other = new(s_mail, shape: o => o with { Imap = tls });
        await Assert.ThrowsAsync<SslHandshakeException>(() => other.Service.RunOnce());
    }

    private static byte[] Enrol(MailBench bench)
    {
        return SealedMessage.KeyOf(bench.Core.Devices.Add("field-1", "config", isSealed: true));
    }

    private static byte[] Body(MessageFormat format)
    {
        SyncMessage message = new() { Version = "1.0" };
        message.Collections.Add(new CollectionElement { Id = "config", SyncKey = "0", GetChanges = true });
        return MessagePrinter.Print(format, message);
    }

    private static SealedMessage Request(uint number, byte[] key, MessageFormat? format = null)
    {
        format ??= MessageFormat.Wbxml;
        return SealedMessage.Seal(SealedKind.Request, format, "AAAA", number, "field-1", Body(format), key);
    }

    private static MimePart Sealed(SealedMessage message) => Sealed(message.ToBytes());

    private static MimePart Sealed(byte[] bytes) => Part(SealedMessage.MediaType, "m.sealed", bytes, ContentEncoding.Base64);

    private static MimePart Part(string type, string name, byte[] bytes, ContentEncoding encoding)
    {
        bool quoted = encoding == ContentEncoding.QuotedPrintable;
        return new MimePart(type)
        {
            // MimeKit takes line ends for text, and the way here may change them: a mailer that quotes binary data quotes those too
            Content = quoted ? new MimeContent(new MemoryStream(Encoding.ASCII.GetBytes(Quoted(bytes))), encoding) : new MimeContent(new MemoryStream(bytes)),
            ContentTransferEncoding = encoding,
            ContentDisposition = new ContentDisposition(ContentDisposition.Attachment),
            FileName = name,
        };
    }

    // Every byte, in lines of 20 with soft ends, the last one too.
    private static string Quoted(byte[] bytes) => string.Concat(bytes.Chunk(20).Select(line => string.Concat(line.Select(b => $"={b:X2}")) + "=\r\n"));

    private static MimeMessage Mail(MimeEntity body)
    {
        MimeMessage mail = new() { Subject = "test", Body = body };
        mail.From.Add(MailboxAddress.Parse(MailServer.Address("field-1")));
        mail.To.Add(MailboxAddress.Parse(MailServer.Address("server")));
        return mail;
    }

    private static void TakeReply(byte[] key, uint number)
    {
        SealedMessage reply = TakeSealed(key, number);
        Assert.AreEqual(SealedKind.Reply, reply.Kind);
        Assert.AreEqual(Status.Success, MessageParser.Parse(reply.Format, reply.Body).Collections.Single().Status);
    }

    private static SealedMessage TakeSealed(byte[] key, uint number)
    {
        s_mail.WaitFor("field-1", 1);
        MimePart part = (MimePart)Empty("field-1").Single().Attachments.Single();
        using MemoryStream content = new();
        part.Content!.DecodeTo(content);
        SealedMessage reply = SealedMessage.Parse(content.ToArray())!;
        Assert.IsTrue(reply.IsFrom(key));
        Assert.AreEqual(number, reply.Number);
        return reply;
    }

    // Takes all mails out of a mailbox.
    private static List<MimeMessage> Empty(string user)
    {
        List<MimeMessage> mails = s_mail.Mails(user);
        using MailKit.Net.Imap.ImapClient imap = s_mail.Open(user);
        imap.Inbox!.Open(MailKit.FolderAccess.ReadWrite);
        imap.Inbox.Store(imap.Inbox.Search(MailKit.Search.SearchQuery.All), new MailKit.StoreFlagsRequest(MailKit.StoreAction.Add, MailKit.MessageFlags.Deleted) { Silent = true });
        imap.Inbox.Expunge();
        return mails;
    }
}
