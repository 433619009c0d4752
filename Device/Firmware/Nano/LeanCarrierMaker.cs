// The carrier of the boards: lean HTTP; TLS trusts the CA certificate of the board's own network configuration.

using System;
using NanoSync.Device;

namespace NanoSync.Firmware
{
    /// <summary>Makes a <see cref="LeanHttpCarrier"/>.</summary>
    public sealed class LeanCarrierMaker : ICarrierMaker
    {
        /// <inheritdoc/>
        public ICarrier Make(Settings settings)
        {
            try
            {
                return new LeanHttpCarrier(settings.Server, settings.Token, new NanoTls(null));
            }
            catch (ArgumentException)
            {
                return null;
            }
        }
    }
}
