// What a key is made of, and what the key of a request means to the row that has it. [SPEC 5.2, 5.3]

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

    /// <summary>Overtaken on the way: Status 3, nothing done. Nobody waits for the answer.</summary>
    Late,

    /// <summary>Given to a store that is now two: Status 204, nothing done.</summary>
    Forked,

    /// <summary>Given by this database in a time that it has lost: Status 205, nothing done.</summary>
    WentBack,
}

/// <summary>Keys: how they are made and what they mean.</summary>
public static class SyncKeys
{
    /// <summary>The key that starts over.</summary>
    public const string Zero = "0";

    private const int StartsKept = 4;
    private const int TagLength = 4;
    private const int EpochLength = 4;

    /// <summary>The key of reply <paramref name="n"/> in an epoch, answering the request with this FNV-1a-32. [SPEC 5.3]</summary>
    public static string Make(int n, string epoch, uint requestSum)
    {
        byte[] tag = new byte[TagLength];
        Fnv.WriteTag(requestSum, tag, 0);
        return string.Create(CultureInfo.InvariantCulture, $"{n}{epoch}{(char)tag[0]}{(char)tag[1]}{(char)tag[2]}{(char)tag[3]}");
    }

    /// <summary>The n and the epoch of a key; -1 when it is none of ours, null for a key of version 0.1, which had no epoch.</summary>
    public static (int N, string? Epoch) Parse(string key)
    {
        const int Ending = TagLength + EpochLength;
        if (key.Length > Ending && Number(key.AsSpan(0, key.Length - Ending)) is > 0 and int n)
        {
            return (n, key.Substring(key.Length - Ending, EpochLength));
        }

        return (key.Length > TagLength ? Number(key.AsSpan(0, key.Length - TagLength)) : -1, null);
    }

    /// <summary>Decides what key 0 means.</summary>
    /// <param name="row">The key row of the store that starts over.</param>
    /// <param name="start">Its number; null when it told none.</param>
    /// <param name="requestHash">SHA-256 of the request.</param>
    /// <param name="lastChange">See <see cref="KeyRow.LastChange"/>.</param>
    public static KeyCase DecideStart(KeyRow row, long? start, byte[] requestHash, long lastChange)
    {
        bool isNew = start == null || !row.Starts.Contains(start.Value);
        if (row.PreviousKey == Zero && IsSame(row, requestHash))
        {
            return KeyCase.Lost;
        }

        // A start that is new, or the last one with other changes because its reply did not arrive, starts over. Any other one is late.
        return isNew || (IsRepeatedStart(row, start) && lastChange >= row.LastChange) ? KeyCase.StartOver : KeyCase.Late;
    }

    /// <summary>True when the last start is the one of this number, and the device was not seen with its key yet.</summary>
    public static bool IsRepeatedStart(KeyRow row, long? start)
    {
        return start != null && row.PreviousKey == Zero && row.Starts.Count > 0 && row.Starts[^1] == start;
    }

    /// <summary>Keeps the number of a start that is not kept yet.</summary>
    public static void NoteStart(KeyRow row, long start)
    {
        row.Starts.Add(start);
        if (row.Starts.Count > StartsKept)
        {
            row.Starts.RemoveAt(0);
        }
    }

    /// <summary>Decides what the last key, or the one before it, means.</summary>
    /// <remarks>
    /// "The one before" a reply to key 0 is "0" itself: the keys held before the start are unknown, since the values
    /// remembered with them are forgotten.
    /// </remarks>
    public static KeyCase Decide(KeyRow row, string key, byte[] requestHash, long lastChange)
    {
        // A device that was seen with the last key does not go back to the one before, and the number of its last change only grows.
        return key == row.Key ? KeyCase.Current
            : IsSame(row, requestHash) ? KeyCase.Lost
            : row.Acknowledged || lastChange < row.LastChange ? KeyCase.Late : KeyCase.Replaced;
    }

    /// <summary>Decides what a key means that this row gave, and has since replaced.</summary>
    public static KeyCase DecideOld(KeyRow row, int n)
    {
        const int Near = 16; // replies
        if (row.PreviousKey == Zero && n >= row.StartN)
        {
            return KeyCase.Current; // the key of a reply to another form of the same start; no such reply has commands
        }

        // Two boards have this store if the key was held when the store started over, or if an old key is seen again within a few
        // replies. A late request comes once; another board comes back.
        return (n >= row.LiveN && n < row.StartN) || (row.OldKeyN > 0 && row.N - row.OldKeyN < Near) ? KeyCase.Forked : KeyCase.Unknown;
    }

    private static bool IsSame(KeyRow row, byte[] requestHash)
    {
        return row.RequestHash != null && row.RequestHash.AsSpan().SequenceEqual(requestHash);
    }

    private static int Number(ReadOnlySpan<char> digits)
    {
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : -1;
    }
}
