// The parts of a board that syncs over a broker. An application of its own, as nanoFramework.M2Mqtt costs every board that
// loads it, whatever its settings say; all else is Device/Firmware.

using System;
using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.Firmware
{
    /// <summary>Makes sealed or plain messages over a broker, and a <see cref="SensorBoard"/>.</summary>
    public sealed class Esp32Parts : IPartMaker
    {
        private const int Around = 320; // bytes of a head with a name or a token, and of an HMAC
        private const int SealedPatience = 5000; // milliseconds that a round waits for a reply, which a later round can take
        private const int PlainPatience = 30000;
        private const int ReplyRounds = 2; // an answer comes within seconds, or was lost

        private readonly IMachine _machine;
        private readonly IInputs _inputs;
        private MqttPost _post;
        private MqttCarrier _carrier;

        /// <summary>Parts over a machine and its inputs.</summary>
        /// <param name="machine">Power, clock, network.</param>
        /// <param name="inputs">What sensors are read from.</param>
        /// <param name="tokenFile">Not used: a code is given by HTTP alone.</param>
        public Esp32Parts(IMachine machine, IInputs inputs, ISmallFile tokenFile)
        {
            _machine = machine;
            _inputs = inputs;
        }

        /// <inheritdoc/>
        public ICarrier MakeCarrier(Settings settings, SyncOptions options, out string problem)
        {
            problem = null;
            if (settings.Broker == null)
            {
                problem = "broker: missing; over HTTP: flash NanoSync.Firmware";
                return null;
            }

            try
            {
                MqttBroker broker = new MqttBroker(settings.Broker, settings.BrokerPrefix, settings.Device);
                broker.User = settings.BrokerUser == null ? settings.Device : settings.BrokerUser;
                broker.Password = settings.BrokerPassword;
                broker.KeepsSession = !settings.Plain;
                NanoMqttLink link = new NanoMqttLink(broker);
                int most = (settings.RequestBytes > settings.ReplyBytes * 2 ? settings.RequestBytes : settings.ReplyBytes * 2) + Around;
                options.ReplyRounds = ReplyRounds;
                if (settings.Plain)
                {
                    _carrier = new MqttCarrier(link, broker, settings.Token, most, PlainPatience, (int)_machine.Ticks ^ (int)DateTime.UtcNow.Ticks);
                    return _carrier;
                }

                _post = new MqttPost(link, broker, most, SealedPatience);
                return new SealedCarrier(settings.Device, settings.Token, _post, _post);
            }
            catch (ArgumentException e)
            {
                problem = e.Message;
                return null;
            }
        }

        /// <inheritdoc/>
        public SyncEngine MakeEngine(FlashStore store, ICarrier carrier, SyncOptions options)
        {
            IDeferredCarrier later = carrier as IDeferredCarrier;
            return later == null ? new SyncEngine(store, carrier, options) : new DeferredEngine(store, later, options);
        }

        /// <inheritdoc/>
        public bool CanWake
        {
            get { return true; }
        }

        /// <inheritdoc/>
        public bool ConsumeWake()
        {
            return _post != null ? _post.ConsumeWake() : _carrier != null && _carrier.ConsumeWake();
        }

        /// <inheritdoc/>
        public IBoard MakeBoard(Settings settings, FieldClock clock)
        {
            return new SensorBoard(settings, _machine, _inputs, clock);
        }
    }
}
