// A connection that speaks in lines: what SMTP and POP3 have in common. One fixed buffer each way; a line longer than the
// buffer comes in pieces.

using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace NanoSync.Device
{
    /// <summary>A server of lines.</summary>
    public sealed class MailLine
    {
        private const int BufferBytes = 512;
        private const int SlackMilliseconds = 20; // waits end this much off the clock

        private static readonly TimerCallback s_closeSocket = CloseSocket;

        private readonly string _host;
        private readonly int _port;
        private readonly IMailTls _opener;
        private readonly byte[] _out = new byte[BufferBytes];
        private readonly byte[] _in = new byte[BufferBytes];
        private Socket _socket;
        private Stream _tls;
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
            _host = host;
            _port = port;
            _opener = tls;
        }

        /// <summary>Milliseconds to connect. Default 10,000, at least 1.</summary>
        public int ConnectTimeout
        {
            get { return _connectTimeout; }
            set { _connectTimeout = Milliseconds(value); }
        }

        /// <summary>Milliseconds from Connect to Disconnect. Default 120,000, at least 1.</summary>
        public int ExchangeTimeout
        {
            get { return _exchangeTimeout; }
            set { _exchangeTimeout = Milliseconds(value); }
        }

        private static int Milliseconds(int value)
        {
            if (value < 1)
            {
                throw new ArgumentException("a timeout is at least 1 ms, not " + value.ToString());
            }

            return value;
        }

        /// <summary>Holds the last line.</summary>
        public byte[] Buffer
        {
            get { return _in; }
        }

        /// <summary>Whether there is a connection.</summary>
        public bool IsConnected
        {
            get { return _socket != null; }
        }

        /// <summary>Connects.</summary>
        public CarrierError Connect()
        {
            _deadline = Environment.TickCount64 + ExchangeTimeout;
            _outEnd = 0;
            _inPos = 0;
            _inEnd = 0;
            IsWhole = true;
            long by = Environment.TickCount64 + ConnectTimeout;
            Timer watchdog = null;
            try
            {
                IPAddress address = Resolve();
                _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

                // a board cannot give Connect a timeout: closing the socket ends it
                watchdog = new Timer(s_closeSocket, _socket, ConnectTimeout, Timeout.Infinite);
                _socket.Connect(new IPEndPoint(address, _port));
                _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.NoDelay, true);
                if (_opener != null)
                {
                    _socket.ReceiveTimeout = ConnectTimeout;
                    _socket.SendTimeout = ConnectTimeout;
                    _tls = _opener.Open(_socket, _host);
                }

                return CarrierError.None;
            }
            catch (Exception)
            {
                Disconnect();
                return Environment.TickCount64 + SlackMilliseconds >= by ? CarrierError.Timeout : CarrierError.Unreachable;
            }
            finally
            {
                if (watchdog != null)
                {
                    watchdog.Dispose();
                }
            }
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
            int sent = 0;
            try
            {
                while (sent < _outEnd)
                {
                    int left = Remaining();
                    if (left <= 0)
                    {
                        return CarrierError.Timeout;
                    }

                    _socket.SendTimeout = left;
                    if (_tls != null)
                    {
                        _tls.Write(_out, 0, _outEnd);
                        break;
                    }

                    sent += _socket.Send(_out, sent, _outEnd - sent, SocketFlags.None);
                }
            }
            catch (Exception)
            {
                return Remaining() <= SlackMilliseconds ? CarrierError.Timeout : CarrierError.Broken;
            }

            _outEnd = 0;
            return CarrierError.None;
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

                int left = Remaining();
                if (left <= 0)
                {
                    return CarrierError.Timeout;
                }

                try
                {
                    _socket.ReceiveTimeout = left;
                    int got = _tls == null
                        ? _socket.Receive(_in, _inEnd, BufferBytes - _inEnd, SocketFlags.None) : _tls.Read(_in, _inEnd, BufferBytes - _inEnd);
                    if (got <= 0)
                    {
                        return CarrierError.Broken;
                    }

                    _inEnd += got;
                }
                catch (Exception)
                {
                    return Remaining() <= SlackMilliseconds ? CarrierError.Timeout : CarrierError.Broken;
                }
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
            try
            {
                if (_tls != null)
                {
                    _tls.Close();
                }
            }
            catch (Exception)
            {
                // closing TLS says goodbye to a peer that may be gone
            }

            if (_socket != null)
            {
                _socket.Close();
            }

            _tls = null;
            _socket = null;
        }

        private static void CloseSocket(object socket)
        {
            ((Socket)socket).Close();
        }

        private int Remaining()
        {
            return (int)(_deadline - Environment.TickCount64);
        }

        private IPAddress Resolve()
        {
            bool numeric = true;
            for (int i = 0; i < _host.Length && numeric; i++)
            {
                numeric = _host[i] == '.' || (_host[i] >= '0' && _host[i] <= '9');
            }

            if (numeric)
            {
                return IPAddress.Parse(_host);
            }

            IPAddress[] addresses = Dns.GetHostEntry(_host).AddressList;
            for (int i = 0; i < addresses.Length; i++)
            {
                if (addresses[i].AddressFamily == AddressFamily.InterNetwork)
                {
                    return addresses[i];
                }
            }

            return null;
        }
    }
}
