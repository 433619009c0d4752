// Error numbers in a person's words: what happened, and what to do.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Virtual;

internal static class Explain
{
    public static string Store(StoreError error) => error switch
    {
        StoreError.VolumeUnreadable => "error 307: the folder cannot be made or read; check its owner and rights, or choose another with --data",
        StoreError.VolumeReadOnly => "error 306: the folder can be read but not written; check its rights, or choose another with --data",
        StoreError.VolumeFull => "error 304: the disk is full; free some space, nothing kept so far is lost",
        StoreError.QuotaFull => "error 302: the store's quota is used up; sync to make room",
        StoreError.NewerFormat => "error 313: the files were written by a later version of this program",
        _ => $"error {(int)error} ({error})",
    };

    public static string Round(RoundResult r)
    {
        switch (r.Outcome)
        {
            case RoundOutcome.InStep:
                return Refused(r) ?? "in step";
            case RoundOutcome.More:
                return Refused(r) ?? "more";
            case RoundOutcome.Later:
                return "reply comes later";
        }

        if (r.Store != StoreError.None)
        {
            return "failed: " + Store(r.Store);
        }

        if (r.Status != 0)
        {
            return r.Status switch
            {
                Status.NotFound => "failed: status 8: the server does not know one of the collections for this device; enrol it with `device add NAME --collections readings,config`",
                Status.VersionNotSupported => "failed: status 200: the server speaks another major version",
                _ => $"failed: status {r.Status}",
            };
        }

        if (r.Carrier == CarrierError.Refused)
        {
            return r.HttpStatus switch
            {
                401 => "failed: the server refuses the token (401); enrol the device with `device add NAME` and give its token with --token",
                413 => "failed: the message is too large for the server (413); use a smaller --window",
                429 or 503 => $"failed: the server asks to wait ({r.HttpStatus}){(r.RetryAfter >= 0 ? $", {r.RetryAfter} s" : "")}",
                _ => $"failed: the server refuses with {r.HttpStatus}",
            };
        }

        if (r.Carrier != CarrierError.None)
        {
            return r.Carrier switch
            {
                CarrierError.Unreachable => "failed: the server cannot be reached (error 401)",
                CarrierError.Timeout => "failed: no answer in time (error 402)",
                CarrierError.Broken => "failed: the connection ended in the middle (error 403); nothing is lost",
                _ => $"failed: carrier error {(int)r.Carrier} ({r.Carrier})",
            };
        }

        return $"failed: the reply is no message: error {(int)r.Message} ({r.Message}) at byte {r.MessageOffset}";
    }

    private static string? Refused(RoundResult r) =>
        r.RefusedDown > 0 ? $"refused {r.RefusedDown} from the server" : r.RefusedUp > 0 ? $"the server refused {r.RefusedUp}" : null;
}
