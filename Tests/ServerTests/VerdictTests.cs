// One table of messages for all four readers: the device's and the server's, of the text form and of the binary form. The
// binary form of each row is made from its text. Then both sides against each other on mutated messages.

using System.Globalization;
using System.Text;
using System.Text.Unicode;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class VerdictTests
{
    private const string Root = "<Sync xmlns='AirSync:'>";
    private const string Open = Root + "<Version>1.0</Version><Collections><Collection><SyncKey>1abcd</SyncKey><CollectionId>c</CollectionId>";
    private const string Shut = "</Collection></Collections></Sync>";
    private const string Rich = "<?xml version='1.0'?><!-- c -->" + Root + "<Version>1.0</Version><Options><Class>time</Class><Class>last</Class><ApplicationData>AQo=</ApplicationData></Options>"
        + "<Collections><Collection><Class>r#abcd</Class><SyncKey>1abcd</SyncKey><CollectionId>c</CollectionId><DeletesAsMoves/><GetChanges/><WindowSize>100</WindowSize>"
        + "<Options><Limit>2000</Limit><Conflict>0</Conflict></Options>"
        + "<Responses><Change><ServerId>k\u00fcche</ServerId><Status>7</Status><ApplicationData>bm8=</ApplicationData></Change></Responses>"
        + "<Commands><Add><ClientId>Ab1_1</ClientId><ApplicationData>AQIDBAUG</ApplicationData></Add><Add><ApplicationData/></Add>"
        + "<Change><ServerId>a&amp;b</ServerId><Options><Class>range</Class><ApplicationData>AQ==</ApplicationData></Options><ApplicationData>/w==</ApplicationData></Change>"
        + "<Delete><ServerId>d</ServerId></Delete><Fetch><ServerId>f</ServerId></Fetch><SoftDelete><ServerId>s</ServerId></SoftDelete></Commands></Collection>"
        + "<Collection><SyncKey>0</SyncKey><CollectionId>e</CollectionId><MoreAvailable>0</MoreAvailable></Collection></Collections></Sync>";

    // ¦ stands before the byte at fault: in the binary form that one; in the text form one of the tag or text that begins there
    public static IEnumerable<object[]> Messages()
    {
        const SyncError Sound = SyncError.None;
        (string Xml, SyncError Error)[] rows =
        [
            (Rich, Sound),
            (Open + "<Options><Limit>5</Limit><Conflict>1</Conflict><Class>a</Class><Class>b</Class><ApplicationData>AA==</ApplicationData><Class>b</Class><ApplicationData/></Options>" + Shut, Sound),
            (Open + "<Options><Conflict>1</Conflict>¦<Conflict>1</Conflict></Options>" + Shut, SyncError.Duplicate),
            (Open + "<Options><Limit>1</Limit><Class>a</Class>¦<Limit>1</Limit></Options>" + Shut, SyncError.Duplicate),
            (Open + "<Options><Conflict>2¦</Conflict></Options>" + Shut, SyncError.BadNumber),
            (Root + "<Options><Conflict>2¦</Conflict></Options></Sync>", SyncError.BadNumber),
            (Root + "<Options>¦<ApplicationData>AA==</ApplicationData></Options></Sync>", SyncError.NotInGrammar),
            (Root + "<Options><Class>a</Class><ApplicationData/>¦<ApplicationData/></Options></Sync>", SyncError.NotInGrammar),
            (Open + "<Commands><Change><ServerId>a</ServerId></Change><Add/></Commands>" + Shut, Sound), // answered with 4 each
            (Open + "<Commands><Change><ApplicationData>AA==</ApplicationData>¦<ServerId>a</ServerId></Change></Commands>" + Shut, SyncError.Missing),
            (Open + "<Commands><Add><ApplicationData>AA==</ApplicationData>¦<ClientId>a</ClientId></Add></Commands>" + Shut, SyncError.Missing),
            (Open + "<Commands><Add><ApplicationData>AA==</ApplicationData>¦<Class>a</Class></Add></Commands>" + Shut, SyncError.Missing),
            (Open + "<Commands><Add><ApplicationData>AA==</ApplicationData>¦<Options/></Add></Commands>" + Shut, SyncError.Missing),
            (Open + "<Responses><Add><ApplicationData/>¦<Status>6</Status></Add></Responses>" + Shut, SyncError.Missing),
            (Open + "<Commands><Add><ApplicationData/>¦<ApplicationData/></Add></Commands>" + Shut, SyncError.Duplicate),
            (Open + "<Commands><Add>¦<Status>6</Status></Add></Commands>" + Shut, SyncError.NotInGrammar),
            (Root + "<Version>1.17</Version></Sync>", Sound),
            (Root + "<Version>2.0</Version></Sync>", Sound),
            (Root + "<Version>1¦</Version></Sync>", SyncError.BadNumber),
            (Root + "<Version>1.¦</Version></Sync>", SyncError.BadNumber),
            (Root + "<Version>.0¦</Version></Sync>", SyncError.BadNumber),
            (Root + "<Version>1.x¦</Version></Sync>", SyncError.BadNumber),
            (Root + "<Version>1.0 ¦</Version></Sync>", SyncError.BadNumber),
            (Root + "<Version>1.0.0¦</Version></Sync>", SyncError.BadNumber),
            (Root + "¦<Version/></Sync>", SyncError.BadNumber),
            (Open + "<GetChanges>1</GetChanges><DeletesAsMoves>0</DeletesAsMoves><MoreAvailable></MoreAvailable>" + Shut, Sound),
            (Open + "<GetChanges>false¦</GetChanges>" + Shut, SyncError.BadNumber),
            (Open + "<GetChanges>2¦</GetChanges>" + Shut, SyncError.BadNumber),
            (Open + "<DeletesAsMoves>00¦</DeletesAsMoves>" + Shut, SyncError.BadNumber),
            (Open + "<MoreAvailable> ¦</MoreAvailable>" + Shut, SyncError.BadNumber),
            (Open + "<WindowSize>513¦</WindowSize>" + Shut, SyncError.BadNumber),
            (Open + "¦<CollectionId>c</CollectionId>" + Shut, SyncError.Duplicate),
            (Root + "<Collections><Collection><SyncKey>0</SyncKey>¦</Collection></Collections></Sync>", SyncError.Missing),
            (Root + "¦<Add/></Sync>", SyncError.NotInGrammar),
            (Root + "¦text</Sync>", SyncError.BadText),
            (Root, SyncError.Truncated),
            ("", SyncError.Truncated),
        ];
        return rows.Select(r => new object[] { r.Xml, r.Error });
    }

    [TestMethod]
    [DynamicData(nameof(Messages))]
    public void Device_and_server_give_the_verdict_of_the_table(string row, SyncError error)
    {
        int mark = row.IndexOf('¦', StringComparison.Ordinal);
        string text = row.Replace("¦", "", StringComparison.Ordinal);
        byte[] xml = Encoding.UTF8.GetBytes(text);
        byte[] wbxml = Binary(row, out int at);
        at = error == SyncError.Truncated ? wbxml.Length : at;
        (Verdict Verdict, int From, int To)[] found =
        [
            (Read(new WbxmlReader(), wbxml), at, at),
            (Parse(MessageFormat.Wbxml, wbxml), at, at),
            (Read(new XmlReader(), xml), mark, TokenEnd(text, mark)),
            (Parse(MessageFormat.Xml, xml), mark, TokenEnd(text, mark)),
        ];
        for (int i = 0; i < found.Length; i++)
        {
            (Verdict verdict, int from, int to) = found[i];
            Assert.AreEqual(error, verdict.Error, $"reader {i}");
            if (error != SyncError.None && error != SyncError.Truncated)
            {
                Assert.IsTrue(from <= verdict.Offset && verdict.Offset <= to, $"reader {i}: {verdict.Offset} is not in {from} to {to}");
            }
        }
    }

    [TestMethod]
    [DataRow("<?xml version='1.0' encoding='utf-16'?>" + Root + "</Sync>", 0)] // what it names is not looked at
    [DataRow("<?xml version='1.1' encoding='iso-8859-1' standalone='yes'?>" + Root + "</Sync>", 0)]
    [DataRow("<Sync xmlns='AirSync:' a='1' b=\"'\"><Version c='2'>1.0</Version></Sync>", 0)] // attributes are skipped
    [DataRow("<Sync xmlns='AirSync:'><Version xmlns='AirSync:'>1.0</Version></Sync>", 0)]
    [DataRow("<Sync xmlns='AirSync:'><Version xmlns='b:'>1.0</Version></Sync>", (int)SyncError.BadNamespace)]
    [DataRow("<Sync a='1'/>", (int)SyncError.BadNamespace)]
    [DataRow("<Sync xmlns='AirSync:' a=1/>", (int)SyncError.BadXml)]
    [DataRow("<a:Sync xmlns:a='AirSync:'/>", (int)SyncError.UnknownTag)]
    [DataRow("<!DOCTYPE Sync PUBLIC '-//x//y' 'a.dtd'>" + Root + "</Sync>", 0)]
    [DataRow("<!DOCTYPE Sync [<!ENTITY a 'b'>]>" + Root + "</Sync>", (int)SyncError.BadXml)]
    [DataRow("<!-- a", (int)SyncError.Truncated)]
    [DataRow("no xml", (int)SyncError.BadHeader)]
    [DataRow(Root + "</Sync>&", (int)SyncError.TrailingBytes)]
    [DataRow(Root + "</Sync></", (int)SyncError.TrailingBytes)]
    [DataRow(Root + "</Sync><!-- a", (int)SyncError.TrailingBytes)]
    [DataRow(Root + "</Sync><!-- a -->\n<?b?>", 0)]
    [DataRow(Root + "<Version>1.]]>0</Version></Sync>", (int)SyncError.BadXml)]
    [DataRow("<Sync xmlns='AirSync:' \0='1'/>", (int)SyncError.BadText)]
    [DataRow("<!-- \0 -->" + Root + "</Sync>", (int)SyncError.BadText)]
    [DataRow("<Sync xml ns='AirSync:'/>", (int)SyncError.BadXml)]
    [DataRow("<Sync a='1'xmlns='AirSync:'/>", (int)SyncError.BadXml)]
    [DataRow("<Sync xmlns = 'AirSync:'/>", 0)]
    [DataRow(Root + "<![CDATA[]]></Sync>", (int)SyncError.BadText)]
    [DataRow(Root + "<!-- a -- b --></Sync>", (int)SyncError.BadXml)]
    [DataRow("<!-- a -- b -->" + Root + "</Sync>", 0)]
    [DataRow(Root + "<?1?></Sync>", (int)SyncError.BadXml)]
    [DataRow(Root + "<?a>?></Sync>", (int)SyncError.BadXml)]
    [DataRow(Root + "<?a-1 > ??></Sync>", 0)]
    [DataRow(Open + "<Commands><Add><ApplicationData><at>5</at>AA==</ApplicationData></Add></Commands>" + Shut, (int)SyncError.BadText)]
    [DataRow(Open + "<Commands><Add><ApplicationData>AA==<at>5</at></ApplicationData></Add></Commands>" + Shut, (int)SyncError.NotInGrammar)]
    [DataRow(Open + "<Commands><Add><ApplicationData><![CDATA[AA==]]></ApplicationData></Add></Commands>" + Shut, (int)SyncError.BadText)]
    [DataRow(Root + "</Sync>x", (int)SyncError.TrailingBytes)]
    [DataRow(Root + "</Sync><Sync/>", (int)SyncError.TrailingBytes)]
    [DataRow(Root + "</Sync></Sync>", (int)SyncError.TrailingBytes)]
    [DataRow(Root + "<Version>&#0;</Version></Sync>", (int)SyncError.BadXml)]
    [DataRow(Root + "<Version>&nope;</Version></Sync>", (int)SyncError.BadXml)]
    [DataRow(Open + "<Commands><Add><ClientId>a</ClientId><ApplicationData><at>5</at><b/></ApplicationData></Add></Commands>" + Shut, 0)]
    [DataRow(Open + "<Commands><Add><ClientId>a</ClientId><ApplicationData><at u='1'>5</at></ApplicationData></Add></Commands>" + Shut, (int)SyncError.BadXml)]
    public void What_only_the_text_form_can_say_is_judged_alike(string xml, int error)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(xml);
        Assert.AreEqual((SyncError)error, Read(new XmlReader(), bytes).Error, "device");
        Assert.AreEqual((SyncError)error, Parse(MessageFormat.Xml, bytes).Error, "server");
    }

    [TestMethod]
    public void Values_that_are_not_UTF_8_are_refused_by_both()
    {
        foreach (string hex in (string[])["C328", "C0AF", "EDA080", "F8888080", "E282", "F4908080", "80", "F0808080"])
        {
            byte[] id = Convert.FromHexString(hex);
            byte[] wbxml = [3, 1, 0x6A, 0, 0x45, 0x57, 0x50, 3, .. id, 0, 1, 1, 1];
            byte[] xml = [.. Encoding.UTF8.GetBytes(Root + "<Options><Class>"), .. id, .. "</Class></Options></Sync>"u8];
            Assert.AreEqual(SyncError.BadText, Read(new WbxmlReader(), wbxml).Error, hex);
            Assert.AreEqual(SyncError.BadText, Parse(MessageFormat.Wbxml, wbxml).Error, hex);
            Assert.AreEqual(SyncError.BadText, Read(new XmlReader(), xml).Error, hex);
            Assert.AreEqual(SyncError.BadText, Parse(MessageFormat.Xml, xml).Error, hex);
        }
    }

    [TestMethod]
    [DataRow(true, 6_000, 1)]
    [DataRow(false, 60_000, 2)]
    [DataRow(false, 60_000, 7)]
    public void Device_and_server_judge_mutated_messages_alike(bool binary, int count, int seed)
    {
        List<byte[]> sound = [.. Messages().Select(m => (string)m[0]).Where(m => !m.Contains('¦', StringComparison.Ordinal) && m.EndsWith("</Sync>", StringComparison.Ordinal))
            .Select(m => binary ? Binary(m, out _) : Encoding.UTF8.GetBytes(m))];
        Random random = new(seed);
        int judged = 0;
        int accepted = 0;
        List<string> differ = [];
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = Mutate(random, sound[random.Next(sound.Count)], binary);
            Verdict device = Read(binary ? new WbxmlReader() : new XmlReader(), bytes);
            Verdict server = Read((binary ? MessageFormat.Wbxml : MessageFormat.Xml).Open(bytes), bytes, fed: true);
            if (!binary && !Utf8.IsValid(bytes))
            {
                continue; // a device looks at values only, a server at all bytes [SPEC 4]
            }

            judged++;
            accepted += device.Error == SyncError.None ? 1 : 0;
            if (device.Error == SyncError.None ? device.Items != server.Items || server.Error != SyncError.None : server.Error == SyncError.None)
            {
                differ.Add($"device {device.Error} at {device.Offset}, server {server.Error} at {server.Offset}: {(binary ? Convert.ToHexString(bytes) : Encoding.UTF8.GetString(bytes))}");
            }
        }

        TestContext.WriteLine($"{judged} mutated messages, {accepted} of them accepted, {differ.Count} judged differently");
        Assert.IsEmpty(differ, differ.Count + "\n" + string.Join("\n", differ.Take(30)));
        Assert.IsGreaterThan(count / 50, accepted, "too few mutations leave a message sound");
    }

    public required TestContext TestContext { get; init; }

    private static readonly string[] s_pieces =
    [
        "<", ">", "/>", "</", "&", "&amp;", "&#65;", "'", "=", " ", "\n", "\0", "0", "-->", "<!-- x -->", "<![CDATA[", "]]>", "<?p q?>", " a='1'", "\u00e4", "Add", "<Class>a</Class>",
        "<ApplicationData/>", "<Limit>5</Limit>", "<ServerId>x</ServerId>", "</Options>", "<Options>",
    ];

    private static byte[] Mutate(Random random, byte[] sound, bool binary)
    {
        List<byte> bytes = [.. sound];
        for (int n = random.Next(1, 3); n > 0 && bytes.Count > 8; n--)
        {
            int at = random.Next(bytes.Count);
            int length = Math.Min(random.Next(1, 12), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length)); // a copy elsewhere
                    break;
                case 3 or 4:
                    at = !binary && random.Next(4) > 0 ? bytes.IndexOf((byte)'>', at) + 1 : at; // between two tags
                    bytes.InsertRange(at, binary ? [(byte)random.Next(256)] : Encoding.UTF8.GetBytes(s_pieces[random.Next(s_pieces.Length)]));
                    break;
                default:
                    bytes[at] = (byte)random.Next(0x20, random.Next(4) > 0 ? 0x7F : 0x100);
                    break;
            }
        }

        return [.. bytes];
    }

    private sealed record Verdict(SyncError Error, int Offset, string Items);

    private static Verdict Parse(MessageFormat format, byte[] bytes)
    {
        try
        {
            MessageParser.Parse(format, bytes);
            return new Verdict(SyncError.None, 0, "");
        }
        catch (MessageException e)
        {
            return new Verdict(e.Error, e.Offset, "");
        }
    }

    private static Verdict Read(MessageReader reader, byte[] bytes, bool fed = false)
    {
        if (!fed)
        {
            reader.Reset();
            reader.Feed(bytes, 0, bytes.Length);
        }

        StringBuilder items = new();
        while (true)
        {
            Item item = reader.Read();
            if (item is Item.NeedMore or Item.EndOfMessage)
            {
                item = reader.Finish();
            }

            switch (item)
            {
                case Item.Error:
                    return new Verdict(reader.Error, reader.ErrorOffset, "");
                case Item.EndOfMessage:
                    return new Verdict(SyncError.None, 0, items.ToString());
                case Item.Data:
                    items.Append(Convert.ToHexString(reader.Data, reader.DataOffset, reader.DataCount));
                    break;
                case Item.Value:
                    items.Append(CultureInfo.InvariantCulture, $" {reader.Tag}={Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength)}");
                    break;
                case Item.Field:
                    items.Append(CultureInfo.InvariantCulture, $" .{Encoding.UTF8.GetString(reader.FieldName, 0, reader.FieldNameLength)}={Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength)}");
                    break;
                default:
                    items.Append(CultureInfo.InvariantCulture, $" {item}{reader.Tag}");
                    break;
            }
        }
    }

    // The tag or text that begins at the mark: up to and with its '>', or the one before the next '<'.
    private static int TokenEnd(string text, int mark)
    {
        return mark < 0 ? 0 : text[mark] == '<' ? text.IndexOf('>', mark) : text.IndexOf('<', mark) - 1;
    }

    // The binary form of a text, unsound as it may be; and where the mark is in it.
    private static byte[] Binary(string xml, out int mark)
    {
        List<byte> bytes = [3, 1, 0x6A, 0];
        mark = -1;
        bool data = false;
        for (int i = 0; i < xml.Length;)
        {
            if (xml[i] == '¦')
            {
                mark = bytes.Count;
                i++;
            }
            else if (xml[i] != '<')
            {
                int end = xml.IndexOfAny(['<', '¦'], i);
                string text = xml[i..end].Replace("&amp;", "&", StringComparison.Ordinal);
                byte[] value = data ? Convert.FromBase64String(text) : Encoding.UTF8.GetBytes(text);
                bytes.AddRange(data ? [0xC3, (byte)value.Length, .. value] : [3, .. value, 0]);
                i = end;
            }
            else
            {
                int end = xml.IndexOf('>', i);
                string tag = xml[(i + 1)..end];
                i = end + 1;
                if (tag[0] is '?' or '!')
                {
                    continue;
                }

                data = tag == "ApplicationData";
                string name = tag.Split(' ')[0].Trim('/');
                int code = Enumerable.Range(5, Tags.End - 5).First(c => TagNames.Of(c) == name);
                bytes.Add(tag[0] == '/' ? (byte)1 : (byte)(tag[^1] == '/' ? code : code | 0x40));
            }
        }

        return xml.Length == 0 ? [] : [.. bytes];
    }
}
