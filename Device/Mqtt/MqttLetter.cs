// A letter on its way: bytes that are written one after the other until all are there, or read until none are left.

using System;

namespace NanoSync.Device
{
    /// <summary>The bytes of one letter, and how far they were written or read.</summary>
    internal sealed class MqttLetter
    {
        internal readonly byte[] Bytes;
        private int _at;

        /// <summary>A letter of which the first bytes are written, or read, already.</summary>
        internal MqttLetter(byte[] bytes, int at)
        {
            Bytes = bytes;
            _at = at;
        }

        /// <summary>Whether all is written, or read.</summary>
        internal bool IsWhole
        {
            get { return _at == Bytes.Length; }
        }

        /// <summary>Writes what comes next; false and nothing when the letter was said to be shorter.</summary>
        internal bool Write(byte[] buffer, int offset, int count)
        {
            if (_at + count > Bytes.Length)
            {
                return false;
            }

            Array.Copy(buffer, offset, Bytes, _at, count);
            _at += count;
            return true;
        }

        /// <summary>Reads what comes next: how many bytes, 0 at the end.</summary>
        internal int Read(byte[] buffer, int offset, int count)
        {
            int left = Bytes.Length - _at;
            count = count < left ? count : left;
            Array.Copy(Bytes, _at, buffer, offset, count);
            _at += count;
            return count;
        }
    }
}
