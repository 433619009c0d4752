// Sealed messages over a broker that need not be trusted [SPEC 8.6]: the same letters as by mail, within seconds.

namespace NanoSync.Device
{
    /// <summary>Both ways of a <see cref="SealedCarrier"/>.</summary>
    public sealed class MqttPost : IPostOut, IPostIn
    {
        private readonly IMqttLink _link;
        private readonly MqttBroker _broker;
        private readonly MqttInbox _inbox;
        private readonly int _mostBytes;
        private readonly int _patience;
        private MqttLetter _writing;
        private MqttLetter _reading;

        /// <summary>A post over a link.</summary>
        /// <param name="link">The way to the broker.</param>
        /// <param name="broker">The broker, and who the device is there.</param>
        /// <param name="mostBytes">Largest letter, sent or taken: as the client holds each twice, twice as much has to fit into memory.</param>
        /// <param name="patience">Milliseconds that a round waits at most for a reply, before a later round takes it.</param>
        public MqttPost(IMqttLink link, MqttBroker broker, int mostBytes, int patience)
        {
            _link = link;
            _broker = broker;
            _inbox = new MqttInbox(mostBytes);
            _mostBytes = mostBytes;
            _patience = patience;
        }

        /// <summary>True once after something came that makes a round worth it.</summary>
        public bool ConsumeWake()
        {
            return _inbox.ConsumeWake(true);
        }

        /// <inheritdoc/>
        public CarrierError Begin(string name, int length)
        {
            if (length > _mostBytes)
            {
                return CarrierError.Misuse;
            }

            CarrierError error = Connect();
            if (error == CarrierError.None)
            {
                _writing = new MqttLetter(new byte[length], 0);
            }

            return error;
        }

        /// <inheritdoc/>
        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            return _writing != null && _writing.Write(buffer, offset, count) ? CarrierError.None : CarrierError.Misuse;
        }

        /// <inheritdoc/>
        public CarrierError End()
        {
            if (_writing == null || !_writing.IsWhole)
            {
                return CarrierError.Misuse;
            }

            _inbox.Clear(); // replies to earlier ones
            CarrierError error = _link.Publish(_broker.Up, _writing.Bytes);
            _writing = null;
            if (error == CarrierError.None)
            {
                _inbox.Wait(_patience); // taken by the next round, which then follows at once
            }

            return error;
        }

        /// <inheritdoc/>
        public CarrierError Next(string name)
        {
            if (!_link.IsConnected)
            {
                CarrierError error = Connect();
                if (error != CarrierError.None)
                {
                    return error;
                }

                _inbox.Wait(_patience); // what the broker kept comes now
            }

            byte[] letter = _inbox.First();
            _reading = letter == null ? null : new MqttLetter(letter, 0);
            return _reading == null ? CarrierError.Deferred : CarrierError.None;
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count)
        {
            return _reading.Read(buffer, offset, count);
        }

        /// <inheritdoc/>
        public void Done(bool drop)
        {
            if (drop && _reading != null)
            {
                _inbox.Drop(_reading.Bytes);
            }

            _reading = null;
        }

        /// <inheritdoc/>
        public void Close()
        {
            _writing = null; // the connection stays: wakes come by it
            _reading = null;
        }

        private CarrierError Connect()
        {
            return _link.IsConnected ? CarrierError.None : _link.Connect(_inbox);
        }
    }
}
