using System;
using NanoSync.Storage;

namespace NanoSync.SyncRun
{
    /// <summary>
    /// A volume in RAM that is made whole at once, a slot per file: unlike MemoryVolume it never allocates afterwards, so what
    /// a measurement sees is not the volume.
    /// </summary>
    public sealed class SlotVolume : IVolume
    {
        private readonly uint[] _files; // 0 = the slot is free
        private readonly byte[][] _bytes;
        private readonly int[] _lengths;
        private readonly int[] _lanes = new int[4];

        public SlotVolume(int slots, int slotBytes)
        {
            _files = new uint[slots];
            _lengths = new int[slots];
            _bytes = new byte[slots][];
            for (int i = 0; i < slots; i++)
            {
                _bytes[i] = new byte[slotBytes];
            }
        }

        public int Lanes
        {
            get { return _lanes.Length; }
        }

        public int Open()
        {
            return VolumeCode.Ok;
        }

        public bool Acquire()
        {
            return true;
        }

        public void Release()
        {
        }

        public uint[] List()
        {
            int count = 0;
            for (int i = 0; i < _files.Length; i++)
            {
                count += _files[i] != 0 ? 1 : 0;
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

        public int Length(uint file)
        {
            int at = Find(file);
            return at < 0 ? VolumeCode.NotFound : _lengths[at];
        }

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
                _lengths[at] = 0;
            }

            _lanes[lane] = at;
            return VolumeCode.Ok;
        }

        public int Append(int lane, byte[] buffer, int offset, int count)
        {
            int at = _lanes[lane];
            if (_lengths[at] + count > _bytes[at].Length)
            {
                return VolumeCode.Full;
            }

            Array.Copy(buffer, offset, _bytes[at], _lengths[at], count);
            _lengths[at] += count;
            return VolumeCode.Ok;
        }

        public int Close(int lane)
        {
            return VolumeCode.Ok;
        }

        public int Delete(uint file)
        {
            int at = Find(file);
            if (at >= 0)
            {
                _files[at] = 0;
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
