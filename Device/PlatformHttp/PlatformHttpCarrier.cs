// HTTP by the platform's own HttpWebRequest: nothing of the protocol to maintain, one connection per exchange.
//
// What is done here because a board's HttpWebRequest does not (numbers of docs/carriers.md, "Traps of the platform"):
//   1. The message is streamed with Content-Length: chunked sending is broken, and buffering would hold it whole.
//   2. Bytes of the reply are counted, and reading stops at the announced length: the stream goes on past it, and
//      answers 0 for ever when the server has closed early.
//   3. Reads are of 256 bytes or more: smaller ones copy byte by byte. ReadByte is never used.
//   4. Every response is disposed, and a request without one too: a board has 16 sockets.
//   5. The deadline is kept here: the platform's timeouts cover the head, and each read or write alone.
//   6. Not kept alive: a board's pool takes a dead connection for a live one.

using System;
using System.IO;
using System.Net;

namespace NanoSync.Device
{
    /// <summary>
    /// Carries messages by HTTP through HttpWebRequest. Not safe for several threads. On a board neither looking up the
    /// name nor connecting can be given a timeout, and the handshake of TLS neither.
    /// </summary>
    public class PlatformHttpCarrier : ICarrier
    {
        /// <summary>Seconds that <see cref="RetryAfter"/> gives for a Retry-After that is a date: a board's clock may not be set.</summary>
        public const int RetryAfterDate = 300;

        // A board reads this many bytes or more straight into the caller's buffer.
        private const int DirectReadBytes = 256;

        // Timeouts are kept by another clock than ours: what ends this close to the deadline ended by it.
        private const int SlackMilliseconds = 20;

        // A board has this as its default; the PC takes 64.
        private const int MaxHeadKilobytes = 4;

        // _left of a reply whose length was not announced.
        private const int Unannounced = -1;

        // _state: where the exchange stands; from 100 on it is the CarrierError that ended it.
        private const int Idle = 0;
        private const int Sending = 1;
        private const int Receiving = 2;
        private const int Ended = 3;

        private readonly string _url;
        private readonly string _authorization; // null = none
        private readonly IHttpPlatform _platform;
        private readonly byte[] _buffer; // for callers that read less than DirectReadBytes

        private HttpWebRequest _request;
        private HttpWebResponse _response;
        private Stream _stream; // the message's, then the reply's
        private int _pos;
        private int _end;
        private int _state;
        private int _left; // bytes of the message to write; then bytes of the reply to read, or Unannounced
        private int _statusCode;
        private int _retryAfter;
        private long _deadline;
        private int _exchangeTimeout;

        /// <summary>A carrier to one address.</summary>
        /// <param name="url">http:// or https://, host, port if not 80 or 443, path, with or without the /sync at its end
        /// (<see cref="ServerUrl"/>).</param>
        /// <param name="token">Bearer token; null sends no Authorization.</param>
        /// <param name="platform">What the platform's HttpWebRequest does its own way.</param>
        /// <exception cref="ArgumentException">The URL or token is malformed, or there is no platform; a sentence says which.</exception>
        public PlatformHttpCarrier(string url, string token, IHttpPlatform platform)
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

            if (platform == null)
            {
                throw new ArgumentException("platform");
            }

            _url = ServerUrl.Complete(url);
            _authorization = token == null ? null : "Bearer " + token;
            _platform = platform;
            _buffer = new byte[DirectReadBytes];
            _retryAfter = -1;
            _exchangeTimeout = 60000;
        }

        /// <summary>
        /// Milliseconds from Open to the end of the reply, what the caller does in between included. Default 60,000,
        /// at least 1. A board's connecting is not bounded by it, see the class.
        /// </summary>
        public int ExchangeTimeout
        {
            get { return _exchangeTimeout; }
            set
            {
                if (value < 1)
                {
                    throw new ArgumentException("a timeout is at least 1 ms, not " + value.ToString());
                }

                _exchangeTimeout = value;
            }
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
        public CarrierError Open(string contentType, int contentLength)
        {
            if (_state != Idle || contentType == null || contentLength < 0)
            {
                return CarrierError.Misuse;
            }

            _statusCode = 0;
            _retryAfter = -1;
            _deadline = Environment.TickCount64 + _exchangeTimeout;
            try
            {
                _request = (HttpWebRequest)WebRequest.Create(_url);
                _request.Method = "POST";
                _request.ContentType = contentType;
                _request.ContentLength = contentLength;
                _request.AllowWriteStreamBuffering = false;
                _request.KeepAlive = false;
                _request.Timeout = _exchangeTimeout;
                _request.ReadWriteTimeout = _exchangeTimeout;
                _request.MaximumResponseHeadersLength = MaxHeadKilobytes;
                if (_authorization != null)
                {
                    _request.Headers.Set("Authorization", _authorization);
                }

                _platform.Prepare(_request);
                _stream = _request.GetRequestStream();
            }
            catch (Exception e)
            {
                Release();
                return Classify(e, CarrierError.Unreachable);
            }

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

            int remaining = Remaining();
            if (remaining <= 0)
            {
                return Fail(CarrierError.Timeout);
            }

            try
            {
                if (_stream.CanTimeout)
                {
                    _stream.WriteTimeout = remaining;
                }

                _stream.Write(buffer, offset, count);
                _left -= count;
                return CarrierError.None;
            }
            catch (Exception e)
            {
                Classify(e, CarrierError.Broken); // passes a lack of memory on

                // A server that refuses a message before it has all of it answers, then closes.
                _left = 0;
                return Respond(true);
            }
        }

        /// <inheritdoc/>
        public CarrierError Receive()
        {
            return _state != Sending || _left != 0 ? Refusal() : Respond(false);
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

            if (_pos == _end)
            {
                if (_left == 0)
                {
                    _state = Ended;
                    return 0;
                }

                bool direct = count >= DirectReadBytes;
                int got = direct ? Pull(buffer, offset, count) : Pull(_buffer, 0, DirectReadBytes);
                if (got <= 0)
                {
                    return got;
                }

                if (_left != Unannounced)
                {
                    _left -= got;
                }

                if (direct)
                {
                    return got;
                }

                _pos = 0;
                _end = got;
            }

            int part = count < _end - _pos ? count : _end - _pos;
            Array.Copy(_buffer, _pos, buffer, offset, part);
            _pos += part;
            return part;
        }

        /// <inheritdoc/>
        public void Close()
        {
            Release();
            _state = Idle;
        }

        private static bool IsSlice(byte[] buffer, int offset, int count)
        {
            return buffer != null && offset >= 0 && count >= 0 && count <= buffer.Length - offset;
        }

        // Ends the message and takes the head of the reply. Cut: the server did not take the whole message.
        private CarrierError Respond(bool cut)
        {
            CarrierError error = CarrierError.Broken;
            try
            {
                int remaining = Remaining();
                if (remaining <= 0)
                {
                    return Fail(CarrierError.Timeout);
                }

                if (!cut)
                {
                    _platform.EndMessage(_stream);
                }

                _request.Timeout = remaining;
                _response = (HttpWebResponse)_request.GetResponse();
            }
            catch (WebException e)
            {
                // .NET throws for a status of 300 or more, a board does not.
                _response = e.Response as HttpWebResponse;
                error = Classify(e, CarrierError.Broken);
            }
            catch (Exception e)
            {
                error = Classify(e, CarrierError.Broken);
            }

            if (_response == null)
            {
                return Fail(error);
            }

            // A board makes a response without headers of a head that it cannot read.
            int status = (int)_response.StatusCode;
            if (status < 200 || status > 999 || _response.Headers == null)
            {
                return Fail(CarrierError.BadReply);
            }

            _statusCode = status;
            _retryAfter = ReadRetryAfter(_response.Headers["Retry-After"]);
            if (status >= 300)
            {
                return Fail(CarrierError.Refused);
            }

            long length = status == 204 ? 0 : _response.ContentLength;
            if (cut || length > int.MaxValue)
            {
                return Fail(CarrierError.BadReply);
            }

            try
            {
                _stream = _response.GetResponseStream();
            }
            catch (Exception e)
            {
                return Fail(Classify(e, CarrierError.Broken));
            }

            _left = length < 0 ? Unannounced : (int)length;
            _pos = 0;
            _end = 0;
            _state = Receiving;
            return CarrierError.None;
        }

        // Waits for bytes: how many, 0 when the reply is whole, or a negative CarrierError.
        private int Pull(byte[] buffer, int offset, int count)
        {
            int remaining = Remaining();
            if (remaining <= 0)
            {
                return -(int)Fail(CarrierError.Timeout);
            }

            try
            {
                if (_stream.CanTimeout)
                {
                    _stream.ReadTimeout = remaining;
                }

                int got = _stream.Read(buffer, offset, count);
                if (_left != Unannounced && got > _left)
                {
                    got = _left; // what came behind the reply is no part of it
                }

                if (got > 0)
                {
                    return got;
                }

                if (_left == Unannounced && _platform.EndedWhole(_stream))
                {
                    _state = Ended;
                    return 0;
                }

                return -(int)Fail(CarrierError.Broken);
            }
            catch (Exception e)
            {
                return -(int)Fail(Classify(e, CarrierError.Broken));
            }
        }

        private int Remaining()
        {
            return (int)(_deadline - Environment.TickCount64);
        }

        private CarrierError Fail(CarrierError error)
        {
            Release();
            _state = (int)error;
            return error;
        }

        // Why a call is not possible now: what ended the exchange, or that it is the caller's fault.
        private CarrierError Refusal()
        {
            return _state >= (int)CarrierError.Misuse ? (CarrierError)_state : CarrierError.Misuse;
        }

        private void Release()
        {
            try
            {
                if (_response != null)
                {
                    _response.Close();
                    _response.Dispose();
                }
                else if (_request != null)
                {
                    _platform.Abandon(_request);
                }
            }
            catch (Exception)
            {
                // Closing says goodbye to a peer that may be gone.
            }

            _request = null;
            _response = null;
            _stream = null;
        }

        // What an exception of the platform means; it may be wrapped in one that says nothing.
        private CarrierError Classify(Exception e, CarrierError otherwise)
        {
            if (e is OutOfMemoryException)
            {
                throw e; // says nothing of the network: the round ends with it
            }

            if (Remaining() <= SlackMilliseconds)
            {
                return CarrierError.Timeout;
            }

            for (Exception inner = e; inner != null; inner = inner.InnerException)
            {
                CarrierError tls = _platform.OfTls(inner);
                if (tls != CarrierError.None)
                {
                    return tls;
                }
            }

            for (; e != null; e = e.InnerException)
            {
                WebException web = e as WebException;
                if (web != null)
                {
                    switch (web.Status)
                    {
                        case WebExceptionStatus.Timeout:
                            return CarrierError.Timeout;

                        case WebExceptionStatus.NameResolutionFailure:
                        case WebExceptionStatus.ConnectFailure:
                            return CarrierError.Unreachable;

                        case WebExceptionStatus.TrustFailure:
                        case WebExceptionStatus.SecureChannelFailure:
                            return CarrierError.Untrusted;

                        case WebExceptionStatus.ServerProtocolViolation:
                            return CarrierError.BadReply;
                    }
                }
            }

            return otherwise;
        }

        // Seconds; RetryAfterDate for a date or anything else; -1 for none.
        private static int ReadRetryAfter(string text)
        {
            if (text == null || text.Length == 0)
            {
                return -1;
            }

            int seconds = 0;
            for (int i = 0; i < text.Length; i++)
            {
                int digit = text[i] - '0';
                if (digit < 0 || digit > 9 || seconds > (int.MaxValue - digit) / 10)
                {
                    return RetryAfterDate;
                }

                seconds = (seconds * 10) + digit;
            }

            return seconds;
        }
    }
}
