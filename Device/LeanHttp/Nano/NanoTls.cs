// TLS on a board: mbedTLS below nanoFramework's SslStream. Its buffers (about 17 KB) live in the native heap, and it
// needs a valid clock to check a certificate's dates.

using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace NanoSync.Device
{
    /// <summary>TLS 1.2 by nanoFramework's SslStream, trusting one certificate authority.</summary>
    public class NanoTls : ITlsOpener
    {
        private readonly X509Certificate _authority;

        /// <summary>Trusts servers whose certificate was signed by <paramref name="authority"/>.</summary>
        /// <param name="authority">The CA certificate; null trusts those stored on the board.</param>
        public NanoTls(X509Certificate authority)
        {
            _authority = authority;
        }

        /// <inheritdoc/>
        public Stream Open(Socket socket, string host)
        {
            LimitHandshake(socket);
            SslStream tls = new SslStream(socket);
            tls.SslVerification = SslVerification.CertificateRequired;
            try
            {
                tls.AuthenticateAsClient(host, null, _authority, SslProtocols.Tls12);
                return tls;
            }
            catch (Exception)
            {
                tls.Close(); // or its native buffers stay until the finalizer runs, which is when all threads wait
                throw;
            }
        }

        // A board shakes hands in native code on a blocking socket while every managed thread, timers included, stands
        // still. Only the native socket's own timeout ends that when the server falls silent; it takes a struct timeval.
        private static void LimitHandshake(Socket socket)
        {
            int seconds = (socket.ReceiveTimeout + 999) / 1000;
            byte[] time = new byte[16]; // seconds first, whether time_t has 4 bytes or 8; no microseconds
            time[0] = (byte)seconds;
            time[1] = (byte)(seconds >> 8);
            try
            {
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReceiveTimeout, time);
            }
            catch (Exception)
            {
                // A target without the option: the handshake waits as long as TCP does.
            }
        }
    }
}
