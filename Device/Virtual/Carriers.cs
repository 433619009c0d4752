using NanoSync.Device;

namespace NanoSync.Virtual;

/// <summary>The way to the server that the command line chose.</summary>
internal static class Carriers
{
    public static ICarrier Make(Uri server, string token, bool platformHttp)
    {
        string url = new Uri(server, "sync").AbsoluteUri;
        return platformHttp
            ? new PlatformHttpCarrier(url, token, new PcHttpPlatform(null))
            : new LeanHttpCarrier(url, token, new PcTls(null));
    }
}
