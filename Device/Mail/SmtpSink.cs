// Hands a mail to a relay by SMTP [RFC 5321]: one connection per mail, commands one after the other, the mail streamed.

using System;
using System.Text;

namespace NanoSync.Device
{
    /// <summary>A relay.</summary>
    public sealed class SmtpSink : IMailSink
    {
        private readonly MailLine _line;
        private readonly string _user; // null: none
        private readonly string _password;
        private int _code;

        /// <summary>A relay; nothing is connected yet.</summary>
        /// <param name="line">Where it is.</param>
        /// <param name="user">For AUTH PLAIN; null = the relay takes our mail without. Only over TLS, or on a wire of one's own.</param>
        /// <param name="password">Its password.</param>
        public SmtpSink(MailLine line, string user, string password)
        {
            _line = line;
            _user = user;
            _password = password;
        }

        /// <summary>The last answer of the relay, 0 before the first.</summary>
        public int LastCode
        {
            get { return _code; }
        }

        /// <inheritdoc/>
        public CarrierError Begin(string from, string to)
        {
            CarrierError error = _line.Connect();
            if (error == CarrierError.None)
            {
                error = Answer(220);
            }

            if (error == CarrierError.None)
            {
                error = Say("EHLO nanosync\r\n", 250);
            }

            if (error == CarrierError.None && _user != null)
            {
                error = Say("AUTH PLAIN " + Plain() + "\r\n", 235);
            }

            if (error == CarrierError.None)
            {
                error = Say("MAIL FROM:<" + from + ">\r\n", 250);
            }

            if (error == CarrierError.None)
            {
                error = Say("RCPT TO:<" + to + ">\r\n", 250);
            }

            return error == CarrierError.None ? Say("DATA\r\n", 354) : error;
        }

        /// <inheritdoc/>
        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            return _line.Put(buffer, offset, count);
        }

        /// <inheritdoc/>
        public CarrierError End()
        {
            CarrierError error = Say(".\r\n", 250);
            if (error == CarrierError.None)
            {
                // it is on its way; how the relay says goodbye does not matter
                _line.Put("QUIT\r\n");
                _line.Flush();
            }

            return error;
        }

        /// <inheritdoc/>
        public void Close()
        {
            _line.Disconnect(); // without the last dot a relay forgets the mail
        }

        private CarrierError Say(string command, int expected)
        {
            CarrierError error = _line.Put(command);
            if (error == CarrierError.None)
            {
                error = _line.Flush();
            }

            return error == CarrierError.None ? Answer(expected) : error;
        }

        // An answer has one line or more; those before the last have a dash behind the code.
        private CarrierError Answer(int expected)
        {
            for (;;)
            {
                bool fresh = _line.IsWhole;
                CarrierError error = _line.ReadLine();
                if (error != CarrierError.None)
                {
                    return error;
                }

                if (!fresh)
                {
                    continue; // the rest of a long line
                }

                byte[] b = _line.Buffer;
                int at = _line.Start;
                if (_line.Length < 3 || b[at] < '2' || b[at] > '5' || b[at + 1] < '0' || b[at + 1] > '9' || b[at + 2] < '0' || b[at + 2] > '9')
                {
                    return CarrierError.BadReply;
                }

                _code = (100 * (b[at] - '0')) + (10 * (b[at + 1] - '0')) + b[at + 2] - '0';
                if (_line.Length == 3 || b[at + 3] != '-')
                {
                    return _code == expected || (expected == 250 && _code == 251) ? CarrierError.None : CarrierError.Refused;
                }
            }
        }

        private string Plain()
        {
            // NUL user NUL password; not by way of a string, whose end a NUL is on a board
            byte[] user = Encoding.UTF8.GetBytes(_user);
            byte[] password = Encoding.UTF8.GetBytes(_password);
            byte[] all = new byte[user.Length + password.Length + 2];
            Array.Copy(user, 0, all, 1, user.Length);
            Array.Copy(password, 0, all, user.Length + 2, password.Length);
            return Convert.ToBase64String(all);
        }
    }
}
