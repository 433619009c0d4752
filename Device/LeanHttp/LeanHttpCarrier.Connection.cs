// The connection of the lean carrier: the name looked up, the check of a kept connection, and the two calls that wait.
// Nothing here knows HTTP. Only Resolve throws, and Open catches it; a lack of memory passes through everything.

using System;
using System.Net;
using System.Net.Sockets;

namespace NanoSync.Device
{
    public partial class LeanHttpCarrier
    {
        private static void CloseSocket(object socket)
        {
            ((Socket)socket).Close();
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

        // A server sends nothing between exchanges: a kept connection with something to read was closed, or is out of step.
        private bool IsStale()
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

        private void Disconnect()
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

        private int Remaining()
        {
            return (int)(_deadline - Environment.TickCount64);
        }

        // How long a call may wait: less on a connection that may be dead without anyone having said so, and not at all in an
        // exchange that was given up.
        private int Patience()
        {
            int remaining = Remaining();
            return _aborted ? 0 : _reused && remaining > _reusedTimeout + _hold ? _reusedTimeout + _hold : remaining;
        }

        // Sends what waits in the buffer.
        private CarrierError Push()
        {
            int sent = 0;
            int patience = 0;
            long since = Environment.TickCount64;
            try
            {
                while (sent < _end)
                {
                    patience = Patience();
                    if (patience <= 0)
                    {
                        return CarrierError.Timeout;
                    }

                    _socket.SendTimeout = patience;
                    if (_tls == null)
                    {
                        sent += _socket.Send(_buffer, sent, _end - sent, SocketFlags.None);
                    }
                    else
                    {
                        _tls.Write(_buffer, 0, _end);
                        sent = _end;
                    }
                }
            }
            catch (Exception e)
            {
                PassOn(e);
                return Environment.TickCount64 - since >= patience - SlackMilliseconds ? CarrierError.Timeout : CarrierError.Broken;
            }

            _end = 0;
            return CarrierError.None;
        }

        // A lack of memory says nothing of the network: the round ends with it.
        private static void PassOn(Exception failure)
        {
            if (failure is OutOfMemoryException)
            {
                throw failure;
            }
        }

        // Waits for bytes and gives those that are there: how many, 0 when the server has closed, or a negative CarrierError.
        private int Pull(byte[] buffer, int offset, int count)
        {
            int patience = Patience();
            if (patience <= 0)
            {
                return -(int)CarrierError.Timeout;
            }

            long since = Environment.TickCount64;
            try
            {
                _socket.ReceiveTimeout = patience;
                int got = _tls == null
                    ? _socket.Receive(buffer, offset, count, SocketFlags.None) : _tls.Read(buffer, offset, count);
                _reused = _reused && got <= 0; // it lives
                return got;
            }
            catch (Exception e)
            {
                PassOn(e);
                return Environment.TickCount64 - since >= patience - SlackMilliseconds ? -(int)CarrierError.Timeout : -(int)CarrierError.Broken;
            }
        }
    }
}
