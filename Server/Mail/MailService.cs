// Reads the mailbox, answers, moves each mail to where it belongs. Nothing is kept here: a mail that could not be finished
// (no database, no SMTP) stays where it is and is taken again.
//
//   1. Sizes first: a mail that is too large is moved without being read.
//   2. The message is taken, the answer handed to SMTP, then noted as answered, then the mail moved. Ended anywhere in
//      between, the next pass goes on: the core gives the same reply again.
//   3. A mail that fails for itself alone holds up no other: it is tried again later, ever later, and given up in the end.
//   4. The answer goes where the operator said, or else where the device's first proved mail asked for; a later mail's headers,
//      which are not proved, change nothing.

using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Search;
using Microsoft.Extensions.Logging;
using MimeKit;
using NanoSync.Server.Engine;
using NanoSync.Server.Sealed;

namespace NanoSync.Server.Mail;

/// <summary>What a pass over the mailbox did.</summary>
public sealed record MailPass(int Answered, int Passed, int Skipped, int Failed)
{
    /// <summary>Mails left where they are, to be tried later.</summary>
    public int Deferred { get; init; }

    /// <summary>All that were moved.</summary>
    public int Total => Answered + Passed + Skipped + Failed;
}

/// <summary>The mail carrier of the server.</summary>
public sealed class MailService(ServerCore core, MailOptions options, ILogger log)
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_longestIdle = TimeSpan.FromMinutes(9); // servers end IDLE after 30, routers earlier

    private readonly Deferrals _deferrals = new(core.Clock);
    private readonly ParserOptions _parser = new() { MaxMimeDepth = options.MaxDepth + 1 };

    /// <summary>Reads the mailbox until cancelled or no longer its turn; failures are told and tried again, ever later.</summary>
    /// <param name="isTurn">Whether this process is the one that reads; asked before each pass.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task Run(Func<bool> isTurn, CancellationToken cancellation)
    {
        int failures = 0;
        while (!cancellation.IsCancellationRequested && isTurn())
        {
            try
            {
                using ImapClient imap = await Connect(cancellation);
                failures = 0;
                while (isTurn())
                {
                    IMailFolder folder = await imap.GetFolderAsync(options.Folder, cancellation);
                    await folder.OpenAsync(FolderAccess.ReadWrite, cancellation);
                    if ((await Pass(imap, folder, cancellation)).Total == 0)
                    {
                        await Wait(imap, folder, cancellation);
                    }
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // whatever a mail server does, the others of this process go on
                failures = Math.Min(failures + 1, 10);
                TimeSpan wait = TimeSpan.FromSeconds(Math.Min(s_longestWait.TotalSeconds, Math.Pow(2, failures)));
                log.MailboxAway(e.Message, (int)wait.TotalSeconds);
                await Task.Delay(wait, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Looks through the mailbox once.</summary>
    public async Task<MailPass> RunOnce(CancellationToken cancellation = default)
    {
        using ImapClient imap = await Connect(cancellation);
        IMailFolder folder = await imap.GetFolderAsync(options.Folder, cancellation);
        await folder.OpenAsync(FolderAccess.ReadWrite, cancellation);
        MailPass pass = await Pass(imap, folder, cancellation);
        await imap.DisconnectAsync(true, cancellation);
        return pass;
    }

    private async Task<ImapClient> Connect(CancellationToken cancellation)
    {
        ImapClient imap = new();
        try
        {
            MailTrust.Apply(imap, options.TrustedCa);
            await imap.ConnectAsync(options.Imap.Host, options.Imap.Port, options.Imap.Security, cancellation);
            await imap.AuthenticateAsync(options.User, options.Password, cancellation);
            return imap;
        }
        catch
        {
            imap.Dispose();
            throw;
        }
    }

    // Until the server tells of a new mail, or the time to look has come.
    private async Task Wait(ImapClient imap, IMailFolder folder, CancellationToken cancellation)
    {
        if (!options.Idle || !imap.Capabilities.HasFlag(ImapCapabilities.Idle))
        {
            await Task.Delay(options.Poll, cancellation);
            return;
        }

        using CancellationTokenSource done = new(options.Poll < s_longestIdle ? options.Poll : s_longestIdle);
        void Changed(object? sender, EventArgs e) => done.Cancel();
        folder.CountChanged += Changed;
        try
        {
            await imap.IdleAsync(done.Token, cancellation);
        }
        finally
        {
            folder.CountChanged -= Changed;
        }
    }

    private async Task<MailPass> Pass(ImapClient imap, IMailFolder folder, CancellationToken cancellation)
    {
        MailPass pass = new(0, 0, 0, 0);
        IList<UniqueId> found = await folder.SearchAsync(SearchQuery.NotDeleted, cancellation);
        _deferrals.Keep(found);
        List<UniqueId> mails = [.. found.Where(_deferrals.IsDue).Order().Take(options.Batch)];
        if (mails.Count == 0)
        {
            return pass;
        }

        IMailFolder done = await Folder(imap, options.Done, cancellation);
        IMailFolder failed = await Folder(imap, options.Failed, cancellation);
        using Outgoing outgoing = new(options);
        foreach (IMessageSummary summary in await folder.FetchAsync(mails, MessageSummaryItems.UniqueId | MessageSummaryItems.Size, cancellation))
        {
            SealedOutcome? outcome;
            string why;
            try
            {
                (outcome, why) = summary.Size > options.MaxMail
                    ? (SealedOutcome.Refused, $"{summary.Size} bytes are more than are read.")
                    : await Take(folder, summary.UniqueId, outgoing, cancellation);
            }
            catch (Exception e) when (IsOfThisMail(e))
            {
                TimeSpan? wait = _deferrals.Failed(summary.UniqueId);
                if (wait != null)
                {
                    log.LeftForLater(summary.UniqueId.Id, e.Message, (int)wait.Value.TotalMinutes);
                    pass = pass with { Deferred = pass.Deferred + 1 };
                    await outgoing.Close(cancellation);
                    continue;
                }

                (outcome, why) = (SealedOutcome.Refused, $"given up after {Deferrals.MostTries} tries: {e.Message}");
            }

            switch (outcome)
            {
                case SealedOutcome.Answer:
                    pass = pass with { Answered = pass.Answered + 1 };
                    break;
                case SealedOutcome.Passed:
                    pass = pass with { Passed = pass.Passed + 1 };
                    break;
                case SealedOutcome.Refused:
                    pass = pass with { Failed = pass.Failed + 1 };
                    break;
                default:
                    pass = pass with { Skipped = pass.Skipped + 1 };
                    break;
            }

            log.Outcome(outcome == SealedOutcome.Refused ? LogLevel.Warning : LogLevel.Information, summary.UniqueId.Id,
                outcome switch { SealedOutcome.Answer => "answered.", SealedOutcome.Passed => "passed:", SealedOutcome.Refused => "failed:", _ => "skipped:" }, why);
            await folder.MoveToAsync(summary.UniqueId, outcome == SealedOutcome.Refused ? failed : done, cancellation);
        }

        await outgoing.Close(cancellation);
        return pass;
    }

    // An answer that the relay does not take now, a mail that the mailbox does not give, headers that no address can be made of.
    // Whatever else fails, such as a relay that is away, would fail with the next mail as well.
    private static bool IsOfThisMail(Exception e)
    {
        return e is SmtpCommandException { ErrorCode: SmtpErrorCode.RecipientNotAccepted or SmtpErrorCode.MessageNotAccepted }
            or SmtpProtocolException or ImapCommandException or ParseException or FormatException;
    }

    private async Task<(SealedOutcome? Outcome, string Why)> Take(IMailFolder folder, UniqueId uid, Outgoing outgoing, CancellationToken cancellation)
    {
        MimeMessage mail;
        try
        {
            // the whole mail, without parsing: parsing is bounded here
            using Stream stream = await folder.GetStreamAsync(uid, "", cancellation);
            mail = await MimeMessage.LoadAsync(_parser, stream, cancellation);
        }
        catch (FormatException e)
        {
            return (SealedOutcome.Refused, "Not a mail: " + e.Message);
        }

        using (mail)
        {
            MailContent content = MailContent.Of(mail, options);
            if (content.Message == null)
            {
                return (content.Skip ? null : SealedOutcome.Refused, content.Why);
            }

            SealedResult result = core.Sealed.Accept(content.Message, cancellation);
            if (result.Outcome == SealedOutcome.Answer)
            {
                string? asked = MailReply.AskedFor(mail);
                if (core.Sealed.AddressOf(result.Reply!.Device, asked) is not { } to)
                {
                    return (SealedOutcome.Refused, "It was applied, but names nobody to answer.");
                }

                if (asked != null && asked != to)
                {
                    log.AnotherAddress(uid.Id, result.Reply.Device, asked, to);
                }

                using MimeMessage reply = MailReply.Make(mail, content, result.Reply, options.From, to);
                try
                {
                    await outgoing.Send(reply, cancellation);
                }
                catch (SmtpCommandException e) when (e.ErrorCode is SmtpErrorCode.RecipientNotAccepted or SmtpErrorCode.MessageNotAccepted && (int)e.StatusCode >= 500)
                {
                    return (SealedOutcome.Refused, "It was applied, but the answer is refused: " + e.Message);
                }

                core.Sealed.Answered(result.Reply!);
            }

            return (result.Outcome, result.Why);
        }
    }

    private static async Task<IMailFolder> Folder(ImapClient imap, string name, CancellationToken cancellation)
    {
        try
        {
            return await imap.GetFolderAsync(name, cancellation);
        }
        catch (FolderNotFoundException)
        {
            IMailFolder root = imap.GetFolder(imap.PersonalNamespaces[0]);
            return await root.CreateAsync(name, true, cancellation)
                ?? throw new FolderNotFoundException(name);
        }
    }

    // One connection for the answers of a pass, made with the first.
    private sealed class Outgoing(MailOptions options) : IDisposable
    {
        private SmtpClient? _smtp;

        public async Task Send(MimeMessage mail, CancellationToken cancellation)
        {
            _smtp ??= await MailTrust.ConnectSmtp(options, cancellation);
            await _smtp.SendAsync(mail, cancellation);
        }

        /// <summary>Ends the connection; the next answer makes another one.</summary>
        public async Task Close(CancellationToken cancellation)
        {
            if (_smtp?.IsConnected == true)
            {
                await _smtp.DisconnectAsync(true, cancellation);
            }

            _smtp?.Dispose();
            _smtp = null;
        }

        public void Dispose()
        {
            _smtp?.Dispose();
        }
    }
}
