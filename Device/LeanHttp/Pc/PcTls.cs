// TLS on the PC: .NET's SslStream, made to trust one certificate authority and nothing else, as on a board.

using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NanoSync.Device
{
    /// <summary>TLS by .NET's SslStream, trusting one certificate authority.</summary>
    public class PcTls : ITlsOpener
    {
        private readonly X509Certificate2 _authority;

        /// <summary>Trusts servers whose certificate was signed by <paramref name="authority"/>.</summary>
        /// <param name="authority">The CA certificate; null trusts those of the machine.</param>
        public PcTls(X509Certificate authority)
        {
            _authority = authority == null ? null : X509CertificateLoader.LoadCertificate(authority.GetRawCertData());
        }

        /// <inheritdoc/>
        public Stream Open(Socket socket, string host)
        {
            SslClientAuthenticationOptions options = new SslClientAuthenticationOptions();
            options.TargetHost = host;
            bool shown = false; // a certificate: then TLS is spoken, whatever becomes of it
            options.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
            {
                shown = true;
                return errors == SslPolicyErrors.None;
            };
            if (_authority != null)
            {
                X509ChainPolicy policy = new X509ChainPolicy();
                policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                policy.CustomTrustStore.Add(_authority);
                policy.RevocationMode = X509RevocationMode.NoCheck;
                options.CertificateChainPolicy = policy;
            }

            SslStream tls = new SslStream(new NetworkStream(socket, false), false);
            try
            {
                tls.AuthenticateAsClient(options);
            }
            catch (AuthenticationException e) when (!shown)
            {
                tls.Dispose();
                throw new NotSupportedException("The port speaks no TLS.", e);
            }
            catch
            {
                tls.Dispose();
                throw;
            }

            return tls;
        }
    }
}
