// Between a device and a server: passes bytes on, and cuts some replies in the middle.

using System.Net;
using System.Net.Sockets;

namespace NanoSync.Tests;

/// <summary>Cuts where it is told to, counted over all connections.</summary>
internal sealed class CuttingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _server;
    private readonly Queue<long> _cuts;
    private readonly bool _always;
    private readonly HashSet<TcpClient> _connections = [];
    private long _down;
    private int _done;

    /// <param name="server">The server's URL.</param>
    /// <param name="cuts">After how many bytes of replies to cut; none = in every reply, after its 20th byte.</param>
    public CuttingProxy(string server, params long[] cuts)
    {
        _server = new IPEndPoint(IPAddress.Loopback, new Uri(server).Port);
        _cuts = new Queue<long>(cuts);
        _always = cuts.Length == 0;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Replies cut.</summary>
    public int Cuts => Volatile.Read(ref _done);

    /// <summary>Cuts the connections there are, as a proxy does with those that are silent for too long.</summary>
    public void CutAll()
    {
        lock (_connections)
        {
            foreach (TcpClient connection in _connections)
            {
                connection.Close();
            }

            _connections.Clear();
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the test has ended
        }
    }

    // A device that ends its connection ends that to the server too.
    private static async Task UpAsync(TcpClient device, TcpClient server)
    {
        try
        {
            await device.GetStream().CopyToAsync(server.GetStream());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // cut
        }

        server.Close();
    }

    private async Task ServeAsync(TcpClient device)
    {
        using TcpClient server = new();
        using (device)
        {
            lock (_connections)
            {
                _connections.Add(device);
                _connections.Add(server);
            }

            try
            {
                await server.ConnectAsync(_server);
                _ = UpAsync(device, server);
                var buffer = new byte[4096];
                while (await server.GetStream().ReadAsync(buffer) is var count and > 0)
                {
                    int pass = count;
                    bool cut = false;
                    if (_always)
                    {
                        (pass, cut) = (Math.Min(count, 20), true);
                    }
                    else if (_cuts.TryPeek(out long at) && _down + count > at)
                    {
                        _cuts.Dequeue();
                        (pass, cut) = ((int)Math.Max(0, at - _down), true);
                    }

                    await device.GetStream().WriteAsync(buffer.AsMemory(0, pass));
                    _down += pass;
                    if (cut)
                    {
                        Interlocked.Increment(ref _done);
                        return;
                    }
                }
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
            {
                // either side has gone
            }
        }
    }
}
