// Who looks on while requests are answered: the fleet's lines are made of what it is told, and the engine knows nothing of them.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Fleet;

/// <summary>Sees requests and their replies go by; it changes neither, and takes no time.</summary>
public interface ISyncWatcher
{
    /// <summary>A request was answered.</summary>
    /// <param name="device">Whose.</param>
    /// <param name="request">What it held, series taken apart; null = it was no message.</param>
    /// <param name="reply">What was answered; null = the empty reply, or a refusal of the whole message.</param>
    /// <param name="status">Status of the whole.</param>
    /// <param name="bytesUp">Bytes of the request.</param>
    /// <param name="bytesDown">Bytes of the reply.</param>
    /// <param name="now">When it was answered, milliseconds since 1970.</param>
    /// <param name="took">How long that took.</param>
    void Answered(DeviceIdentity device, SyncMessage? request, SyncMessage? reply, int status, int bytesUp, int bytesDown, long now, TimeSpan took);
}
