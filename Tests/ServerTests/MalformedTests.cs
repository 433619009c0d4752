// Bytes that are no message: nothing is applied, the error is noted for the operator, memory stays bounded.

using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using static NanoSync.ServerTests.AddTests;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class MalformedTests
{
    private const string Start = "<Sync xmlns='AirSync:'><Version>1.0</Version>";

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Of_a_message_cut_anywhere_nothing_is_applied(bool xml)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Format = xml ? MessageFormat.Xml : MessageFormat.Wbxml;
        SyncMessage message = new() { Version = "1.0" };
        message.Collections.Add(With(device, TestDevice.Add("Ab1_1", 1, 2, 3), TestDevice.Add(null, 4)));
        byte[] whole = MessagePrinter.Print(device.Format, message);
        for (int i = 0; i < whole.Length; i++)
        {
            SyncReply reply = device.Send(whole[..i]);
            Assert.AreEqual(SyncOutcome.Malformed, reply.Outcome, "cut at " + i);
            Assert.AreEqual(Status.ProtocolError, device.Parse(reply)!.Status);
        }

        Assert.AreEqual("", bench.Held("d1"));
        Assert.AreEqual(SyncOutcome.Answered, device.Send(whole).Outcome);
        Assert.AreEqual("Ab1_1=010203 Ab1_2=04", bench.Held("d1"));
    }

    [TestMethod]
    public void The_operator_sees_what_was_wrong()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Send([3, 1, 0x6A, 0, 0x45, 0x51, 3]);
        RefusalRow row = bench.Core.Devices.Refusals("d1").Single();
        Assert.AreEqual("error NS213 (Truncated) at byte 7", row.Reason);
        device.Send([3, 1, 0x6A, 0, 0x45, 0x51, 3]);
        Assert.AreEqual(2, bench.Core.Devices.Refusals("d1").Single().Times);
    }

    [TestMethod]
    [DataRow("", 213)]
    [DataRow("   ", 213)]
    [DataRow("no xml", 201)]
    [DataRow("<Sync/>", 216)]
    [DataRow("<Sync xmlns='other:'/>", 216)]
    [DataRow("<a:Sync xmlns:a='AirSync:'/>", 203)]
    [DataRow(Start, 213)]
    [DataRow(Start + "</Sync><Sync/>", 214)]
    [DataRow(Start + "</Sink>", 215)]
    [DataRow(Start + "text</Sync>", 217)]
    [DataRow(Start + "<Thing/></Sync>", 203)]
    [DataRow(Start + "<Add/></Sync>", 204)]
    [DataRow(Start + "<Version>1.0</Version></Sync>", 211)]
    [DataRow(Start + "<Status>x</Status></Sync>", 212)]
    [DataRow(Start + "<Status>1234567890</Status></Sync>", 212)]
    [DataRow(Start + "<Options><ApplicationData>AA==</ApplicationData></Options></Sync>", 204)]
    [DataRow(Start + "<Options><Class>x</Class><ApplicationData>A</ApplicationData></Options></Sync>", 209)]
    [DataRow(Start + "<Options><Class>12345678901234567890123456789012345678901234567890123456789012345</Class></Options></Sync>", 206)]
    [DataRow(Start + "<Options><Class>a\nb</Class></Options></Sync>", 217)]
    [DataRow(Start + "<Options><Class>&nbsp;</Class></Options></Sync>", 215)]
    [DataRow(Start + "<Options><Class>&#0;</Class></Options></Sync>", 215)]
    [DataRow(Start + "<Collections><Collection><SyncKey>0</SyncKey></Collection></Collections></Sync>", 210)]
    [DataRow(Start + "<Collections><Collection><SyncKey>0</SyncKey><Commands/></Collection></Collections></Sync>", 210)]
    [DataRow(Start + "<Collections><Collection><SyncKey>0</SyncKey><CollectionId>a</CollectionId><WindowSize>0</WindowSize></Collection></Collections></Sync>", 212)]
    [DataRow(Start + "<Collections><Collection><SyncKey>0</SyncKey><CollectionId>a</CollectionId><WindowSize>513</WindowSize></Collection></Collections></Sync>", 212)]
    [DataRow(Start + "<Collections><Collection><SyncKey>0</SyncKey><CollectionId>a</CollectionId><Options><Conflict>2</Conflict></Options></Collection></Collections></Sync>", 212)]
    [DataRow(Start + "<Collections><Collection><SyncKey>0</SyncKey><Responses/></Collection></Collections></Sync>", 210)]
    [DataRow(Start + "<Collections><Collection><SyncKey>0</SyncKey><Options/></Collection></Collections></Sync>", 210)]
    [DataRow("<!DOCTYPE Sync [<!ENTITY a 'b'>]>" + Start + "</Sync>", 215)]
    [DataRow("<?xml version='1.0'?><!-- x --><!DOCTYPE Sync SYSTEM 'file:///etc/passwd' [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/'>%p;]>" + Start + "</Sync>", 215)]
    public void Bad_XML_is_named(string xml, int error)
    {
        MessageException thrown = Assert.ThrowsExactly<MessageException>(() => MessageParser.Parse(MessageFormat.Xml, Encoding.UTF8.GetBytes(xml)));
        Assert.AreEqual((SyncError)error, thrown.Error, thrown.Message);
        Assert.IsTrue(thrown.Offset >= 0 && thrown.Offset <= xml.Length, thrown.Message);
    }

    [TestMethod]
    public void The_offset_of_an_XML_error_counts_bytes()
    {
        string xml = "\uFEFF" + Start + "\r\n<!-- \u00e4\u20ac -->\n  <Thing/></Sync>";
        MessageException thrown = Assert.ThrowsExactly<MessageException>(() => MessageParser.Parse(MessageFormat.Xml, Encoding.UTF8.GetBytes(xml)));
        byte[] before = Encoding.UTF8.GetBytes(xml[..xml.IndexOf("Thing", StringComparison.Ordinal)]);
        Assert.AreEqual(before.Length, thrown.Offset);
    }

    [TestMethod]
    [DataRow("\uFEFF<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE Sync PUBLIC '-//x//y' 'http://127.0.0.1:1/a.dtd'>\n<!-- c -->" + Start + "</Sync>\n<!-- after -->")]
    [DataRow("<?xml version='1.0' encoding='utf-16'?>" + Start + "</Sync>")]
    [DataRow("<Sync xmlns='AirSync:'><Version><![CDATA[1.]]>&#48;</Version><?pi?><Options></Options></Sync>")]
    public void What_is_allowed_is_skipped(string xml)
    {
        Assert.AreEqual("1.0", MessageParser.Parse(MessageFormat.Xml, Encoding.UTF8.GetBytes(xml)).Version);
    }

    [TestMethod]
    public void Deep_and_wide_XML_is_refused_without_growing()
    {
        string deep = Start + string.Concat(Enumerable.Repeat("<Options>", 100_000));
        string wide = Start + "<Collections>" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"<Collection><SyncKey>0</SyncKey><CollectionId>{i}</CollectionId></Collection>")) + "</Collections></Sync>";
        string bomb = "<!DOCTYPE lolz [<!ENTITY a 'aaaaaaaaaa'>" + string.Concat(Enumerable.Range(0, 20).Select(i => $"<!ENTITY a{i} '&a;&a;&a;&a;&a;&a;&a;&a;'>")) + "]><Sync>&a19;</Sync>";
        foreach (string xml in (string[])[deep, wide, bomb])
        {
            Assert.ThrowsExactly<MessageException>(() => MessageParser.Parse(MessageFormat.Xml, Encoding.UTF8.GetBytes(xml)));
        }
    }

    // [SPEC 2.5, 6.4] Sync Collections Collection Commands Add Options ApplicationData and a field: 8, and no ninth. The
    // server takes fields only where an object is, which is one less.
    [TestMethod]
    [DataRow("AQo=", 0, 0)]
    [DataRow("<now>1</now>", (int)SyncError.NotInGrammar, 0)]
    [DataRow("<now><g/></now>", (int)SyncError.NotInGrammar, (int)SyncError.NotInGrammar)]
    public void Eight_elements_may_be_open_and_not_nine(string data, int server, int device)
    {
        byte[] xml = Encoding.UTF8.GetBytes(Start + "<Collections><Collection><SyncKey>1abcd</SyncKey><CollectionId>c</CollectionId><Commands><Add><ClientId>Ab1_1</ClientId>"
            + $"<Options><Class>time</Class><ApplicationData>{data}</ApplicationData></Options></Add></Commands></Collection></Collections></Sync>");
        SyncError found = SyncError.None;
        try
        {
            MessageParser.Parse(MessageFormat.Xml, xml);
        }
        catch (MessageException e)
        {
            found = e.Error;
        }

        Assert.AreEqual((SyncError)server, found);
        XmlReader reader = new();
        reader.Reset();
        reader.Feed(xml, 0, xml.Length);
        Item item;
        do
        {
            item = reader.Read();
        }
        while (item is not (Item.EndOfMessage or Item.Error or Item.NeedMore));
        Assert.AreEqual((SyncError)device, reader.Error);
        Assert.AreEqual(device == 0 ? Item.EndOfMessage : Item.Error, item);
    }

    [TestMethod]
    [DataRow("C328")]
    [DataRow("C0AF")]
    [DataRow("EDA080")]
    [DataRow("F8888080")]
    [DataRow("E282")]
    public void Ids_that_are_not_UTF_8_are_refused(string hex)
    {
        byte[] bad = Convert.FromHexString(hex);
        byte[] id = [0x4C, 3, .. bad, 0, 1];
        byte[] head = [3, 1, 0x6A, 0, 0x45, 0x51, 3, (byte)'1', (byte)'.', (byte)'0', 0, 1, 0x5C, 0x4F, 0x4B, 3, (byte)'0', 0, 1, 0x52, 3, (byte)'c', 0, 1, 0x56, 0x47];
        byte[] message = [.. head, .. id, 1, 1, 1, 1, 1];
        Assert.AreEqual(SyncError.BadText, Assert.ThrowsExactly<MessageException>(() => MessageParser.Parse(MessageFormat.Wbxml, message)).Error);
        byte[] xml = [.. Encoding.UTF8.GetBytes(Start + "<Options><Class>"), .. bad, .. "</Class></Options></Sync>"u8];
        Assert.AreEqual(SyncError.BadText, Assert.ThrowsExactly<MessageException>(() => MessageParser.Parse(MessageFormat.Xml, xml)).Error);
    }

    [TestMethod]
    public void Ids_of_more_than_64_bytes_and_a_length_that_lies_are_refused()
    {
        byte[] longId = [3, 1, 0x6A, 0, 0x45, 0x57, 0x50, 3, .. Enumerable.Repeat((byte)'x', 65), 0, 1, 1, 1];
        Assert.AreEqual(SyncError.TextTooLong, Assert.ThrowsExactly<MessageException>(() => MessageParser.Parse(MessageFormat.Wbxml, longId)).Error);
        byte[] lie = [3, 1, 0x6A, 0, 0x45, 0x57, 0x50, 3, (byte)'x', 0, 1, 0x5D, 0xC3, 0x87, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3];
        Assert.AreEqual(SyncError.Truncated, Assert.ThrowsExactly<MessageException>(() => MessageParser.Parse(MessageFormat.Wbxml, lie)).Error);
    }

    [TestMethod]
    public void A_collection_that_stands_twice_and_too_many_commands_are_refused()
    {
        SyncMessage twice = new() { Version = "1.0" };
        twice.Collections.Add(new CollectionElement { Id = "a", SyncKey = "0" });
        twice.Collections.Add(new CollectionElement { Id = "a", SyncKey = "0" });
        Assert.AreEqual(SyncError.Duplicate, Assert.ThrowsExactly<MessageException>(() => Reparse(twice)).Error);

        SyncMessage many = new() { Version = "1.0" };
        many.Collections.Add(new CollectionElement { Id = "a", SyncKey = "1" });
        many.Collections[0].Commands.AddRange(Enumerable.Range(0, 513).Select(i => TestDevice.Delete("x" + i)));
        Assert.ThrowsExactly<MessageException>(() => Reparse(many));
        many.Collections[0].Commands.RemoveAt(0);
        Reparse(many);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_command_without_data_gets_4_and_empty_data_is_a_value(bool xml)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Format = xml ? MessageFormat.Xml : MessageFormat.Wbxml;
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        CollectionElement request = With(device, TestDevice.Add("Ab1_1"), TestDevice.Change("a"), TestDevice.Add("Ab1_2", []), TestDevice.Add("Ab1_3", 3));
        request.Commands[0].Data = null;
        request.Commands[1].Data = null;
        CollectionElement answer = device.Sync(request);
        Assert.AreEqual("ok [Add Ab1_1 status 4] [Change a status 4] [Add Ab1_2 Ab1_2] [Add Ab1_3 Ab1_3]", answer.Line());
        Assert.AreEqual("no ApplicationData", Encoding.UTF8.GetString(answer.Responses[0].Data!.Value.Span));
        Assert.AreEqual("Ab1_2= Ab1_3=03 a=01", bench.Held("d1"));
        device.Sync(With(device, TestDevice.Change("a", [])));
        Assert.AreEqual("Ab1_2= Ab1_3=03 a=", bench.Held("d1"));
    }

    [TestMethod]
    public void More_than_64_collections_64_structures_or_512_commands_get_207_and_nothing_is_done()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncMessage Message(int collections, int structures, int commands, int responses)
        {
            SyncMessage message = new() { Version = "1.0" };
            message.Options.AddRange(Enumerable.Range(0, structures).Select(i => new Structure("s" + i)));
            CollectionElement first = device.Ask();
            first.Commands.AddRange(Enumerable.Range(0, commands).Select(i => TestDevice.Delete("x" + i)));
            first.Responses.AddRange(Enumerable.Range(0, responses).Select(i => TestDevice.Refuse(Tags.Add, "x" + i, 7)));
            message.Collections.Add(first);
            message.Collections.AddRange(Enumerable.Range(1, collections - 1).Select(i => new CollectionElement { Id = "c" + i, SyncKey = "0" }));
            return message;
        }

        foreach (SyncMessage message in (SyncMessage[])[Message(65, 0, 0, 0), Message(1, 65, 0, 0), Message(1, 0, 513, 0), Message(1, 0, 0, 513)])
        {
            SyncReply reply = device.Send(MessagePrinter.Print(MessageFormat.Wbxml, message));
            Assert.AreEqual(SyncOutcome.Malformed, reply.Outcome);
            Assert.AreEqual(Status.TooMany, device.Parse(reply)!.Status);
        }

        RefusalRow refused = bench.Core.Devices.Refusals("d1").First();
        Assert.AreEqual(Status.TooMany, refused.Status);
        StringAssert.StartsWith(refused.Reason, "error NS218 (TooMany) at byte");
        device.LastRequest = MessagePrinter.Print(MessageFormat.Wbxml, Message(64, 64, 512, 512));
        SyncMessage answer = device.Parse(device.Send(device.LastRequest))!;
        Assert.AreEqual(Status.Success, answer.Status);
        Assert.HasCount(64, answer.Collections);
    }

    [TestMethod]
    public void A_message_without_version_is_refused_and_one_of_another_version_is_answered_even_when_it_cannot_be_read()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncMessage none = new();
        none.Collections.Add(device.Ask());
        Assert.AreEqual(SyncOutcome.Malformed, device.Send(MessagePrinter.Print(MessageFormat.Wbxml, none)).Outcome);
        byte[] future = [3, 1, 0x6A, 0, 0x45, 0x51, 3, (byte)'2', (byte)'.', (byte)'0', 0, 1, 0x7F, 1, 1];
        Assert.AreEqual(Status.VersionNotSupported, device.Parse(device.Send(future))!.Status);
    }

    [TestMethod]
    public void Bit_flips_never_bring_the_server_down()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        Random random = new(4711);
        foreach (MessageFormat format in (MessageFormat[])[MessageFormat.Wbxml, MessageFormat.Xml])
        {
            device.Format = format;
            SyncMessage message = new() { Version = "1.0" };
            message.Options.Add(new Structure("time"));
            message.Collections.Add(With(device, TestDevice.Add("Ab1_1", 1, 2, 3), TestDevice.Change("a", 9), TestDevice.Fetch("a"), TestDevice.Delete("b")));
            byte[] sound = MessagePrinter.Print(format, message);
            for (int i = 0; i < 1500; i++)
            {
                byte[] bytes = (byte[])sound.Clone();
                for (int flips = random.Next(1, 4); flips > 0; flips--)
                {
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                }

                SyncReply reply = device.Send(bytes);
                Assert.IsTrue(reply.IsEmpty || device.Parse(reply) != null);
            }
        }

        Assert.IsLessThan(500, bench.Objects("d1").Count);
    }

    private static SyncMessage Reparse(SyncMessage message)
    {
        return MessageParser.Parse(MessageFormat.Wbxml, MessagePrinter.Print(MessageFormat.Wbxml, message));
    }
}
