// A TCP connection with or without TLS, as the carriers over HTTP and over mail use it; each compiles this file for itself.
// It looks up the name, connects in a bounded time, and makes the two calls that wait. It knows no protocol.
//
// What a network does is a result. A lack of memory says nothing of the network: OutOfMemoryException passes through.

using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace NanoSync.Device
{
    /// <summary>Lays TLS over a connected socket, whose timeouts are those of the handshake.</summary>
    internal delegate Stream TlsOpening(Socket socket, string host);

    /// <summary>One connection at a time to one address.</summary>
    internal sealed class TcpConnection
    {
        // Socket timeouts are kept by another clock than ours: what ends this close to the deadline ended by it.
        private const int SlackMilliseconds = 20;

        private static readonly TimerCallback s_closeSocket = CloseSocket;

        private readonly string _host;
        private readonly int _port;
        private readonly TlsOpening _tlsOpening; // null = plain
        private Socket _socket;
        private Stream _tls; // over _socket; null = plain

        /// <summary>A timeout in milliseconds; throws for a shorter one than that.</summary>
        internal static int AtLeast(int value, int least)
        {
            if (value < least)
            {
                throw new ArgumentException("a timeout is at least " + least.ToString() + " ms, not " + value.ToString());
            }

            return value;
        }

        /// <summary>To a host name or an IPv4 address; not connected yet.</summary>
        internal TcpConnection(string host, int port, TlsOpening tlsOpening)
        {
            _host = host;
            _port = port;
            _tlsOpening = tlsOpening;
        }

        /// <summary>Whether there is a connection, as far as this side knows.</summary>
        internal bool IsOpen
        {
            get { return _socket != null; }
        }

        /// <summary>Whether it is one with TLS.</summary>
        internal bool IsSecure
        {
            get { return _tlsOpening != null; }
        }

        /// <summary>
        /// Connects and shakes hands in so many milliseconds. Looking up the name is not bounded by them: no platform lets it
        /// be (a board gives up after 30 s).
        /// </summary>
        internal CarrierError Open(int patience)
        {
            Timer watchdog = null;
            bool connected = false;
            long since = Environment.TickCount64;
            try
            {
                IPAddress address = Resolve();
                _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

                // A board cannot give Connect a timeout: closing the socket ends it, and on the PC a handshake too.
                watchdog = new Timer(s_closeSocket, _socket, patience, Timeout.Infinite);
                _socket.Connect(new IPEndPoint(address, _port));
                _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.NoDelay, true);
                connected = true;
                if (_tlsOpening != null)
                {
                    _socket.ReceiveTimeout = patience;
                    _socket.SendTimeout = patience;
                    _tls = _tlsOpening(_socket, _host);
                }

                return CarrierError.None;
            }
            catch (Exception e)
            {
                Close();
                CarrierError error = Meaning(e, since, patience);
                return error == CarrierError.Timeout ? error
                    : !connected || e is IOException ? CarrierError.Unreachable
                    : e is NotSupportedException ? CarrierError.NoTls : CarrierError.Untrusted;
            }
            finally
            {
                if (watchdog != null)
                {
                    watchdog.Dispose();
                }
            }
        }

        /// <summary>Sends all of it, in so many milliseconds.</summary>
        internal CarrierError Send(byte[] buffer, int count, int patience)
        {
            int sent = 0;
            long since = Environment.TickCount64;
            try
            {
                while (sent < count)
                {
                    int left = (int)(since + patience - Environment.TickCount64);
                    if (left <= 0)
                    {
                        return CarrierError.Timeout;
                    }

                    _socket.SendTimeout = left;
                    if (_tls == null)
                    {
                        sent += _socket.Send(buffer, sent, count - sent, SocketFlags.None);
                    }
                    else
                    {
                        _tls.Write(buffer, 0, count);
                        sent = count;
                    }
                }

                return CarrierError.None;
            }
            catch (Exception e)
            {
                return Meaning(e, since, patience);
            }
        }

        /// <summary>Waits so many milliseconds for bytes: how many came, 0 when the peer has closed, or a negative CarrierError.</summary>
        internal int Receive(byte[] buffer, int offset, int count, int patience)
        {
            if (patience <= 0)
            {
                return -(int)CarrierError.Timeout;
            }

            long since = Environment.TickCount64;
            try
            {
                _socket.ReceiveTimeout = patience;
                return _tls == null ? _socket.Receive(buffer, offset, count, SocketFlags.None) : _tls.Read(buffer, offset, count);
            }
            catch (Exception e)
            {
                return -(int)Meaning(e, since, patience);
            }
        }

        /// <summary>True when there is something to read, or the peer has closed. A TLS connection may hold records that are no data.</summary>
        internal bool HasInput()
        {
            try
            {
                return _socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception)
            {
                return true;
            }
        }

        /// <summary>Ends a call that waits on another thread.</summary>
        internal void Abort()
        {
            Socket socket = _socket;
            if (socket != null)
            {
                CloseSocket(socket);
            }
        }

        /// <summary>Ends the connection, if there is one.</summary>
        internal void Close()
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
                // Closing TLS says goodbye to a peer that may be gone.
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

        private static CarrierError Meaning(Exception failure, long since, int patience)
        {
            if (failure is OutOfMemoryException)
            {
                throw failure;
            }

            return Environment.TickCount64 - since >= patience - SlackMilliseconds ? CarrierError.Timeout : CarrierError.Broken;
        }

        // The first IPv4 address of the host; null when it has none. Throws when there is no such host.
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
