// The carrier over HttpWebRequest. On the PC that is .NET's, so what is proven here is our part of it: counting,
// deadlines, classification, and that nothing is thrown.

using System.Net;
using System.Security.Cryptography.X509Certificates;
using NanoSync.Device;

namespace NanoSync.Tests.Carriers;

[TestClass]
public sealed class PlatformCarrierTests : CarrierTests
{
    protected override bool IsStrict => false;

    private protected override ICarrier Create(string url, string? token, X509Certificate? authority, int timeout) =>
        new PlatformHttpCarrier(url, token, new PcHttpPlatform(authority)) { ExchangeTimeout = timeout };

    [TestMethod]
    public void Each_exchange_has_its_own_connection()
    {
        using EchoServer server = new();
        ICarrier carrier = Create(server.Root + "/echo", null, null, 30000);
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(CarrierError.None, Exchange.Run(carrier).Error);
        }

        Assert.AreEqual(3, server.Connections);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    [DataRow("sync.example.com")]
    [DataRow("ftp://sync.example.com/")]
    public void Url_that_is_none_is_refused_at_once(string? url) =>
        Assert.ThrowsExactly<ArgumentException>(() => new PlatformHttpCarrier(url, null, new PcHttpPlatform(null)));

    [TestMethod]
    public void Reply_that_ends_with_0_bytes_is_whole_only_if_the_platform_says_so()
    {
        using BadServer server = new(peer =>
        {
            peer.ReadRequest();
            peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        });
        Exchange exchange = Exchange.Run(new PlatformHttpCarrier(server.Url, null, new PlatformThatWasCut()));
        Assert.AreEqual((CarrierError.Broken, "hello"), (exchange.Error, exchange.Text));
    }

    /// <summary>A board gives 0 bytes for a chunked reply that was cut; .NET never does.</summary>
    private sealed class PlatformThatWasCut : IHttpPlatform
    {
        private readonly PcHttpPlatform _pc = new(null);

        public void Prepare(HttpWebRequest request) => _pc.Prepare(request);

        public void EndMessage(Stream message) => _pc.EndMessage(message);

        public bool EndedWhole(Stream reply) => false;

        public CarrierError OfTls(Exception failure) => _pc.OfTls(failure);

        public void Abandon(HttpWebRequest request) => _pc.Abandon(request);
    }
}
