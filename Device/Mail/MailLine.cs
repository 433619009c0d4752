// A connection that speaks in lines: what SMTP and POP3 have in common. One fixed buffer each way; a line longer than the
// buffer comes in pieces.

using System;
using System.Text;

namespace NanoSync.Device
{
    /// <summary>A server of lines.</summary>
    public sealed class MailLine
    {
        private const int BufferBytes = 512;

        private readonly TcpConnection _connection;
        private readonly byte[] _out = new byte[BufferBytes];
        private readonly byte[] _in = new byte[BufferBytes];
        private int _outEnd;
        private int _inPos;
        private int _inEnd;
        private long _deadline;
        private int _connectTimeout = 10000;
        private int _exchangeTimeout = 120000;

        /// <summary>Where the last line, or piece of one, begins in <see cref="Buffer"/>.</summary>
        public int Start;

        /// <summary>Its bytes, without CR LF.</summary>
        public int Length;

        /// <summary>False: a piece, the line goes on.</summary>
        public bool IsWhole;

        /// <summary>A server; nothing is connected yet.</summary>
        /// <param name="host">Name or IPv4 address.</param>
        /// <param name="port">Port.</param>
        /// <param name="tls">Opens TLS from the first byte on; null = plain.</param>
        public MailLine(string host, int port, IMailTls tls)
        {
            TlsOpening tlsOpening = null;
            if (tls != null)
            {
                tlsOpening = tls.Open;
            }

            _connection = new TcpConnection(host, port, tlsOpening);
        }

        /// <summary>Milliseconds to connect. Default 10,000, at least 1.</summary>
        public int ConnectTimeout
        {
            get { return _connectTimeout; }
            set { _connectTimeout = TcpConnection.AtLeast(value, 1); }
        }

        /// <summary>Milliseconds from Connect to Disconnect. Default 120,000, at least 1.</summary>
        public int ExchangeTimeout
        {
            get { return _exchangeTimeout; }
            set { _exchangeTimeout = TcpConnection.AtLeast(value, 1); }
        }

        /// <summary>Holds the last line.</summary>
        public byte[] Buffer
        {
            get { return _in; }
        }

        /// <summary>Whether there is a connection.</summary>
        public bool IsConnected
        {
            get { return _connection.IsOpen; }
        }

        /// <summary>Connects.</summary>
        public CarrierError Connect()
        {
            _deadline = Environment.TickCount64 + ExchangeTimeout;
            _outEnd = 0;
            _inPos = 0;
            _inEnd = 0;
            IsWhole = true;
            return _connection.Open(ConnectTimeout);
        }

        /// <summary>Puts text into the buffer, ASCII.</summary>
        public CarrierError Put(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            return Put(bytes, 0, bytes.Length);
        }

        /// <summary>Puts bytes into the buffer; sent when it is full, or flushed.</summary>
        public CarrierError Put(byte[] buffer, int offset, int count)
        {
            while (count > 0)
            {
                int part = BufferBytes - _outEnd < count ? BufferBytes - _outEnd : count;
                Array.Copy(buffer, offset, _out, _outEnd, part);
                _outEnd += part;
                offset += part;
                count -= part;
                if (_outEnd == BufferBytes)
                {
                    CarrierError error = Flush();
                    if (error != CarrierError.None)
                    {
                        return error;
                    }
                }
            }

            return CarrierError.None;
        }

        /// <summary>Sends what waits.</summary>
        public CarrierError Flush()
        {
            CarrierError error = _connection.Send(_out, _outEnd, Remaining());
            _outEnd = error == CarrierError.None ? 0 : _outEnd;
            return error;
        }

        /// <summary>Reads the next line, or piece of one.</summary>
        public CarrierError ReadLine()
        {
            for (;;)
            {
                for (int i = _inPos; i < _inEnd; i++)
                {
                    if (_in[i] == '\n')
                    {
                        Start = _inPos;
                        Length = i - _inPos;
                        if (Length > 0 && _in[i - 1] == '\r')
                        {
                            Length--;
                        }

                        _inPos = i + 1;
                        IsWhole = true;
                        return CarrierError.None;
                    }
                }

                _inEnd -= _inPos;
                Array.Copy(_in, _inPos, _in, 0, _inEnd);
                _inPos = 0;
                if (_inEnd == BufferBytes)
                {
                    Start = 0;
                    Length = BufferBytes - 1; // its CR may be the last byte there
                    _inPos = Length;
                    IsWhole = false;
                    return CarrierError.None;
                }

                int got = _connection.Receive(_in, _inEnd, BufferBytes - _inEnd, Remaining());
                if (got <= 0)
                {
                    return got == 0 ? CarrierError.Broken : (CarrierError)(-got);
                }

                _inEnd += got;
            }
        }

        /// <summary>Whether the last line begins with this text, in this case.</summary>
        public bool Begins(string text)
        {
            if (Length < text.Length)
            {
                return false;
            }

            for (int i = 0; i < text.Length; i++)
            {
                if (_in[Start + i] != text[i])
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>Ends the connection.</summary>
        public void Disconnect()
        {
            _connection.Close();
        }

        private int Remaining()
        {
            return (int)(_deadline - Environment.TickCount64);
        }
    }
}
