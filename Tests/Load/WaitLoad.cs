// Devices that wait: what each costs the server in memory, and how fast one change reaches them all. The devices are bare
// sockets with a request each, so that the generator stays small beside the server it measures.

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.Load;

internal static class WaitLoad
{
    private const int AtOnce = 64; // devices that connect at the same time
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(15); // until what their coming made is collected

    /// <summary>Measures a server in a folder of its own.</summary>
    public static async Task<string> Run(LoadOptions options, Action<string> progress)
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-load-").FullName;
        try
        {
            progress($"{options.Devices} devices are enrolled");
            string[] tokens = Enrol(folder, options.Devices);
            Dictionary<string, string> environment = new() { ["NANOSYNC_RATE"] = "0", ["NANOSYNC_DATA"] = folder };
            using Child server = await Child.Start(typeof(ServerData).Assembly.Location, ["serve", "--port", "0"], environment);
            WaitDevice[] devices = [.. tokens.Select(token => new WaitDevice(server.Url, token))];
            int warm = Math.Min(devices.Length, AtOnce);
            await Task.WhenAll(devices.Take(warm).Select(d => d.Start()));
            await Task.Delay(s_settle);
            long before = server.Memory();
            progress("they come and wait");
            await Parallel.ForEachAsync(devices.Skip(warm), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (device, _) => await device.Start());
            Task[] answers = [.. devices.Select(d => d.Wait())];
            await Task.Delay(s_settle);
            long waiting = server.Memory();
            int early = answers.Count(a => a.IsCompleted);
            progress("one change for all of them");
            server.Mark();
            long began = Stopwatch.GetTimestamp();
            await Put(server.Url, folder);
            await Task.WhenAll(answers).WaitAsync(TimeSpan.FromMinutes(10));
            double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            TimeSpan used = server.Used();
            server.Look();
            int changed = devices.Count(d => d.Got == 1);
            Array.ForEach(devices, d => d.Dispose());
            await server.Stop();
            return string.Create(CultureInfo.InvariantCulture,
                $"{options.Devices} devices wait: server {waiting >> 20} MiB, {(waiting - before) / 1024.0 / Math.Max(1, options.Devices - warm):0.0} KiB a device (without them {before >> 20} MiB); answered before anything was due: {early}\n"
                + $"one change: {changed} answered with it in {seconds:0.00} s, {changed / seconds:0} wake-ups/s, {used.TotalSeconds / seconds:0.00} cores, peak {server.PeakMemory >> 20} MiB; told to come again (503): {devices.Sum(d => d.Busy)}");
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static string[] Enrol(string folder, int devices)
    {
        using ServerCore core = ServerData.Open(new ServerOptions { Data = folder });
        return [.. Enumerable.Range(0, devices).Select(i => core.Devices.Add(string.Create(CultureInfo.InvariantCulture, $"wait{i}"), "config@all"))];
    }

    private static async Task Put(Uri server, string folder)
    {
        using HttpClient http = new();
        using HttpRequestMessage request = new(HttpMethod.Put, new Uri(server, "/v1/devices/wait0/collections/config/objects/a"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Fill.Token(folder));
        request.Content = new ByteArrayContent(new byte[32]);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }

    // Over one connection: the first key, then a request that waits.
    private sealed class WaitDevice(Uri server, string token) : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private string _key = SyncKeys.Zero;

        /// <summary>Objects that the request which waited brought.</summary>
        public int Got { get; private set; }

        /// <summary>Answers that said to come again later: the database was waited for too long.</summary>
        public int Busy { get; private set; }

        public async Task Start()
        {
            await _socket.ConnectAsync(IPAddress.Loopback, server.Port);
            _key = MessageParser.Parse(MessageFormat.Wbxml, await Exchange(null)).Collections[0].SyncKey;
        }

        public async Task Wait()
        {
            byte[] reply = await Exchange(59);
            Got = reply.Length == EmptyReply.Size ? 0 : MessageParser.Parse(MessageFormat.Wbxml, reply).Collections[0].Commands.Count;
        }

        public void Dispose() => _socket.Dispose();

        private async Task<byte[]> Exchange(int? wait)
        {
            SyncMessage message = new() { Version = SyncService.Version, Wait = wait };
            message.Collections.Add(new CollectionElement { SyncKey = _key, Id = "config", GetChanges = true });
            byte[] body = MessagePrinter.Print(MessageFormat.Wbxml, message);
            string head = $"POST /sync HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer {token}\r\nContent-Type: {WbxmlWriter.MediaType}\r\nContent-Length: {body.Length}\r\n\r\n";
            await _socket.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body]);
            await _socket.ReceiveAsync(Array.Empty<byte>()); // no buffer while nothing comes
            byte[] buffer = new byte[2048];
            int count = 0, start = 0, length = 0;
            TimeSpan? again = null;
            while (start == 0 || count < start + length)
            {
                int got = await _socket.ReceiveAsync(buffer.AsMemory(count));
                if (got == 0)
                {
                    throw new InvalidDataException("The server closed the connection.");
                }

                count += got;
                string text = Encoding.Latin1.GetString(buffer, 0, count);
                if (start == 0 && text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is > 0 and int end)
                {
                    start = end + 4;
                    length = HeaderOf(text, "Content-Length");
                    string status = text[..text.IndexOf('\r', StringComparison.Ordinal)];
                    if (status.StartsWith("HTTP/1.1 503", StringComparison.Ordinal))
                    {
                        Busy++;
                        again = TimeSpan.FromSeconds(HeaderOf(text, "Retry-After") * (1 + Random.Shared.NextDouble())); // as a device
                    }
                    else if (!status.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
                    {
                        throw new InvalidDataException(status);
                    }
                }
            }

            if (again != null)
            {
                await Task.Delay(again.Value);
                return await Exchange(wait);
            }

            return buffer[start..(start + length)];
        }

        private static int HeaderOf(string head, string name)
        {
            int at = head.IndexOf(name + ": ", StringComparison.OrdinalIgnoreCase) + name.Length + 2;
            return int.Parse(head.AsSpan(at, head.IndexOf('\r', at) - at), CultureInfo.InvariantCulture);
        }
    }
}
