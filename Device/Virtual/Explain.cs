// Error numbers in a person's words: what happened, and what to do. Our numbers are printed as NS401, so that they are not taken for those of HTTP.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Virtual;

internal static class Explain
{
    public static string Store(StoreError error) => error switch
    {
        StoreError.VolumeInUse => "error NS107: another store of this program has it open",
        StoreError.VolumeUnreadable => "error NS307: the folder cannot be made or read; check its owner and rights, or choose another with --data",
        StoreError.VolumeReadOnly => "error NS306: the folder can be read but not written; check its rights, or choose another with --data",
        StoreError.VolumeFull => "error NS304: the disk is full; free some space, nothing kept so far is lost",
        StoreError.QuotaFull => "error NS302: the store's quota is used up; sync to make room",
        StoreError.NoMemory => "error NS314: there is no memory for it",
        StoreError.NewerFormat => "error NS313: the files were written by a later version of this program",
        _ => $"error NS{(int)error} ({error})",
    };

    public static string Round(RoundResult r)
    {
        switch (r.Outcome)
        {
            case RoundOutcome.InStep:
                return Refused(r) ?? "in step";
            case RoundOutcome.More:
                return Refused(r) ?? "more";
            case RoundOutcome.Deferred:
                return "reply comes later";
            case RoundOutcome.Held:
                return "the server does not take all of it now; the rest is kept and offered again";
        }

        if (r.Store != StoreError.None)
        {
            return "failed: " + Store(r.Store);
        }

        if (r.Status != 0)
        {
            return r.Status switch
            {
                Status.NotFound => "failed: sync status 8: the server does not know one of the collections for this device; enrol it with `device add NAME --collections readings,config`",
                Status.VersionNotSupported => "failed: sync status 200: the server speaks another major version",
                _ => $"failed: sync status {r.Status}",
            };
        }

        if (r.Carrier == CarrierError.Refused)
        {
            return r.HttpStatus switch
            {
                403 => "failed: the server refuses the code (HTTP 403): it was used, has ended, or is none; another one: `device claim NAME`",
                0 => "failed: the broker refuses the account or the device's topics (error NS405): --mqtt-user, the password in NANOSYNC_MQTT_PASSWORD, and the broker's rules",
                401 => "failed: the server refuses the token (HTTP 401); enrol the device with `device add NAME` and give its token with --token",
                413 => "failed: the message is too large for the server (HTTP 413); use a smaller --window",
                415 => "failed: the server takes no message of this type (HTTP 415): is it older than this device? Then update it first",
                429 or 503 => $"failed: the server asks to wait (HTTP {r.HttpStatus}){(r.RetryAfter >= 0 ? $", {r.RetryAfter} s" : "")}",
                _ => $"failed: the server refuses with HTTP {r.HttpStatus}",
            };
        }

        if (r.Carrier != CarrierError.None)
        {
            return r.Carrier switch
            {
                CarrierError.Unreachable => "failed: the server cannot be reached (error NS401): is it up, and the address right?",
                CarrierError.Timeout => "failed: no answer in time (error NS402)",
                CarrierError.Broken => "failed: the connection ended in the middle (error NS403); nothing is lost",
                CarrierError.Untrusted => "failed: the server is there, but TLS did not come about: its certificate is not trusted, is another name's or does not hold now (error NS407)",
                CarrierError.NoTls => "failed: something is there, but it speaks no TLS, or none from version 1.2 on (error NS408): is it http instead of https, or another port?",
                _ => $"failed: error NS{(int)r.Carrier} ({r.Carrier})",
            };
        }

        return r.Message == SyncError.OtherRequest ? "failed: the reply answers an earlier request (error NS219); nothing is lost, the next round repairs it"
            : $"failed: the reply is no message: error NS{(int)r.Message} ({r.Message}) at byte {r.MessageOffset}";
    }

    private static string? Refused(RoundResult r) =>
        r.RefusedDown > 0 ? $"refused {r.RefusedDown} from the server" : r.RefusedUp > 0 ? $"the server refused {r.RefusedUp}" : null;
}
