// HttpWebRequest as .NET has it, held to what a board's does: no redirects, no proxy, one trusted authority.

using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NanoSync.Device
{
    /// <summary>.NET's HttpWebRequest, trusting one certificate authority.</summary>
    public class PcHttpPlatform : IHttpPlatform
    {
        private readonly X509Certificate2 _authority;
        private readonly RemoteCertificateValidationCallback _check;
        private bool _shown; // a certificate, for the request under way: then TLS is spoken, whatever becomes of it

        /// <summary>Trusts servers whose certificate was signed by <paramref name="authority"/>.</summary>
        /// <param name="authority">The CA certificate; null trusts those of the machine.</param>
        public PcHttpPlatform(X509Certificate authority)
        {
            _authority = authority == null ? null : X509CertificateLoader.LoadCertificate(authority.GetRawCertData());
            _check = IsTrusted;
        }

        /// <inheritdoc/>
        public void Prepare(HttpWebRequest request)
        {
            _shown = false;
            request.AllowAutoRedirect = false;
            request.Proxy = null;
            request.ServerCertificateValidationCallback = _check;
        }

        /// <inheritdoc/>
        public void EndMessage(Stream message)
        {
            message.Close();
        }

        /// <inheritdoc/>
        public bool EndedWhole(Stream reply)
        {
            return true;
        }

        /// <inheritdoc/>
        public CarrierError OfTls(Exception failure)
        {
            return !(failure is AuthenticationException) ? CarrierError.None : _shown ? CarrierError.Untrusted : CarrierError.NoTls;
        }

        /// <inheritdoc/>
        public void Abandon(HttpWebRequest request)
        {
            request.Abort();
        }

        private bool IsTrusted(object sender, X509Certificate certificate, X509Chain chain, SslPolicyErrors errors)
        {
            _shown = true;
            if (_authority == null)
            {
                return errors == SslPolicyErrors.None;
            }

            if (certificate == null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            {
                return false; // no certificate, or another name
            }

            using (X509Chain own = new X509Chain())
            {
                own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                own.ChainPolicy.CustomTrustStore.Add(_authority);
                own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                return own.Build((X509Certificate2)certificate);
            }
        }
    }
}
