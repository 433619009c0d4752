// A database that does not take what it is given: a full disk, a folder that became read-only, another writer. Whoever asks is
// told to come again; the log has one line when it begins, one an hour while it lasts, and one when it is over.

using System.Globalization;
using Microsoft.Extensions.Logging;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Http;

internal sealed class StoreTrouble(ServerCore core, ILogger<StoreTrouble> log)
{
    private const int BusyRetry = 2; // seconds: another writer is done by then
    private const int FailedRetry = 60; // seconds: somebody has to make room
    private const int Nobody = 0; // the device of a row that is only there to be written

    private static readonly TimeSpan s_reminder = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private string? _last;
    private long _logged;
    private int _unanswered;

    /// <summary>
    /// Begins the incarnation of the database with the start of the server, so that what the command line makes from now on,
    /// in a process of its own, is later than it. Without room it begins with the first write that finds some.
    /// </summary>
    public void Begin()
    {
        try
        {
            core.Incarnation.Begin();
        }
        catch (StoreException e)
        {
            Note(e, 0);
        }
    }

    /// <summary>Notes a failure; what to put into Retry-After.</summary>
    public string NoteFailure(StoreException failure)
    {
        Note(failure, 1);
        return (failure is StoreBusyException ? BusyRetry : FailedRetry).ToString(CultureInfo.InvariantCulture);
    }

    private void Note(StoreException failure, int unanswered)
    {
        lock (_gate)
        {
            _unanswered += unanswered;
            if (failure.Message != _last || core.Clock.GetElapsedTime(_logged) > s_reminder)
            {
                _last = failure.Message;
                _logged = core.Clock.GetTimestamp();
                log.TroubleBegan(failure.Message, _unanswered);
            }
        }

    }

    /// <summary>A request was answered: looks whether the trouble is over, if there was any.</summary>
    public void Answered()
    {
        if (_last != null)
        {
            Check();
        }
    }

    /// <summary>What is wrong with the database now; null = nothing. It is written to only while the last write failed: polling wears no flash.</summary>
    public string? Check()
    {
        try
        {
            using (IStoreTransaction reading = core.Store.BeginRead())
            {
                reading.FindDevice("");
            }

            if (_last != null)
            {
                using IStoreTransaction writing = core.Store.BeginWrite();
                writing.SaveInfo(Nobody, new InfoRow("health", [], core.Clock.GetUtcNow().ToUnixTimeMilliseconds()));
                writing.Commit();
                Over();
            }

            return null;
        }
        catch (StoreException e)
        {
            NoteFailure(e);
            return e.Message;
        }
    }

    private void Over()
    {
        lock (_gate)
        {
            if (_last != null)
            {
                log.TroubleOver(_unanswered);
                (_last, _unanswered) = (null, 0);
            }
        }
    }
}
