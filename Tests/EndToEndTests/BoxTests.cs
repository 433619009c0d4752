// A box between a device and its server that answers everything itself, as that of a hotel or a worn-out mobile network does,
// with the real programs: what it says is never taken for "nothing for you". [SPEC 2.3]

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NanoSync.Tests;

[TestClass]
public class BoxTests
{
    private const int Readings = 5;
    private const int Own = 1; // the sampling that the firmware made for itself waits, too

    [TestMethod]
    [DataRow("HTTP/1.1 204 No Content\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\n\r\n")] // and closes
    public void What_a_box_answers_for_the_server_is_not_taken_for_in_step(string answer)
    {
        using var bench = new Bench();
        string server = bench.At("server"), token = bench.Enrol("d1", server), csv = bench.At("readings.csv");
        File.WriteAllLines(csv, ["timestamp,value", .. Enumerable.Range(0, Readings).Select(i => $"{1767225600 + i},{i}")]);
        string[] replay = ["--readings", csv, "--data", bench.At("m"), "--token", token];
        using (var box = new Box(answer))
        {
            Ended boxed = bench.Device([.. replay, "--server", box.Url]);
            Assert.AreEqual(1, boxed.Code, boxed.Output);
            Assert.Contains("NOT in step after row", boxed.Output);
            Assert.Contains($"{Readings + Own} pending, kept", boxed.Output);
            Assert.IsGreaterThan(0, box.Asked, boxed.Output);
        }

        (_, string url) = bench.Serve(server);
        Ended there = bench.Device([.. replay, "--server", url]);
        Assert.AreEqual(0, there.Code, there.Output);
        Assert.HasCount(Readings, bench.Objects("d1", "readings", server));
    }

    // Reads a request as far as it comes, says the same to each, and closes.
    private sealed class Box : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly byte[] _answer;
        private int _asked;

        public Box(string answer)
        {
            _answer = Encoding.ASCII.GetBytes(answer);
            _listener.Start();
            _ = AnswerAsync();
        }

        public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

        public int Asked => Volatile.Read(ref _asked);

        public void Dispose() => _listener.Dispose();

        private async Task AnswerAsync()
        {
            try
            {
                while (true)
                {
                    using TcpClient peer = await _listener.AcceptTcpClientAsync();
                    NetworkStream stream = peer.GetStream();
                    if (await stream.ReadAsync(new byte[16_384]) > 0)
                    {
                        Interlocked.Increment(ref _asked);
                        await stream.WriteAsync(_answer);
                        peer.Client.Shutdown(SocketShutdown.Send);
                        await stream.CopyToAsync(Stream.Null); // what was on its way still: a close would reset the connection
                    }
                }
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
            {
                // the test is over
            }
        }
    }
}
