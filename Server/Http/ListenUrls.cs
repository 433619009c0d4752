// Where to listen. Kestrel takes a host that it does not know for "all addresses", so that a slip in a number opens the server
// to the world; here each host is an address, localhost, or * where all are meant.

using System.Net;

namespace NanoSync.Server.Http;

/// <summary>Reads what to listen on.</summary>
public static class ListenUrls
{
    /// <summary>The URLs of a semicolon-separated list; a <see cref="StartupException"/> where one would not mean what it says.</summary>
    public static string[] Parse(string list)
    {
        string[] urls = list.Split(';', StringSplitOptions.TrimEntries);
        foreach (string url in urls)
        {
            BindingAddress address;
            try
            {
                address = BindingAddress.Parse(url);
            }
            catch (FormatException)
            {
                throw Bad(url);
            }

            bool isHost = address.Host is "*" or "+" or "localhost" || IPAddress.TryParse(address.Host.Trim('[', ']'), out _);
            if (address.Scheme is not ("http" or "https") || address.PathBase.Length > 0 || address.Port > IPEndPoint.MaxPort
                || !(isHost || address.IsUnixPipe || address.IsNamedPipe))
            {
                throw Bad(url);
            }
        }

        return urls;
    }

    /// <summary>Refuses what would send tokens in the clear beyond this machine, unless that was wanted in words.</summary>
    public static string[] Check(string[] urls, bool plainHttp)
    {
        foreach (string url in urls)
        {
            BindingAddress address = BindingAddress.Parse(url);
            bool near = address.IsUnixPipe || address.IsNamedPipe || address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));
            if (address.Scheme == "http" && !near && !plainHttp)
            {
                throw new StartupException($"{url} is reached from other machines without TLS, and tokens would go over the network readable. With TLS: https:// and --tls-cert FILE --tls-key FILE, "
                    + "which init-tls makes for a first try. Without, behind a proxy that ends TLS or in a network of your own: --plain-http");
            }
        }

        return urls;
    }

    private static StartupException Bad(string url)
    {
        return new StartupException($"Cannot listen on \"{url}\": http:// or https://, an address of this machine, localhost or * (all addresses), and a port are wanted, such as http://127.0.0.1:8080");
    }
}
