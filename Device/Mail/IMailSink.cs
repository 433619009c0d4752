// Where a mail goes while it is composed.

namespace NanoSync.Device
{
    /// <summary>Takes one mail at a time: Begin, Write its lines, End; Close after each.</summary>
    public interface IMailSink
    {
        /// <summary>Starts a mail.</summary>
        /// <param name="from">Address of the sender.</param>
        /// <param name="to">Address of the recipient.</param>
        CarrierError Begin(string from, string to);

        /// <summary>Bytes of it, lines ending in CR LF; none begins with a dot.</summary>
        CarrierError Write(byte[] buffer, int offset, int count);

        /// <summary>Hands it over. Only from None on it is on its way.</summary>
        CarrierError End();

        /// <summary>Lets go of the connection. Never fails.</summary>
        void Close();
    }
}
