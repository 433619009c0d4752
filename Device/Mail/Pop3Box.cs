// A mailbox read by POP3 [RFC 1939]. The mailbox is the device's own: whatever is in it and is no reply waited for is deleted.
//
// No MIME is taken apart: a sealed message begins with 4E 53 01, whose base64 is "TlMB", at the start of a line; it ends with
// the first line that is not base64. So any nesting, any headers, any gateway will do, as long as the part is in base64.

using System;

namespace NanoSync.Device
{
    /// <summary>The way in by mail.</summary>
    public sealed class Pop3Box : IPostIn
    {
        private const string FirstCharacters = "TlMB";

        private readonly MailLine _line;
        private readonly string _user;
        private readonly string _password;
        private readonly byte[] _bytes = new byte[3];
        private int _count; // mails there
        private int _current; // the one looked at, from 1; 0 = none yet
        private bool _inMail; // its lines are not all read
        private bool _inText; // within the base64
        private int _at; // next character of the line
        private int _bits;
        private int _sextets;
        private int _ready; // bytes of _bytes that wait
        private int _copied;

        /// <summary>A mailbox; nothing is connected yet.</summary>
        /// <exception cref="ArgumentException">There is no server, user or password, or one of the texts would end its line.</exception>
        public Pop3Box(MailLine line, string user, string password)
        {
            if (line == null || !IsOneLine(user) || !IsOneLine(password))
            {
                throw new ArgumentException("line, user, password: missing, or with a line break");
            }

            _line = line;
            _user = user;
            _password = password;
            MaxMailBytes = 64 * 1024;
        }

        private static bool IsOneLine(string text)
        {
            return text != null && text.IndexOf('\r') < 0 && text.IndexOf('\n') < 0;
        }

        /// <summary>Larger mails are deleted unread. Default 65,536.</summary>
        public int MaxMailBytes { get; set; }

        /// <inheritdoc/>
        public CarrierError Next(string name)
        {
            CarrierError error = _line.IsConnected ? CarrierError.None : LogIn();
            if (error == CarrierError.None && _inMail)
            {
                error = Skip();
            }

            while (error == CarrierError.None)
            {
                if (_current == _count)
                {
                    return CarrierError.Deferred;
                }

                _current++;
                int size;
                error = Say("LIST " + _current.ToString());
                size = SecondNumber();
                if (error == CarrierError.None && size > MaxMailBytes)
                {
                    error = Say("DELE " + _current.ToString());
                    continue;
                }

                if (error == CarrierError.None)
                {
                    error = Say("RETR " + _current.ToString());
                }

                if (error == CarrierError.None)
                {
                    _inMail = true;
                    error = FindText();
                }

                if (error == CarrierError.None)
                {
                    if (_inText)
                    {
                        return CarrierError.None;
                    }

                    error = Say("DELE " + _current.ToString());
                }
            }

            _line.Disconnect();
            return error;
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count)
        {
            int written = 0;
            while (written < count)
            {
                if (_copied < _ready)
                {
                    buffer[offset + written++] = _bytes[_copied++];
                    continue;
                }

                if (!_inText)
                {
                    return written;
                }

                CarrierError error = Decode();
                if (error != CarrierError.None)
                {
                    return -(int)error;
                }
            }

            return written;
        }

        /// <inheritdoc/>
        public void Done(bool drop)
        {
            if (!_line.IsConnected || (_inMail && Skip() != CarrierError.None) || !drop)
            {
                return;
            }

            Say("DELE " + _current.ToString());
        }

        /// <inheritdoc/>
        public void Close()
        {
            if (_line.IsConnected)
            {
                if (!_inMail)
                {
                    Say("QUIT"); // only now the mailbox forgets what was deleted
                }

                _line.Disconnect();
            }

            _inMail = false;
        }

        private CarrierError LogIn()
        {
            _current = 0;
            _count = 0;
            _inMail = false;
            CarrierError error = _line.Connect();
            if (error == CarrierError.None)
            {
                error = Answer();
            }

            if (error == CarrierError.None)
            {
                error = Say("USER " + _user);
            }

            if (error == CarrierError.None)
            {
                error = Say("PASS " + _password);
            }

            if (error == CarrierError.None)
            {
                error = Say("STAT");
                _count = FirstNumber();
            }

            return error;
        }

        private CarrierError Say(string command)
        {
            CarrierError error = _line.Put(command);
            if (error == CarrierError.None)
            {
                error = _line.Put("\r\n");
            }

            if (error == CarrierError.None)
            {
                error = _line.Flush();
            }

            return error == CarrierError.None ? Answer() : error;
        }

        private CarrierError Answer()
        {
            CarrierError error = _line.ReadLine();
            return error != CarrierError.None ? error : _line.Begins("+OK") ? CarrierError.None : CarrierError.Refused;
        }

        // To the first line of a sealed message, or the end of the mail.
        private CarrierError FindText()
        {
            _inText = false;
            _ready = 0;
            _copied = 0;
            for (;;)
            {
                bool fresh = _line.IsWhole;
                CarrierError error = _line.ReadLine();
                if (error != CarrierError.None)
                {
                    return error;
                }

                if (fresh && IsEnd())
                {
                    return CarrierError.None;
                }

                if (fresh && _line.Begins(FirstCharacters))
                {
                    _inText = true;
                    _at = 0;
                    _sextets = 0;
                    _bits = 0;
                    return CarrierError.None;
                }
            }
        }

        // The next bytes, or the end of the text.
        private CarrierError Decode()
        {
            for (;;)
            {
                if (_at == _line.Length)
                {
                    bool fresh = _line.IsWhole;
                    CarrierError error = _line.ReadLine();
                    if (error != CarrierError.None)
                    {
                        return error;
                    }

                    _at = 0;
                    if (fresh && IsEnd())
                    {
                        _inText = false;
                        return CarrierError.None;
                    }

                    if (fresh && _line.Length == 0)
                    {
                        return EndText();
                    }
                }

                int value = Sextet(_line.Buffer[_line.Start + _at]);
                if (value < 0)
                {
                    // '=' : what is left of the last group; then, or at anything else, the text has ended
                    _ready = _sextets == 3 ? 2 : _sextets == 2 ? 1 : 0;
                    _bytes[0] = (byte)(_sextets == 3 ? _bits >> 10 : _bits >> 4);
                    _bytes[1] = (byte)(_bits >> 2);
                    _copied = 0;
                    return EndText();
                }

                _at++;
                _bits = (_bits << 6) | value;
                if (++_sextets == 4)
                {
                    _bytes[0] = (byte)(_bits >> 16);
                    _bytes[1] = (byte)(_bits >> 8);
                    _bytes[2] = (byte)_bits;
                    _bits = 0;
                    _sextets = 0;
                    _ready = 3;
                    _copied = 0;
                    return CarrierError.None;
                }
            }
        }

        private CarrierError EndText()
        {
            _inText = false;
            return Skip();
        }

        private CarrierError Skip()
        {
            _inText = false;
            while (_inMail)
            {
                bool fresh = _line.IsWhole;
                CarrierError error = _line.ReadLine();
                if (error != CarrierError.None)
                {
                    return error;
                }

                if (fresh)
                {
                    IsEnd();
                }
            }

            return CarrierError.None;
        }

        private bool IsEnd()
        {
            if (_line.Length == 1 && _line.IsWhole && _line.Buffer[_line.Start] == '.')
            {
                _inMail = false;
                return true;
            }

            return false;
        }

        private static int Sextet(byte b)
        {
            return b >= 'A' && b <= 'Z' ? b - 'A'
                : b >= 'a' && b <= 'z' ? b - 'a' + 26
                : b >= '0' && b <= '9' ? b - '0' + 52
                : b == '+' ? 62 : b == '/' ? 63 : -1;
        }

        // "+OK n m"
        private int FirstNumber()
        {
            return NumberAt(1);
        }

        private int SecondNumber()
        {
            return NumberAt(2);
        }

        private int NumberAt(int word)
        {
            int at = _line.Start;
            int end = at + _line.Length;
            while (word > 0 && at < end)
            {
                if (_line.Buffer[at++] == ' ')
                {
                    word--;
                }
            }

            int number = 0;
            while (at < end && _line.Buffer[at] >= '0' && _line.Buffer[at] <= '9' && number < 100000000)
            {
                number = (number * 10) + _line.Buffer[at++] - '0';
            }

            return number;
        }
    }
}
