// The message as it is over a broker that is trusted [SPEC 8.6]: it carries the device's token, as over HTTP, and the
// broker's access rules keep others from reading it. A number joins a reply to its request; whether the reply is one to this
// request of this store the engine knows by the key, as with every carrier.

using System;
using System.Text;

namespace NanoSync.Device
{
    /// <summary>A carrier over a trusted broker, with TLS to it and accounts at it.</summary>
    public sealed class MqttCarrier : ICarrier
    {
        private const int Version = 2;
        private const int HeadLength = 10; // N S version kind form number(4) length
        private const int KindRequest = 1;
        private const int KindReply = 2;
        private const int KindRefused = 4;
        private const int RefusedLength = HeadLength + 6;

        private readonly IMqttLink _link;
        private readonly MqttBroker _broker;
        private readonly MqttInbox _inbox;
        private readonly byte[] _token;
        private readonly int _mostBytes;
        private readonly int _timeout;
        private uint _number;
        private MqttLetter _writing;
        private MqttLetter _reading;

        /// <summary>A carrier of one device.</summary>
        /// <param name="link">The way to the broker.</param>
        /// <param name="broker">The broker, and who the device is there.</param>
        /// <param name="token">The device's token.</param>
        /// <param name="mostBytes">Largest message, sent or taken: as the client holds each twice, twice as much has to fit into memory.</param>
        /// <param name="timeout">Milliseconds that a reply is waited for.</param>
        /// <param name="seed">Any number that differs from start to start, so that a reply to a request from before the start is not taken for one to this run's.</param>
        public MqttCarrier(IMqttLink link, MqttBroker broker, string token, int mostBytes, int timeout, int seed)
        {
            _token = Encoding.UTF8.GetBytes(token);
            if (_token.Length < 1 || _token.Length > 255)
            {
                throw new ArgumentException("a token has 1 to 255 letters");
            }

            _link = link;
            _broker = broker;
            _inbox = new MqttInbox(mostBytes + HeadLength);
            _mostBytes = mostBytes;
            _timeout = timeout;
            _number = (uint)seed;
        }

        /// <inheritdoc/>
        public int StatusCode { get; private set; }

        /// <inheritdoc/>
        public int RetryAfter { get; private set; } = -1;

        /// <summary>True once after something came that makes a round worth it.</summary>
        public bool ConsumeWake()
        {
            return _inbox.ConsumeWake(false);
        }

        /// <inheritdoc/>
        public CarrierError Open(string contentType, int contentLength)
        {
            StatusCode = 0;
            RetryAfter = -1;
            if (contentLength > _mostBytes)
            {
                return CarrierError.Misuse;
            }

            if (!_link.IsConnected)
            {
                CarrierError error = _link.Connect(_inbox);
                if (error != CarrierError.None)
                {
                    return error;
                }
            }

            _number++;
            byte[] letter = new byte[HeadLength + _token.Length + contentLength];
            letter[0] = (byte)'N';
            letter[1] = (byte)'S';
            letter[2] = Version;
            letter[3] = KindRequest;
            letter[4] = (byte)(contentType.Length > 4 && contentType[contentType.Length - 4] == '+' ? 2 : 1);
            for (int i = 0; i < 4; i++)
            {
                letter[5 + i] = (byte)(_number >> (24 - (8 * i)));
            }

            letter[9] = (byte)_token.Length;
            Array.Copy(_token, 0, letter, HeadLength, _token.Length);
            _writing = new MqttLetter(letter, HeadLength + _token.Length);
            return CarrierError.None;
        }

        /// <inheritdoc/>
        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            return _writing != null && _writing.Write(buffer, offset, count) ? CarrierError.None : CarrierError.Misuse;
        }

        /// <inheritdoc/>
        public CarrierError Receive()
        {
            if (_writing == null || !_writing.IsWhole)
            {
                return CarrierError.Misuse;
            }

            _inbox.Clear(); // replies to earlier ones
            long end = Environment.TickCount64 + _timeout;
            CarrierError error = _link.Publish(_broker.Up, _writing.Bytes);
            _writing = null;
            if (error != CarrierError.None)
            {
                return error;
            }

            while (true)
            {
                long left = end - Environment.TickCount64;
                byte[] letter = left <= 0 ? null : _inbox.Wait((int)left);
                if (letter == null)
                {
                    return CarrierError.Timeout;
                }

                _inbox.Drop(letter);
                if (IsMine(letter) && letter[3] == KindReply)
                {
                    StatusCode = 200;
                    _reading = new MqttLetter(letter, HeadLength);
                    return CarrierError.None;
                }

                if (IsMine(letter) && letter[3] == KindRefused && letter.Length == RefusedLength)
                {
                    StatusCode = (letter[HeadLength] << 8) | letter[HeadLength + 1];
                    int wait = (letter[HeadLength + 2] << 24) | (letter[HeadLength + 3] << 16) | (letter[HeadLength + 4] << 8) | letter[HeadLength + 5];
                    RetryAfter = wait > 0 ? wait : -1;
                    return CarrierError.Refused;
                }
            }
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count)
        {
            return _reading == null ? -(int)CarrierError.Misuse : _reading.Read(buffer, offset, count);
        }

        /// <inheritdoc/>
        public void Close()
        {
            _writing = null; // the connection stays: wakes come by it
            _reading = null;
        }

        private bool IsMine(byte[] letter)
        {
            if (letter.Length < HeadLength || letter[2] != Version || letter[9] != 0)
            {
                return false;
            }

            for (int i = 0; i < 4; i++)
            {
                if (letter[5 + i] != (byte)(_number >> (24 - (8 * i))))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
