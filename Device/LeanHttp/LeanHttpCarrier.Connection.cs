// The connection of the lean carrier: the name looked up, the check of a kept connection, and the two calls that wait.
// Nothing here knows HTTP. Only Resolve throws, and Open catches it.

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

        // Between exchanges a server has nothing to say: a kept connection with something to read was closed, or is astray.
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

        // Sends what waits in the buffer.
        private CarrierError Push()
        {
            int sent = 0;
            try
            {
                while (sent < _end)
                {
                    int remaining = Remaining();
                    if (remaining <= 0)
                    {
                        return CarrierError.Timeout;
                    }

                    _socket.SendTimeout = remaining;
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
            catch (Exception)
            {
                return Remaining() <= SlackMilliseconds ? CarrierError.Timeout : CarrierError.Broken;
            }

            _end = 0;
            return CarrierError.None;
        }

        // Waits for bytes and gives those that are there: how many, 0 when the server has closed, or a negative CarrierError.
        private int Pull(byte[] buffer, int offset, int count)
        {
            int remaining = Remaining();
            if (remaining <= 0)
            {
                return -(int)CarrierError.Timeout;
            }

            try
            {
                _socket.ReceiveTimeout = remaining;
                return _tls == null
                    ? _socket.Receive(buffer, offset, count, SocketFlags.None) : _tls.Read(buffer, offset, count);
            }
            catch (Exception)
            {
                return Remaining() <= SlackMilliseconds ? -(int)CarrierError.Timeout : -(int)CarrierError.Broken;
            }
        }
    }
}
