// The carrier over HttpWebRequest. On the PC that is .NET's, so what is proven here is our part of it: counting,
// deadlines, classification, and that nothing is thrown.

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
}
