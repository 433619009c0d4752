// Alerts to people.

using MailKit.Net.Smtp;
using MimeKit;
using NanoSync.Server.Alerts;
using NanoSync.Server.Application;

namespace NanoSync.Server.Mail;

/// <summary>Alerts by mail.</summary>
/// <param name="options">The mail server, and whom mails come from.</param>
/// <param name="to">Addresses.</param>
public sealed class MailChannel(MailOptions options, string to) : IAlertChannel
{
    /// <inheritdoc/>
    public string Name => "mail";

    /// <inheritdoc/>
    public async Task<string?> Send(DeliveryRow delivery, AlertRow alert, long now, CancellationToken cancellation)
    {
        try
        {
            MimeMessage message = new();
            message.From.Add(MailboxAddress.Parse(options.From));
            message.To.AddRange(InternetAddressList.Parse(to));
            message.Subject = $"{(delivery.Event == "closed" ? "Over: " : "")}{alert.Subject} {alert.Kind}";
            message.Headers[HeaderId.AutoSubmitted] = "auto-generated";
            message.Body = new TextPart("plain") { Text = $"{alert.Subject}: {alert.Kind}, {delivery.Event}\n\n{alert.Text}\n\nbegan {ObjectJson.Time(alert.Began)}\n" };
            using SmtpClient smtp = await MailTrust.ConnectSmtp(options, cancellation);
            await smtp.SendAsync(message, cancellation);
            await smtp.DisconnectAsync(true, cancellation);
            return null;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is IOException or System.Net.Sockets.SocketException or TaskCanceledException
            or MailKit.ProtocolException or MailKit.CommandException or MailKit.Security.AuthenticationException or MailKit.Security.SslHandshakeException or ParseException or InvalidOperationException)
        {
            return e.Message;
        }
    }
}
