// What HTTP adds to a message, byte by byte between a device and a server.

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NanoSync.Tests;

[TestClass]
public class HttpHeadTests
{
    private const int MostUp = 160;
    private const int MostDown = 100;

    public required TestContext TestContext { get; set; }

    [TestMethod]
    public void Heads_of_requests_and_replies_are_small()
    {
        using var bench = new Bench();
        string data = bench.At("server");
        string token = bench.Enrol("shed", data);
        (_, string url) = bench.Serve(data);
        using var listening = new ListeningRelay(new Uri(url).Port);
        Ended once = bench.Device("--server", $"http://127.0.0.1:{listening.Port}", "--token", token, "--data", bench.At("device"), "--once");
        Assert.AreEqual(0, once.Code, once.Output);

        List<int> up = Heads(listening.Up, "POST /sync HTTP/1.1\r\n");
        List<int> down = Heads(listening.Down, "HTTP/1.1 200 OK\r\n");
        Assert.IsGreaterThan(1, up.Count, "one round has been seen at most");
        Assert.AreEqual(up.Count, down.Count);
        TestContext.WriteLine($"figures: HTTP head, most of {up.Count} exchanges: {up.Max()} bytes up (goal {MostUp}), {down.Max()} bytes down (goal {MostDown})");
        Assert.IsLessThanOrEqualTo(MostUp, up.Max());
        Assert.IsLessThanOrEqualTo(MostDown, down.Max());
    }

    [TestMethod]
    public void An_idle_hour_that_waits_costs_less_than_a_quarter_of_one_that_asks_every_minute()
    {
        using var bench = new Bench();
        string data = bench.At("server");
        string token = bench.Enrol("shed", data);
        (RunningProgram server, string url) = bench.Serve(data);
        using var listening = new ListeningRelay(new Uri(url).Port);
        RunningProgram device = bench.StartDevice(
            "--server", $"http://127.0.0.1:{listening.Port}", "--token", token, "--data", bench.At("device"), "--interval", "86400", "--wait", "300");
        byte[] waits = [0x69, 0x03, (byte)'3', (byte)'0', (byte)'0', 0x00, 0x01]; // HeartbeatInterval
        for (DateTime until = DateTime.UtcNow.AddMinutes(2); listening.Up.AsSpan().IndexOf(waits) < 0; Thread.Sleep(20))
        {
            Assert.IsLessThan(until, DateTime.UtcNow, device.Output);
        }

        int before = listening.Down.Length;
        server.Interrupt(); // answers what is held: nothing for you
        Assert.AreEqual(0, server.WaitForExit(), server.Output);
        device.Interrupt();
        device.WaitForExit();
        byte[] up = listening.Up;
        ReadOnlySpan<byte> reply = listening.Down.AsSpan(before);
        ReadOnlySpan<byte> ends = "Connection: close\r\n"u8; // a server that stops may say so; one that goes on does not
        int down = reply.Length - (reply.IndexOf(ends) >= 0 ? ends.Length : 0);
        int at = up.AsSpan().LastIndexOf("POST /sync"u8);
        int wait = up.Length - at + down;
        int poll = wait - waits.Length;
        TestContext.WriteLine($"figures: bytes of an idle hour, heads included, TCP's not: {60 * poll} asked every minute, {12 * wait} waiting 300 s each; {up.Length - at} up, {down} down a request");
        Assert.IsGreaterThan(0, up.AsSpan(at).IndexOf(waits));
        Assert.IsLessThan(140, down, "the empty reply");
        Assert.IsLessThanOrEqualTo(60 * poll / 4, 12 * wait);
    }

    // Bytes of each head, its empty line included.
    private static List<int> Heads(byte[] stream, string first)
    {
        List<int> heads = [];
        ReadOnlySpan<byte> rest = stream;
        ReadOnlySpan<byte> start = Encoding.ASCII.GetBytes(first);
        while (rest.IndexOf(start) is var at and >= 0)
        {
            rest = rest[at..];
            int length = rest.IndexOf("\r\n\r\n"u8) + 4;
            Assert.IsGreaterThan(4, length, "a head without an end");
            heads.Add(length);
            rest = rest[length..];
        }

        return heads;
    }

    // Passes bytes on, and keeps them.
    private sealed class ListeningRelay : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly MemoryStream _up = new();
        private readonly MemoryStream _down = new();
        private readonly int _server;

        public ListeningRelay(int server)
        {
            _server = server;
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public byte[] Up => Kept(_up);

        public byte[] Down => Kept(_down);

        public void Dispose() => _listener.Dispose();

        private static byte[] Kept(MemoryStream stream)
        {
            lock (stream)
            {
                return stream.ToArray();
            }
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    TcpClient device = await _listener.AcceptTcpClientAsync();
                    TcpClient server = new();
                    await server.ConnectAsync(IPAddress.Loopback, _server);
                    _ = PassAsync(device, server, _up);
                    _ = PassAsync(server, device, _down);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // the test has ended
            }
        }

        private static async Task PassAsync(TcpClient from, TcpClient to, MemoryStream kept)
        {
            byte[] buffer = new byte[4096];
            try
            {
                while (await from.GetStream().ReadAsync(buffer) is var count and > 0)
                {
                    lock (kept)
                    {
                        kept.Write(buffer, 0, count);
                    }

                    await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // one side has gone
            }

            to.Dispose();
        }
    }
}
