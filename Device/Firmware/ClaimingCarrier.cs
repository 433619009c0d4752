// A carrier for a board that was flashed with a code instead of a token: before its first exchange it asks the server for the
// token, keeps it in flash, and is from then on the carrier that it makes with it. [SPEC 8.5]
//
// Rule 1: the token is durable before it is used: its first use ends the code.
// Rule 2: what goes wrong is what any exchange meets, so the round fails, is tried again, and stands in the diary. A code that
//         the server does not take is 403, which the lamp shows as a wrong token.

using System;
using System.Text;
using NanoSync.Device;

namespace NanoSync.Firmware
{
    /// <summary>Claims its token, then carries.</summary>
    public abstract class ClaimingCarrier : ICarrier
    {
        /// <summary>Content-Type of a claim.</summary>
        public const string ContentType = "application/vnd.nanosync.claim";

        private const int MostBytes = 256; // of the file, and of the answer: a name of 64, a token of 43

        private readonly string _code;
        private readonly ISmallFile _file;
        private ICarrier _carrier; // null = no token yet
        private int _statusCode;
        private int _retryAfter = -1;

        /// <summary>A carrier that has nothing but a code.</summary>
        /// <param name="code">The code.</param>
        /// <param name="file">Where the token is kept.</param>
        protected ClaimingCarrier(string code, ISmallFile file)
        {
            _code = code;
            _file = file;
        }

        /// <inheritdoc/>
        public int StatusCode
        {
            get { return _carrier == null ? _statusCode : _carrier.StatusCode; }
        }

        /// <inheritdoc/>
        public int RetryAfter
        {
            get { return _carrier == null ? _retryAfter : _carrier.RetryAfter; }
        }

        /// <summary>The token that this code gave; null when the file has none, or that of another code.</summary>
        public static string Kept(ISmallFile file, string code)
        {
            byte[] bytes = new byte[MostBytes];
            int count = file.Read(bytes);
            if (count <= 0 || count > MostBytes)
            {
                return null;
            }

            string text = Encoding.UTF8.GetString(bytes, 0, count);
            int space = text.IndexOf(' ');
            int end = text.IndexOf('\n');
            return space < 1 || end <= space + 1 || text.Substring(0, space) != code ? null : text.Substring(space + 1, end - space - 1);
        }

        /// <inheritdoc/>
        public CarrierError Open(string contentType, int contentLength)
        {
            if (_carrier == null)
            {
                CarrierError error = Claim();
                if (error != CarrierError.None)
                {
                    return error;
                }
            }

            return _carrier.Open(contentType, contentLength);
        }

        /// <inheritdoc/>
        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            return _carrier == null ? CarrierError.Misuse : _carrier.Write(buffer, offset, count);
        }

        /// <inheritdoc/>
        public CarrierError Receive()
        {
            return _carrier == null ? CarrierError.Misuse : _carrier.Receive();
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count)
        {
            return _carrier == null ? -(int)CarrierError.Misuse : _carrier.Read(buffer, offset, count);
        }

        /// <inheritdoc/>
        public void Close()
        {
            if (_carrier != null)
            {
                _carrier.Close();
            }
        }

        /// <summary>Makes the carrier to the server, with a token or (null) without.</summary>
        protected abstract ICarrier Make(string token);

        private CarrierError Claim()
        {
            byte[] answer = new byte[MostBytes];
            int count = 0;
            ICarrier bare = Make(null);
            CarrierError error = Ask(bare, answer, ref count);
            _statusCode = bare.StatusCode;
            _retryAfter = bare.RetryAfter;
            bare.Close();
            if (bare is IDisposable)
            {
                ((IDisposable)bare).Dispose();
            }

            if (error != CarrierError.None)
            {
                return error;
            }

            // the device's name, and its token, a line each
            string text = Encoding.UTF8.GetString(answer, 0, count);
            int first = text.IndexOf('\n');
            int second = first < 0 ? -1 : text.IndexOf('\n', first + 1);
            string token = second < 0 ? "" : text.Substring(first + 1, second - first - 1);
            if (token.Length == 0 || ServerUrl.TokenProblem(token) != null)
            {
                return CarrierError.BadReply;
            }

            byte[] kept = Encoding.UTF8.GetBytes(_code + " " + token + "\n");
            if (!_file.Write(kept, kept.Length) || Kept(_file, _code) != token)
            {
                return CarrierError.Broken; // the flash took nothing: the code gives the same token again
            }

            _carrier = Make(token);
            return CarrierError.None;
        }

        private CarrierError Ask(ICarrier bare, byte[] answer, ref int count)
        {
            byte[] code = Encoding.UTF8.GetBytes(_code);
            CarrierError error = bare.Open(ContentType, code.Length);
            if (error == CarrierError.None)
            {
                error = bare.Write(code, 0, code.Length);
            }

            if (error == CarrierError.None)
            {
                error = bare.Receive();
            }

            while (error == CarrierError.None)
            {
                if (count == answer.Length)
                {
                    return CarrierError.BadReply;
                }

                int read = bare.Read(answer, count, answer.Length - count);
                if (read == 0)
                {
                    return CarrierError.None;
                }

                error = read < 0 ? (CarrierError)(-read) : CarrierError.None;
                count += read > 0 ? read : 0;
            }

            return error;
        }
    }
}
