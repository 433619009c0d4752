// The broker by nanoFramework.M2Mqtt. Three threads and a socket of its own; a client that has lost its connection is
// given up and another one made, so that nothing of the lost one is sent after it.

using System;
using System.Threading;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Messages;

namespace NanoSync.Device
{
    /// <summary>MQTT 3.1.1 on a board; for TLS it trusts the CA certificates stored there.</summary>
    public sealed class NanoMqttLink : IMqttLink
    {
        private const int AcknowledgeTimeout = 15000; // milliseconds; M2Mqtt sends four times within them

        private readonly MqttBroker _broker;
        private readonly AutoResetEvent _acknowledged = new AutoResetEvent(false);
        private readonly object _gate = new object();
        private MqttClient _client;
        private MqttInbox _inbox;
        private bool _granted;
        private int _published; // the last packet that the broker has

        /// <summary>A link, not connected yet.</summary>
        public NanoMqttLink(MqttBroker broker)
        {
            _broker = broker;
        }

        /// <inheritdoc/>
        public bool IsConnected
        {
            get { return _client != null && _client.IsConnected; }
        }

        /// <inheritdoc/>
        public string LastFailure { get; private set; }

        /// <inheritdoc/>
        public CarrierError Connect(MqttInbox inbox)
        {
            Close();
            _inbox = inbox;
            _granted = false;
            _published = 0; // packets are counted anew, from 1
            try
            {
                MqttClient client = new MqttClient(_broker.Host, _broker.PortNumber, _broker.IsSecure, null, null,
                    _broker.IsSecure ? MqttSslProtocols.TLSv1_2 : MqttSslProtocols.None);
                _client = client;
                client.MqttMsgPublishReceived += Arrived;
                client.MqttMsgPublished += Published;
                client.MqttMsgSubscribed += Subscribed;
                client.ConnectionClosed += Closed;
                MqttReasonCode code = client.Connect("nanosync-" + _broker.Device, _broker.User, _broker.Password, false, MqttQoSLevel.AtMostOnce,
                    false, null, null, !_broker.KeepsSession, (ushort)_broker.KeepAlive);
                if (code != MqttReasonCode.Success)
                {
                    return Failed(CarrierError.Refused, "the broker refused the connection: " + ((int)code).ToString());
                }

                _acknowledged.Reset();
                client.Subscribe(new string[] { _broker.Down, _broker.Wake }, new MqttQoSLevel[] { MqttQoSLevel.AtLeastOnce, MqttQoSLevel.AtMostOnce });
                if (!_acknowledged.WaitOne(AcknowledgeTimeout, false))
                {
                    return Failed(CarrierError.Timeout, "the broker did not answer a subscription");
                }

                return _granted ? CarrierError.None : Failed(CarrierError.Refused, "the broker does not grant the device's topics");
            }
            catch (Exception failure)
            {
                return Failed(CarrierError.Unreachable, failure);
            }
        }

        /// <inheritdoc/>
        public CarrierError Publish(string topic, byte[] payload)
        {
            try
            {
                _acknowledged.Reset();
                int packet = _client.Publish(topic, payload, null, null, MqttQoSLevel.AtLeastOnce, false);
                long end = Environment.TickCount64 + AcknowledgeTimeout;
                while (LastPublished() != packet)
                {
                    long left = end - Environment.TickCount64;
                    if (left <= 0 || !_client.IsConnected)
                    {
                        return Failed(left <= 0 ? CarrierError.Timeout : CarrierError.Broken, "the broker did not acknowledge");
                    }

                    _acknowledged.WaitOne((int)left, false);
                }

                return CarrierError.None;
            }
            catch (Exception failure)
            {
                return Failed(CarrierError.Broken, failure);
            }
        }

        /// <inheritdoc/>
        public void Close()
        {
            MqttClient client = _client;
            _client = null;
            if (client != null)
            {
                client.ConnectionClosed -= Closed; // asked for
                try
                {
                    client.Dispose();
                }
                catch (Exception failure)
                {
                    LastFailure = failure.Message;
                }
            }
        }

        private void Arrived(object sender, MqttMsgPublishEventArgs e)
        {
            bool wake = e.Topic == _broker.Wake;
            if (wake || e.Topic == _broker.Down)
            {
                _inbox.Arrived(wake, e.Retain, e.Message);
            }
        }

        private void Published(object sender, MqttMsgPublishedEventArgs e)
        {
            if (e.IsPublished)
            {
                lock (_gate)
                {
                    _published = e.MessageId;
                }
            }

            _acknowledged.Set();
        }

        private int LastPublished()
        {
            lock (_gate)
            {
                return _published;
            }
        }

        private void Subscribed(object sender, MqttMsgSubscribedEventArgs e)
        {
            MqttQoSLevel[] granted = e.GrantedQoSLevels;
            _granted = granted.Length == 2 && granted[0] == MqttQoSLevel.AtLeastOnce && granted[1] != MqttQoSLevel.GrantedFailure;
            _acknowledged.Set();
        }

        private void Closed(object sender, EventArgs e)
        {
            _acknowledged.Set();
            _inbox.Lost();
        }

        // A lack of memory says nothing of the broker: the round ends with it.
        private CarrierError Failed(CarrierError error, Exception failure)
        {
            CarrierError known = Failed(error, failure.Message);
            if (failure is OutOfMemoryException)
            {
                throw failure;
            }

            return known;
        }

        private CarrierError Failed(CarrierError error, string why)
        {
            LastFailure = why;
            Close();
            return error;
        }
    }
}
