// The certificate of the server: two PEM files, read again when they change. Files that cannot be read leave the one before, and
// a line in the log: a renewal that goes wrong at night does not end the service.

using System.Diagnostics;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NanoSync.Server.Http;

internal sealed class TlsCertificate
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    private readonly string _certificate;
    private readonly string _key;
    private readonly Lock _gate = new();
    private (DateTime, DateTime) _read;
    private long _looked = Stopwatch.GetTimestamp();
    private SslStreamCertificateContext _current;

    /// <summary>Reads the files; a <see cref="StartupException"/> when they cannot be used.</summary>
    public TlsCertificate(string certificate, string key)
    {
        (_certificate, _key) = (Path.GetFullPath(certificate), Path.GetFullPath(key));
        try
        {
            _read = Times();
            _current = Load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new StartupException($"The certificate {_certificate} with the key {_key} cannot be used: {e.Message}");
        }
    }

    /// <summary>Told of files that cannot be read.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>The certificate to be shown now, with those between it and its authority.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_gate)
            {
                if (Stopwatch.GetElapsedTime(_looked) > s_look)
                {
                    _looked = Stopwatch.GetTimestamp();
                    Look();
                }

                return _current;
            }
        }
    }

    private void Look()
    {
        try
        {
            (DateTime, DateTime) times = Times();
            if (times != _read)
            {
                _current = Load();
                _read = times;
                Logger?.CertificateRead(_current.TargetCertificate.Subject, _current.TargetCertificate.NotAfter.ToUniversalTime());
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            Logger?.CertificateUnusable(_certificate, e.Message);
        }
    }

    private (DateTime, DateTime) Times() => (File.GetLastWriteTimeUtc(_certificate), File.GetLastWriteTimeUtc(_key));

    private SslStreamCertificateContext Load()
    {
        using X509Certificate2 read = X509Certificate2.CreateFromPemFile(_certificate, _key);
        X509Certificate2 own = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null); // a form that all systems' TLS takes
        X509Certificate2Collection all = [];
        all.ImportFromPemFile(_certificate);
        X509Certificate2Collection between = [.. all.Skip(1)];
        return SslStreamCertificateContext.Create(own, between, offline: true);
    }
}
