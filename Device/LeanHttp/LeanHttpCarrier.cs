// The lean HTTP/1.1 client: one POST at a time over one kept connection, through one fixed buffer.
//
// Rule 1: the buffer serves one direction at a time. While sending, [0, _end) waits to be sent, and the head travels in
//         one packet with the first bytes of the message. While receiving, [_pos, _end) came and was not read yet.
// Rule 2: bytes of the reply go from the socket into the caller's buffer; only heads, chunk sizes and what came along
//         with them pass through ours. Never is more asked for than the reply announced, unless a line is looked for.
// Rule 3: whatever a network or a server does ends in Fail, which closes the connection. Only a whole reply keeps it.
// Rule 4: where a call waits for the reply it is at most two calls deep (public method, TcpConnection), because a call
//         frame on a board costs about 200 bytes of heap.
//
// Sockets/TcpConnection.cs opens and uses the socket; LeanHttpCarrier.Head.cs reads and writes lines.
//
// Head of a request for https://sync.example.com/sync, 44-character token, WBXML, 5-digit length:
//   21 POST /sync HTTP/1.1 + 24 Host + 68 Authorization + 23 Content-Length + 2 = 138 bytes.
// There is no Content-Type (another 46) where the message is WBXML, which tells itself, and no Accept (another 40): a NanoSync
// server answers in the form of the message, without a type where the message came without. [SPEC 8.1]

using System;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Device
{
    /// <summary>
    /// Carries messages by HTTP/1.1 over a Socket, with TLS where the URL says https. Not safe for several threads.
    /// The connection is kept between exchanges; a kept connection that the server has closed is noticed before it is
    /// used. One that dies unnoticed gives <see cref="CarrierError.Broken"/>: the message is not replayed, since it is
    /// not held; sending it again is safe because repeating a NanoSync message changes nothing.
    /// </summary>
    public partial class LeanHttpCarrier : IHoldingCarrier, IDisposable
    {
        /// <summary>Bytes of buffer when not said otherwise.</summary>
        public const int DefaultBufferBytes = 512;

        /// <summary>Seconds that <see cref="RetryAfter"/> gives for a Retry-After that is a date: a board's clock may not be set.</summary>
        public const int RetryAfterDate = 300;

        // All heads of one exchange (1xx included), or the trailers of one reply, hold at most this many bytes.
        private const int MaxHeadBytes = 4096;

        // The longest media type of a message: application/vnd.nanosync+wbxml.
        private const int MediaTypeBytes = 30;

        // What follows _head, without the media type: 2 + 14 "Content-Type: ", 2 + 16 "Content-Length: " + 10 digits, 4.
        private const int MessageHeaderBytes = 48;

        // _state: where the exchange stands; from 100 on it is the CarrierError that ended it.
        private const int Idle = 0;
        private const int Sending = 1;
        private const int Receiving = 2;
        private const int Ended = 3;

        // _framing: what ends the reply.
        private const int ByClose = 0;
        private const int ByLength = 1;
        private const int ByChunks = 2;

        // _left when no bytes of a chunk are left: which line comes next.
        private const int SizeLine = 0;
        private const int LineAfterChunk = -1;
        private const int TrailerLine = -2;

        private readonly TcpConnection _connection;
        private readonly byte[] _head; // what every request starts with: request line, Host, Authorization
        private readonly byte[] _buffer;

        private int _pos;
        private int _end;
        private int _state;
        private int _framing;
        private int _left; // bytes of the message to write; then bytes of the reply, or of the chunk, to read
        private bool _keep;
        private int _statusCode;
        private int _retryAfter;
        private long _deadline;
        private int _connectTimeout;
        private int _exchangeTimeout;
        private int _idleTimeout;
        private int _reusedTimeout;
        private long _idleSince;
        private int _hold; // milliseconds that the reply may take beyond the others
        private bool _aborted;
        private bool _reused; // the connection was kept, and has not answered in this exchange yet

        /// <summary>A carrier with a buffer of <see cref="DefaultBufferBytes"/>.</summary>
        public LeanHttpCarrier(string url, string token, ITlsOpener tlsOpener)
            : this(url, token, tlsOpener, DefaultBufferBytes)
        {
        }

        /// <summary>A carrier to one address. Connects at the first exchange.</summary>
        /// <param name="url">http:// or https://, host name or IPv4 address, port if not 80 or 443, path, with or without the
        /// /sync at its end (<see cref="ServerUrl"/>).</param>
        /// <param name="token">Bearer token, printable ASCII without spaces; null sends no Authorization.</param>
        /// <param name="tlsOpener">How to open TLS; needed for https, unused for http.</param>
        /// <param name="bufferBytes">
        /// Bytes of the one buffer; at least the head of a request, media type included (about 200). A header line of the reply that matters
        /// must fit, longer ones are skipped. Larger = fewer packets up, never another result.
        /// </param>
        /// <exception cref="ArgumentException">The URL or token is malformed, TLS is missing, or the buffer is too small; a sentence says which.</exception>
        public LeanHttpCarrier(string url, string token, ITlsOpener tlsOpener, int bufferBytes)
        {
            string problem = ServerUrl.Problem(url);
            if (problem != null)
            {
                throw new ArgumentException("server: " + problem);
            }

            problem = ServerUrl.TokenProblem(token);
            if (problem != null)
            {
                throw new ArgumentException("token: " + problem);
            }

            bool secure = ServerUrl.IsSecure(url);
            if (secure && tlsOpener == null)
            {
                throw new ArgumentException("tlsOpener: needed for https");
            }

            string authority = ServerUrl.Authority(url);
            string path = ServerUrl.Complete(url).Substring((secure ? 8 : 7) + authority.Length);
            int colon = authority.IndexOf(':');
            int port = colon >= 0 ? int.Parse(authority.Substring(colon + 1)) : secure ? 443 : 80;
            TlsOpening tlsOpening = null;
            if (secure)
            {
                tlsOpening = tlsOpener.Open;
            }

            _connection = new TcpConnection(colon < 0 ? authority : authority.Substring(0, colon), port, tlsOpening);
            string head = "POST " + path + " HTTP/1.1\r\nHost: " + authority;
            if (token != null)
            {
                head += "\r\nAuthorization: Bearer " + token;
            }

            _head = Encoding.UTF8.GetBytes(head);
            if (bufferBytes < _head.Length + MessageHeaderBytes + MediaTypeBytes)
            {
                throw new ArgumentException("server, token: together too long for a buffer of " + bufferBytes.ToString() + " bytes");
            }

            _buffer = new byte[bufferBytes];
            _retryAfter = -1;
            _connectTimeout = 10000;
            _exchangeTimeout = 60000;
            _idleTimeout = 15000;
            _reusedTimeout = 10000;
        }

        /// <summary>
        /// Milliseconds to connect and to shake hands for TLS. Default 10,000, at least 1. Looking up the name is not
        /// bounded by it: no platform lets it be (a board gives up after 30 s).
        /// </summary>
        public int ConnectTimeout
        {
            get { return _connectTimeout; }
            set { _connectTimeout = TcpConnection.AtLeast(value, 1); }
        }

        /// <summary>
        /// Milliseconds from Open to the end of the reply, what the caller does in between included. Default 60,000,
        /// at least 1.
        /// </summary>
        public int ExchangeTimeout
        {
            get { return _exchangeTimeout; }
            set { _exchangeTimeout = TcpConnection.AtLeast(value, 1); }
        }

        /// <summary>
        /// Milliseconds that a connection may be idle and be used again; 0 keeps none. Default 15,000: home routers and mobile
        /// networks forget one that is silent for 20 s and more, without a sign.
        /// </summary>
        public int IdleTimeout
        {
            get { return _idleTimeout; }
            set { _idleTimeout = TcpConnection.AtLeast(value, 0); }
        }

        /// <summary>
        /// Milliseconds without an answer after which a connection that was used again is given up, and the exchange with it.
        /// Default 10,000, at least 1. The next exchange has a new connection and all of <see cref="ExchangeTimeout"/>.
        /// </summary>
        public int ReusedTimeout
        {
            get { return _reusedTimeout; }
            set { _reusedTimeout = TcpConnection.AtLeast(value, 1); }
        }

        /// <inheritdoc/>
        public int StatusCode
        {
            get { return _statusCode; }
        }

        /// <inheritdoc/>
        public int RetryAfter
        {
            get { return _retryAfter; }
        }

        /// <inheritdoc/>
        public void Hold(int seconds)
        {
            _hold = seconds * 1000;
            _aborted = false;
        }

        /// <inheritdoc/>
        public void Abort()
        {
            _aborted = true; // a call that does not wait yet will not begin to
            _connection.Abort();
        }

        /// <inheritdoc/>
        public CarrierError Open(string contentType, int contentLength)
        {
            if (_state != Idle || contentType == null || contentLength < 0
                || _head.Length + contentType.Length + MessageHeaderBytes > _buffer.Length)
            {
                return CarrierError.Misuse;
            }

            _statusCode = 0;
            _retryAfter = -1;
            _deadline = Environment.TickCount64 + _exchangeTimeout + _hold;
            // A server sends nothing between exchanges: a kept connection with something to read was closed, or is out of step.
            if (_connection.IsOpen && (Environment.TickCount64 - _idleSince >= _idleTimeout || _connection.HasInput()))
            {
                _connection.Close();
            }

            _reused = _connection.IsOpen;
            if (!_reused)
            {
                CarrierError error = _connection.Open(_connectTimeout < _exchangeTimeout ? _connectTimeout : _exchangeTimeout);
                if (error != CarrierError.None)
                {
                    return error;
                }
            }

            Array.Copy(_head, _buffer, _head.Length);
            _end = _head.Length;
            if (contentType != WbxmlWriter.MediaType) // [SPEC 8.1] that one tells itself
            {
                Append("\r\nContent-Type: ");
                Append(contentType);
            }

            Append("\r\nContent-Length: ");
            AppendNumber(contentLength);
            Append("\r\n\r\n");
            _pos = 0;
            _left = contentLength;
            _state = Sending;
            return CarrierError.None;
        }

        /// <inheritdoc/>
        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            if (_state != Sending || count > _left || !IsSlice(buffer, offset, count))
            {
                return Refusal();
            }

            while (count > 0)
            {
                int room = _buffer.Length - _end;
                int part = count < room ? count : room;
                Array.Copy(buffer, offset, _buffer, _end, part);
                _end += part;
                _left -= part;
                offset += part;
                count -= part;
                if (_end == _buffer.Length)
                {
                    CarrierError error = Push();
                    if (error == CarrierError.Broken)
                    {
                        // A server that refuses a message before it has all of it answers, then closes.
                        _left = 0;
                        return Receive();
                    }

                    if (error != CarrierError.None)
                    {
                        return Fail(error);
                    }
                }
            }

            return CarrierError.None;
        }

        /// <inheritdoc/>
        public CarrierError Receive()
        {
            if (_state != Sending || _left != 0)
            {
                return Refusal();
            }

            bool cut = false; // the server did not take the whole message
            if (_end > 0)
            {
                CarrierError error = Push();
                if (error == CarrierError.Timeout)
                {
                    return Fail(error);
                }

                cut = error != CarrierError.None;
            }

            int budget = MaxHeadBytes;
            int status = 0; // of the head being read; 0 = its status line comes next
            bool skipping = false; // within a line longer than the buffer
            _end = 0;
            for (;;)
            {
                int lineEnd = FindLineEnd();
                if (lineEnd < 0)
                {
                    if (!MakeRoom())
                    {
                        if (status == 0 || (!skipping && HeaderAt(0, _end) != 0))
                        {
                            return Fail(CarrierError.BadReply);
                        }

                        skipping = true;
                        budget -= _end;
                        _end = 0;
                    }

                    int got = budget < 0 ? -(int)CarrierError.BadReply : _connection.Receive(_buffer, _end, _buffer.Length - _end, Patience());
                    if (got <= 0)
                    {
                        return Fail(got == 0 ? CarrierError.Broken : (CarrierError)(-got));
                    }

                    _end += got;
                    _reused = false; // it lives
                    continue;
                }

                int start = _pos;
                _pos = lineEnd + 1;
                budget -= _pos - start;
                lineEnd = WithoutCarriageReturn(start, lineEnd);
                if (budget < 0)
                {
                    return Fail(CarrierError.BadReply);
                }

                if (skipping)
                {
                    skipping = false;
                }
                else if (status == 0)
                {
                    status = ReadStatusLine(start, lineEnd);
                    if (status < 0)
                    {
                        return Fail(CarrierError.BadReply);
                    }
                }
                else if (lineEnd > start)
                {
                    if (!ReadHeader(start, lineEnd))
                    {
                        return Fail(CarrierError.BadReply);
                    }
                }
                else if (status < 200)
                {
                    status = 0; // an interim head; the next one may be final
                }
                else
                {
                    break;
                }
            }

            _statusCode = status;
            if (status == 204 || status == 304)
            {
                _framing = ByLength;
                _left = 0;
            }
            else if (_framing == ByClose)
            {
                _left = int.MaxValue;
            }
            else if (_framing == ByChunks)
            {
                _left = SizeLine;
            }

            _keep = _keep && !cut && _framing != ByClose;
            if (status >= 300)
            {
                _state = (int)CarrierError.Refused;
                return CarrierError.Refused;
            }

            if (cut)
            {
                return Fail(CarrierError.BadReply);
            }

            _state = Receiving;
            return CarrierError.None;
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count)
        {
            if (_state == Ended)
            {
                return 0;
            }

            if (_state != Receiving || count < 1 || !IsSlice(buffer, offset, count))
            {
                return -(int)Refusal();
            }

            int budget = MaxHeadBytes;
            int got;
            while (_framing == ByChunks && _left <= 0)
            {
                int lineEnd = FindLineEnd();
                if (lineEnd < 0)
                {
                    got = MakeRoom() ? _connection.Receive(_buffer, _end, _buffer.Length - _end, Patience()) : -(int)CarrierError.BadReply;
                    if (got <= 0)
                    {
                        return -(int)Fail(got == 0 ? CarrierError.Broken : (CarrierError)(-got));
                    }

                    _end += got;
                    continue;
                }

                int start = _pos;
                _pos = lineEnd + 1;
                budget -= _pos - start;
                lineEnd = WithoutCarriageReturn(start, lineEnd);
                if (_left == SizeLine)
                {
                    _left = ReadChunkSize(start, lineEnd);
                    if (_left < 0)
                    {
                        return -(int)Fail(CarrierError.BadReply);
                    }

                    if (_left == 0)
                    {
                        _left = TrailerLine;
                    }
                }
                else if (lineEnd == start)
                {
                    if (_left == TrailerLine)
                    {
                        return Finish();
                    }

                    _left = SizeLine;
                }
                else if (_left == LineAfterChunk || budget < 0)
                {
                    return -(int)Fail(CarrierError.BadReply);
                }
            }

            if (_left == 0)
            {
                return Finish();
            }

            int part = count < _left ? count : _left;
            got = _end - _pos;
            if (got > 0)
            {
                got = part < got ? part : got;
                Array.Copy(_buffer, _pos, buffer, offset, got);
                _pos += got;
            }
            else
            {
                got = _connection.Receive(buffer, offset, part, Patience());
                if (got == 0 && _framing == ByClose)
                {
                    return Finish();
                }

                if (got <= 0)
                {
                    return -(int)Fail(got == 0 ? CarrierError.Broken : (CarrierError)(-got));
                }
            }

            if (_framing != ByClose)
            {
                _left -= got;
                if (_left == 0 && _framing == ByChunks)
                {
                    _left = LineAfterChunk;
                }
            }

            return got;
        }

        /// <inheritdoc/>
        public void Close()
        {
            // A reply that the caller did not want to its end, a refusal's text mostly, is whole if it all came already.
            bool whole = _state == Ended
                || ((_state == Receiving || _state == (int)CarrierError.Refused)
                    && _framing == ByLength && _left == _end - _pos);
            if (_state != Idle && (!whole || !_keep))
            {
                _connection.Close();
            }

            _state = Idle;
            _hold = 0;
            _aborted = false;
            _idleSince = Environment.TickCount64;
        }

        /// <summary>Closes the kept connection too, before a deep sleep for instance. The carrier stays usable.</summary>
        public void Dispose()
        {
            Close();
            _connection.Close();
        }

        private static bool IsSlice(byte[] buffer, int offset, int count)
        {
            return buffer != null && offset >= 0 && count >= 0 && count <= buffer.Length - offset;
        }

        private CarrierError Fail(CarrierError error)
        {
            _connection.Close();
            _state = (int)error;
            return error;
        }

        // How long a call may wait: less on a connection that may be dead without anyone having said so, and not at all in an
        // exchange that was given up.
        private int Patience()
        {
            int remaining = (int)(_deadline - Environment.TickCount64);
            return _aborted ? 0 : _reused && remaining > _reusedTimeout + _hold ? _reusedTimeout + _hold : remaining;
        }

        // Sends what waits in the buffer.
        private CarrierError Push()
        {
            CarrierError error = _connection.Send(_buffer, _end, Patience());
            _end = error == CarrierError.None ? 0 : _end;
            return error;
        }

        // Why a call is not possible now: what ended the exchange, or that it is the caller's fault.
        private CarrierError Refusal()
        {
            return _state >= (int)CarrierError.Misuse ? (CarrierError)_state : CarrierError.Misuse;
        }

        // The reply is whole: 0. What came behind it is no part of it, and of no other: the connection is not used again.
        private int Finish()
        {
            // A TLS connection may hold records that are not data, so only a plain one tells.
            bool more = _pos < _end || (!_connection.IsSecure && _connection.HasInput());
            _keep = _keep && !more;
            _state = Ended;
            return 0;
        }
    }
}
