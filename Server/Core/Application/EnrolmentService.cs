// Enrolling many at once, codes that give a board its token at its first contact, another board in the same place, and
// devices that go. Of tokens and codes only check sums are kept; both are shown once.

using System.Globalization;
using System.Security.Cryptography;
using NanoSync.Server.Engine;
using NanoSync.Server.Fleet;
using NanoSync.Server.Sealed;

namespace NanoSync.Server.Application;

/// <summary>A device to be enrolled.</summary>
/// <param name="Name">1 to 64 of A-Z a-z 0-9 . _ -</param>
/// <param name="Collections">What it may sync; null = <see cref="DeviceService.DefaultCollections"/>.</param>
/// <param name="Group">Its group; null = none.</param>
/// <param name="Every">Seconds within which it is expected; null = as it comes.</param>
/// <param name="Board">Its folder of board-configs; null = not said.</param>
/// <param name="Note">Free text; null = none.</param>
/// <param name="IsSealed">True: it sends sealed messages and nothing else.</param>
public sealed record NewBoard(string Name, string? Collections = null, string? Group = null, long? Every = null, string? Board = null, string? Note = null, bool IsSealed = false);

/// <summary>What a device was given: a token, or a code that gives it one.</summary>
public sealed record EnrolledBoard(NewBoard Device, string? Token, string? Claim, long? ClaimExpires);

/// <summary>What came of a code.</summary>
public enum ClaimOutcome
{
    /// <summary>It gave a token.</summary>
    Given,

    /// <summary>There is no such code.</summary>
    Unknown,

    /// <summary>It is too old, its token was used, or its device was given another one, was revoked or deleted since.</summary>
    Ended,
}

/// <summary>Devices that come, are replaced and go.</summary>
public sealed class EnrolmentService(IServerStore store, TimeProvider clock, Func<int, byte[]>? random = null)
{
    /// <summary>Most devices enrolled at once.</summary>
    public const int Most = 5000;

    /// <summary>Days that a code lives when not said otherwise.</summary>
    public const int DefaultDays = 30;

    private const int MostDays = 365;
    private const int MostNote = 200;
    private const int MostNamed = 50; // bad lines that are named
    private const int Salt = 32;
    private const int Step = 2000; // rows removed in a transaction
    private const int OldAfterClaim = 30; // days that the token before lives on, if the one that a code gave is not used

    private readonly Func<int, byte[]> _random = random ?? RandomNumberGenerator.GetBytes;

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Enrols one device and gives its token; refused as by <see cref="DeviceService.Add"/>.</summary>
    public string Add(NewBoard device)
    {
        using IStoreTransaction transaction = store.BeginWrite();
        Names.Check(device.Name, "A device's name");
        DeviceService.RefuseKnown(transaction, device.Name);
        if (WrongWith(transaction, device, [], claims: false) is { } wrong)
        {
            throw new RefusedException(Refusal.BadInput, wrong);
        }

        string token = Add(transaction, device, null, Now).Token!;
        transaction.Commit();
        return token;
    }

    /// <summary>Enrols devices, all or none.</summary>
    /// <param name="devices">Which.</param>
    /// <param name="claimDays">Codes instead of tokens, which live so many days; null = tokens.</param>
    /// <param name="placeOf">What a refusal calls the device with this index, such as "line 3".</param>
    /// <exception cref="RefusedException">Something is wrong with some of them: each is named, and none is enrolled.</exception>
    public List<EnrolledBoard> Enrol(IReadOnlyList<NewBoard> devices, int? claimDays = null, Func<int, string>? placeOf = null)
    {
        placeOf ??= i => string.Create(CultureInfo.InvariantCulture, $"device {i + 1}");
        if (devices.Count is 0 or > Most)
        {
            throw new RefusedException(Refusal.BadInput, string.Create(CultureInfo.InvariantCulture, $"1 to {Most} devices are enrolled at once, not {devices.Count}."))
            {
                Code = "out_of_range",
                Field = "devices",
            };
        }

        CheckDays(claimDays);
        using IStoreTransaction transaction = store.BeginWrite();
        List<string> wrong = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < devices.Count; i++)
        {
            if (WrongWith(transaction, devices[i], names, claimDays != null) is { } why)
            {
                wrong.Add($"{placeOf(i)}: {why}");
            }
        }

        Refuse(wrong);
        List<EnrolledBoard> enrolled = [];
        long now = Now;
        foreach (NewBoard device in devices)
        {
            enrolled.Add(Add(transaction, device, claimDays, now));
        }

        transaction.Commit();
        return enrolled;
    }

    /// <summary>Refuses when there is something to name.</summary>
    public static void Refuse(List<string> wrong)
    {
        if (wrong.Count > 0)
        {
            string more = wrong.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $"\n... and {wrong.Count - MostNamed} more") : "";
            throw new RefusedException(Refusal.BadInput, "Nobody was enrolled.\n" + string.Join('\n', wrong.Take(MostNamed)) + more) { Code = "bad_lines", Field = "devices" };
        }
    }

    /// <summary>Makes a code that gives an enrolled device a token, beside the one that it has; the one before ends.</summary>
    public (string Code, long Expires) MakeClaim(string name, int days = DefaultDays)
    {
        CheckDays(days);
        using IStoreTransaction transaction = store.BeginWrite();
        DeviceRow device = DeviceService.Find(transaction, name);
        if (device.Revoked != null)
        {
            throw new RefusedException(Refusal.Conflict, $"{name} is {(device.Retired != null ? "deleted" : "revoked")}, and a code does not let it in. For a new board in its place: device replace {name} --claim");
        }

        RefuseSealed(transaction, name);
        (string Code, long Expires) made = AddClaim((IEnrolTransaction)transaction, device.Id, days, Now);
        transaction.Commit();
        return made;
    }

    /// <summary>When the newest code of a device ends, and when the token that it gave was first used; null = it has none.</summary>
    public (long Expires, long? Used)? ClaimOf(string name)
    {
        using IStoreTransaction transaction = store.BeginRead();
        return ((IEnrolTransaction)transaction).FindClaim(DeviceService.Find(transaction, name).Id) is { } claim ? (claim.Expires, claim.Used) : null;
    }

    /// <summary>Gives a board its token for a code: the same again until the token is first used. [SPEC 8.5]</summary>
    /// <param name="code">As <see cref="ClaimCode.Read"/> gives it.</param>
    public (ClaimOutcome Outcome, string Name, string Token) Claim(string code)
    {
        byte[] hash = ClaimCode.HashOf(code);
        using (IStoreTransaction reading = store.BeginRead())
        {
            if (((IEnrolTransaction)reading).FindClaim(hash) == null)
            {
                return (ClaimOutcome.Unknown, "", ""); // somebody who guesses codes does not hold up writers
            }
        }

        using IStoreTransaction transaction = store.BeginWrite();
        IEnrolTransaction enrol = (IEnrolTransaction)transaction;
        long now = Now;
        if (enrol.FindClaim(hash) is not { } claim)
        {
            return (ClaimOutcome.Unknown, "", "");
        }

        DeviceRow? device = transaction.FindDevice(claim.Device);
        if (claim.Used != null || claim.Expires <= now || device == null || device.Revoked != null)
        {
            return (ClaimOutcome.Ended, "", "");
        }

        string token = ClaimCode.TokenOf(code, claim.Salt);
        byte[] tokenHash = DeviceService.HashOf(token);
        if (!enrol.IsUnused(device.Id, tokenHash))
        {
            enrol.SetToken(device.Id, tokenHash, now + (OldAfterClaim * 86_400_000L), isClaimed: true);
            enrol.ClaimGiven(hash, now);
            transaction.Commit();
        }

        return (ClaimOutcome.Given, device.Name, token);
    }

    /// <summary>
    /// Another board comes in the place of a device, revoked or deleted too: the token before ends at once, its stores and what it
    /// told are forgotten, its readings and its configuration stay, and the new board is sent the latter.
    /// </summary>
    public EnrolledBoard Replace(string name, int? claimDays = null)
    {
        CheckDays(claimDays);
        using IStoreTransaction transaction = store.BeginWrite();
        IEnrolTransaction enrol = (IEnrolTransaction)transaction;
        DeviceRow device = DeviceService.Find(transaction, name);
        bool isSealed = transaction.FindSealKey(name) != null;
        if (claimDays != null)
        {
            RefuseSealed(transaction, name);
        }

        string token = DeviceService.NewToken(_random);
        enrol.DropClaims(device.Id);
        enrol.SetToken(device.Id, DeviceService.HashOf(token), null, isClaimed: false);
        transaction.SetSealKey(device.Id, isSealed ? SealedMessage.KeyOf(token) : null);
        enrol.ForgetBoard(device.Id);
        (string Code, long Expires)? claim = claimDays is { } days ? AddClaim(enrol, device.Id, days, Now) : null;
        transaction.Commit();
        NewBoard board = new(name, device.Collections, IsSealed: isSealed);
        return new EnrolledBoard(board, claim == null ? token : null, claim?.Code, claim?.Expires);
    }

    /// <summary>Deletes a device: it is kept out and off the lists. Its readings and objects stay, under its name, or go with it.</summary>
    /// <param name="name">The device.</param>
    /// <param name="data">True: its own collections go, too; what it wrote into those of a group stays.</param>
    public void Delete(string name, bool data)
    {
        int id;
        using (IStoreTransaction transaction = store.BeginWrite())
        {
            IEnrolTransaction enrol = (IEnrolTransaction)transaction;
            id = DeviceService.Find(transaction, name).Id;
            if (data && enrol.FindPassedOn(id) is { } collection)
            {
                throw new RefusedException(Refusal.Conflict, $"{collection} of {name} is passed on by a proxy. Without its data it can be deleted.") { Code = "passed_on" };
            }

            enrol.Retire(id, Now);
            transaction.Commit();
        }

        // in steps between which devices sync; one that is cut is taken up by the same verb again
        for (int removed = data ? 1 : 0; removed > 0;)
        {
            using IStoreTransaction transaction = store.BeginWrite();
            IEnrolTransaction enrol = (IEnrolTransaction)transaction;
            removed = enrol.RemoveData(id, Step);
            if (removed == 0)
            {
                enrol.Remove(id);
            }

            transaction.Commit();
        }
    }

    /// <summary>What is noted of a device.</summary>
    public DeviceNotes Notes(string name)
    {
        using IStoreTransaction transaction = store.BeginRead();
        return ((IEnrolTransaction)transaction).FindNotes(DeviceService.Find(transaction, name).Id);
    }

    /// <summary>Notes board and free text of a device; null = as it is.</summary>
    public void Note(string name, string? board, string? note)
    {
        if (WrongNotes(board, note) is { } wrong)
        {
            throw new RefusedException(Refusal.BadInput, wrong) { Code = "bad_input", Field = wrong.StartsWith("note", StringComparison.Ordinal) ? "note" : "board" };
        }

        using IStoreTransaction transaction = store.BeginWrite();
        IEnrolTransaction enrol = (IEnrolTransaction)transaction;
        int device = DeviceService.Find(transaction, name).Id;
        DeviceNotes before = enrol.FindNotes(device);
        enrol.SetNotes(device, new DeviceNotes(board ?? before.Board, note ?? before.Note));
        transaction.Commit();
    }

    private static void CheckDays(int? days)
    {
        if (days is < 1 or > MostDays)
        {
            throw new RefusedException(Refusal.BadInput, string.Create(CultureInfo.InvariantCulture, $"A code lives 1 to {MostDays} days, not {days}.")) { Code = "out_of_range", Field = "days" };
        }
    }

    private static void RefuseSealed(IStoreTransaction transaction, string name)
    {
        if (transaction.FindSealKey(name) != null)
        {
            throw new RefusedException(Refusal.Conflict, $"{name} sends sealed messages; a code is for devices that ask over HTTP.");
        }
    }

    private static string? WrongWith(IStoreTransaction transaction, NewBoard device, HashSet<string> names, bool claims)
    {
        try
        {
            Names.Check(device.Name, "A device's name");
            DeviceService.ParseCollections(device.Collections ?? DeviceService.DefaultCollections);
            if (device.Group is { Length: > 0 })
            {
                Names.Check(device.Group, "A group's name");
            }
        }
        catch (RefusedException e)
        {
            return e.Message;
        }

        return !names.Add(device.Name) ? $"{device.Name} stands here twice."
            : transaction.FindDevice(device.Name) is { } known ? (known.Retired == null ? $"There is a device {device.Name} already."
                : $"There was a device {device.Name}, whose data is kept. For a new board in its place: device replace {device.Name}")
            : device.Every is < 0 or > FleetService.LongestEvery ? $"every is a number from 0 to {FleetService.LongestEvery}, in seconds."
            : claims && device.IsSealed ? "A code is for devices that ask over HTTP, not for sealed messages."
            : WrongNotes(device.Board, device.Note);
    }

    private static string? WrongNotes(string? board, string? note)
    {
        return board != null && (board.Length > 64 || board.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '_')) ? $"board is a folder of board-configs: A-Z a-z 0-9 _, not \"{board}\"."
            : note != null && (note.Length > MostNote || !Names.IsText(note) || note.Any(char.IsControl)) ? $"note is at most {MostNote} characters, and no control characters."
            : null;
    }

    private EnrolledBoard Add(IStoreTransaction transaction, NewBoard device, int? claimDays, long now)
    {
        string token = DeviceService.NewToken(_random); // for a device that gets a code: nobody ever sees this token
        int id = DeviceService.Enrol(transaction, device.Name, DeviceService.ParseCollections(device.Collections ?? DeviceService.DefaultCollections), token, device.IsSealed, now);
        if (device.Group is { Length: > 0 } || device.Every is > 0)
        {
            ((IFleetTransaction)transaction).SetPlace(id, device.Group ?? "", device.Every is > 0 ? device.Every : null);
        }

        IEnrolTransaction enrol = (IEnrolTransaction)transaction;
        if (device.Board is { Length: > 0 } || device.Note is { Length: > 0 })
        {
            enrol.SetNotes(id, new DeviceNotes(device.Board ?? "", device.Note ?? ""));
        }

        if (claimDays is not { } days)
        {
            return new EnrolledBoard(device, token, null, null);
        }

        (string code, long expires) = AddClaim(enrol, id, days, now);
        return new EnrolledBoard(device, null, code, expires);
    }

    private (string Code, long Expires) AddClaim(IEnrolTransaction transaction, int device, int days, long now)
    {
        string code = ClaimCode.New(_random);
        long expires = now + (days * 86_400_000L);
        transaction.AddClaim(ClaimCode.HashOf(ClaimCode.Read(code)!), new ClaimRow(device, _random(Salt), now, expires, null));
        return (code, expires);
    }
}
