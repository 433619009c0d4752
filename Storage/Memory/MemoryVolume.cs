using System;
using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    /// <summary>
    /// A volume in RAM, for a virtual device without files and for tests on the board. What was appended is there at once; it
    /// knows no power cuts. Not for production: it allocates.
    /// </summary>
    public sealed class MemoryVolume : IVolume
    {
        private readonly uint[] _files;
        private readonly byte[][] _bytes;
        private readonly int[] _lengths;
        private readonly int[] _lanes = new int[4];
        private readonly int _capacity;
        private int _used;

        /// <summary>An empty volume.</summary>
        /// <param name="capacityBytes">Bytes it takes before it is full.</param>
        /// <param name="maxFiles">Files it takes.</param>
        public MemoryVolume(int capacityBytes, int maxFiles)
        {
            _capacity = capacityBytes;
            _files = new uint[maxFiles];
            _bytes = new byte[maxFiles][];
            _lengths = new int[maxFiles];
        }

        /// <inheritdoc/>
        public int Lanes
        {
            get { return _lanes.Length; }
        }

        /// <summary>Bytes of all files.</summary>
        public int UsedBytes
        {
            get { return _used; }
        }

        /// <inheritdoc/>
        public int Open()
        {
            return VolumeCode.Ok;
        }

        /// <summary>Taken by every store that opens it: in tests the one before had its power cut.</summary>
        /// <returns>True.</returns>
        public bool Acquire()
        {
            return true;
        }

        /// <inheritdoc/>
        public void Release()
        {
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public uint[] List()
        {
            int count = 0;
            for (int i = 0; i < _files.Length; i++)
            {
                if (_files[i] != 0)
                {
                    count++;
                }
            }
            uint[] list = new uint[count];
            for (int i = 0; i < _files.Length; i++)
            {
                if (_files[i] != 0)
                {
                    list[--count] = _files[i];
                }
            }
            return list;
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Length(uint file)
        {
            int at = Find(file);
            return at < 0 ? VolumeCode.NotFound : _lengths[at];
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Read(uint file, int position, byte[] buffer, int offset, int count)
        {
            int at = Find(file);
            if (at < 0)
            {
                return VolumeCode.NotFound;
            }
            if (count > _lengths[at] - position)
            {
                count = _lengths[at] - position;
            }
            if (count <= 0)
            {
                return 0;
            }
            Array.Copy(_bytes[at], position, buffer, offset, count);
            return count;
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int OpenAppend(int lane, uint file)
        {
            int at = Find(file);
            if (at < 0)
            {
                at = Find(0);
                if (at < 0)
                {
                    return VolumeCode.Full;
                }
                _files[at] = file;
                _bytes[at] = new byte[256];
                _lengths[at] = 0;
            }
            _lanes[lane] = at;
            return VolumeCode.Ok;
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Append(int lane, byte[] buffer, int offset, int count)
        {
            int at = _lanes[lane];
            if (_used + count > _capacity)
            {
                return VolumeCode.Full;
            }
            int length = _lengths[at];
            if (length + count > _bytes[at].Length)
            {
                byte[] larger = new byte[(length + count) * 2];
                Array.Copy(_bytes[at], 0, larger, 0, length);
                _bytes[at] = larger;
            }
            Array.Copy(buffer, offset, _bytes[at], length, count);
            _lengths[at] = length + count;
            _used += count;
            return VolumeCode.Ok;
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Close(int lane)
        {
            return VolumeCode.Ok;
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Delete(uint file)
        {
            int at = Find(file);
            if (at >= 0)
            {
                _used -= _lengths[at];
                _files[at] = 0;
                _bytes[at] = null;
                _lengths[at] = 0;
            }
            return VolumeCode.Ok;
        }

        private int Find(uint file)
        {
            for (int i = 0; i < _files.Length; i++)
            {
                if (_files[i] == file)
                {
                    return i;
                }
            }
            return -1;
        }
    }
}
