// TLS for SMTP and POP3, where the relay wants it. NanoTls and PcTls of the lean HTTP carrier have this method: a class
// of three lines joins the two, so that a board without TLS loads neither.

using System.IO;
using System.Net.Sockets;

namespace NanoSync.Device
{
    /// <summary>Lays TLS over a connected socket.</summary>
    public interface IMailTls
    {
        /// <summary>
        /// Shakes hands as a client. Thrown is an IOException when the server was not reached, a NotSupportedException when it
        /// is known to speak no TLS, anything else when it is not trusted.
        /// </summary>
        Stream Open(Socket socket, string host);
    }
}
