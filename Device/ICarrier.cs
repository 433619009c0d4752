// What carries one message to the server and its reply back: the only thing the engine knows of a network.
// HTTP (two kinds), MQTT, mail and files implement it in assemblies of their own.

namespace NanoSync.Device
{
    /// <summary>Why a carrier could not do what was asked. The number alone says whose fault: 4xx is the way, not the message.</summary>
    public enum CarrierError
    {
        /// <summary>Nothing is wrong.</summary>
        None = 0,

        /// <summary>The calls came in a wrong order, or more bytes than announced: a fault of the caller.</summary>
        Misuse = 110,

        /// <summary>No connection: name not found, refused, no route.</summary>
        Unreachable = 401,

        /// <summary>The deadline of the exchange passed.</summary>
        Timeout = 402,

        /// <summary>The connection ended before the exchange did.</summary>
        Broken = 403,

        /// <summary>The reply is not what the carrier's protocol allows: a bad head, a bad chunk.</summary>
        BadReply = 404,

        /// <summary>The server answered, and refused: see <see cref="ICarrier.StatusCode"/>.</summary>
        Refused = 405,

        /// <summary>The reply comes later, if at all (mail, files): the round ends here and is taken up when a reply is there.</summary>
        Deferred = 406,

        /// <summary>Connected, and TLS did not come about: the certificate is not trusted, is another name's, or does not hold at the time that the device's clock shows.</summary>
        Untrusted = 407,

        /// <summary>Connected, and the other end does not speak TLS, or no version that is spoken here. A board's library does not tell this apart from <see cref="Untrusted"/>.</summary>
        NoTls = 408,
    }

    /// <summary>
    /// One exchange at a time: Open, Write until all bytes are given, Receive, Read until 0, Close. Nothing is buffered
    /// beyond a fixed buffer; no call blocks beyond the carrier's deadline; nothing is thrown for what a network does.
    /// </summary>
    public interface ICarrier
    {
        /// <summary>Starts an exchange.</summary>
        /// <param name="contentType">Media type of the message, and of the reply wanted.</param>
        /// <param name="contentLength">Exact bytes of the message that follows.</param>
        /// <returns>None, or why the message cannot be sent.</returns>
        CarrierError Open(string contentType, int contentLength);

        /// <summary>Sends bytes of the message.</summary>
        CarrierError Write(byte[] buffer, int offset, int count);

        /// <summary>Ends the message and waits for the head of the reply. None: a reply follows, possibly of no bytes at all.</summary>
        CarrierError Receive();

        /// <summary>Reads bytes of the reply.</summary>
        /// <returns>1 to <paramref name="count"/> bytes read; 0 when the reply has ended and was whole; a negative <see cref="CarrierError"/> otherwise.</returns>
        int Read(byte[] buffer, int offset, int count);

        /// <summary>Ends the exchange, whatever its state; a connection worth keeping is kept. Never fails.</summary>
        void Close();

        /// <summary>The server's verdict on the exchange as an HTTP status code; 0 before Receive.</summary>
        int StatusCode { get; }

        /// <summary>Seconds the server asks to wait before the next exchange (Retry-After); -1 when it did not say.</summary>
        int RetryAfter { get; }
    }

    /// <summary>A carrier that can wait for a reply which the server holds until something is due. [SPEC 5.9]</summary>
    public interface IHoldingCarrier : ICarrier
    {
        /// <summary>Before Open: the reply of the next exchange may take so many seconds more than others.</summary>
        void Hold(int seconds);

        /// <summary>
        /// From another thread: gives up the exchange for which Hold was called, wherever it stands; what waits in it ends with an
        /// error. Never fails, and does not wait.
        /// </summary>
        void Abort();
    }
}
