// The broker by MQTTnet, in the version that a board speaks.

using System;
using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace NanoSync.Device
{
    /// <summary>MQTT 3.1.1 on the PC; for TLS it trusts the authorities of the machine.</summary>
    public sealed class PcMqttLink : IMqttLink, IDisposable
    {
        private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(15);

        private readonly MqttBroker _broker;
        private IMqttClient _client;
        private MqttInbox _inbox;

        /// <summary>A link, not connected yet.</summary>
        public PcMqttLink(MqttBroker broker)
        {
            _broker = broker;
        }

        /// <inheritdoc/>
        public bool IsConnected => _client != null && _client.IsConnected;

        /// <inheritdoc/>
        public string LastFailure { get; private set; }

        /// <inheritdoc/>
        public CarrierError Connect(MqttInbox inbox)
        {
            Close();
            _inbox = inbox;
            try
            {
                IMqttClient client = new MqttClientFactory().CreateMqttClient();
                _client = client;
                client.ApplicationMessageReceivedAsync += Arrived;
                client.DisconnectedAsync += Disconnected;
                MqttClientOptionsBuilder options = new MqttClientOptionsBuilder()
                    .WithProtocolVersion(MqttProtocolVersion.V311)
                    .WithTcpServer(_broker.Host, _broker.PortNumber)
                    .WithClientId("nanosync-" + _broker.Device)
                    .WithCleanSession(!_broker.KeepsSession)
                    .WithKeepAlivePeriod(TimeSpan.FromSeconds(_broker.KeepAlive))
                    .WithTimeout(s_timeout);
                if (_broker.User != null)
                {
                    options.WithCredentials(_broker.User, _broker.Password);
                }

                if (_broker.IsSecure)
                {
                    options.WithTlsOptions(tls => tls.WithTargetHost(_broker.Host).WithRevocationMode(X509RevocationMode.NoCheck)); // an authority of a site has no list to ask
                }

                MqttClientConnectResult result = Run(token => client.ConnectAsync(options.Build(), token));
                if (result.ResultCode != MqttClientConnectResultCode.Success)
                {
                    return Failed(CarrierError.Refused, "the broker refused the connection: " + result.ResultCode);
                }

                MqttClientSubscribeOptions topics = new MqttClientSubscribeOptionsBuilder()
                    .WithTopicFilter(_broker.Down, MqttQualityOfServiceLevel.AtLeastOnce)
                    .WithTopicFilter(_broker.Wake, MqttQualityOfServiceLevel.AtMostOnce).Build();
                foreach (MqttClientSubscribeResultItem item in Run(token => client.SubscribeAsync(topics, token)).Items)
                {
                    if (item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2)
                    {
                        return Failed(CarrierError.Refused, "the broker does not grant " + item.TopicFilter.Topic);
                    }
                }

                return CarrierError.None;
            }
            catch (Exception failure)
            {
                CarrierError error = failure.GetBaseException() is System.Security.Authentication.AuthenticationException ? CarrierError.Untrusted
                    : failure is OperationCanceledException or MqttCommunicationTimedOutException ? CarrierError.Timeout : CarrierError.Unreachable;
                return Failed(error, failure.Message);
            }
        }

        /// <inheritdoc/>
        public CarrierError Publish(string topic, byte[] payload)
        {
            try
            {
                MqttApplicationMessage message = new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload)
                    .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
                MqttClientPublishResult result = Run(token => _client.PublishAsync(message, token));
                return result.IsSuccess ? CarrierError.None : Failed(CarrierError.Refused, "the broker did not take it: " + result.ReasonCode);
            }
            catch (Exception failure)
            {
                return Failed(failure is OperationCanceledException or MqttCommunicationTimedOutException ? CarrierError.Timeout : CarrierError.Broken, failure.Message);
            }
        }

        /// <inheritdoc/>
        public void Close()
        {
            IMqttClient client = _client;
            _client = null;
            if (client != null)
            {
                client.DisconnectedAsync -= Disconnected; // asked for
                client.Dispose();
            }
        }

        /// <inheritdoc/>
        public void Dispose() => Close();

        // a round has a thread of its own, without a context that could wait for it
        private static T Run<T>(Func<CancellationToken, Task<T>> work)
        {
            using CancellationTokenSource patience = new CancellationTokenSource(s_timeout);
            return work(patience.Token).GetAwaiter().GetResult();
        }

        private Task Arrived(MqttApplicationMessageReceivedEventArgs e)
        {
            bool wake = e.ApplicationMessage.Topic == _broker.Wake;
            if (wake || e.ApplicationMessage.Topic == _broker.Down)
            {
                _inbox.Arrived(wake, e.ApplicationMessage.Retain, e.ApplicationMessage.Payload.ToArray());
            }

            return Task.CompletedTask;
        }

        private Task Disconnected(MqttClientDisconnectedEventArgs e)
        {
            _inbox.Lost();
            return Task.CompletedTask;
        }

        private CarrierError Failed(CarrierError error, string why)
        {
            LastFailure = why;
            Close();
            return error;
        }
    }
}
