// The parts of a board: lean HTTP, whose TLS trusts the CA certificate of the board's own network configuration, and the
// sensors of the settings.

using System;
using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.Firmware
{
    /// <summary>Makes a <see cref="LeanHttpCarrier"/> and a <see cref="SensorBoard"/>.</summary>
    public sealed class Esp32Parts : IPartMaker
    {
        private readonly IMachine _machine;
        private readonly IInputs _inputs;
        private readonly ISmallFile _tokenFile;

        /// <summary>Parts over a machine and its inputs.</summary>
        /// <param name="machine">The machine.</param>
        /// <param name="inputs">Its inputs.</param>
        /// <param name="tokenFile">Where a token that a code gave is kept.</param>
        public Esp32Parts(IMachine machine, IInputs inputs, ISmallFile tokenFile)
        {
            _machine = machine;
            _inputs = inputs;
            _tokenFile = tokenFile;
        }

        /// <inheritdoc/>
        public ICarrier MakeCarrier(Settings settings, SyncOptions options, out string problem)
        {
            problem = null;
            if (settings.Server == null)
            {
                problem = "broker: this application has no MQTT; flash NanoSync.Firmware.Mqtt";
                return null;
            }

            try
            {
                string token = settings.Token != null || settings.Claim == null ? settings.Token : ClaimingCarrier.Kept(_tokenFile, settings.Claim);
                return token == null && settings.Claim != null ? (ICarrier)new Claiming(settings, _tokenFile) : MakeHttp(settings, token);
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
            return new SyncEngine(store, carrier, options);
        }

        /// <inheritdoc/>
        public bool CanWake
        {
            get { return false; }
        }

        /// <inheritdoc/>
        public bool ConsumeWake()
        {
            return false;
        }

        /// <inheritdoc/>
        public IBoard MakeBoard(Settings settings, FieldClock clock)
        {
            return new SensorBoard(settings, _machine, _inputs, clock);
        }

        private static ICarrier MakeHttp(Settings settings, string token)
        {
            return new LeanHttpCarrier(settings.Server, token, new NanoTls(null));
        }

        private sealed class Claiming : ClaimingCarrier
        {
            private readonly Settings _settings;

            public Claiming(Settings settings, ISmallFile file)
                : base(settings.Claim, file)
            {
                _settings = settings;
            }

            protected override ICarrier Make(string token)
            {
                return MakeHttp(_settings, token);
            }
        }
    }
}
