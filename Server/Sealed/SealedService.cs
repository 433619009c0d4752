// Takes sealed messages, however they came: proves who sent them, refuses what is late or repeated, hands the rest to the
// core, seals the reply. [SPEC 8.2]

using NanoSync.Server.Engine;
using NanoSync.Server.Http;

namespace NanoSync.Server.Sealed;

/// <summary>What became of a sealed message.</summary>
public enum SealedOutcome
{
    /// <summary>Applied; the reply is to be sent, then Answered called.</summary>
    Answer,

    /// <summary>Answered before, or late: nothing done, nothing to send.</summary>
    Passed,

    /// <summary>Not taken: the words say why.</summary>
    Refused,
}

/// <summary>The outcome with what goes with it.</summary>
public sealed record SealedResult(SealedOutcome Outcome, string Why, SealedMessage? Reply = null);

/// <summary>The core for carriers without TLS.</summary>
public sealed class SealedService(ServerCore core)
{
    private readonly RateLimiter _limiter = new(core.Options.SealedPerHour / 3600.0, Math.Max(1, core.Options.SealedPerHour), core.Clock);

    private long Now => core.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Takes the bytes of a sealed message.</summary>
    public SealedResult Take(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default)
    {
        return bytes.Length > core.Options.Limits.MaxMessage + 256 ? Refused($"{bytes.Length} bytes are more than this server takes.")
            : SealedMessage.Parse(bytes) is { } message ? Take(message, cancellation)
            : Refused("Not a sealed message.");
    }

    /// <summary>
    /// Takes a sealed message. Throws <see cref="StoreException"/> when the database fails: take it again later.
    /// </summary>
    public SealedResult Take(SealedMessage message, CancellationToken cancellation = default)
    {
        SealKeyRow? device = Find(message.Device);
        if (device == null || !message.IsFrom(device.Key))
        {
            // which of them it is, is nobody's business who cannot prove himself
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

        if (IsPassed(device, message) is { } passed)
        {
            return passed;
        }

        if (_limiter.Take(device.Device.Id) > 0)
        {
            return Refused($"Device {message.Device} sent more than {core.Options.SealedPerHour} messages an hour.");
        }

        // from here on whatever has a lower number is late, also when it is just being read elsewhere
        using (IStoreTransaction store = core.Store.BeginWrite())
        {
            SealedNumberRow? last = store.FindSealedNumber(device.Device.Id, message.Store);
            if (Passed(last, message) is { } late)
            {
                return late;
            }

            store.SaveSealedNumber(device.Device.Id, message.Store, new SealedNumberRow(message.Number, false, Now));
            store.Commit();
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
        if (Find(reply.Device) is not { } device)
        {
            return;
        }

        using IStoreTransaction store = core.Store.BeginWrite();
        if (store.FindSealedNumber(device.Device.Id, reply.Store)?.Number == reply.Number)
        {
            store.SaveSealedNumber(device.Device.Id, reply.Store, new SealedNumberRow(reply.Number, true, Now));
            store.Commit();
        }
    }

    private static SealedResult Refused(string why)
    {
        return new SealedResult(SealedOutcome.Refused, why);
    }

    private static SealedResult? Passed(SealedNumberRow? last, SealedMessage message)
    {
        return last == null || message.Number > last.Number || (message.Number == last.Number && !last.Answered) ? null
            : new SealedResult(SealedOutcome.Passed, message.Number == last.Number ? "A duplicate: answered before." : $"Late: number {last.Number} was there before.");
    }

    private SealedResult? IsPassed(SealKeyRow device, SealedMessage message)
    {
        using IStoreTransaction store = core.Store.BeginRead();
        return Passed(store.FindSealedNumber(device.Device.Id, message.Store), message);
    }

    private SealKeyRow? Find(string name)
    {
        using IStoreTransaction store = core.Store.BeginRead();
        return store.FindSealKey(name);
    }
}
