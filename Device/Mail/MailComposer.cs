// Composes the mail around a sealed message while it is written: headers, then base64 in lines of 76. Holds one line.

using System;
using System.Text;

namespace NanoSync.Device
{
    /// <summary>The way out by mail.</summary>
    public sealed class MailComposer : IPostOut
    {
        private const int LineBytes = 57; // 76 characters

        private static readonly byte[] s_alphabet = Encoding.UTF8.GetBytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

        private readonly IMailSink _sink;
        private readonly string _from;
        private readonly string _to;
        private readonly byte[] _bytes = new byte[LineBytes];
        private readonly byte[] _text = new byte[LineBytes / 3 * 4 + 2];
        private int _count;
        private int _left;

        /// <summary>Composes mails from one address to another.</summary>
        /// <param name="sink">Takes them.</param>
        /// <param name="from">The device's own address; replies go there.</param>
        /// <param name="to">The server's address.</param>
        /// <exception cref="ArgumentException">An address is missing or not of printable ASCII without spaces, &lt; and &gt;: it would end its line.</exception>
        public MailComposer(IMailSink sink, string from, string to)
        {
            if (!IsAddress(from) || !IsAddress(to))
            {
                throw new ArgumentException("from, to: printable ASCII without spaces, < and >");
            }

            _sink = sink;
            _from = from;
            _to = to;
        }

        /// <inheritdoc/>
        public CarrierError Begin(string name, int length)
        {
            _count = 0;
            _left = length;
            CarrierError error = _sink.Begin(_from, _to);
            if (error != CarrierError.None)
            {
                return error;
            }

            // no Date: a board's clock may not be set, and a relay adds one
            int at = _from.IndexOf('@');
            return Text("From: <" + _from + ">\r\nTo: <" + _to + ">\r\nSubject: NanoSync " + name
                + "\r\nMessage-ID: <" + name + (at < 0 ? "@nanosync" : _from.Substring(at)) + ">\r\nMIME-Version: 1.0\r\n"
                + "Content-Type: application/vnd.nanosync.sealed\r\nContent-Disposition: attachment; filename=\"" + name + ".sealed\"\r\n"
                + "Content-Transfer-Encoding: base64\r\n\r\n");
        }

        /// <inheritdoc/>
        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            _left -= count;
            CarrierError error = _left < 0 ? CarrierError.Misuse : CarrierError.None;
            for (int end = offset + count; offset < end && error == CarrierError.None; offset++)
            {
                _bytes[_count++] = buffer[offset];
                if (_count == LineBytes)
                {
                    error = Line();
                }
            }

            return error;
        }

        /// <inheritdoc/>
        public CarrierError End()
        {
            CarrierError error = _left != 0 ? CarrierError.Misuse : _count > 0 ? Line() : CarrierError.None;
            return error == CarrierError.None ? _sink.End() : error;
        }

        /// <inheritdoc/>
        public void Close()
        {
            _sink.Close();
        }

        private static bool IsAddress(string text)
        {
            return text != null && ServerUrl.TokenProblem(text) == null && text.IndexOf('<') < 0 && text.IndexOf('>') < 0;
        }

        private CarrierError Line()
        {
            int at = 0;
            for (int i = 0; i < _count; i += 3)
            {
                int bits = (_bytes[i] << 16) | (i + 1 < _count ? _bytes[i + 1] << 8 : 0) | (i + 2 < _count ? _bytes[i + 2] : 0);
                _text[at++] = s_alphabet[bits >> 18];
                _text[at++] = s_alphabet[(bits >> 12) & 63];
                _text[at++] = i + 1 < _count ? s_alphabet[(bits >> 6) & 63] : (byte)'=';
                _text[at++] = i + 2 < _count ? s_alphabet[bits & 63] : (byte)'=';
            }

            _text[at++] = (byte)'\r';
            _text[at++] = (byte)'\n';
            _count = 0;
            return _sink.Write(_text, 0, at);
        }

        private CarrierError Text(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            return _sink.Write(bytes, 0, bytes.Length);
        }
    }
}
