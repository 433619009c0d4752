// Takes sealed messages, however they came: proves who sent them, refuses what is late or repeated, hands the rest to the
// core, seals the reply. [SPEC 8.2]

using System.Buffers.Binary;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Sealed;

/// <summary>What became of a sealed message.</summary>
public enum SealedOutcome
{
    /// <summary>Applied, or told to go on from another number; the reply is to be sent, then Answered called.</summary>
    Answer,

    /// <summary>Answered before: nothing done, nothing to send.</summary>
    Passed,

    /// <summary>Not taken: the words say why.</summary>
    Refused,
}

/// <summary>The outcome with what goes with it.</summary>
public sealed record SealedResult(SealedOutcome Outcome, string Why, SealedMessage? Reply = null);

/// <summary>The core for carriers without TLS.</summary>
public sealed class SealedService(ServerCore core) : IDisposable
{
    private const int ProofLength = 8; // bytes kept of a proof
    private const int ProofsKept = 16;

    private readonly RateLimits _limits = new(core.Options.SealedPerHour / 3600.0, core.Options.SealedPerHour);

    private long Now => core.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public void Dispose() => _limits.Dispose();

    /// <summary>Takes the bytes of a sealed message.</summary>
    public SealedResult Accept(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default)
    {
        return bytes.Length > core.Options.Limits.MaxMessage + 256 ? Refused($"{bytes.Length} bytes are more than this server takes.")
            : SealedMessage.Parse(bytes) is { } message ? Accept(message, cancellation)
            : Refused("Not a sealed message.");
    }

    /// <summary>
    /// Takes a sealed message. Throws <see cref="StoreException"/> when the database fails: take it again later.
    /// </summary>
    public SealedResult Accept(SealedMessage message, CancellationToken cancellation = default)
    {
        SealKeyRow? device = Find(message.Device);
        if (device == null || !message.IsFrom(device.Key))
        {
            // the answer does not say which of them it is: who cannot prove himself learns nothing
            return Refused($"Device {message.Device}: unknown, revoked, not enrolled for sealed messages, or its HMAC is wrong.");
        }

        if (message.Kind != SealedKind.Request)
        {
            return Refused("A reply, not a request.");
        }

        if (message.Body.Length > core.Options.Limits.MaxMessage)
        {
            return Refused($"{message.Body.Length} bytes are more than this server takes.");
        }

        if (IsDuplicate(device, message) is { } passed)
        {
            return passed;
        }

        if (_limits.Acquire(device.Device.Id) > 0)
        {
            return Refused($"Device {message.Device} sent more than {core.Options.SealedPerHour} messages an hour.");
        }

        // from here on whatever has a lower number is late, also when it is just being read elsewhere
        if (Accept(device, message) is { } other)
        {
            return other;
        }

        SyncReply reply = core.Sync.Handle(device.Device, message.Body, message.Format, cancellation);
        SealedMessage answer = SealedMessage.Seal(SealedKind.Reply, message.Format, message.Store, message.Number, message.Device, reply.Body, device.Key);
        return new SealedResult(SealedOutcome.Answer, reply.Error ?? "", answer);
    }

    /// <summary>
    /// Where the answers to a device's mails go: what is kept, or else what its mail asks for, which is kept from then on. To be
    /// asked for a message that was taken: only that proves that the device sent something.
    /// </summary>
    public string? AddressOf(string device, string? asked)
    {
        if (core.Devices.ReplyAddress(device) is { } kept)
        {
            return kept;
        }

        if (asked != null)
        {
            core.Devices.SetReplyAddress(device, asked);
        }

        return asked;
    }

    /// <summary>Notes that a reply was handed over: the same request again is a duplicate.</summary>
    public void Answered(SealedMessage reply)
    {
        if (reply.Kind != SealedKind.Reply || Find(reply.Device) is not { } device)
        {
            return;
        }

        using IStoreTransaction store = core.Store.BeginWrite();
        if (store.FindSealedNumber(device.Device.Id, reply.Store) is { } row && row.Number == reply.Number)
        {
            store.SaveSealedNumber(device.Device.Id, reply.Store, row with { Answered = true, Time = Now });
            store.Commit();
        }
    }

    private static SealedResult Refused(string why)
    {
        return new SealedResult(SealedOutcome.Refused, why);
    }

    // null = accepted: the number is the highest of its store, or this very request came before and was not answered.
    private SealedResult? Accept(SealKeyRow device, SealedMessage message)
    {
        using IStoreTransaction store = core.Store.BeginWrite();
        SealedNumberRow? last = store.FindSealedNumber(device.Device.Id, message.Store);
        if (Duplicate(last, message) is { } passed)
        {
            return passed;
        }

        if (last != null && message.Number <= last.Number && !IsSame(last, message))
        {
            // late and never accepted; or of a store that went back, or that another board has too. Only the last two wait for this
            string why = $"number {message.Number} of store {message.Store} was used: told to go on from {last.Number}";
            store.Refused(device.Device.Id, new RefusalRow("", true, "sealed " + message.Store, Status.Forked, why, 1, Now));
            store.Commit();
            byte[] number = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(number, (uint)last.Number);
            return new SealedResult(SealedOutcome.Answer, why,
                SealedMessage.Seal(SealedKind.GoOn, message.Format, message.Store, message.Number, message.Device, number, device.Key));
        }

        byte[] proofs = last?.Proofs ?? [];
        proofs = IsSame(last, message) ? proofs : [.. proofs.TakeLast((ProofsKept - 1) * ProofLength), .. message.Proof.Span[..ProofLength]];
        store.SaveSealedNumber(device.Device.Id, message.Store, new SealedNumberRow(message.Number, false, Now, proofs));
        store.Commit();
        return null;
    }

    private static SealedResult? Duplicate(SealedNumberRow? last, SealedMessage message)
    {
        if (last == null || message.Number > last.Number)
        {
            return null;
        }

        bool answered = message.Number < last.Number ? Knows(last, message) : IsSame(last, message) && last.Answered;
        return answered ? new SealedResult(SealedOutcome.Passed, "A duplicate: answered before.") : null;
    }

    private static bool Knows(SealedNumberRow row, SealedMessage message)
    {
        byte[] proofs = row.Proofs ?? [];
        return Enumerable.Range(0, proofs.Length / ProofLength).Any(i => message.Proof.Span.StartsWith(proofs.AsSpan(i * ProofLength, ProofLength)));
    }

    // The request accepted last.
    private static bool IsSame(SealedNumberRow? last, SealedMessage message)
    {
        return last != null && last.Number == message.Number
            && (last.Proofs is not { Length: >= ProofLength } proofs || message.Proof.Span.StartsWith(proofs.AsSpan(proofs.Length - ProofLength)));
    }

    private SealedResult? IsDuplicate(SealKeyRow device, SealedMessage message)
    {
        using IStoreTransaction store = core.Store.BeginRead();
        return Duplicate(store.FindSealedNumber(device.Device.Id, message.Store), message);
    }

    private SealKeyRow? Find(string name)
    {
        using IStoreTransaction store = core.Store.BeginRead();
        return store.FindSealKey(name);
    }
}
