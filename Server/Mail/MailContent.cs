// What a mail holds for us: nothing, or one message. Pure: a mail in, a verdict out. [SPEC 8.3]

using MimeKit;
using NanoSync.Server.Formats;
using NanoSync.Server.Sealed;

namespace NanoSync.Server.Mail;

/// <summary>A mail looked at.</summary>
/// <param name="Message">What it holds; null when there is nothing to be taken.</param>
/// <param name="Skip">True: a bounce, an automatic answer or a list's mail, so not even a failure.</param>
/// <param name="Why">Why there is nothing to be taken.</param>
/// <param name="IsDetached">The proof stood in headers beside the message; so shall that of the reply.</param>
/// <param name="Ending">Ending of the file name it came under.</param>
public sealed record MailContent(SealedMessage? Message, bool Skip, string Why, bool IsDetached = false, string Ending = ".sealed")
{
    /// <summary>Header with the device's name beside a bare message.</summary>
    public const string DeviceHeader = "X-NanoSync-Device";

    /// <summary>Header with store and number.</summary>
    public const string NumberHeader = "X-NanoSync-Number";

    /// <summary>Header with the proof.</summary>
    public const string MacHeader = "X-NanoSync-HMAC";

    private static readonly string[] s_endings = [".sealed", ".sbd", ".wbxml", ".xml"];

    /// <summary>Looks at a mail.</summary>
    public static MailContent Of(MimeMessage mail, MailOptions options)
    {
        if (IsAutomatic(mail) is { } why)
        {
            return new MailContent(null, true, why);
        }

        int parts = 0;
        (MimePart? part, string? problem) = Find(mail.Body, options, 1, ref parts);
        if (part == null)
        {
            return new MailContent(null, false, problem ?? "No part of it is a message.");
        }

        // the mail is bounded, and no transfer encoding makes more of it than it has
        using MemoryStream content = new();
        part.Content?.DecodeTo(content);
        ReadOnlyMemory<byte> bytes = content.ToArray();
        string ending = EndingOf(part) ?? s_endings[0];
        if (SealedMessage.Looks(bytes.Span))
        {
            return SealedMessage.Parse(bytes) is { } message ? new MailContent(message, false, "", Ending: ending)
                : new MailContent(null, false, "The sealed message is damaged.");
        }

        string? Header(string name) => part.Headers[name] ?? mail.Headers[name];
        MessageFormat format = MessageFormat.Find(part.ContentType.MimeType) ?? MessageFormat.Guess(bytes.Span);
        return SealedMessage.Detached(format, Header(DeviceHeader), Header(NumberHeader), Header(MacHeader)?.Trim(), bytes) is { } detached
            ? new MailContent(detached, false, "", true, format == MessageFormat.Xml ? ".xml" : ".wbxml")
            : new MailContent(null, false, $"A bare message without {DeviceHeader}, {NumberHeader} and {MacHeader}.");
    }

    // RFC 3834, 3464: what must not be answered
    private static string? IsAutomatic(MimeMessage mail)
    {
        string? automatic = mail.Headers[HeaderId.AutoSubmitted];
        if (automatic != null && !automatic.Trim().StartsWith("no", StringComparison.OrdinalIgnoreCase))
        {
            return "An automatic answer.";
        }

        if (mail.Headers[HeaderId.ReturnPath]?.Trim() == "<>" || mail.Body is MultipartReport)
        {
            return "A bounce.";
        }

        return mail.Headers[HeaderId.Precedence]?.Trim().ToLowerInvariant() is "bulk" or "junk" or "list" ? "A list's mail." : null;
    }

    // The first part that is ours. A mail inside the mail is not looked into: it was not sent to us.
    private static (MimePart? Part, string? Problem) Find(MimeEntity? entity, MailOptions options, int depth, ref int parts)
    {
        if (++parts > options.MaxParts || depth > options.MaxDepth)
        {
            return (null, "It has more parts, or deeper ones, than are looked at.");
        }

        if (entity is Multipart multipart)
        {
            foreach (MimeEntity child in multipart)
            {
                (MimePart? found, string? problem) = Find(child, options, depth + 1, ref parts);
                if (found != null || problem != null)
                {
                    return (found, problem);
                }
            }
        }

        return (entity is MimePart part && IsOurs(part) ? part : null, null);
    }

    private static bool IsOurs(MimePart part)
    {
        string type = part.ContentType.MimeType;
        return type.Equals(SealedMessage.MediaType, StringComparison.OrdinalIgnoreCase) || MessageFormat.Find(type) != null || EndingOf(part) != null;
    }

    private static string? EndingOf(MimePart part)
    {
        return Array.Find(s_endings, e => part.FileName?.EndsWith(e, StringComparison.OrdinalIgnoreCase) == true);
    }
}
