// What is set under "mail" (NANOSYNC_MAIL__IMAP, NANOSYNC_MAIL__PASSWORD, ...). docs/mail.md has the table.

using System.Globalization;
using MailKit.Security;
using Microsoft.Extensions.Configuration;

namespace NanoSync.Server.Mail;

/// <summary>One mail server: imap://host, imaps://host, imap+starttls://host, and the same with smtp; a port where it is not the usual one.</summary>
public sealed record MailEndpoint(string Host, int Port, SecureSocketOptions Security)
{
    /// <summary>Reads a URL.</summary>
    /// <param name="name">Of the setting.</param>
    /// <param name="text">The URL.</param>
    /// <param name="protocol">imap or smtp.</param>
    /// <param name="port">The usual port.</param>
    /// <param name="tlsPort">The usual port with TLS from the first byte.</param>
    public static MailEndpoint Parse(string name, string text, string protocol, int port, int tlsPort)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Host.Length == 0
            || !(url.Scheme == protocol || url.Scheme == protocol + "s" || url.Scheme == protocol + "+starttls"))
        {
            throw new StartupException($"The setting {name} is {protocol}://, {protocol}s:// or {protocol}+starttls:// and a host, not {text}");
        }

        bool tls = url.Scheme == protocol + "s";
        return new MailEndpoint(url.Host, url.Port > 0 ? url.Port : tls ? tlsPort : port,
            tls ? SecureSocketOptions.SslOnConnect : url.Scheme == protocol ? SecureSocketOptions.None : SecureSocketOptions.StartTls);
    }
}

/// <summary>The mailbox, and its bounds.</summary>
public sealed record MailOptions
{
    /// <summary>Where mails are read.</summary>
    public required MailEndpoint Imap { get; init; }

    /// <summary>Where replies are handed over.</summary>
    public required MailEndpoint Smtp { get; init; }

    /// <summary>Address that replies come from.</summary>
    public required string From { get; init; }

    /// <summary>User of the mailbox.</summary>
    public required string User { get; init; }

    /// <summary>Its password.</summary>
    public required string Password { get; init; }

    /// <summary>User for SMTP; null = the mailbox's, empty = none is asked.</summary>
    public string? SmtpUser { get; init; }

    /// <summary>Password for SMTP; null = the mailbox's.</summary>
    public string? SmtpPassword { get; init; }

    /// <summary>Folder that is read; every mail in it is taken and moved out.</summary>
    public string Folder { get; init; } = "INBOX";

    /// <summary>Folder for what was answered, was late, or needed nothing. Made when missing.</summary>
    public string Done { get; init; } = "NanoSync-Done";

    /// <summary>Folder for what could not be taken. Made when missing.</summary>
    public string Failed { get; init; } = "NanoSync-Failed";

    /// <summary>How often to look where the server cannot tell (IDLE); also the longest wait before a lost connection is noticed.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether to let the server tell of new mails, if it can.</summary>
    public bool Idle { get; init; } = true;

    /// <summary>Largest mail that is read, in bytes as sent.</summary>
    public int MaxMail { get; init; } = 2 << 20;

    /// <summary>Most parts of a mail that are looked at.</summary>
    public int MaxParts { get; init; } = 32;

    /// <summary>Deepest part that is looked at.</summary>
    public int MaxDepth { get; init; } = 8;

    /// <summary>Most mails read in one go.</summary>
    public int Batch { get; init; } = 100;

    /// <summary>A CA certificate (PEM) trusted besides the machine's; null = none.</summary>
    public string? TrustedCa { get; init; }

    /// <summary>Reads the settings; null when there are none.</summary>
    public static MailOptions? Read(IConfigurationSection mail)
    {
        if (mail["imap"] is not { Length: > 0 } imap)
        {
            return null;
        }

        string Need(string name) => mail[name] is { Length: > 0 } value ? value
            : throw new StartupException($"mail:imap is set, so mail:{name} must be (NANOSYNC_MAIL__{name.ToUpperInvariant()}).");

        int Number(string name, int otherwise) => mail[name] is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n > 0 ? n
            : throw new StartupException($"The setting mail:{name} is not a number above 0: {text}");

        string user = Need("user");
        return new MailOptions
        {
            Imap = MailEndpoint.Parse("mail:imap", imap, "imap", 143, 993),
            Smtp = MailEndpoint.Parse("mail:smtp", Need("smtp"), "smtp", 587, 465),
            From = mail["from"] ?? user,
            User = user,
            Password = Need("password"),
            SmtpUser = mail["smtpUser"],
            SmtpPassword = mail["smtpPassword"],
            Folder = mail["folder"] ?? "INBOX",
            Done = mail["done"] ?? "NanoSync-Done",
            Failed = mail["failed"] ?? "NanoSync-Failed",
            Poll = TimeSpan.FromSeconds(Number("poll", 60)),
            Idle = !bool.TryParse(mail["idle"], out bool idle) || idle,
            MaxMail = Number("maxMail", 2 << 20),
            MaxParts = Number("maxParts", 32),
            MaxDepth = Number("maxDepth", 8),
            Batch = Number("batch", 100),
            TrustedCa = mail["trustedCa"],
        };
    }
}
