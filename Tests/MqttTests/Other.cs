// Another client of the same broker: it listens to everything that it may, and publishes what it likes.

using System.Buffers;
using System.Collections.Concurrent;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace NanoSync.MqttTests;

internal sealed class Other : IDisposable
{
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();

    public Other(Broker broker, string? user = null, string? password = null, params string[] topics)
    {
        MqttClientOptionsBuilder options = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", broker.Port).WithProtocolVersion(MqttProtocolVersion.V500);
        if (user != null)
        {
            options.WithCredentials(user, password!);
        }

        _client.ApplicationMessageReceivedAsync += e =>
        {
            Heard.Enqueue((e.ApplicationMessage.Topic, e.ApplicationMessage.Payload.ToArray(), e.ApplicationMessage.Retain));
            return Task.CompletedTask;
        };
        Assert.AreEqual(MqttClientConnectResultCode.Success, _client.ConnectAsync(options.Build()).GetAwaiter().GetResult().ResultCode);
        foreach (string topic in topics.Length == 0 ? ["#"] : topics)
        {
            MqttClientSubscribeResult result = _client.SubscribeAsync(topic, MqttQualityOfServiceLevel.AtLeastOnce).GetAwaiter().GetResult();
            Granted.Add((topic, result.Items.Single().ResultCode <= MqttClientSubscribeResultCode.GrantedQoS2));
        }
    }

    /// <summary>A client that takes somebody's id, and goes.</summary>
    public static void Pose(Broker broker, string id)
    {
        using IMqttClient client = new MqttClientFactory().CreateMqttClient();
        MqttClientOptions options = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", broker.Port).WithProtocolVersion(MqttProtocolVersion.V311).WithClientId(id).WithCleanSession(false).Build();
        Assert.AreEqual(MqttClientConnectResultCode.Success, client.ConnectAsync(options).GetAwaiter().GetResult().ResultCode);
        client.DisconnectAsync().GetAwaiter().GetResult();
    }

    public ConcurrentQueue<(string Topic, byte[] Payload, bool Retained)> Heard { get; } = [];

    public List<(string Topic, bool Granted)> Granted { get; } = [];

    public byte[][] On(string topic) => [.. Heard.Where(h => h.Topic == topic).Select(h => h.Payload)];

    /// <summary>False: the broker did not take it.</summary>
    public bool Publish(string topic, byte[] payload, bool retain = false, int qos = 1) =>
        _client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithRetainFlag(retain)
            .WithQualityOfServiceLevel((MqttQualityOfServiceLevel)qos).Build()).GetAwaiter().GetResult().IsSuccess;

    public void Dispose() => _client.Dispose();
}
