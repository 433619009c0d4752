// What becomes of one message that a broker brought: who speaks, whether it is taken, what is answered. It knows no broker.
//
// Rule 1: the topic proves nothing. A sealed message proves its device, a plain one carries the token; the topic must name
//         the same device, so that an answer goes to nobody else.
// Rule 2: a message is done with (acknowledged to the broker) once what it says is durable, or it will never be taken.
// Rule 3: late, repeated and foreign messages change nothing: by the number of a sealed one, by the keys in a plain one.

using Microsoft.AspNetCore.Http;
using NanoSync.Server.Engine;
using NanoSync.Server.Sealed;

namespace NanoSync.Server.Mqtt;

/// <summary>What became of a message, for the counters.</summary>
public enum MqttOutcome
{
    /// <summary>Answered.</summary>
    Answered,

    /// <summary>Repeated: nothing to say.</summary>
    Passed,

    /// <summary>Not taken, and the sender told why, if he could be told.</summary>
    Refused,

    /// <summary>No message of ours.</summary>
    Garbage,
}

/// <summary>The outcome, words for the log, and what goes down: null = nothing.</summary>
public sealed record MqttAnswer(MqttOutcome Outcome, string Why, byte[]? Down = null, SealedMessage? Sealed = null);

/// <summary>Takes messages of devices.</summary>
public sealed class MqttDesk(ServerCore core, bool acceptsPlain) : IDisposable
{
    private const int BusyRetry = 2; // seconds: as over HTTP

    private readonly RateLimits _limits = new(core.Options.RatePerSecond, core.Options.RateBurst);

    /// <inheritdoc/>
    public void Dispose() => _limits.Dispose();

    /// <summary>Takes a message. Throws <see cref="StoreException"/> when a sealed one cannot be taken now: it is kept and given again.</summary>
    /// <param name="device">The device that the topic names.</param>
    /// <param name="payload">The bytes.</param>
    /// <param name="cancellation">Ends waiting.</param>
    public async Task<MqttAnswer> Accept(string device, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        if (SealedMessage.Looks(payload.Span))
        {
            return await core.Writers.Run(() => AcceptSealed(device, payload, cancellation), cancellation);
        }

        return PlainMessage.Parse(payload) is { } plain ? await AcceptPlain(device, plain, cancellation)
            : new MqttAnswer(MqttOutcome.Garbage, "Neither a sealed message nor a plain one.");
    }

    private MqttAnswer AcceptSealed(string device, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        if (SealedMessage.Parse(payload) is { } message && message.Device != device)
        {
            return new MqttAnswer(MqttOutcome.Refused, $"A message of {message.Device} on the topic of another device.");
        }

        SealedResult result = core.Sealed.Accept(payload, cancellation);
        return result.Outcome switch
        {
            SealedOutcome.Answer => new MqttAnswer(MqttOutcome.Answered, result.Why, result.Reply!.ToBytes(), result.Reply),
            SealedOutcome.Passed => new MqttAnswer(MqttOutcome.Passed, result.Why),
            _ => new MqttAnswer(MqttOutcome.Refused, result.Why),
        };
    }

    private async Task<MqttAnswer> AcceptPlain(string name, PlainMessage message, CancellationToken cancellation)
    {
        if (!acceptsPlain)
        {
            // nothing is said: the token has been on a way that nobody declared to be trusted
            return new MqttAnswer(MqttOutcome.Refused, "It carries a token as it is, and mqtt:plain is not set.");
        }

        MqttAnswer Refuse(int status, string why, int retryAfter = 0) => new(MqttOutcome.Refused, why, message.ToRefusal(status, retryAfter));
        try
        {
            DeviceIdentity? device = await core.Devices.AuthenticateAsync(message.Token);
            if (device == null || device.Name != name)
            {
                // the answer does not tell to whom this token belongs
                return Refuse(StatusCodes.Status401Unauthorized, "Its token is not that of the device.");
            }

            if (message.Body.Length > core.Options.Limits.MaxMessage)
            {
                return Refuse(StatusCodes.Status413PayloadTooLarge, $"{message.Body.Length} bytes are more than this server takes.");
            }

            int wait = _limits.Acquire(device.Id);
            if (wait > 0)
            {
                return Refuse(StatusCodes.Status429TooManyRequests, "Too often.", wait);
            }

            SyncReply reply = await core.Sync.HandleAsync(device, message.Body, message.Format, cancellation: cancellation);
            return reply.Outcome == SyncOutcome.Malformed ? Refuse(StatusCodes.Status400BadRequest, reply.Error ?? "Malformed.")
                : new MqttAnswer(MqttOutcome.Answered, reply.Error ?? "", message.ToReply(reply.Body));
        }
        catch (StoreException e)
        {
            return Refuse(StatusCodes.Status503ServiceUnavailable, e.Message, BusyRetry);
        }
    }
}
