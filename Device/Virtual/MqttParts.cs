using NanoSync.Device;

namespace NanoSync.Virtual;

/// <summary>The way over a broker that the command line chose: sealed, or plain where the broker is trusted.</summary>
internal sealed class MqttParts : IDisposable
{
    /// <summary>Rounds without a reply before a sealed request is sent anew: an answer comes within seconds or was lost.</summary>
    public const int ReplyRounds = 2;

    private const int MostBytes = 64 << 10; // of a message; a board has less
    private const int Patience = 5000; // milliseconds that a round waits for the reply to a sealed message
    private const int Timeout = 30000; // milliseconds that a plain one waits

    private readonly PcMqttLink _link;
    private readonly Func<bool> _consumeWake;

    public MqttParts(PostOptions options, string token)
    {
        MqttBroker broker;
        try
        {
            broker = new MqttBroker(options.Broker ?? throw new UserError("--carrier mqtt needs --broker."), options.Prefix, options.Device!)
            {
                User = options.MqttUser,
                Password = Environment.GetEnvironmentVariable("NANOSYNC_MQTT_PASSWORD") ?? "",
                KeepsSession = !options.Plain,
            };
        }
        catch (ArgumentException e)
        {
            throw new UserError($"--broker, --prefix or --device: {e.Message}.");
        }

        _link = new PcMqttLink(broker);
        if (options.Plain)
        {
            MqttCarrier carrier = new(_link, broker, token, MostBytes, Timeout, Random.Shared.Next());
            (Carrier, _consumeWake) = (carrier, carrier.ConsumeWake);
        }
        else
        {
            MqttPost post = new(_link, broker, MostBytes, Patience);
            (Carrier, _consumeWake) = (new SealedCarrier(options.Device!, token, post, post), post.ConsumeWake);
        }
    }

    public ICarrier Carrier { get; }

    public bool ConsumeWake() => _consumeWake();

    public void Dispose() => _link.Dispose();
}
