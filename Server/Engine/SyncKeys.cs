// Rule 1: what a key means is decided here, and nowhere else. Rule 2: this file knows neither HTTP nor SQL.

using System.Globalization;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

/// <summary>What the key of a request means. [SPEC 5.2]</summary>
public enum KeyCase
{
    /// <summary>Not a key that can be answered: Status 3, nothing done.</summary>
    Unknown,

    /// <summary>"0": start over.</summary>
    StartOver,

    /// <summary>The last one given: acknowledges the last reply.</summary>
    Current,

    /// <summary>The one before it, same bytes: the reply was lost.</summary>
    Lost,

    /// <summary>The one before it, other bytes: the reply was lost and the device has gone on.</summary>
    Replaced,

    /// <summary>The one before it, but older than the request answered: it was overtaken on the way. Nobody waits for the answer.</summary>
    Late,
}

/// <summary>Keys: how they are made and what they mean.</summary>
public static class SyncKeys
{
    /// <summary>The key that starts over.</summary>
    public const string Zero = "0";

    /// <summary>The key of reply <paramref name="n"/>, answering the request with this FNV-1a-32. [SPEC 5.3]</summary>
    public static string Make(int n, uint requestSum)
    {
        byte[] tag = new byte[4];
        Fnv.WriteTag(requestSum, tag, 0);
        return string.Create(CultureInfo.InvariantCulture, $"{n}{(char)tag[0]}{(char)tag[1]}{(char)tag[2]}{(char)tag[3]}");
    }

    /// <summary>The n of a key; -1 when it is none of ours.</summary>
    public static int NumberOf(string key)
    {
        const int TagLength = 4;
        return key.Length > TagLength && int.TryParse(key.AsSpan(0, key.Length - TagLength), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : -1;
    }

    /// <summary>Decides.</summary>
    /// <remarks>
    /// "The one before" a reply to key 0 is "0" itself: the same start repeated gets the same reply, and the keys held before
    /// the start are unknown, since the values remembered with them are forgotten.
    /// </remarks>
    public static KeyCase Decide(KeyRow row, string key, byte[] requestHash, long lastChange)
    {
        bool same = row.RequestHash != null && row.RequestHash.AsSpan().SequenceEqual(requestHash);
        if (key == Zero)
        {
            return row.PreviousKey == Zero && same ? KeyCase.Lost : KeyCase.StartOver;
        }

        if (key == row.Key)
        {
            return KeyCase.Current;
        }

        if (key != row.PreviousKey)
        {
            return KeyCase.Unknown;
        }

        // a device that was seen with the last key has not gone back, nor do its changes
        return same ? KeyCase.Lost : row.Acknowledged || lastChange < row.LastChange ? KeyCase.Late : KeyCase.Replaced;
    }
}
