// A certificate authority of one's own and a certificate by it, for a first try and for networks that have no other: what
// init-tls makes. The board gets ca.pem; made again, the authority stays, so that boards need nothing.

using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NanoSync.Server.Application;

namespace NanoSync.Server.Http;

/// <summary>The files that init-tls makes.</summary>
/// <param name="Authority">For boards and browsers: the authority's certificate.</param>
/// <param name="Certificate">The server's.</param>
/// <param name="Key">Its key.</param>
/// <param name="Made">True when the authority was made just now.</param>
public sealed record TlsFiles(string Authority, string Certificate, string Key, bool Made)
{
    private const int Bits = 2048;
    private const int AuthorityYears = 20;

    /// <summary>Makes them.</summary>
    /// <param name="folder">Where; made when missing.</param>
    /// <param name="names">Names and addresses under which the server is reached.</param>
    /// <param name="days">Life of the server's certificate.</param>
    /// <param name="now">The time.</param>
    public static TlsFiles Make(string folder, IReadOnlyList<string> names, int days, DateTimeOffset now)
    {
        if (names.Count == 0 || names.Any(n => !IPAddress.TryParse(n, out _) && Uri.CheckHostName(n) != UriHostNameType.Dns))
        {
            throw new RefusedException(Refusal.BadInput, "A certificate is for host names or addresses, such as server.example 192.168.1.10");
        }

        try
        {
            Directory.CreateDirectory(folder);
            TlsFiles files = new(Path.Combine(folder, "ca.pem"), Path.Combine(folder, "server.pem"), Path.Combine(folder, "server-key.pem"), !File.Exists(Path.Combine(folder, "ca.pem")));
            string authorityKey = Path.Combine(folder, "ca-key.pem");
            DateTimeOffset begin = now.AddDays(-1); // a board's clock may be behind
            if (files.Made)
            {
                using RSA key = RSA.Create(Bits);
                CertificateRequest request = new("CN=NanoSync " + Environment.MachineName, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
                request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
                request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
                request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
                using X509Certificate2 made = request.CreateSelfSigned(begin, begin.AddYears(AuthorityYears));
                Write(authorityKey, key.ExportPkcs8PrivateKeyPem(), secret: true);
                Write(files.Authority, made.ExportCertificatePem(), secret: false);
            }

            using X509Certificate2 authority = X509Certificate2.CreateFromPemFile(files.Authority, authorityKey);
            using RSA own = RSA.Create(Bits);
            CertificateRequest wanted = new("CN=" + names[0], own, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            SubjectAlternativeNameBuilder alternatives = new();
            foreach (string name in names)
            {
                if (IPAddress.TryParse(name, out IPAddress? address))
                {
                    alternatives.AddIpAddress(address);
                }
                else
                {
                    alternatives.AddDnsName(name);
                }
            }

            wanted.CertificateExtensions.Add(alternatives.Build());
            wanted.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
            wanted.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
            wanted.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false)); // of a server
            wanted.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
            DateTimeOffset end = now.AddDays(days) < authority.NotAfter ? now.AddDays(days) : authority.NotAfter;
            using X509Certificate2 certificate = wanted.Create(authority, begin, end, RandomNumberGenerator.GetBytes(12));
            Write(files.Key, own.ExportPkcs8PrivateKeyPem(), secret: true);
            Write(files.Certificate, certificate.ExportCertificatePem(), secret: false);
            return files;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new RefusedException(Refusal.BadInput, string.Create(CultureInfo.InvariantCulture, $"Cannot make certificates in {folder}: {e.Message}"));
        }
    }

    private static void Write(string file, string pem, bool secret)
    {
        string part = file + ".part";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (secret && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream stream = new(part, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(pem + "\n"));
        }

        File.Move(part, file, overwrite: true);
    }
}
