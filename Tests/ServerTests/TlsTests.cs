// TLS by two files: shown with what is between them and the authority, read again when they change; and no tokens in the clear.

using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using NanoSync.Server;
using NanoSync.Server.Host;
using NanoSync.Server.Http;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class TlsTests
{
    private string _folder = "";

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void Start() => _folder = Directory.CreateTempSubdirectory("nanosync-tls-").FullName;

    [TestCleanup]
    public void Stop() => Directory.Delete(_folder, true);

    [TestMethod]
    public async Task A_certificate_by_the_own_authority_is_taken_by_who_has_it_and_a_renewed_one_needs_no_restart()
    {
        TlsFiles files = TlsFiles.Make(_folder, ["localhost", "127.0.0.1"], 10, DateTimeOffset.UtcNow);
        Assert.IsTrue(files.Made);
        await using WebHost host = await Serve(files);
        (string serial, bool trusted) = await Shown(host, files.Authority, "127.0.0.1");
        Assert.IsTrue(trusted);
        Assert.IsFalse((await Shown(host, files.Authority, "elsewhere.example")).Trusted, "it is for its names");

        string authority = File.ReadAllText(files.Authority);
        Assert.IsFalse(TlsFiles.Make(_folder, ["127.0.0.1"], 10, DateTimeOffset.UtcNow).Made);
        Assert.AreEqual(authority, File.ReadAllText(files.Authority), "boards need nothing");
        string renewed = serial;
        for (int i = 0; i < 100 && renewed == serial; i++)
        {
            await Task.Delay(100, TestContext.CancellationToken);
            (renewed, trusted) = await Shown(host, files.Authority, "127.0.0.1");
        }

        Assert.AreNotEqual(serial, renewed);
        Assert.IsTrue(trusted);
        File.WriteAllText(files.Certificate, "no certificate");
        await Task.Delay(1500, TestContext.CancellationToken);
        Assert.AreEqual(renewed, (await Shown(host, files.Authority, "127.0.0.1")).Serial, "the one before goes on");
        if (!OperatingSystem.IsWindows())
        {
            foreach (string secret in (string[])["ca-key.pem", "server-key.pem"])
            {
                Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, secret)));
            }
        }
    }

    [TestMethod]
    [DataRow("http://0.0.0.0:8080")]
    [DataRow("http://*:8080")]
    [DataRow("http://127.0.0.1:8080;http://192.168.1.10:8080")]
    [DataRow("http://[::]:8080")]
    public async Task Beyond_this_machine_it_does_not_listen_without_TLS_unless_told_so_in_words(string urls)
    {
        StartupException refused = await Assert.ThrowsExactlyAsync<StartupException>(() => WebHost.Start(new ServerOptions { Data = _folder, Urls = urls }, logLevel: LogLevel.None));
        StringAssert.Contains(refused.Message, "--plain-http");
        Assert.IsEmpty(Directory.GetFiles(_folder), "nothing was made");
        Assert.HasCount(urls.Split(';').Length, ListenUrls.Check(ListenUrls.Parse(urls), plainHttp: true));
        Assert.HasCount(2, ListenUrls.Check(["https://0.0.0.0:1", "http://[::1]:2"], plainHttp: false));
    }

    [TestMethod]
    public async Task A_certificate_that_cannot_be_used_is_said_at_the_start()
    {
        File.WriteAllText(Path.Combine(_folder, "x.pem"), "x");
        string file = Path.Combine(_folder, "x.pem");
        StartupException refused = await Assert.ThrowsExactlyAsync<StartupException>(() => WebHost.Start(
            new ServerOptions { Data = _folder, Urls = "https://127.0.0.1:0", TlsCertificate = file, TlsKey = file }, logLevel: LogLevel.None));
        StringAssert.Contains(refused.Message, file);
        await Assert.ThrowsExactlyAsync<StartupException>(() => WebHost.Start(new ServerOptions { Data = _folder, TlsCertificate = file }, logLevel: LogLevel.None));
    }

    private Task<WebHost> Serve(TlsFiles files)
    {
        return WebHost.Start(new ServerOptions { Data = Path.Combine(_folder, "data"), Urls = "https://127.0.0.1:0", TlsCertificate = files.Certificate, TlsKey = files.Key }, logLevel: LogLevel.None);
    }

    private async Task<(string Serial, bool Trusted)> Shown(WebHost host, string authority, string name)
    {
        using X509Certificate2 root = X509CertificateLoader.LoadCertificateFromFile(authority);
        using TcpClient tcp = new();
        await tcp.ConnectAsync("127.0.0.1", new Uri(host.Urls[0]).Port, TestContext.CancellationToken);
        bool trusted = false;
        await using SslStream ssl = new(tcp.GetStream());
        await ssl.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = name,
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root }, RevocationMode = X509RevocationMode.NoCheck },
                RemoteCertificateValidationCallback = (_, _, _, errors) =>
                {
                    trusted = errors == SslPolicyErrors.None;
                    return true;
                },
            }, TestContext.CancellationToken);
        return (ssl.RemoteCertificate!.GetSerialNumberString(), trusted);
    }
}
