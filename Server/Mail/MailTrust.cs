// Connections to the site's mail server: whom they trust and as whom they speak.

using System.Security.Cryptography.X509Certificates;
using MailKit;
using MailKit.Net.Smtp;

namespace NanoSync.Server.Mail;

/// <summary>Whom the mail clients trust: the machine's authorities, and one more where it is set.</summary>
internal static class MailTrust
{
    /// <summary>A connection on which mails can be sent; the caller ends it.</summary>
    public static async Task<SmtpClient> ConnectSmtp(MailOptions options, CancellationToken cancellation)
    {
        SmtpClient smtp = new();
        try
        {
            Apply(smtp, options.TrustedCa);
            await smtp.ConnectAsync(options.Smtp.Host, options.Smtp.Port, options.Smtp.Security, cancellation);
            string user = options.SmtpUser ?? options.User;
            if (user.Length > 0)
            {
                await smtp.AuthenticateAsync(user, options.SmtpPassword ?? options.Password, cancellation);
            }

            return smtp;
        }
        catch
        {
            smtp.Dispose();
            throw;
        }
    }

    public static void Apply(IMailService client, string? trustedCa)
    {
        client.CheckCertificateRevocation = false; // a site that has mail only cannot ask for revocation lists
        if (trustedCa == null)
        {
            return;
        }

        X509Certificate2 authority = X509CertificateLoader.LoadCertificateFromFile(trustedCa);
        client.ServerCertificateValidationCallback = (_, certificate, _, errors) =>
        {
            if (errors == System.Net.Security.SslPolicyErrors.None)
            {
                return true;
            }

            if (certificate == null || errors != System.Net.Security.SslPolicyErrors.RemoteCertificateChainErrors)
            {
                return false;
            }

            using X509Chain chain = new();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            return chain.Build(leaf);
        };
    }
}
