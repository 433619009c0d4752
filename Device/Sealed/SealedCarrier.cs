// Seals requests, unseals replies [SPEC 8.2], over any post. The HMAC runs along while the message is written and read;
// of a reply the last 32 bytes are held back until it is known that they are the last.

using System;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Device
{
    /// <summary>A carrier for ways without TLS from end to end: mail, files, brokers. About 1 KB of memory, whatever the message's length.</summary>
    public sealed class SealedCarrier : IDeferredCarrier
    {
        /// <summary>Letters looked through in one round at most; the rest is for the next.</summary>
        public const int MostLetters = 50;

        private const int HeadBeforeName = 14;
        private const int StoreAt = 5;
        private const int NumberAt = 9;
        private const int BufferBytes = 256; // at least the longest head (14 + 64), a number and an HMAC
        private const int KindReply = 2;
        private const int KindResume = 3;

        private static readonly byte[] s_label = Encoding.UTF8.GetBytes("NanoSync sealed");

        private readonly IPostOut _out;
        private readonly IPostIn _in;
        private readonly string _device;
        private readonly Hmac _hmac = new Hmac();
        private readonly byte[] _head; // of the request under way, and what its reply must begin with, but for the kind
        private readonly byte[] _buffer = new byte[BufferBytes];
        private readonly byte[] _mac = new byte[Hmac.Size];
        private string _name;
        private bool _writing;
        private bool _reading;
        private int _pos;
        private int _end;
        private uint _resumeFrom;

        /// <summary>A carrier of one device.</summary>
        /// <param name="device">Its name, as enrolled.</param>
        /// <param name="token">Its token; the key is made of it.</param>
        /// <param name="postOut">Where requests go.</param>
        /// <param name="postIn">Where replies come from.</param>
        /// <exception cref="ArgumentException">The name is not one that a server enrols, the token is missing or malformed, or there is no post.</exception>
        public SealedCarrier(string device, string token, IPostOut postOut, IPostIn postIn)
        {
            if (!Naming.IsCollection(device)) // of devices too: it becomes a part of file names
            {
                throw new ArgumentException("device: 1 to 64 of A-Z a-z 0-9 . _ - , not . or .. and not beginning with -");
            }

            if (token == null || ServerUrl.TokenProblem(token) != null)
            {
                throw new ArgumentException("token: printable ASCII without spaces");
            }

            if (postOut == null || postIn == null)
            {
                throw new ArgumentException("postOut, postIn: missing");
            }

            byte[] name = Encoding.UTF8.GetBytes(device);
            _out = postOut;
            _in = postIn;
            _device = device;
            _head = new byte[HeadBeforeName + name.Length];
            _head[0] = (byte)'N';
            _head[1] = (byte)'S';
            _head[2] = 1;
            _head[13] = (byte)name.Length;
            Array.Copy(name, 0, _head, HeadBeforeName, name.Length);

            byte[] key = Encoding.UTF8.GetBytes(token);
            _hmac.SetKey(key, 0, key.Length);
            _hmac.Begin();
            _hmac.Add(s_label, 0, s_label.Length);
            _hmac.Finish(_mac);
            _hmac.SetKey(_mac, 0, _mac.Length);
        }

        /// <inheritdoc/>
        public int StatusCode
        {
            get { return 0; }
        }

        /// <inheritdoc/>
        public int RetryAfter
        {
            get { return -1; }
        }

        /// <inheritdoc/>
        public uint ResumeFrom
        {
            get { return _resumeFrom; }
        }

        /// <inheritdoc/>
        public void Number(string store, uint number)
        {
            Name(store, number);
        }

        /// <inheritdoc/>
        public CarrierError Open(string contentType, int contentLength)
        {
            if (_name == null || _writing)
            {
                return CarrierError.Misuse;
            }

            _head[3] = 1;
            _head[4] = (byte)(contentType[contentType.Length - 1] == 'l' && contentType[contentType.Length - 2] == 'm' && contentType[contentType.Length - 4] == '+' ? 2 : 1);
            CarrierError error = _out.Begin(_name, _head.Length + contentLength + Hmac.Size);
            if (error == CarrierError.None)
            {
                _hmac.Begin();
                _writing = true;
                error = Write(_head, 0, _head.Length);
            }

            return error;
        }

        /// <inheritdoc/>
        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            if (!_writing)
            {
                return CarrierError.Misuse;
            }

            _hmac.Add(buffer, offset, count);
            return _out.Write(buffer, offset, count);
        }

        /// <inheritdoc/>
        public CarrierError Receive()
        {
            if (!_writing)
            {
                return CarrierError.Misuse;
            }

            _hmac.Finish(_mac);
            CarrierError error = _out.Write(_mac, 0, _mac.Length);
            if (error == CarrierError.None)
            {
                error = _out.End();
            }

            _writing = false;
            return error == CarrierError.None ? CarrierError.Deferred : error;
        }

        /// <inheritdoc/>
        public CarrierError Fetch(string store, uint number)
        {
            Name(store, number);
            _resumeFrom = 0;
            for (int i = 0; i < MostLetters; i++)
            {
                CarrierError error = _in.Next(_name);
                if (error != CarrierError.None)
                {
                    return error;
                }

                _pos = 0;
                _end = 0;
                int got = Fill();
                if (got < 0)
                {
                    return (CarrierError)(-got);
                }

                if (IsReply() && (_buffer[3] == KindReply || IsResume(number)))
                {
                    if (_resumeFrom == 0)
                    {
                        BeginReply();
                    }

                    return CarrierError.None;
                }

                _in.Done(true);
            }

            return CarrierError.Deferred;
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count)
        {
            if (!_reading)
            {
                return -(int)CarrierError.Misuse;
            }

            if (_end - _pos <= Hmac.Size)
            {
                int got = Fill();
                if (got < 0)
                {
                    return got;
                }

                if (_end - _pos <= Hmac.Size)
                {
                    return IsProved() ? 0 : -(int)CarrierError.BadReply;
                }
            }

            int part = _end - _pos - Hmac.Size;
            part = part < count ? part : count;
            Array.Copy(_buffer, _pos, buffer, offset, part);
            _hmac.Add(_buffer, _pos, part);
            _pos += part;
            return part;
        }

        /// <inheritdoc/>
        public void Done(bool drop)
        {
            _reading = false;
            _in.Done(drop);
        }

        /// <inheritdoc/>
        public void Close()
        {
            _writing = false;
            _reading = false;
            _out.Close();
            _in.Close();
        }

        private void Name(string store, uint number)
        {
            Encoding.UTF8.GetBytes(store, 0, 4, _head, StoreAt);
            for (int i = 0; i < 4; i++)
            {
                _head[NumberAt + i] = (byte)(number >> (24 - (8 * i)));
            }

            // 10 digits, so that files lie in the order of their numbers
            _name = _device + "." + store + "." + number.ToString("D10");
        }

        // As much as there is and fits. 0, or why not.
        private int Fill()
        {
            _end -= _pos;
            Array.Copy(_buffer, _pos, _buffer, 0, _end);
            _pos = 0;
            while (_end < _buffer.Length)
            {
                int got = _in.Read(_buffer, _end, _buffer.Length - _end);
                if (got <= 0)
                {
                    return got;
                }

                _end += got;
            }

            return 0;
        }

        private void BeginReply()
        {
            _hmac.Begin();
            _hmac.Add(_buffer, 0, _head.Length);
            _pos = _head.Length;
            _reading = true;
        }

        // True: instead of a reply the other side names the number to go on from. It is short: all of it is in the buffer.
        private bool IsResume(uint number)
        {
            if (_buffer[3] != KindResume || _end != _head.Length + 4 + Hmac.Size)
            {
                return false;
            }

            BeginReply();
            _hmac.Add(_buffer, _pos, 4);
            _pos += 4;
            _reading = false;
            uint from = ((uint)_buffer[_pos - 4] << 24) | ((uint)_buffer[_pos - 3] << 16) | ((uint)_buffer[_pos - 2] << 8) | _buffer[_pos - 1];
            if (!IsProved() || from < number || from == uint.MaxValue)
            {
                return false;
            }

            _resumeFrom = from;
            return true;
        }

        private bool IsReply()
        {
            if (_end < _head.Length + Hmac.Size)
            {
                return false;
            }

            for (int i = 0; i < _head.Length; i++)
            {
                // the form is the server's matter: the reader of another one fails
                if (i != 3 && i != 4 && _buffer[i] != _head[i])
                {
                    return false;
                }
            }

            return true;
        }

        private bool IsProved()
        {
            _hmac.Finish(_mac);
            if (_end - _pos != Hmac.Size)
            {
                return false;
            }

            int different = 0;
            for (int i = 0; i < Hmac.Size; i++)
            {
                different |= _mac[i] ^ _buffer[_pos + i];
            }

            return different == 0;
        }
    }
}
