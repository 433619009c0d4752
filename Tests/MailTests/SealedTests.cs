// SPEC 8.2, byte by byte: the bytes here are put together by hand, and what the device and the server make is compared
// with them; and what the server makes of numbers and keys. No mail, no files: letters in memory.

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using MimeKit;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Mail;
using NanoSync.Server.Sealed;

namespace NanoSync.MailTests;

[TestClass]
public sealed class SealedTests
{
    private const string Token = "m1-xHk2G7tSx_4Tq0bLJ0yHc1tJcEa9VbV6p3kX2Wlo";
    private const byte Request = 1;
    private const byte Reply = 2;
    private const byte Wbxml = 1;
    private const byte Xml = 2;

    private static readonly byte[] s_empty = [3, 1, 0x6A, 0, 5]; // Sync without content

    private static readonly MailOptions s_options = new()
    {
        Imap = new MailEndpoint("none", 1, MailKit.Security.SecureSocketOptions.None),
        Smtp = new MailEndpoint("none", 1, MailKit.Security.SecureSocketOptions.None),
        From = "server@none",
        User = "",
        Password = "",
    };

    private string _folder = "";
    private ServerCore _core = null!;

    [TestInitialize]
    public void Begin()
    {
        _folder = Directory.CreateTempSubdirectory("nanosync-sealed-").FullName;
        _core = ServerData.Open(new ServerOptions { Data = _folder });
    }

    [TestCleanup]
    public void End()
    {
        _core.Dispose();
        Directory.Delete(_folder, true);
    }

    [TestMethod]
    [DataRow(Request, Wbxml)]
    [DataRow(Request, Xml)]
    [DataRow(Reply, Wbxml)]
    [DataRow(Reply, Xml)]
    public void The_server_makes_and_reads_the_bytes_of_the_specification(byte kind, byte form)
    {
        byte[] bytes = Bytes(kind, form, "aZ-_", 0x01020304, "field-1", s_empty, Token);
        byte[] key = SealedMessage.KeyOf(Token);
        MessageFormat format = form == Wbxml ? MessageFormat.Wbxml : MessageFormat.Xml;
        Assert.AreEqual(Convert.ToHexString(bytes), Convert.ToHexString(SealedMessage.Seal((SealedKind)kind, format, "aZ-_", 0x01020304, "field-1", s_empty, key).ToBytes()));
        SealedMessage read = SealedMessage.Parse(bytes)!;
        Assert.AreEqual($"{kind} {format.MediaType} aZ-_ 16909060 field-1 {Convert.ToHexString(s_empty)}",
            $"{(int)read.Kind} {read.Format.MediaType} {read.Store} {read.Number} {read.Device} {Convert.ToHexString(read.Body.Span)}");
        Assert.IsTrue(read.IsFrom(key));
    }

    [TestMethod]
    public void The_device_makes_the_bytes_of_the_specification()
    {
        foreach ((string type, byte form) in (ReadOnlySpan<(string, byte)>)[("application/vnd.nanosync+wbxml", Wbxml), ("application/vnd.nanosync+xml", Xml)])
        {
            Letters post = new();
            SealedCarrier carrier = new("field-1", Token, post, post);
            carrier.Number("aZ-_", 0x01020304);
            Assert.AreEqual(CarrierError.None, carrier.Open(type, s_empty.Length));
            Assert.AreEqual(CarrierError.None, carrier.Write(s_empty, 0, s_empty.Length));
            Assert.AreEqual(CarrierError.Deferred, carrier.Receive());
            carrier.Close();
            Assert.AreEqual(Convert.ToHexString(Bytes(Request, form, "aZ-_", 0x01020304, "field-1", s_empty, Token)), Convert.ToHexString(post.Sent.Single()));
            Assert.AreEqual(post.Sent[0].Length, post.Promised);
        }
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("a reply")]
    public void The_device_reads_a_reply_that_may_be_empty(string text)
    {
        byte[] message = Encoding.ASCII.GetBytes(text);
        Letters post = new();
        SealedCarrier carrier = new("field-1", Token, post, post);
        foreach (byte[] other in new[]
        {
            Bytes(Request, Wbxml, "AAAA", 7, "field-1", message, Token), // its own
            Bytes(Reply, Wbxml, "AAAB", 7, "field-1", message, Token),
            Bytes(Reply, Wbxml, "AAAA", 6, "field-1", message, Token),
            Bytes(Reply, Wbxml, "AAAA", 7, "field-2", message, Token),
        })
        {
            post.ToDevice.Enqueue(other);
            Assert.AreEqual(CarrierError.Deferred, carrier.Fetch("AAAA", 7), "not the one waited for");
            carrier.Close();
        }

        post.ToDevice.Enqueue(Bytes(Reply, Wbxml, "AAAA", 7, "field-1", message, Token));
        Assert.AreEqual(CarrierError.None, carrier.Fetch("AAAA", 7));
        byte[] got = new byte[64];
        int length = 0;
        int count;
        while ((count = carrier.Read(got, length, 3)) > 0)
        {
            length += count;
        }

        Assert.AreEqual(0, count, "its HMAC is right");
        Assert.AreEqual(text, Encoding.ASCII.GetString(got, 0, length));
        carrier.Done(true);
        carrier.Close();
    }

    [TestMethod]
    public void The_first_byte_of_a_message_tells_it_from_a_sealed_one()
    {
        Assert.IsTrue(SealedMessage.Looks(Bytes(Request, Wbxml, "AAAA", 1, "d", s_empty, Token)));
        SyncMessage message = new() { Version = "1.0" };
        foreach (byte[] bare in new[] { MessagePrinter.Print(MessageFormat.Wbxml, message), MessagePrinter.Print(MessageFormat.Xml, message), " \n<Sync/>"u8.ToArray() })
        {
            Assert.Contains(bare[0], new byte[] { 3, 0x3C, 0x20, 9, 10, 13 });
            Assert.IsFalse(SealedMessage.Looks(bare));
        }
    }

    [TestMethod]
    [DataRow(3, 0, "a kind that is none")]
    [DataRow(3, 4, "a kind that is none")]
    [DataRow(4, 0, "a form that is none")]
    [DataRow(4, 3, "a form that is none")]
    [DataRow(2, 2, "another version")]
    [DataRow(5, (int)'+', "a letter that no store has")]
    [DataRow(12, 0, "number 0")]
    [DataRow(13, 0, "no name")]
    [DataRow(13, 255, "a name beyond the end")]
    [DataRow(14, (int)'/', "a letter that no name has")]
    public void What_is_no_sealed_message_is_not_taken(int at, int value, string why)
    {
        byte[] bytes = Bytes(Request, Wbxml, "AAAA", 1, "field-1", s_empty, Token);
        Assert.IsNotNull(SealedMessage.Parse(bytes));
        bytes[at] = (byte)value;
        Assert.IsNull(SealedMessage.Parse(bytes), why);
    }

    [TestMethod]
    public void The_numbers_of_a_store_begin_at_1_and_rise_by_one_over_restarts()
    {
        string token = _core.Devices.Add("field-1", isSealed: true);
        Letters post = new();
        MailDevice device = Device(post, token);
        device.Append(5);
        string store = "";
        for (uint number = 1; number <= 6; number++)
        {
            device.Append(1);
            device.Round(RoundOutcome.Deferred);
            SealedMessage sent = SealedMessage.Parse(post.Sent[^1])!;
            store = number == 1 ? sent.Store : store;
            Assert.AreEqual($"{store} {number}", $"{sent.Store} {sent.Number}");
            SealedMessage reply = Take(post.Sent[^1]).Reply!;
            Assert.AreEqual($"{store} {number}", $"{reply.Store} {reply.Number}");
            post.ToDevice.Enqueue(reply.ToBytes());
            device.Restart();
            Assert.AreNotEqual(RoundOutcome.Failed, device.Engine.Round().Outcome);
        }
    }

    [TestMethod]
    public void A_number_that_was_not_answered_is_applied_and_answered_and_once_answered_it_is_a_duplicate()
    {
        string token = _core.Devices.Add("field-1", isSealed: true);
        Letters post = new();
        MailDevice device = Device(post, token);
        device.Append(2);
        Deliver(device, post); // key 0
        device.Round(RoundOutcome.Deferred);
        byte[] request = post.Sent[^1];
        SealedResult first = Take(request);
        Assert.HasCount(2, _core.Objects.List("field-1", "readings"));
        _core.Dispose(); // before the reply was handed over
        _core = ServerData.Open(new ServerOptions { Data = _folder });
        SealedResult second = Take(request);
        Assert.AreEqual(SealedOutcome.Answer, second.Outcome);
        Assert.AreEqual(Convert.ToHexString(first.Reply!.ToBytes()), Convert.ToHexString(second.Reply!.ToBytes()));
        Assert.HasCount(2, _core.Objects.List("field-1", "readings"));
        _core.Sealed.Answered(second.Reply);
        Assert.AreEqual(SealedOutcome.Passed, Take(request).Outcome);
        post.ToDevice.Enqueue(second.Reply.ToBytes());
        device.Round(RoundOutcome.InStep);
        Assert.AreEqual(0, device.Engine.Pending);
    }

    [TestMethod]
    public void A_new_token_ends_the_key_at_once_and_what_was_under_way_is_still_on_the_device()
    {
        string token = _core.Devices.Add("field-1", isSealed: true);
        Letters post = new();
        MailDevice device = new(() => new SealedCarrier("field-1", token, post, post), new SyncOptions { ReplyRounds = 1, Series = false });
        Deliver(device, post); // key 0
        device.Append(3);
        device.Round(RoundOutcome.Deferred);
        token = _core.Devices.Rotate("field-1");
        Assert.AreEqual(SealedOutcome.Refused, Take(post.Sent[^1]).Outcome);
        Assert.IsEmpty(_core.Objects.List("field-1", "readings"));
        Assert.AreEqual(3, device.Engine.Pending);
        device.Restart(); // with the new token
        Assert.AreEqual(3, device.Engine.Pending);
        Deliver(device, post); // it waits no longer, and sends anew
        Assert.AreEqual(0, device.Engine.Pending);
        Assert.HasCount(3, _core.Objects.List("field-1", "readings"));
    }

    [TestMethod]
    public void Who_is_not_enrolled_for_sealed_messages_has_no_key()
    {
        string token = _core.Devices.Add("field-1");
        SyncMessage message = new() { Version = "1.0" };
        message.Collections.Add(new CollectionElement { Id = "config", SyncKey = "0" });
        byte[] bytes = Bytes(Request, Wbxml, "AAAA", 1, "field-1", MessagePrinter.Print(MessageFormat.Wbxml, message), token);
        Assert.AreEqual(SealedOutcome.Refused, Take(bytes).Outcome);
        token = _core.Devices.Rotate("field-1", isSealed: true);
        bytes = Bytes(Request, Wbxml, "AAAA", 1, "field-1", MessagePrinter.Print(MessageFormat.Wbxml, message), token);
        Assert.AreEqual(SealedOutcome.Answer, Take(bytes).Outcome);
    }

    [TestMethod]
    public void A_bearer_token_does_not_speak_for_a_device_that_is_enrolled_for_sealed_messages()
    {
        string token = _core.Devices.Add("field-1", isSealed: true);
        Assert.IsNull(_core.Devices.Authenticate(token));
        token = _core.Devices.Rotate("field-1");
        Assert.IsNull(_core.Devices.Authenticate(token));
        token = _core.Devices.Rotate("field-1", isSealed: false);
        Assert.IsNotNull(_core.Devices.Authenticate(token));
    }

    // [SPEC 8.3] A mail is looked into, no mail server needed for that.
    [TestMethod]
    [DataRow(8, true)]
    [DataRow(9, false)]
    public void A_part_is_found_to_a_depth_of_8(int depth, bool found)
    {
        MimeEntity body = Part(1);
        for (int i = 1; i < depth; i++)
        {
            body = new Multipart("mixed") { body };
        }

        Assert.AreEqual(found, MailContent.Of(new MimeMessage { Body = body }, s_options).Message != null);
    }

    [TestMethod]
    public void The_first_part_of_several_counts()
    {
        MimeMessage mail = new() { Body = new Multipart("mixed") { new TextPart("plain") { Text = "Hello." }, new Multipart("mixed") { Part(3) }, Part(1), Part(2) } };
        Assert.AreEqual(3u, MailContent.Of(mail, s_options).Message!.Number);
    }

    private static MimePart Part(uint number)
    {
        return new MimePart(SealedMessage.MediaType) { Content = new MimeContent(new MemoryStream(Bytes(Request, Wbxml, "AAAA", number, "field-1", s_empty, Token))) };
    }

    // [SPEC 8.2], with nothing of the code that is tested
    private static byte[] Bytes(byte kind, byte form, string store, uint number, string device, byte[] message, string token)
    {
        byte[] big = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(big, number);
        byte[] proved = [0x4E, 0x53, 1, kind, form, .. Encoding.ASCII.GetBytes(store), .. big, (byte)device.Length, .. Encoding.ASCII.GetBytes(device), .. message];
        byte[] key = HMACSHA256.HashData(Encoding.ASCII.GetBytes(token), "NanoSync sealed"u8.ToArray());
        return [.. proved, .. HMACSHA256.HashData(key, proved)];
    }

    private static MailDevice Device(Letters post, string token) => new(() => new SealedCarrier("field-1", token, post, post));

    private SealedResult Take(byte[] bytes) => _core.Sealed.Accept(bytes);

    // One request to the server and its reply to the device.
    private void Deliver(MailDevice device, Letters post)
    {
        device.Round(RoundOutcome.Deferred);
        post.ToDevice.Enqueue(Take(post.Sent[^1]).Reply!.ToBytes());
        device.Round(RoundOutcome.More);
    }

    /// <summary>A post in memory: letters sent are kept, letters to the device are given once.</summary>
    private sealed class Letters : IPostOut, IPostIn
    {
        private readonly MemoryStream _writing = new();
        private byte[]? _reading;
        private int _read;

        public List<byte[]> Sent { get; } = [];

        public Queue<byte[]> ToDevice { get; } = [];

        /// <summary>The length told beforehand.</summary>
        public int Promised { get; private set; }

        public CarrierError Begin(string name, int length)
        {
            Promised = length;
            _writing.SetLength(0);
            return CarrierError.None;
        }

        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            _writing.Write(buffer, offset, count);
            return CarrierError.None;
        }

        public CarrierError End()
        {
            Sent.Add(_writing.ToArray());
            return CarrierError.None;
        }

        public CarrierError Next(string name)
        {
            _read = 0;
            return ToDevice.TryPeek(out _reading) ? CarrierError.None : CarrierError.Deferred;
        }

        public int Read(byte[] buffer, int offset, int count)
        {
            count = Math.Min(count, _reading!.Length - _read);
            Array.Copy(_reading, _read, buffer, offset, count);
            _read += count;
            return count;
        }

        public void Done(bool drop)
        {
            if (drop)
            {
                ToDevice.Dequeue();
            }
        }

        public void Close()
        {
        }
    }
}
