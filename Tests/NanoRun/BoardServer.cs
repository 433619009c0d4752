// The server that a measured board talks to: the scripted one of the device tests behind HTTP/1.1 on a socket of this
// machine, one connection after another. Its bytes are the same each time, which a real server's are not.

using System.Net;
using System.Net.Sockets;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Tests;

namespace NanoSync.NanoRun;

internal sealed class BoardServer : IDisposable
{
    private readonly TcpListener _listener;
    private readonly ScriptedServer _server = new(16 * 1024);

    /// <summary>Listens. Objects of configuration come down as soon as it is asked.</summary>
    /// <param name="port">Where; 0 = anywhere.</param>
    /// <param name="objects">How many.</param>
    public BoardServer(int port, int objects)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _server.Objects = objects;
        _server.ReadingClass = new ObjectClass("reading").Time("at").Fixed("temperature", 2).UInt("humidity").UInt("co2").Fixed("battery", 2);
        _listener.Start();
        _ = Serve();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Readings that came, each counted once.</summary>
    public int Readings => _server.Readings;

    /// <inheritdoc/>
    public void Dispose() => _listener.Stop();

    private async Task Serve()
    {
        while (true)
        {
            try
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                client.NoDelay = true;
                using NetworkStream stream = client.GetStream();
                while (await Answer(stream))
                {
                }
            }
            catch (IOException)
            {
                // the board went away: the next one comes
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // stopped
            }
        }
    }

    private async Task<bool> Answer(NetworkStream stream)
    {
        string head = "";
        byte[] one = new byte[1];
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0)
            {
                return false;
            }

            head += (char)one[0];
        }

        string? length = head.Split("\r\n").FirstOrDefault(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        byte[] body = new byte[int.Parse(length!.Split(':')[1])];
        await stream.ReadExactlyAsync(body);

        byte[] reply = new byte[16 * 1024];
        _server.Open(WbxmlWriter.MediaType, body.Length);
        _server.Write(body, 0, body.Length);
        _server.Receive();
        int count = 0;
        for (int read = 1; read > 0; count += read)
        {
            read = _server.Read(reply, count, reply.Length - count);
        }

        // as Kestrel writes it, without its name; and without a type where the request has none [SPEC 8.1]
        string type = head.Contains("\r\nContent-Type:", StringComparison.OrdinalIgnoreCase) ? $"Content-Type: {WbxmlWriter.MediaType}\r\n" : "";
        byte[] answer = Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n{type}Date: Tue, 25 Nov 2025 00:00:00 GMT\r\n\r\n");
        await stream.WriteAsync(answer.Concat(reply.Take(count)).ToArray());
        return true;
    }
}
