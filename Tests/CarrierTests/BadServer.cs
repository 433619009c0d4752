// A TCP server on loopback that does exactly what a test says, connection by connection: the way to be a bad server.

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NanoSync.Tests.Carriers;

/// <summary>One script a connection, in order; a connection beyond the last script is closed at once.</summary>
internal sealed class BadServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Action<Peer>[] _scripts;
    private readonly ConcurrentQueue<Exception> _faults = new();
    private readonly ManualResetEventSlim _over = new();
    private readonly Thread _thread;
    private readonly List<Thread> _peers = [];
    private int _connections;

    public BadServer(params Action<Peer>[] scripts)
    {
        _scripts = scripts;
        _listener.Start();
        _thread = new Thread(Accept) { IsBackground = true };
        _thread.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => $"http://127.0.0.1:{Port}/sync";

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Heads and bodies of all requests that were read.</summary>
    public ConcurrentQueue<(string Head, byte[] Body)> Requests { get; } = new();

    public void Dispose()
    {
        if (_over.IsSet)
        {
            return;
        }

        _over.Set();
        _listener.Stop();
        _thread.Join();
        foreach (Thread peer in _peers)
        {
            peer.Join();
        }

        Assert.IsTrue(_faults.IsEmpty, "the script failed: " + (_faults.TryPeek(out Exception? e) ? e.ToString() : ""));
    }

    private void Accept()
    {
        for (; ; )
        {
            Socket socket;
            try
            {
                socket = _listener.AcceptSocket();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            int number = Interlocked.Increment(ref _connections);
            if (number > _scripts.Length)
            {
                socket.Dispose();
                continue;
            }

            Thread thread = new(() => Serve(socket, _scripts[number - 1])) { IsBackground = true };
            _peers.Add(thread);
            thread.Start();
        }
    }

    private void Serve(Socket socket, Action<Peer> script)
    {
        using (socket)
        {
            try
            {
                script(new Peer(this, socket, _over));
            }
            catch (SocketException)
            {
                // The client left first, as it does after an error.
            }
            catch (Exception e)
            {
                _faults.Enqueue(e);
            }
        }
    }

    /// <summary>What a script can do with its connection. The connection closes when the script returns.</summary>
    internal sealed class Peer(BadServer server, Socket socket, ManualResetEventSlim over)
    {
        public Socket Socket { get; } = socket;

        /// <summary>Reads one request whole; false when the client closed instead.</summary>
        public bool ReadRequest()
        {
            string? head = ReadHead();
            if (head == null)
            {
                return false;
            }

            int at = head.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase) + 16;
            byte[] body = new byte[int.Parse(head.AsSpan(at, head.IndexOf('\r', at) - at))];
            for (int got = 0; got < body.Length;)
            {
                int n = Socket.Receive(body, got, body.Length - got, SocketFlags.None);
                if (n == 0)
                {
                    return false;
                }

                got += n;
            }

            server.Requests.Enqueue((head, body));
            return true;
        }

        /// <summary>Reads up to the empty line, and not a byte further.</summary>
        public string? ReadHead()
        {
            StringBuilder head = new();
            byte[] one = new byte[1];
            while (head.Length < 4 || head.ToString(head.Length - 4, 4) != "\r\n\r\n")
            {
                if (Socket.Receive(one) == 0)
                {
                    return null;
                }

                head.Append((char)one[0]);
            }

            return head.ToString();
        }

        public void Send(string text) => Send(Encoding.Latin1.GetBytes(text));

        public void Send(byte[] bytes) => Socket.Send(bytes);

        public void SendByteByByte(string text)
        {
            Socket.NoDelay = true;
            foreach (char c in text)
            {
                Send([(byte)c]);
            }
        }

        /// <summary>Says nothing more until the client closes or the test is over.</summary>
        public void Stall()
        {
            while (!over.Wait(10))
            {
                if (Socket.Poll(0, SelectMode.SelectRead) && Socket.Available == 0)
                {
                    return;
                }
            }
        }

        /// <summary>Reads nothing until the test is over.</summary>
        public void Wait() => over.Wait();

        /// <summary>Sends a byte now and then for as long as the client takes them.</summary>
        public void Drip()
        {
            while (!over.Wait(20))
            {
                Send("x");
            }
        }

        /// <summary>Closes by RST instead of FIN.</summary>
        public void Reset() => Socket.LingerState = new LingerOption(true, 0);
    }
}
