// Keeps a connection to the broker, takes what devices publish, answers. Nothing is kept here: what was not acknowledged to the
// broker it gives to another node, and what it lost the devices send again.
//
// Rule 1: nodes share one subscription, so that each message goes to one of them. A node has no session that outlives its
//         connection: a node that is gone holds no messages back.
// Rule 2: a message is acknowledged after what it says is durable and the broker has the answer, in the order in which
//         messages came [MQTT 5, 4.6]. So many may be on the way (receive maximum); the others wait at the broker, which is
//         told to hold on by nothing but this.
// Rule 3: a broker is tried for ever, ever later up to half a minute; it ends nothing else of this process.

using System.Buffers;
using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Microsoft.Extensions.Logging;
using NanoSync.Device;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Mqtt;

/// <summary>The MQTT carrier of the server.</summary>
public sealed class MqttService : IDisposable
{
    /// <summary>Name of the subscription that the nodes share.</summary>
    public const string Group = "nanosync";

    private const int PacketSlack = 64 << 10; // above the largest message, so that it is refused in words up to here
    private const uint PlainExpiry = 300; // seconds: nobody waits longer for the answer to a plain message

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_tellEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestHold = TimeSpan.FromSeconds(30);

    private static readonly Counter<long> s_messages = Telemetry.Meter.CreateCounter<long>("mqtt.messages", description: "Messages of the broker by what became of them: answered, passed (repeated), refused, garbage.");
    private static readonly UpDownCounter<long> s_connected = Telemetry.Meter.CreateUpDownCounter<long>("mqtt.connected", description: "Connections to the broker: 1 or 0.");

    /// <summary>Bytes of messages held at most, whatever the broker gives; mosquitto 2.0 gives more than the receive maximum once the first are acknowledged.</summary>
    internal long MostHeld = 64 << 20;

    private readonly ServerCore _core;
    private readonly MqttOptions _options;
    private readonly ILogger _log;
    private readonly MqttDesk _desk;
    private readonly Lock _gate = new();
    private IMqttClient? _client; // while connected
    private string? _away = "not tried yet";
    private DateTimeOffset _since;
    private Connection _connection;
    private long _refusalLogged; // of a message that was refused
    private int _untold;

    /// <summary>A carrier, not started.</summary>
    public MqttService(ServerCore core, MqttOptions options, ILogger log)
    {
        (_core, _options, _log) = (core, options, log);
        _desk = new MqttDesk(core, options.Plain);
        _connection = new Connection(options.InFlight);
        _since = core.Clock.GetUtcNow();
    }

    /// <summary>Called with each device that was answered, before its answer goes.</summary>
    public Action<string>? Heard { get; set; }

    /// <summary>Messages taken from the broker and not acknowledged yet.</summary>
    public int InFlight => Volatile.Read(ref _connection.InFlight);

    /// <summary>Why there is no connection to the broker; null = there is one.</summary>
    public string? Away
    {
        get
        {
            lock (_gate)
            {
                return _away == null ? null : $"the broker {_options.Url} is away since {_since:u}: {_away}";
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _desk.Dispose();

    /// <summary>Runs until cancelled.</summary>
    public async Task Run(CancellationToken cancellation)
    {
        int failures = 0;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await Connected(() => failures = 0, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // whatever a broker does, the others of this process go on
                SetAway(e.Message);
                failures = Math.Min(failures + 1, 10);
                double most = Math.Min(s_longestWait.TotalSeconds, Math.Pow(2, failures - 1));
                TimeSpan wait = TimeSpan.FromSeconds(most * (0.5 + (Random.Shared.NextDouble() / 2))); // nodes do not come together
                _log.BrokerAway(_options.Url, e.Message, wait.TotalSeconds);
                await Task.Delay(wait, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Says whether the broker is there to the alerts; from time to time. One subject for all nodes: while one has the broker, devices are served.</summary>
    public static void Look(ServerCore core, string? away)
    {
        using IStoreTransaction store = core.Store.BeginWrite();
        core.Alerts.See(store, 0, "broker", away != null ? [(Alerts.AlertService.BrokerAway, away)] : [], core.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        store.Commit();
    }

    /// <summary>Publishes a retained byte on a device's wake topic. False: there is no connection, or the broker did not take it.</summary>
    public async Task<bool> Wake(string device, byte value, CancellationToken cancellation)
    {
        IMqttClient? client;
        lock (_gate)
        {
            client = _client;
        }

        if (client == null)
        {
            return false;
        }

        try
        {
            MqttClientPublishResult result = await client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic($"{_options.Prefix}/{device}/wake")
                .WithPayload([value]).WithRetainFlag().WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), cancellation);
            return result.IsSuccess;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            _log.NotWoken(device, e.Message);
            return false;
        }
    }

    // One connection, from its beginning to its end, which is an exception.
    private async Task Connected(Action up, CancellationToken cancellation)
    {
        using IMqttClient client = new MqttClientFactory().CreateMqttClient();
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        TaskCompletionSource<string> over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.DisconnectedAsync += e =>
        {
            over.TrySetResult(e.ReasonString ?? e.Exception?.Message ?? $"The connection ended: {e.Reason}.");
            return Task.CompletedTask;
        };
        Connection connection = _connection = new Connection(_options.InFlight); // what is left of the last one counts there
        client.ApplicationMessageReceivedAsync += e => Received(connection, client, e, over, ended.Token);
        try
        {
            using (CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
            {
                patience.CancelAfter(s_timeout);
                MqttClientConnectResult connected = await client.ConnectAsync(Options(), patience.Token);
                if (connected.ResultCode != MqttClientConnectResultCode.Success)
                {
                    throw new IOException($"The broker refused the connection: {connected.ResultCode} {connected.ReasonString}");
                }

                string topic = $"$share/{Group}/{_options.Prefix}/+/up";
                MqttClientSubscribeResult subscribed = await client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder()
                    .WithTopicFilter(topic, MqttQualityOfServiceLevel.AtLeastOnce).Build(), patience.Token);
                if (subscribed.Items.Any(i => i.ResultCode != MqttClientSubscribeResultCode.GrantedQoS1))
                {
                    throw new IOException($"The broker does not grant {topic}: {subscribed.Items.First().ResultCode}. Its access rules must let {_options.User ?? "this server"} read it.");
                }
            }

            lock (_gate)
            {
                (_client, _away, _since) = (client, null, _core.Clock.GetUtcNow());
            }

            s_connected.Add(1);
            up();
            _log.BrokerThere(_options.Url, _options.Prefix);
            throw new IOException(await over.Task.WaitAsync(cancellation));
        }
        finally
        {
            bool was;
            lock (_gate)
            {
                was = _client != null;
                _client = null;
            }

            if (was)
            {
                s_connected.Add(-1);
            }

            await ended.CancelAsync();
        }
    }

    private MqttClientOptions Options()
    {
        MqttClientOptionsBuilder options = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithTcpServer(_options.Host, _options.Port)
            .WithClientId("nanosync-server-" + Guid.NewGuid().ToString("N"))
            .WithCleanStart(true)
            .WithSessionExpiryInterval(0)
            .WithReceiveMaximum((ushort)_options.InFlight)
            .WithMaximumPacketSize((uint)(_core.Options.Limits.MaxMessage + PacketSlack))
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(30))
            .WithTimeout(s_timeout);
        if (_options.User != null)
        {
            options.WithCredentials(_options.User, _options.Password ?? "");
        }

        if (_options.Secure)
        {
            options.WithTlsOptions(tls =>
            {
                tls.WithTargetHost(_options.Host).WithRevocationMode(X509RevocationMode.NoCheck); // an authority of a site has no list to ask; as over HTTP
                if (_options.TrustedCa is { } ca)
                {
                    X509Certificate2Collection authorities = [];
                    authorities.ImportFromPemFile(ca);
                    tls.WithTrustChain(authorities);
                }
            });
        }

        return options.Build();
    }

    // Called for one message after the other; must not wait, as acknowledgements of ours come by the same connection.
    private Task Received(Connection connection, IMqttClient client, MqttApplicationMessageReceivedEventArgs e, TaskCompletionSource<string> over, CancellationToken ended)
    {
        e.AutoAcknowledge = false;
        if (e.ApplicationMessage.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtMostOnce)
        {
            Count(MqttOutcome.Garbage); // no bound holds for these, and a device has no use for them
            return Task.CompletedTask;
        }

        Interlocked.Increment(ref connection.InFlight);
        string topic = e.ApplicationMessage.Topic;
        byte[] payload = e.ApplicationMessage.Payload.ToArray();
        if (Interlocked.Add(ref connection.Held, payload.Length) > MostHeld)
        {
            over.TrySetResult("The broker sends far more than it was told to."); // memory is bounded whatever it does
            return Task.CompletedTask;
        }

        Task before = connection.LastAcknowledged;
        connection.LastAcknowledged = Task.Run(() => Work(connection, client, e, topic, payload, before, ended), CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task Work(Connection connection, IMqttClient client, MqttApplicationMessageReceivedEventArgs e, string topic, byte[] payload, Task before, CancellationToken ended)
    {
        bool done = false;
        try
        {
            string? device = DeviceOf(topic);
            MqttAnswer answer;
            await connection.Turns.WaitAsync(ended);
            try
            {
                answer = device == null ? new MqttAnswer(MqttOutcome.Garbage, "No topic of a device.") : await AcceptUntilStored(device, payload, ended);
            }
            finally
            {
                connection.Turns.Release();
            }

            Count(answer.Outcome);
            if (answer.Outcome == MqttOutcome.Answered)
            {
                Heard?.Invoke(device!);
            }

            if (answer.Outcome is MqttOutcome.Refused)
            {
                TellRefused(topic, answer.Why);
            }

            if (answer.Down != null)
            {
                MqttApplicationMessageBuilder down = new MqttApplicationMessageBuilder().WithTopic($"{_options.Prefix}/{device}/down").WithPayload(answer.Down)
                    .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
                if (answer.Sealed == null)
                {
                    down.WithMessageExpiryInterval(PlainExpiry);
                }

                MqttClientPublishResult published = await client.PublishAsync(down.Build(), ended);
                if (!published.IsSuccess)
                {
                    _log.MayNotPublish($"{_options.Prefix}/{device}", published.ReasonCode, _options.User ?? "this server");
                }
                else if (answer.Sealed != null)
                {
                    await _core.Writers.RunAll(() =>
                    {
                        _core.Sealed.Answered(answer.Sealed);
                        return Task.CompletedTask;
                    });
                }
            }

            done = true;
            await Acknowledge(connection, e, payload.Length, before, ended);
        }
        catch (Exception) when (done || ended.IsCancellationRequested || !client.IsConnected)
        {
            // not acknowledged: another node gets it, or the device sends it again
        }
        catch (Exception failure)
        {
            // a fault of the program: told, and over for this connection, or the broker gives it for ever
            _log.MessageFailed(failure, topic);
            await Acknowledge(connection, e, payload.Length, before, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Who floods the broker does not flood the log.
    private void TellRefused(string topic, string why)
    {
        int untold;
        lock (_gate)
        {
            if (_refusalLogged != 0 && _core.Clock.GetElapsedTime(_refusalLogged) < s_tellEvery)
            {
                _untold++;
                return;
            }

            (_refusalLogged, untold, _untold) = (_core.Clock.GetTimestamp(), _untold, 0);
        }

        _log.Refused(topic, why, untold == 0 ? "" : $" {untold} more since the last line.");
    }

    // Counted before it is said: from then on the broker may send another one.
    private static async Task Acknowledge(Connection connection, MqttApplicationMessageReceivedEventArgs e, int length, Task before, CancellationToken ended)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref connection.InFlight);
        Interlocked.Add(ref connection.Held, -length);
        await e.AcknowledgeAsync(ended);
    }

    // A sealed message has no form of "come again": it is kept here, and with it those behind it, until the database takes it.
    private async Task<MqttAnswer> AcceptUntilStored(string device, byte[] payload, CancellationToken ended)
    {
        for (TimeSpan wait = TimeSpan.FromSeconds(1); ; wait = wait * 2 < s_longestHold ? wait * 2 : s_longestHold)
        {
            try
            {
                return await _desk.Accept(device, payload, ended);
            }
            catch (StoreException e)
            {
                _log.MessageWaits(device, e.Message);
                await Task.Delay(wait, _core.Clock, ended);
            }
        }
    }

    private string? DeviceOf(string topic)
    {
        if (!topic.StartsWith(_options.Prefix + "/", StringComparison.Ordinal) || !topic.EndsWith("/up", StringComparison.Ordinal)
            || topic.Length < _options.Prefix.Length + 5)
        {
            return null;
        }

        string device = topic[(_options.Prefix.Length + 1)..^3];
        return MqttBroker.DeviceProblem(device) == null ? device : null;
    }

    private void SetAway(string why)
    {
        lock (_gate)
        {
            if (_away == null || _away == "not tried yet")
            {
                _since = _core.Clock.GetUtcNow();
            }

            _away = why;
        }
    }

    private static void Count(MqttOutcome outcome)
    {
        s_messages.Add(1, new KeyValuePair<string, object?>("result", outcome.ToString().ToLowerInvariant()));
    }

    // What belongs to one connection: a message of an ended one is nothing to the next.
    private sealed class Connection(int turns)
    {
        public readonly SemaphoreSlim Turns = new(turns);
        public int InFlight;
        public long Held; // bytes
        public Task LastAcknowledged = Task.CompletedTask;
    }
}
