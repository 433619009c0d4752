// HttpWebRequest as nanoFramework has it.

using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace NanoSync.Device
{
    /// <summary>nanoFramework's HttpWebRequest, trusting one certificate authority.</summary>
    public class NanoHttpPlatform : IHttpPlatform
    {
        private readonly X509Certificate _authority;

        /// <summary>Trusts servers whose certificate was signed by <paramref name="authority"/>.</summary>
        /// <param name="authority">The CA certificate; null trusts those stored on the board.</param>
        public NanoHttpPlatform(X509Certificate authority)
        {
            _authority = authority;
        }

        /// <inheritdoc/>
        public void Prepare(HttpWebRequest request)
        {
            // Without SslProtocols a board offers none; without SslVerification it checks nothing.
            request.HttpsAuthentCert = _authority;
            request.SslProtocols = SslProtocols.Tls12;
            request.SslVerification = SslVerification.CertificateRequired;
        }

        /// <inheritdoc/>
        public void EndMessage(Stream message)
        {
        }

        /// <inheritdoc/>
        public bool EndedWhole(Stream reply)
        {
            // Length is the size of the current chunk: 0 once the last one was read. Not chunked, it is what waits in
            // the socket: nothing once the server has closed.
            return reply.Length == 0;
        }

        /// <inheritdoc/>
        public CarrierError OfTls(Exception failure)
        {
            return CarrierError.None;
        }

        /// <inheritdoc/>
        public void Abandon(HttpWebRequest request)
        {
            request.Dispose();
        }
    }
}
