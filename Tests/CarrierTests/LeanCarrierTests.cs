// The lean carrier: what every carrier must do, and what only it does: keeping connections, and reading a reply the
// same however the network cuts it.

using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NanoSync.Device;

namespace NanoSync.Tests.Carriers;

[TestClass]
public sealed class LeanCarrierTests : CarrierTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

    private protected override ICarrier Create(string url, string? token, X509Certificate? authority, int timeout) =>
        new LeanHttpCarrier(url, token, url.StartsWith("https") ? new PcTls(authority) : null)
        {
            ConnectTimeout = timeout,
            ExchangeTimeout = timeout,
        };

    private LeanHttpCarrier Lean(string url) => (LeanHttpCarrier)Create(url, null, null, 30000);

    protected override bool LeavesTypeOut => true;

    private protected override void CheckFigures(int headBytes, long allocatedBytes)
    {
        Assert.IsTrue(headBytes <= 160, $"{headBytes} bytes of head");
        Assert.AreEqual(0, allocatedBytes, "bytes allocated on a kept connection");
    }

    // ---- An answer that is held

    [TestMethod]
    public async Task An_exchange_that_waits_is_given_up_by_another_thread_and_the_next_one_goes_well()
    {
        using SemaphoreSlim asked = new(0);
        bool left = false;
        using BadServer server = new(
            peer =>
            {
                peer.ReadRequest();
                asked.Release();
                left = true; // the client goes, with or without a word
                left = !peer.ReadRequest();
            },
            peer =>
            {
                peer.ReadRequest();
                peer.Send(Ok);
            });
        LeanHttpCarrier carrier = Lean(server.Url);
        carrier.Hold(3600);
        Task<Exchange> waiting = Task.Run(() => Exchange.Run(carrier));
        Assert.IsTrue(await asked.WaitAsync(TimeSpan.FromMinutes(1)));
        carrier.Abort();
        Exchange given = await waiting.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.AreNotEqual(CarrierError.None, given.Error);
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
        server.Dispose();
        Assert.IsTrue(left);
    }

    [TestMethod]
    public void What_was_given_up_before_it_waits_does_not_wait_and_the_next_hold_does()
    {
        using BadServer server = new(
            peer => peer.ReadRequest(), // nothing of it comes, or an answer nobody waits for
            peer =>
            {
                peer.ReadRequest();
                peer.Send(Ok);
            });
        LeanHttpCarrier carrier = Lean(server.Url);
        carrier.Hold(3600);
        carrier.Abort();
        Assert.AreNotEqual(CarrierError.None, Exchange.Run(carrier).Error);
        carrier.Abort(); // nothing is under way
        carrier.Hold(3600);
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
    }

    [TestMethod]
    public void A_held_answer_may_take_longer_than_others_on_a_kept_connection_too()
    {
        using BadServer server = new(peer =>
        {
            peer.ReadRequest();
            peer.Send(Ok);
            for (int i = 0; i < 2 && peer.ReadRequest(); i++)
            {
                Thread.Sleep(600); // beyond both timeouts of the carrier
                peer.Send(Ok);
            }
        });
        LeanHttpCarrier carrier = Lean(server.Url);
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
        carrier.ReusedTimeout = 200;
        carrier.ExchangeTimeout = 300;
        carrier.Hold(3600);
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
        Assert.AreEqual(CarrierError.Timeout, Exchange.Run(carrier).Error, "only the one for which it was said");
        Assert.AreEqual(1, server.Connections);
    }

    // ---- Keeping the connection

    [TestMethod]
    [DataRow("/echo")]
    [DataRow("/chunks")]
    [DataRow("/nothing")]
    public void Connection_is_kept(string path)
    {
        using EchoServer server = new();
        LeanHttpCarrier carrier = Lean(server.Root + path);
        for (int i = 0; i < 10; i++)
        {
            Assert.AreEqual(CarrierError.None, Exchange.Run(carrier, Message(700)).Error);
        }

        Assert.AreEqual(1, server.Connections);
    }

    [TestMethod]
    public void Connection_is_kept_under_tls()
    {
        Authority authority = new("right");
        using X509Certificate2 certificate = authority.IssueFor("localhost");
        using EchoServer server = new(certificate);
        ICarrier carrier = Create(server.Root + "/echo", null, authority.Certificate, 30000);
        for (int i = 0; i < 10; i++)
        {
            Assert.AreEqual(CarrierError.None, Exchange.Run(carrier, Message(700)).Error);
        }

        Assert.AreEqual(1, server.Connections);
    }

    [TestMethod]
    public void Connection_is_kept_after_a_refusal_that_came_whole()
    {
        using BadServer server = new(peer =>
        {
            peer.ReadRequest();
            peer.Send("HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nnot today");
            peer.ReadRequest();
            peer.Send(Ok);
        });
        LeanHttpCarrier carrier = Lean(server.Url);
        Assert.AreEqual(CarrierError.Refused, Exchange.Run(carrier).Error);
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
        Assert.AreEqual(1, server.Connections);
    }

    [TestMethod]
    [DataRow("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")]
    [DataRow("HTTP/1.1 200 OK\r\nconnection: x, Close\r\nContent-Length: 5\r\n\r\nhello")]
    [DataRow("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    public void Connection_is_not_kept_where_the_reply_says_so(string reply)
    {
        // The server keeps its side open: it is the client that must leave.
        bool left = false;
        using BadServer server = new(
            peer =>
            {
                peer.ReadRequest();
                peer.Send(reply);
                left = !peer.ReadRequest();
            },
            peer =>
            {
                peer.ReadRequest();
                peer.Send(Ok);
            });
        LeanHttpCarrier carrier = Lean(server.Url);
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
        server.Dispose();
        Assert.IsTrue(left);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Kept_connection_that_the_server_closed_is_replaced_unnoticed(bool reset)
    {
        const int Rounds = 20;
        using SemaphoreSlim done = new(0);
        using SemaphoreSlim closed = new(0);
        Action<BadServer.Peer> script = peer =>
        {
            peer.ReadRequest();
            peer.Send(Ok);
            if (reset)
            {
                peer.Reset();
            }

            done.Wait();
            peer.Socket.Dispose();
            closed.Release();
        };
        using BadServer server = new([.. Enumerable.Repeat(script, Rounds)]);
        LeanHttpCarrier carrier = Lean(server.Url);
        for (int i = 0; i < Rounds; i++)
        {
            Exchange exchange = Exchange.Run(carrier);
            Assert.AreEqual((CarrierError.None, "hello"), (exchange.Error, exchange.Text), "round " + i);
            done.Release();
            closed.Wait();
        }

        Assert.AreEqual(Rounds, server.Connections);
    }

    [TestMethod]
    public void Kept_connection_that_dies_in_use_is_broken_and_the_next_exchange_is_well()
    {
        using BadServer server = new(
            peer =>
            {
                peer.ReadRequest();
                peer.Send(Ok);
                peer.ReadRequest();
            },
            peer =>
            {
                peer.ReadRequest();
                peer.Send(Ok);
            });
        LeanHttpCarrier carrier = Lean(server.Url);
        Assert.AreEqual(CarrierError.None, Exchange.Run(carrier).Error);
        Exchange second = Exchange.Run(carrier);
        Assert.AreEqual((CarrierError.Broken, 0), (second.Error, second.StatusCode));
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
    }

    [TestMethod]
    public void Reply_whose_surplus_still_waits_in_the_socket_is_taken_and_its_connection_is_not()
    {
        string body = new('b', 2000);
        using BadServer server = new(
            peer =>
            {
                peer.ReadRequest();
                peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + body + "more");
                peer.Stall();
            },
            peer =>
            {
                peer.ReadRequest();
                peer.Send(Ok);
            });
        LeanHttpCarrier carrier = Lean(server.Url);
        Exchange exchange = Exchange.Run(carrier);
        Assert.AreEqual((CarrierError.None, body), (exchange.Error, exchange.Text));
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
        Assert.AreEqual(2, server.Connections);
    }

    [TestMethod]
    public void A_connection_that_was_idle_for_too_long_is_not_used_again()
    {
        using EchoServer server = new();
        LeanHttpCarrier carrier = Lean(server.Root + "/echo");
        carrier.IdleTimeout = 300;
        Assert.AreEqual(CarrierError.None, Exchange.Run(carrier).Error);
        Assert.AreEqual(CarrierError.None, Exchange.Run(carrier).Error);
        Assert.AreEqual(1, server.Connections);
        Thread.Sleep(400); // the carrier's own clock is what is tested
        Assert.AreEqual(CarrierError.None, Exchange.Run(carrier).Error);
        Assert.AreEqual(2, server.Connections);
    }

    [TestMethod]
    public void A_kept_connection_that_went_silent_is_given_up_soon_and_the_next_exchange_has_a_new_one()
    {
        using BadServer server = new(
            peer =>
            {
                peer.ReadRequest();
                peer.Send(Ok);
                peer.ReadRequest();
                peer.Stall(); // as behind a NAT that forgot
            },
            peer =>
            {
                peer.ReadRequest();
                peer.Send(Ok);
            });
        LeanHttpCarrier carrier = Lean(server.Url);
        carrier.ReusedTimeout = 300;
        Assert.AreEqual(CarrierError.None, Exchange.Run(carrier).Error);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.AreEqual(CarrierError.Timeout, Exchange.Run(carrier).Error);
        Assert.IsLessThan(15.0, clock.Elapsed.TotalSeconds, "all of the 30 s of an exchange");
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
    }

    [TestMethod]
    public void A_slow_reply_that_has_begun_has_all_the_time_of_an_exchange_on_a_kept_connection_too()
    {
        using BadServer server = new(peer =>
        {
            peer.ReadRequest();
            peer.Send(Ok);
            peer.ReadRequest();
            peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
            Thread.Sleep(700); // longer than a silent connection is waited for
            peer.Send("llo");
        });
        LeanHttpCarrier carrier = Lean(server.Url);
        carrier.ReusedTimeout = 300;
        Assert.AreEqual(CarrierError.None, Exchange.Run(carrier).Error);
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
    }

    [TestMethod]
    public void Dispose_leaves_the_server_alone_and_the_carrier_usable()
    {
        bool left = false;
        using BadServer server = new(
            peer =>
            {
                peer.ReadRequest();
                peer.Send(Ok);
                left = !peer.ReadRequest();
            },
            peer =>
            {
                peer.ReadRequest();
                peer.Send(Ok);
            });
        LeanHttpCarrier carrier = Lean(server.Url);
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
        carrier.Dispose();
        Assert.AreEqual("hello", Exchange.Run(carrier).Text);
        server.Dispose();
        Assert.IsTrue(left);
    }

    [TestMethod]
    public void Small_message_travels_in_one_packet_with_its_head()
    {
        int first = 0;
        using BadServer server = new(peer =>
        {
            first = peer.Socket.Receive(new byte[4096]);
            peer.Send(Ok);
        });
        Assert.AreEqual("hello", Exchange.Run(Lean(server.Url), Message(100), 10).Text);
        server.Dispose();
        Assert.IsTrue(first > 160, $"{first} bytes in the first packet");
    }

    // ---- However the network cuts a reply

    public static IEnumerable<object[]> Replies => GoodReplies.Concat(BadReplies.Select(bad => new[] { bad[0], null! }));

    /// <summary>The reply comes in two pieces, cut at every byte; text null: it is a bad reply.</summary>
    [TestMethod]
    [DynamicData(nameof(Replies))]
    public void Reply_reads_the_same_at_every_split_point(string reply, string? text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(reply);
        int step = Math.Max(1, bytes.Length / 1000);
        for (int cut = 0; cut <= bytes.Length; cut += step)
        {
            Exchange exchange = ReadPieces(bytes, cut, 512);
            Assert.AreEqual(text == null ? CarrierError.BadReply : CarrierError.None, exchange.Error, "cut at " + cut);
            if (text != null)
            {
                Assert.AreEqual(text, exchange.Text, "cut at " + cut);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Replies))]
    public void Reply_reads_the_same_with_the_smallest_buffer(string reply, string? text)
    {
        // A line longer than the buffer is skipped or refused, so only short ones can read the same.
        if (reply.Length > 400)
        {
            return;
        }

        Exchange exchange = ReadPieces(Encoding.Latin1.GetBytes(reply), 1, 140);
        Assert.AreEqual(text == null ? CarrierError.BadReply : CarrierError.None, exchange.Error);
        Assert.IsTrue(text == null || text == exchange.Text);
    }

    private static Exchange ReadPieces(byte[] reply, int cut, int bufferBytes)
    {
        // TLS is where a stream of ours can be put in: it plays the network, one piece a Read.
        using TcpListener listener = new(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        int port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        LeanHttpCarrier carrier = new($"https://127.0.0.1:{port}/", null, new Pieces(reply, cut), bufferBytes);
        Exchange exchange = Exchange.Run(carrier, [1], 1, 3);
        carrier.Dispose();
        return exchange;
    }

    private sealed class Pieces(byte[] reply, int cut) : MemoryStream, ITlsOpener
    {
        private int _at;

        public Stream Open(Socket socket, string host) => this;

        public override void Write(byte[] buffer, int offset, int count)
        {
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int n = Math.Min(count, (_at < cut ? cut : reply.Length) - _at);
            Array.Copy(reply, _at, buffer, offset, n);
            _at += n;
            return n;
        }
    }

    // ---- The address

    [TestMethod]
    [DataRow(null, null)]
    [DataRow("", null)]
    [DataRow("sync.example.com", null)]
    [DataRow("ftp://sync.example.com/", null)]
    [DataRow("http://", null)]
    [DataRow("http:///sync", null)]
    [DataRow("http://:80/", null)]
    [DataRow("http://host:/", null)]
    [DataRow("http://host:0/", null)]
    [DataRow("http://host:65536/", null)]
    [DataRow("http://host:8o/", null)]
    [DataRow("http://host/a b", null)]
    [DataRow("http://host/\r\nEvil: yes", null)]
    [DataRow("http://host/ü", null)]
    [DataRow("http://host/", "two words")]
    [DataRow("http://host/", "line\r\nEvil: yes")]
    [DataRow("https://host/", null)]
    public void Address_or_token_that_is_none_is_refused_at_once(string? url, string? token) =>
        Assert.ThrowsExactly<ArgumentException>(() => new LeanHttpCarrier(url, token, null));

    [TestMethod]
    [DataRow("http://[::1]:8080/sync", null, "server: no IPv6 address: a name, or an IPv4 address")]
    [DataRow("http://::1/sync", null, "server: no IPv6 address: a name, or an IPv4 address")]
    [DataRow("http://me:secret@host/sync", null, "server: no user and password: the token says which device it is")]
    [DataRow("http://m\u00fcller.example/sync", null, "server: only printable ASCII: a name in other letters goes in its xn-- form")]
    [DataRow("http://host/sync?x=1", null, "server: no ? and no #: a query is not part of a server's address")]
    [DataRow("http://host:1?x=1", null, "server: no ? and no #: a query is not part of a server's address")]
    [DataRow("http://host#x", null, "server: no ? and no #: a query is not part of a server's address")]
    [DataRow("http://host:0/sync", null, "server: a port is 1 to 65535")]
    [DataRow("http://host:+80/sync", null, "server: a port is 1 to 65535")]
    [DataRow("http://host:99999999999/sync", null, "server: a port is 1 to 65535")]
    [DataRow("http://host\\sync", null, "server: a host is made of A-Z a-z 0-9 . _ -")]
    [DataRow("http://<host>/sync", null, "server: a host is made of A-Z a-z 0-9 . _ -")]
    [DataRow("http://-host/sync", null, "server: a host is made of A-Z a-z 0-9 . _ -")]
    [DataRow("http://host/sync", "t\u00f6ken", "token: only printable ASCII without spaces")]
    [DataRow("http://host/sync", "", "token: only printable ASCII without spaces")]
    public void Address_or_token_that_is_none_is_refused_with_a_sentence(string url, string? token, string sentence)
    {
        Assert.AreEqual(sentence, Assert.ThrowsExactly<ArgumentException>(() => new LeanHttpCarrier(url, token, null)).Message);
        Assert.AreEqual(sentence, Assert.ThrowsExactly<ArgumentException>(() => new PlatformHttpCarrier(url, token, new PcHttpPlatform(null))).Message);
    }

    [TestMethod]
    [DataRow("", "/sync")]
    [DataRow("/", "/sync")]
    [DataRow("/sync", "/sync")]
    [DataRow("/sync/", "/sync")]
    [DataRow("/behind/a/proxy", "/behind/a/proxy/sync")]
    [DataRow("/behind/a/proxy/sync", "/behind/a/proxy/sync")]
    [DataRow("/async", "/async/sync")]
    public void A_server_is_named_with_or_without_sync_at_its_end(string given, string path)
    {
        foreach (bool platform in new[] { false, true })
        {
            string first = "";
            using BadServer server = new(peer =>
            {
                byte[] head = new byte[4096];
                int count = peer.Socket.Receive(head);
                first = Encoding.ASCII.GetString(head, 0, count).Split('\r')[0];
                peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
            });
            string url = "http://127.0.0.1:" + server.Port + given;
            ICarrier carrier = platform ? new PlatformHttpCarrier(url, null, new PcHttpPlatform(null)) : new LeanHttpCarrier(url, null, null);
            Exchange.Run(carrier, [1, 2, 3]);
            server.Dispose();
            Assert.AreEqual($"POST {path} HTTP/1.1", first);
        }
    }

    [TestMethod]
    public void Over_plain_http_the_token_and_the_message_can_be_read_on_the_way()
    {
        using System.Net.Sockets.TcpListener way = new(System.Net.IPAddress.Loopback, 0);
        way.Start();
        LeanHttpCarrier carrier = new($"http://127.0.0.1:{((System.Net.IPEndPoint)way.LocalEndpoint).Port}/", "token-of-the-device", null);
        byte[] message = "a message"u8.ToArray();
        Assert.AreEqual(CarrierError.None, carrier.Open(Exchange.Wbxml, message.Length));
        using System.Net.Sockets.TcpClient peer = way.AcceptTcpClient();
        Assert.AreEqual(CarrierError.None, carrier.Write(message, 0, message.Length));
        Task receiving = Task.Run(carrier.Receive); // sends what waits
        byte[] seen = new byte[1000];
        int count = 0;
        while (!System.Text.Encoding.ASCII.GetString(seen, 0, count).EndsWith("a message", StringComparison.Ordinal))
        {
            count += peer.GetStream().Read(seen, count, seen.Length - count);
        }

        Assert.Contains("Bearer token-of-the-device", System.Text.Encoding.ASCII.GetString(seen, 0, count));
        peer.Close();
        receiving.Wait();
        carrier.Close();
    }

    [TestMethod]
    public void Buffer_too_small_for_a_request_is_refused_at_once()
    {
        Assert.ThrowsExactly<ArgumentException>(() => new LeanHttpCarrier("http://host/", null, null, 60));
        int least = 0;
        LeanHttpCarrier? tight = null;
        while (tight == null)
        {
            try
            {
                tight = new LeanHttpCarrier("http://127.0.0.1:1/", null, null, ++least);
            }
            catch (ArgumentException)
            {
            }
        }

        Assert.IsGreaterThan(100, least);
        Assert.AreEqual(CarrierError.Unreachable, tight.Open(Exchange.Wbxml, 1234567890), "what is taken holds a head");
    }

    [TestMethod]
    public void A_timeout_of_no_time_is_refused()
    {
        LeanHttpCarrier lean = new("http://host/", null, null);
        Assert.AreEqual("a timeout is at least 1 ms, not 0", Assert.ThrowsExactly<ArgumentException>(() => lean.ConnectTimeout = 0).Message);
        Assert.ThrowsExactly<ArgumentException>(() => lean.ExchangeTimeout = -1);
        Assert.ThrowsExactly<ArgumentException>(() => lean.ReusedTimeout = 0);
        Assert.ThrowsExactly<ArgumentException>(() => lean.IdleTimeout = -1);
        lean.IdleTimeout = 0;
        Assert.AreEqual((10000, 60000, 10000, 0), (lean.ConnectTimeout, lean.ExchangeTimeout, lean.ReusedTimeout, lean.IdleTimeout));
        PlatformHttpCarrier platform = new("http://host/", null, new PcHttpPlatform(null));
        Assert.ThrowsExactly<ArgumentException>(() => platform.ExchangeTimeout = 0);
        Assert.AreEqual(60000, platform.ExchangeTimeout);
    }

    [TestMethod]
    public void Usual_head_has_the_bytes_that_the_comment_adds_up()
    {
        // The sum in LeanHttpCarrier.cs.
        string head = "POST /sync HTTP/1.1\r\nHost: sync.example.com\r\nAuthorization: Bearer " + new string('t', 44)
            + "\r\nContent-Length: 12345\r\n\r\n";
        Assert.AreEqual(138, head.Length);
    }
}
