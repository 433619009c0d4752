// Mails that could not be finished for a reason of their own, such as an answer that the relay does not take now. They stay in
// the mailbox and are passed over until their time has come, so that the mails behind them are read. In memory only: a server
// that starts anew tries them once more.

using MailKit;

namespace NanoSync.Server.Mail;

internal sealed class Deferrals(TimeProvider clock)
{
    /// <summary>Tries of a mail, over 17 hours; then it is given up.</summary>
    public const int MostTries = 10;

    private static readonly TimeSpan s_first = TimeSpan.FromMinutes(1); // doubled each time

    private readonly Dictionary<UniqueId, (int Tries, DateTimeOffset Next)> _mails = [];

    /// <summary>Forgets mails that are no longer in the mailbox.</summary>
    public void Keep(IEnumerable<UniqueId> present)
    {
        HashSet<UniqueId> there = [.. present];
        foreach (UniqueId gone in _mails.Keys.Where(m => !there.Contains(m)).ToList())
        {
            _mails.Remove(gone);
        }
    }

    /// <summary>Whether it is to be tried now.</summary>
    public bool IsDue(UniqueId mail) => !_mails.TryGetValue(mail, out (int Tries, DateTimeOffset Next) held) || held.Next <= clock.GetUtcNow();

    /// <summary>Notes a failure; when it is tried next, null = it is given up.</summary>
    public TimeSpan? Failed(UniqueId mail)
    {
        int tries = _mails.GetValueOrDefault(mail).Tries + 1;
        if (tries >= MostTries)
        {
            _mails.Remove(mail);
            return null;
        }

        TimeSpan wait = s_first * (1 << (tries - 1));
        _mails[mail] = (tries, clock.GetUtcNow() + wait);
        return wait;
    }
}
