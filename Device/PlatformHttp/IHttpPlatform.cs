// What HttpWebRequest does differently on a board and on the PC (Nano/, Pc/). Each member is one difference.

using System;
using System.IO;
using System.Net;

namespace NanoSync.Device
{
    /// <summary>The differences between nanoFramework's HttpWebRequest and .NET's.</summary>
    public interface IHttpPlatform
    {
        /// <summary>Sets what only one of them has: the trusted CA, the TLS version, no redirects, no proxy.</summary>
        void Prepare(HttpWebRequest request);

        /// <summary>The message is written. .NET sends its end when the stream is closed; on a board that would close the socket.</summary>
        void EndMessage(Stream message);

        /// <summary>
        /// Whether a reply of unannounced length that gave 0 bytes was whole. .NET throws for a chunked reply that was
        /// cut; a board gives 0 for it as well.
        /// </summary>
        bool EndedWhole(Stream reply);

        /// <summary>What this exception says of TLS, beside what its status says: Untrusted, NoTls, or None when it says nothing.</summary>
        CarrierError OfTls(Exception failure);

        /// <summary>Closes what a request without a reply holds.</summary>
        void Abandon(HttpWebRequest request);
    }
}
