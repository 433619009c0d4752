// What a line to a mail server says of a connection that does not come about, and of a lack of memory, which is none of it.

using System.Net;
using System.Net.Sockets;
using NanoSync.Device;

namespace NanoSync.MailTests;

[TestClass]
public sealed class MailLineTests
{
    [TestMethod]
    [DataRow(typeof(IOException), CarrierError.Unreachable)]
    [DataRow(typeof(NotSupportedException), CarrierError.NoTls)]
    [DataRow(typeof(InvalidOperationException), CarrierError.Untrusted)]
    public void A_handshake_that_fails_is_told_by_its_reason_and_leaves_no_connection(Type failure, CarrierError expected)
    {
        using TcpListener relay = new(IPAddress.Loopback, 0);
        relay.Start();
        MailLine line = new("127.0.0.1", ((IPEndPoint)relay.LocalEndpoint).Port, new FailingTls((Exception)Activator.CreateInstance(failure)!));
        Assert.AreEqual(expected, line.Connect());
        Assert.IsFalse(line.IsConnected);
    }

    [TestMethod]
    public void A_lack_of_memory_is_no_failure_of_the_network_and_leaves_no_connection()
    {
        using TcpListener relay = new(IPAddress.Loopback, 0);
        relay.Start();
        MailLine line = new("127.0.0.1", ((IPEndPoint)relay.LocalEndpoint).Port, new FailingTls(new OutOfMemoryException()));
        Assert.ThrowsExactly<OutOfMemoryException>(() => line.Connect());
        Assert.IsFalse(line.IsConnected);
    }

    [TestMethod]
    public void A_relay_that_closes_and_one_that_is_silent_are_told_apart()
    {
        using TcpListener relay = new(IPAddress.Loopback, 0);
        relay.Start();
        MailLine line = new("127.0.0.1", ((IPEndPoint)relay.LocalEndpoint).Port, null) { ExchangeTimeout = 300 };
        Assert.AreEqual(CarrierError.None, line.Connect());
        using (Socket other = relay.AcceptSocket())
        {
            Assert.AreEqual(CarrierError.Timeout, line.ReadLine());
        }

        line.Disconnect();
        line.ExchangeTimeout = 60000;
        Assert.AreEqual(CarrierError.None, line.Connect());
        relay.AcceptSocket().Close();
        Assert.AreEqual(CarrierError.Broken, line.ReadLine());
    }

    private sealed class FailingTls(Exception failure) : IMailTls
    {
        public Stream Open(Socket socket, string host) => throw failure;
    }
}
