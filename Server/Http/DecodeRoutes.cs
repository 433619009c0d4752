// REST for a message that somebody has at hand: read, and nothing done with it.

using System.ComponentModel;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using NanoSync.Server.Access;
using NanoSync.Server.Application;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Http;

/// <summary>Of a POST that changes nothing: it is not noted in the audit log.</summary>
internal sealed record ChangesNothing;

internal sealed class DecodeRoutes(ServerCore core)
{
    public void Map(RouteGroupBuilder api)
    {
        api.MapGroup("").WithTags("Messages").MapPost("/decode", (Delegate)Decode).Needs(Role.Read).AcceptsBody<MessageGiven>().WithMetadata(new ChangesNothing())
            .WithSummary("Read a message, in either form, line by line with the offset of each; of a bad one, what stands before the error.");
    }

    private async Task<Ok<MessageDecoded>> Decode(HttpContext context)
    {
        // hex takes two bytes for one, and three with spaces
        MessageGiven given = await ApiJson.Read<MessageGiven>(context, core.Options.Limits.MaxMessage * 3);
        if (given.Hex == null == (given.Text == null))
        {
            throw new RefusedException(Refusal.BadInput, "Give hex or text, one of them.") { Code = "missing_field", Field = "hex" };
        }

        byte[] bytes = given.Text != null ? Encoding.UTF8.GetBytes(given.Text) : Bytes(given.Hex!);
        if (bytes.Length == 0)
        {
            throw new RefusedException(Refusal.BadInput, "The message is empty: a device takes such a reply as \"nothing is new\".") { Code = "out_of_range", Field = given.Text != null ? "text" : "hex" };
        }

        List<MessageLine> lines = [];
        string? error = MessageDump.Read(bytes, (offset, text) => lines.Add(new MessageLine(offset, text)));
        return TypedResults.Ok(new MessageDecoded(MessageFormat.Guess(bytes) == MessageFormat.Xml ? "xml" : "wbxml", bytes.Length, lines, error));
    }

    private static byte[] Bytes(string hex)
    {
        try
        {
            return Convert.FromHexString(string.Concat(hex.Where(c => !char.IsWhiteSpace(c) && c is not (':' or '-' or ','))));
        }
        catch (FormatException)
        {
            throw new RefusedException(Refusal.BadInput, "hex is pairs of 0-9 and a-f; blanks, colons, dashes and commas may stand between them.") { Code = "wrong_type", Field = "hex" };
        }
    }
}

internal sealed record MessageGiven(
    [property: Description("The message in hex; this or text.")] string? Hex = null,
    [property: Description("The message in its text form; this or hex.")] string? Text = null);

internal sealed record MessageDecoded(
    [property: Description("wbxml or xml.")] string Form,
    [property: Description("Bytes.")] int Length,
    IReadOnlyList<MessageLine> Lines,
    [property: Description("What is wrong and where; null = it is a message.")] string? Error);

internal sealed record MessageLine([property: Description("Where in the message it begins; of the text form 0.")] int Offset, string Text);
