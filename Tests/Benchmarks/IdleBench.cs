// What a device costs its network while nothing happens: bytes of its socket, counted by a relay between it and the server or
// the broker. The device's engine, a store in memory, real HTTP, Debian's mosquitto. What TCP, IP and TLS put around is not counted,
// packets are: some 40 bytes each, and an acknowledgement.

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Mqtt;
using NanoSync.Storage;

namespace NanoSync.Benchmarks;

internal static class IdleBench
{
    private const string Mosquitto = "/usr/sbin/mosquitto";
    private const int Rounds = 5;
    private const int Pings = 5;
    private const int PerHour = 60;
    private const int Held = 100; // seconds
    private const int HeldPerHour = 12;

    /// <summary>Writes a line for each way.</summary>
    public static async Task<int> Run(TextWriter output)
    {
        if (!File.Exists(Mosquitto))
        {
            output.WriteLine($"No {Mosquitto}: Debian's package mosquitto is needed.");
            return 1;
        }

        string folder = Directory.CreateTempSubdirectory("nanosync-idle-").FullName;
        int port = FreePort();
        File.WriteAllText(Path.Combine(folder, "mosquitto.conf"), $"listener {port} 127.0.0.1\nallow_anonymous true\n");
        using Process broker = Process.Start(new ProcessStartInfo(Mosquitto, ["-c", Path.Combine(folder, "mosquitto.conf")]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        broker.BeginErrorReadLine();
        broker.BeginOutputReadLine();
        try
        {
            ServerOptions options = new() { RatePerSecond = 0, Mqtt = new MqttOptions { Host = "127.0.0.1", Port = port, Secure = false, Plain = true } };
            await using EmbeddedServer server = await EmbeddedServer.Start(Path.Combine(folder, "data"), options: options);
            using HttpClient http = new();
            while (await http.GetStringAsync(server.Url + "/health") != "ok")
            {
                await Task.Delay(50);
            }

            output.WriteLine("An idle device of two collections, bytes of its socket in an hour, up and down (packets):");
            using (CountingRelay relay = new(new Uri(server.Url).Port))
            {
                string token = server.Core.Devices.Add("poll");
                SyncEngine engine = Engine(new LeanHttpCarrier($"http://127.0.0.1:{relay.Port}", token, null), false);
                Settle(engine);
                Counts round = relay.Of(() => Times(Rounds, engine)) / Rounds;
                output.WriteLine($"  HTTP, asked each 60 s, one connection kept:  {round * PerHour}; one round {round}");
                engine.Wait = Held; // for real, but not for 300 s: a number of as many digits
                Counts held = relay.Of(() => Settle(engine));
                output.WriteLine($"  HTTP, waiting at the server, 300 s a request:  {held * HeldPerHour}; one request {held}");
            }

            foreach (bool isSealed in (bool[])[true, false])
            {
                string name = isSealed ? "sealed" : "plain";
                using CountingRelay relay = new(port);
                string token = server.Core.Devices.Add(name, isSealed: isSealed);
                MqttBroker at = new($"mqtt://127.0.0.1:{relay.Port}", null, name) { KeepAlive = 1, KeepsSession = isSealed };
                using PcMqttLink link = new(at);
                SyncEngine engine;
                if (isSealed)
                {
                    MqttPost post = new(link, at, 16384, 30000);
                    engine = Engine(new SealedCarrier(name, token, post, post), true);
                }
                else
                {
                    engine = Engine(new MqttCarrier(link, at, token, 16384, 30000, 1), false);
                }

                Settle(engine);
                relay.WaitForPackets(4); // what is left of the last exchange
                Counts ping = relay.WaitForPackets(2 * Pings) / Pings;
                Counts sync = relay.Of(() => Settle(engine));
                output.WriteLine($"  MQTT, {name}, a sign of life each 60 s:  {ping * PerHour}; one {ping}; a sync {sync}, some signs of life among them");
            }

            return 0;
        }
        finally
        {
            broker.Kill();
            await broker.WaitForExitAsync();
            Directory.Delete(folder, true);
        }
    }

    private static SyncEngine Engine(ICarrier carrier, bool later)
    {
        FlashStore store = new(new MemoryVolume(256 * 1024, 64), new StoreOptions());
        SyncEngine engine = later ? new DeferredEngine(store, (IDeferredCarrier)carrier, new SyncOptions()) : new SyncEngine(store, carrier, new SyncOptions());
        engine.AddOutbox("readings", new ObjectClass("reading").UInt("n"), 64 * 1024, false);
        engine.AddTwoWay("config", new ObjectClass("setting").UInt("value"), 16, null, false);
        if (engine.Open() != StoreError.None)
        {
            throw new InvalidOperationException("The store did not open.");
        }

        return engine;
    }

    private static void Settle(SyncEngine engine)
    {
        RoundResult result;
        do
        {
            result = engine.Round();
        }
        while (result.Outcome is RoundOutcome.More or RoundOutcome.Deferred);

        if (result.Outcome != RoundOutcome.InStep)
        {
            throw new InvalidOperationException($"The round failed: carrier {result.Carrier}, status {result.HttpStatus}.");
        }
    }

    private static void Times(int count, SyncEngine engine)
    {
        for (int i = 0; i < count; i++)
        {
            Settle(engine);
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private readonly record struct Counts(long Up, long Down, long Packets)
    {
        public static Counts operator -(Counts a, Counts b) => new(a.Up - b.Up, a.Down - b.Down, a.Packets - b.Packets);

        public static Counts operator /(Counts a, int n) => new(a.Up / n, a.Down / n, a.Packets / n);

        public static Counts operator *(Counts a, int n) => new(a.Up * n, a.Down * n, a.Packets * n);

        public override string ToString() => FormattableString.Invariant($"{Up:N0} + {Down:N0} ({Packets:N0})");
    }

    // Between a device and what it speaks with; passes all on and counts it.
    private sealed class CountingRelay : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly int _target;
        private readonly Lock _gate = new();
        private Counts _counts;

        public CountingRelay(int target)
        {
            _target = target;
            _listener.Start();
            _ = Accept();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public Counts Now
        {
            get
            {
                lock (_gate)
                {
                    return _counts;
                }
            }
        }

        public Counts Of(Action work)
        {
            Counts before = Now;
            work();
            return Now - before;
        }

        /// <summary>What the next packets hold.</summary>
        public Counts WaitForPackets(int count)
        {
            Counts before = Now;
            while (Now.Packets - before.Packets < count)
            {
                Thread.Sleep(10);
            }

            return Now - before;
        }

        public void Dispose() => _listener.Dispose();

        private async Task Accept()
        {
            try
            {
                while (true)
                {
                    TcpClient device = await _listener.AcceptTcpClientAsync();
                    TcpClient target = new("127.0.0.1", _target) { NoDelay = true };
                    device.NoDelay = true;
                    _ = Pass(device, target, true);
                    _ = Pass(target, device, false);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // over
            }
        }

        private async Task Pass(TcpClient from, TcpClient to, bool up)
        {
            byte[] buffer = new byte[64 << 10];
            try
            {
                int count;
                while ((count = await from.GetStream().ReadAsync(buffer)) > 0)
                {
                    lock (_gate)
                    {
                        _counts = new Counts(_counts.Up + (up ? count : 0), _counts.Down + (up ? 0 : count), _counts.Packets + 1);
                    }

                    await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // over
            }

            to.Close();
        }
    }
}
