// A message that somebody has at hand, read by REST.

using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class DecodeTests
{
    [TestMethod]
    public async Task A_message_in_hex_is_read_with_the_offset_of_each_part()
    {
        await using OpsServer ops = await OpsServer.Start();
        byte[] bytes = MessagePrinter.Print(MessageFormat.Wbxml, Message());
        JsonNode read = await Decode(ops, new { hex = string.Join(' ', Convert.ToHexString(bytes).Chunk(2).Select(c => new string(c))) });
        Assert.AreEqual($"wbxml {bytes.Length}", $"{read["form"]} {read["length"]}");
        Assert.IsNull(read["error"]);
        (int Offset, string Text)[] lines = [.. read["lines"]!.AsArray().Select(l => (l!["offset"]!.GetValue<int>(), l["text"]!.GetValue<string>().Trim()))];
        Assert.AreEqual("<SyncKey>{7}</SyncKey>", lines.Single(l => l.Text.StartsWith("<SyncKey>", StringComparison.Ordinal)).Text);
        CollectionAssert.AreEqual(lines.Select(l => l.Offset).Order().ToArray(), lines.Select(l => l.Offset).ToArray());

        // the offset is that of the element: its text stands right behind the tag and the mark of a text
        int key = lines.Single(l => l.Text.StartsWith("<SyncKey>", StringComparison.Ordinal)).Offset;
        int found = bytes.AsSpan().IndexOf("{7}"u8);
        Assert.IsTrue(key < found && found - key <= 3, $"{key}, the text at {found}");
        Assert.IsEmpty((await ops.Get("/v1/audit"))["entries"]!.AsArray(), "nothing was changed, and nothing is noted");
    }

    [TestMethod]
    public async Task Of_a_cut_message_what_stands_before_the_cut_is_shown_and_the_text_form_is_read_too()
    {
        await using OpsServer ops = await OpsServer.Start();
        byte[] bytes = MessagePrinter.Print(MessageFormat.Wbxml, Message());
        JsonNode cut = await Decode(ops, new { hex = Convert.ToHexString(bytes[..^3]) });
        StringAssert.StartsWith(cut["error"]!.GetValue<string>(), "error NS");
        Assert.IsNotEmpty(cut["lines"]!.AsArray());
        JsonNode text = await Decode(ops, new { text = Encoding.UTF8.GetString(MessagePrinter.Print(MessageFormat.Xml, Message())) });
        Assert.AreEqual("xml", text["form"]!.GetValue<string>());
        Assert.IsNull(text["error"]);
        StringAssert.Contains(text["lines"]!.ToJsonString(), "{7}");
    }

    [TestMethod]
    [DataRow("""{"hex":"xy"}""", "wrong_type", "hex")]
    [DataRow("""{"hex":"abc"}""", "wrong_type", "hex")]
    [DataRow("""{"hex":""}""", "out_of_range", "hex")]
    [DataRow("""{"hex":"03","text":"<"}""", "missing_field", "hex")]
    [DataRow("{}", "missing_field", "hex")]
    [DataRow("""{"bytes":"03"}""", "unknown_field", "bytes")]
    public async Task What_is_no_hex_is_refused(string json, string code, string field)
    {
        await using OpsServer ops = await OpsServer.Start();
        Assert.AreEqual(field, (await ops.Refused(HttpStatusCode.BadRequest, code, HttpMethod.Post, "/v1/decode", json))["field"]!.GetValue<string>());
    }

    private static SyncMessage Message()
    {
        SyncMessage message = new() { Version = "1.0" };
        message.Collections.Add(new CollectionElement { Id = "config", SyncKey = "{7}", GetChanges = true });
        return message;
    }

    private static async Task<JsonNode> Decode(OpsServer ops, object given)
    {
        (HttpStatusCode status, JsonNode? body) = await ops.Send(HttpMethod.Post, "/v1/decode", JsonSerializer.Serialize(given));
        Assert.AreEqual(HttpStatusCode.OK, status, body?.ToJsonString());
        return body!;
    }
}
