// The one thing of the lean carrier that differs by platform: how TLS is laid over a connected socket. nanoFramework's
// SslStream takes the socket and the CA certificate itself, .NET's takes a stream and a callback (Nano/, Pc/).

using System.IO;
using System.Net.Sockets;

namespace NanoSync.Device
{
    /// <summary>Lays TLS over a connected socket.</summary>
    public interface ITlsOpener
    {
        /// <summary>Shakes hands as a client and checks the server's certificate and name.</summary>
        /// <param name="socket">
        /// A connected socket whose ReceiveTimeout and SendTimeout are the milliseconds there are for the handshake. It
        /// stays the caller's: on failure the caller closes it.
        /// </param>
        /// <param name="host">Name the server's certificate must carry.</param>
        /// <returns>
        /// A stream whose Read and Write obey the socket's ReceiveTimeout and SendTimeout. Thrown is an IOException when the
        /// server was not reached, a NotSupportedException when it is known to speak no TLS, anything else when it is not
        /// trusted.
        /// </returns>
        Stream Open(Socket socket, string host);
    }
}
