// Lines in the buffer of the lean carrier: what a request's head is made of, and what a reply's lines say [RFC 9112].
// Nothing here waits or knows a socket; a line is looked at only when it is whole.

using System;
using System.Text;

namespace NanoSync.Device
{
    public partial class LeanHttpCarrier
    {
        private void Append(string ascii)
        {
            _end += Encoding.UTF8.GetBytes(ascii, 0, ascii.Length, _buffer, _end);
        }

        private void AppendNumber(int number)
        {
            int divisor = 1;
            while (number / divisor >= 10)
            {
                divisor *= 10;
            }

            for (; divisor > 0; divisor /= 10)
            {
                _buffer[_end++] = (byte)('0' + (number / divisor % 10));
            }
        }

        // Where the line that starts at _pos has its line feed; -1 when it is not there yet.
        private int FindLineEnd()
        {
            byte[] buffer = _buffer;
            int end = _end;
            for (int i = _pos; i < end; i++)
            {
                if (buffer[i] == '\n')
                {
                    return i;
                }
            }

            return -1;
        }

        private int WithoutCarriageReturn(int start, int end)
        {
            return end > start && _buffer[end - 1] == '\r' ? end - 1 : end;
        }

        // Moves what is unread to the front. False: it fills the buffer, so the line is longer than that.
        private bool MakeRoom()
        {
            if (_pos > 0)
            {
                _end -= _pos;
                Array.Copy(_buffer, _pos, _buffer, 0, _end);
                _pos = 0;
            }

            return _end < _buffer.Length;
        }

        // "HTTP/1.x nnn ..." [RFC 9112, 4]. Starts the facts of a new head. Returns the status, -1 for anything else.
        private int ReadStatusLine(int start, int end)
        {
            if (end - start < 12 || !Matches(start, "http/1.") || _buffer[start + 8] != ' '
                || (end - start > 12 && _buffer[start + 12] != ' '))
            {
                return -1;
            }

            int status = ReadNumber(start + 9, start + 12);
            _keep = _buffer[start + 7] != '0'; // [RFC 9112, 9.3] 1.0 closes
            _framing = ByClose;
            _retryAfter = -1;
            return status < 100 || status == 101 ? -1 : status; // nothing was asked to be upgraded
        }

        // Takes what matters from a header line. False: it is no header line, or contradicts another.
        private bool ReadHeader(int start, int end)
        {
            int name = HeaderAt(start, end);
            if (name < 0)
            {
                return false;
            }

            if (name == 0)
            {
                return true;
            }

            start += name + 1;
            while (start < end && (_buffer[start] == ' ' || _buffer[start] == '\t'))
            {
                start++;
            }

            while (end > start && (_buffer[end - 1] == ' ' || _buffer[end - 1] == '\t'))
            {
                end--;
            }

            switch (name)
            {
                case 10: // Connection
                    for (int i = start; i + 5 <= end; i++)
                    {
                        if (Matches(i, "close"))
                        {
                            _keep = false;
                        }
                    }

                    return true;

                case 11: // Retry-After
                    _retryAfter = ReadNumber(start, end);
                    if (_retryAfter < 0)
                    {
                        _retryAfter = RetryAfterDate;
                    }

                    return true;

                case 14: // Content-Length; repeating it is allowed, contradicting is not [RFC 9112, 6.3]
                    int length = ReadNumber(start, end);
                    if (length < 0 || _framing == ByChunks || (_framing == ByLength && _left != length))
                    {
                        return false;
                    }

                    _framing = ByLength;
                    _left = length;
                    return true;

                default: // Transfer-Encoding; nothing but chunked is ever asked for
                    if (_framing != ByClose || end - start != 7 || !Matches(start, "chunked"))
                    {
                        return false;
                    }

                    _framing = ByChunks;
                    return true;
            }
        }

        // The header named at start: the length of its name, which tells those we use apart; 0 for one we do not use;
        // -1 when there is no name and colon.
        private int HeaderAt(int start, int end)
        {
            int colon = start;
            while (colon < end && _buffer[colon] != ':')
            {
                colon++;
            }

            if (colon == end || colon == start || _buffer[start] == ' ' || _buffer[start] == '\t')
            {
                return -1;
            }

            int length = colon - start;
            bool used = (length == 10 && Matches(start, "connection"))
                || (length == 11 && Matches(start, "retry-after"))
                || (length == 14 && Matches(start, "content-length"))
                || (length == 17 && Matches(start, "transfer-encoding"));
            return used ? length : 0;
        }

        // Whether the bytes at start are this lower-case text in any case. The caller knows that they are there.
        private bool Matches(int start, string lower)
        {
            for (int i = 0; i < lower.Length; i++)
            {
                int b = _buffer[start + i];
                if (b >= 'A' && b <= 'Z')
                {
                    b += 'a' - 'A';
                }

                if (b != lower[i])
                {
                    return false;
                }
            }

            return true;
        }

        // A decimal number; -1 when it is none, or more than an int holds.
        private int ReadNumber(int start, int end)
        {
            if (start == end)
            {
                return -1;
            }

            int number = 0;
            for (; start < end; start++)
            {
                int digit = _buffer[start] - '0';
                if (digit < 0 || digit > 9 || number > (int.MaxValue - digit) / 10)
                {
                    return -1;
                }

                number = (number * 10) + digit;
            }

            return number;
        }

        // "hex [; extension]" [RFC 9112, 7.1]; -1 when it is not that, or the size is 256 MB or more.
        private int ReadChunkSize(int start, int end)
        {
            int size = 0;
            int i = start;
            for (; i < end; i++)
            {
                int b = _buffer[i];
                int digit = b >= '0' && b <= '9' ? b - '0'
                    : b >= 'a' && b <= 'f' ? b - 'a' + 10
                    : b >= 'A' && b <= 'F' ? b - 'A' + 10 : -1;
                if (digit < 0)
                {
                    break;
                }

                if (size > 0xFFFFFF)
                {
                    return -1;
                }

                size = (size << 4) | digit;
            }

            if (i == start)
            {
                return -1;
            }

            while (i < end && (_buffer[i] == ' ' || _buffer[i] == '\t'))
            {
                i++;
            }

            return i == end || _buffer[i] == ';' ? size : -1;
        }
    }
}
