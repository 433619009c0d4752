// The life of a database that this process is part of. A database that was put back cannot know it; so every start of a
// server begins another incarnation, and whatever must not repeat (keys, ids) contains its code. So does a standby that takes
// over while the server runs. DESIGN.md, chapter 9.

using System.Globalization;
using System.Security.Cryptography;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

/// <summary>The incarnation of a database, begun when it is first asked for: of a server when it starts, of a verb of the command line when it makes something.</summary>
public sealed class Incarnation
{
    /// <summary>Characters of a code.</summary>
    public const int Length = 4;

    private const int EpochPrefix = 2; // characters in an epoch
    private const int EpochLength = 4;
    private const int Kept = 1000; // what ended before so many others began is asked for by nobody, see IsPresent

    private readonly IServerStore _store;
    private readonly TimeProvider _clock;
    private readonly Func<int, byte[]> _random;
    private readonly Lock _lock = new();
    private volatile string? _code;
    private volatile int _successions; // of the store, when it began

    /// <summary>Makes it; nothing is written yet.</summary>
    /// <param name="store">The database.</param>
    /// <param name="clock">The time.</param>
    /// <param name="random">Source of codes; null = the platform's.</param>
    public Incarnation(IServerStore store, TimeProvider clock, Func<int, byte[]>? random = null)
    {
        _store = store;
        _clock = clock;
        _random = random ?? RandomNumberGenerator.GetBytes;
    }

    /// <summary>
    /// Its code: <see cref="Length"/> of A-Z a-z 0-9 - _. To be asked for after <see cref="Begin"/>. Throws
    /// <see cref="StoreBusyException"/> when another database took over since then: what was begun is to be begun again.
    /// </summary>
    public string Code => _code is { } code && _successions == _store.Successions ? code
        : _code == null ? Begin()
        : throw new StoreBusyException("Another database has taken over; the request is to be repeated.");

    /// <summary>Its code; begins it where that was not done since the database was opened, or taken over by another. Writes then, so not inside a transaction.</summary>
    public string Begin()
    {
        if (_code is { } begun && _successions == _store.Successions)
        {
            return begun;
        }

        lock (_lock)
        {
            int successions = _store.Successions;
            if (_code != null && _successions == successions)
            {
                return _code;
            }

            using Access.AuditLine nobodys = new(null);
            using IStoreTransaction store = _store.BeginWrite();
            List<string> lived = store.ListIncarnations();
            const int Tries = 100; // to find one whose first half was not there before; the whole code never was
            string code = RandomText(Length);
            for (int i = 0; lived.Contains(code) || (i < Tries && lived.Exists(l => l.StartsWith(code[..EpochPrefix], StringComparison.Ordinal))); i++)
            {
                code = RandomText(Length);
            }

            store.AddIncarnation(code, _clock.GetUtcNow().ToUnixTimeMilliseconds(), Kept);
            store.Commit();
            _code = code;
            _successions = successions; // if one more came meanwhile, it begins again
            return code;
        }
    }

    /// <summary>True for an id that a server gave, of any incarnation or of version 0.1, which gave s and a number.</summary>
    public static bool IsId(string id)
    {
        return id.Length > 1 && id[0] == 's' && (IsNumber(id.AsSpan(1)) || (id.Length > Length + 1 && IsNumber(id.AsSpan(Length + 1))));
    }

    /// <summary>The id that the server gives the object of this change of a collection.</summary>
    public string NewId(long change)
    {
        return string.Create(CultureInfo.InvariantCulture, $"s{Code}{change}");
    }

    /// <summary>A new epoch: the code's first half and two characters at random.</summary>
    public string NewEpoch()
    {
        return Code[..EpochPrefix] + RandomText(EpochLength - EpochPrefix);
    }

    /// <summary>
    /// True for an epoch of this incarnation, or of a later one of the same database: of another server process that runs on
    /// it, too. False for one that ended before this process began, and for one that this database has not lived.
    /// </summary>
    public bool IsPresent(IStoreTransaction store, string? epoch)
    {
        if (epoch == null || epoch.StartsWith(Code[..EpochPrefix], StringComparison.Ordinal))
        {
            return epoch != null;
        }

        List<string> lived = store.ListIncarnations();
        return lived.FindLastIndex(l => l.StartsWith(epoch[..EpochPrefix], StringComparison.Ordinal)) > lived.IndexOf(Code);
    }

    /// <summary>The same of a whole code.</summary>
    public bool IsPresentCode(IStoreTransaction store, string code)
    {
        List<string> lived = store.ListIncarnations();
        int at = lived.IndexOf(code);
        return code == Code || (at >= 0 && at > lived.IndexOf(Code));
    }

    /// <summary>A number at random, not 0.</summary>
    public long NewMark()
    {
        return (BitConverter.ToUInt32(_random(4)) >> 1) | 1;
    }

    private static bool IsNumber(ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('0', '9') < 0;

    private string RandomText(int length)
    {
        byte[] text = new byte[4];
        Fnv.WriteTag(BitConverter.ToUInt32(_random(4)), text, 0);
        return System.Text.Encoding.ASCII.GetString(text, 0, length);
    }
}
