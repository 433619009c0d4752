// What a broker brought, between the client's thread and the round's. Bounded: a broker that floods costs a few letters.

using System;
using System.Threading;

namespace NanoSync.Device
{
    /// <summary>The last letters (messages) that came, and whether something says that a round is worth it.</summary>
    public sealed class MqttInbox
    {
        /// <summary>Letters kept; when more come the oldest goes. One is waited for: the others are repeated, late or foreign.</summary>
        public const int MostLetters = 4;

        private readonly object _gate = new object();
        private readonly byte[][] _letters = new byte[MostLetters][];
        private readonly AutoResetEvent _came = new AutoResetEvent(false);
        private readonly int _mostBytes;
        private int _count;
        private bool _wake;

        /// <summary>An empty one.</summary>
        /// <param name="mostBytes">A larger letter is dropped when it comes.</param>
        public MqttInbox(int mostBytes)
        {
            _mostBytes = mostBytes;
        }

        /// <summary>Takes what came. The array is kept.</summary>
        /// <param name="isWake">True: on the topic that tells that something is due; the bytes do not matter.</param>
        /// <param name="retained">True: it was kept by the broker, and came with the connection. A wake that did says nothing new: the round that connected asks anyhow.</param>
        /// <param name="payload">The bytes.</param>
        public void Arrived(bool isWake, bool retained, byte[] payload)
        {
            lock (_gate)
            {
                if (isWake)
                {
                    _wake |= !retained;
                    return;
                }

                // NS and a version; anything else is no letter of ours
                if (payload.Length < 3 || payload.Length > _mostBytes || payload[0] != 'N' || payload[1] != 'S')
                {
                    return;
                }

                if (_count == MostLetters)
                {
                    RemoveFirst();
                }

                _letters[_count++] = payload;
            }

            _came.Set();
        }

        /// <summary>Notes that the connection has ended: only a round makes another one.</summary>
        public void Lost()
        {
            lock (_gate)
            {
                _wake = true;
            }

            _came.Set();
        }

        /// <summary>True once after something came that makes a round worth it: a wake, a lost connection, or a letter that waits.</summary>
        /// <param name="letters">Whether letters count: where a reply is taken by a later round.</param>
        public bool ConsumeWake(bool letters)
        {
            lock (_gate)
            {
                bool wake = _wake || (letters && _count > 0);
                _wake = false;
                return wake;
            }
        }

        /// <summary>The oldest letter, which stays; null when there is none.</summary>
        public byte[] First()
        {
            lock (_gate)
            {
                return _count == 0 ? null : _letters[0];
            }
        }

        /// <summary>Drops a letter that <see cref="First"/> gave, unless others have pushed it out already.</summary>
        public void Drop(byte[] letter)
        {
            lock (_gate)
            {
                if (_count > 0 && _letters[0] == letter)
                {
                    RemoveFirst();
                }
            }
        }

        /// <summary>Drops all letters.</summary>
        public void Clear()
        {
            lock (_gate)
            {
                while (_count > 0)
                {
                    RemoveFirst();
                }
            }
        }

        /// <summary>Waits until a letter is there.</summary>
        /// <returns>The oldest; null when none came in time.</returns>
        public byte[] Wait(int milliseconds)
        {
            long end = Environment.TickCount64 + milliseconds;
            byte[] letter = First();
            while (letter == null)
            {
                long left = end - Environment.TickCount64;
                if (left <= 0)
                {
                    return null;
                }

                _came.WaitOne((int)left, false);
                letter = First();
            }

            return letter;
        }

        private void RemoveFirst()
        {
            _count--;
            Array.Copy(_letters, 1, _letters, 0, _count);
            _letters[_count] = null;
        }
    }
}
