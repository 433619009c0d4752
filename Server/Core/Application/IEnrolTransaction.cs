// What is kept of enrolment: two tokens for a while, codes that give a board its token, and devices that go.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Application;

/// <summary>A code that gives a board its token once.</summary>
/// <param name="Device">Whose token.</param>
/// <param name="Salt">The token is made from this and the code; empty once the token was used.</param>
/// <param name="Created">When it was made, milliseconds since 1970.</param>
/// <param name="Expires">When it ends.</param>
/// <param name="Used">When the token was first used; null = it was not.</param>
public sealed record ClaimRow(int Device, byte[] Salt, long Created, long Expires, long? Used);

/// <summary>What an operator notes of a device.</summary>
/// <param name="Board">Folder of board-configs; "" = not said.</param>
/// <param name="Note">Free text; "" = none.</param>
public sealed record DeviceNotes(string Board, string Note);

/// <summary>Enrolment in the server's database.</summary>
public interface IEnrolTransaction : IStoreTransaction
{
    /// <summary>
    /// The device whose token has this SHA-256: the token itself, or the one before it while that is taken. None that is
    /// revoked, and none that has a key for sealed messages.
    /// </summary>
    /// <param name="tokenHash">SHA-256 of the token.</param>
    /// <param name="now">The time.</param>
    /// <param name="ends">True: the first use of this token ends the one before it, or the code that gave it.</param>
    DeviceIdentity? FindDeviceByToken(byte[] tokenHash, long now, out bool ends);

    /// <summary>Gives a device another token and lets it in, revoked or deleted.</summary>
    /// <param name="device">The device.</param>
    /// <param name="tokenHash">SHA-256 of the token.</param>
    /// <param name="oldUntil">Until when the one used last is taken beside it, at most; null = it ends at once.</param>
    /// <param name="isClaimed">True: a code gave it, which its first use ends.</param>
    void SetToken(int device, byte[] tokenHash, long? oldUntil, bool isClaimed);

    /// <summary>A token was used for the first time: the one before it ends, and the code that gave it.</summary>
    void TokenUsed(int device, byte[] tokenHash, long now);

    /// <summary>True when this is the SHA-256 of the device's token, and it was not used yet.</summary>
    bool IsUnused(int device, byte[] tokenHash);

    /// <summary>Keeps a code by its SHA-256; codes of the device before it end, and what is left of codes that ended long ago.</summary>
    void AddClaim(byte[] hash, ClaimRow row);

    /// <summary>The code of this SHA-256, ended or not.</summary>
    ClaimRow? FindClaim(byte[] hash);

    /// <summary>Notes that a code gave its token.</summary>
    void ClaimGiven(byte[] hash, long now);

    /// <summary>The newest code of a device, ended or not.</summary>
    ClaimRow? FindClaim(int device);

    /// <summary>Ends the codes of a device.</summary>
    void DropClaims(int device);

    /// <summary>What is noted of a device.</summary>
    DeviceNotes FindNotes(int device);

    /// <summary>Notes it.</summary>
    void SetNotes(int device, DeviceNotes notes);

    /// <summary>Forgets the stores that synced as a device and what it told: another board comes in its place.</summary>
    void ForgetBoard(int device);

    /// <summary>A device is deleted: it is kept out and off the lists; its name and what it sent stay.</summary>
    void Retire(int device, long now);

    /// <summary>A collection of the device's own that a proxy passes on; null = none is.</summary>
    string? FindPassedOn(int device);

    /// <summary>Removes at most so many rows of what a deleted device sent; how many. Collections of groups stay.</summary>
    int RemoveData(int device, int most);

    /// <summary>Removes what is left of a device whose data is gone.</summary>
    void Remove(int device);
}
