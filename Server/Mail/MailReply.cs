// The mail that answers a mail.

using MimeKit;
using MimeKit.Utils;
using NanoSync.Server.Sealed;

namespace NanoSync.Server.Mail;

internal static class MailReply
{
    /// <summary>Whom a mail asks to be answered; null when it names nobody. Neither name is proved by the message's HMAC.</summary>
    public static string? AskedFor(MimeMessage request)
    {
        return (request.ReplyTo.Mailboxes.FirstOrDefault() ?? request.From.Mailboxes.FirstOrDefault()) is { Address.Length: > 0 } address ? address.Address : null;
    }

    /// <summary>Makes the answer.</summary>
    public static MimeMessage Make(MimeMessage request, MailContent content, SealedMessage reply, string from, string to)
    {
        bool isDetached = content.IsDetached && reply.Kind == SealedKind.Reply; // the headers do not tell a kind
        MimeMessage mail = new();
        MailboxAddress sender = MailboxAddress.Parse(from);
        mail.From.Add(sender);
        mail.To.Add(MailboxAddress.Parse(to));
        mail.Subject = request.Subject is { Length: > 0 } subject
            ? (subject.StartsWith("Re:", StringComparison.OrdinalIgnoreCase) ? subject : "Re: " + subject)
            : $"NanoSync {reply.Device} {reply.Number}";
        mail.MessageId = MimeUtils.GenerateMessageId(sender.Domain is { Length: > 0 } domain ? domain : "nanosync");
        if (request.MessageId != null)
        {
            mail.InReplyTo = request.MessageId;
            foreach (string reference in request.References.TakeLast(20))
            {
                mail.References.Add(reference);
            }

            mail.References.Add(request.MessageId);
        }

        mail.Headers[HeaderId.AutoSubmitted] = "auto-replied";
        MimePart part = new(isDetached ? reply.Format.MediaType : content.Ending == ".sbd" ? "application/octet-stream" : SealedMessage.MediaType)
        {
            Content = new MimeContent(new MemoryStream(isDetached ? reply.Body.ToArray() : reply.ToBytes())),
            ContentDisposition = new ContentDisposition(ContentDisposition.Attachment),
            ContentTransferEncoding = ContentEncoding.Base64,
            FileName = $"{reply.Store}-{reply.Number}{(isDetached == content.IsDetached ? content.Ending : ".sealed")}",
        };
        if (isDetached)
        {
            part.Headers[MailContent.DeviceHeader] = reply.Device;
            part.Headers[MailContent.NumberHeader] = $"{reply.Store} {reply.Number}";
            part.Headers[MailContent.MacHeader] = reply.MacText;
        }

        // gateways look for attachments, which a mail that is one part does not have
        mail.Body = new Multipart("mixed") { part };
        return mail;
    }
}
