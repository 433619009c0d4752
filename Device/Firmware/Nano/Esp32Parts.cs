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

        /// <summary>Parts over a machine and its inputs.</summary>
        public Esp32Parts(IMachine machine, IInputs inputs)
        {
            _machine = machine;
            _inputs = inputs;
        }

        /// <inheritdoc/>
        public ICarrier MakeCarrier(Settings settings, SyncOptions options, out string problem)
        {
            problem = null;
            try
            {
                return new LeanHttpCarrier(settings.Server, settings.Token, new NanoTls(null));
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
        public IBoard MakeBoard(Settings settings, FieldClock clock)
        {
            return new SensorBoard(settings, _machine, _inputs, clock);
        }
    }
}
