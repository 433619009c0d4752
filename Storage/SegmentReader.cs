namespace NanoSync.Storage
{
    /// <summary>
    /// Reads records of segments through one buffer, which is also the only read cache: a window of small readings is listed
    /// and read with one call to the file system. A record is believed only when its CRC32 is right for its place.
    /// </summary>
    internal sealed class SegmentReader
    {
        internal readonly byte[] Buffer;

        private readonly IVolume _volume;
        private uint _file;     // what the buffer holds: bytes _start .. _start + _count of this file; 0 = nothing
        private int _start;
        private int _count;
        private int _checkedFrom; // of the buffer: records without a gap whose CRC32 was found right begin here in the file,
        private int _checkedTo;   // and end here

        internal SegmentReader(IVolume volume, int size)
        {
            _volume = volume;
            Buffer = new byte[size];
        }

        /// <summary>Seeds every CRC32; from the segment headers.</summary>
        internal uint Salt;

        /// <summary>Where the record found lies in its file.</summary>
        internal int At;

        /// <summary>Its bytes, CRC32 included.</summary>
        internal int Size;

        /// <summary>Its first byte in <see cref="Buffer"/>.</summary>
        internal int Index;

        /// <summary>Bytes passed over before it that were no record.</summary>
        internal int Skipped;

        /// <summary>What the volume answered last, when it failed; else Ok.</summary>
        internal int Code;

        internal void Forget()
        {
            _file = 0;
        }

        /// <summary>Brings bytes of a file into the buffer.</summary>
        /// <returns>Their index in <see cref="Buffer"/>, or -1 when there are not so many.</returns>
        internal int Load(uint file, int position, int need)
        {
            if (file != _file || position < _start || position + need > _start + _count)
            {
                _file = file;
                _start = position;
                _count = 0;
                _checkedFrom = 0;
                _checkedTo = 0;
                Code = VolumeCode.Ok;
                int read = _volume.Read(file, position, Buffer, 0, Buffer.Length);
                if (read < 0)
                {
                    Code = read;
                    _file = 0;
                    return -1;
                }
                _count = read;
                if (need > read)
                {
                    return -1;
                }
            }
            return position - _start;
        }

        /// <summary>
        /// Reads back a batch that was committed just now. Bytes that are those of the writer's buffer have the check sums that were
        /// made there, so none is made again. What is not found so is left to <see cref="Find"/>. The file is opened here, two calls
        /// above where a record is looked for: each call is 200 bytes of heap at the deepest point of a sync.
        /// </summary>
        /// <param name="writer">It has committed.</param>
        /// <param name="from">Where the first record of the batch begins.</param>
        internal void ReadBack(LogWriter writer, int from)
        {
            int end = writer.Length + writer.Written;
            int given = end - writer.Given;
            int index = Load(writer.File, from, end - from);
            if (index >= 0 && given <= from && Format.BytesEqual(Buffer, index, writer.Buffer, from - given, end - from))
            {
                _checkedFrom = from;
                _checkedTo = end;
            }
        }

        /// <summary>Bytes in the buffer from a position of its file on.</summary>
        internal int Available(int position)
        {
            return _start + _count - position;
        }

        /// <summary>Finds the first whole record at a position or behind it that ends within the limit.</summary>
        internal bool Find(uint file, int position, int limit)
        {
            Skipped = 0;
            Code = VolumeCode.Ok;
            while (position + Format.MinSize <= limit)
            {
                if (LoadRecord(file, position, limit))
                {
                    return true;
                }
                if (Code != VolumeCode.Ok)
                {
                    return false;
                }
                position++;
                Skipped++;
            }
            Skipped += limit - position;
            return false;
        }

        /// <summary>Whether a whole record lies exactly here.</summary>
        internal bool LoadRecord(uint file, int position, int limit)
        {
            int index = Load(file, position, Format.MinSize);
            if (index < 0)
            {
                return false;
            }
            int kind = Buffer[index];
            int size = Format.U16(Buffer, index + Format.Size);
            if ((kind & Format.ReservedMask) != 0 || (kind & Format.KindMask) == 0 || (kind & Format.KindMask) > Format.End
                || size < Format.MinSize || size > Buffer.Length || position + size > limit)
            {
                return false;
            }
            if (Available(position) < size)
            {
                index = Load(file, position, size);
                if (index < 0)
                {
                    return false;
                }
            }
            // checked once, its bytes in the buffer stay right; behind bytes passed over a place may be no record's beginning
            if (Skipped != 0 || position < _checkedFrom || position + size > _checkedTo)
            {
                uint crc = Crc32.Update(Format.Seed(Salt, file, position), Buffer, index, size - Format.Crc);
                if (Crc32.Finish(crc) != Format.U32(Buffer, index + size - Format.Crc))
                {
                    return false;
                }
                if (position != _checkedTo)
                {
                    _checkedFrom = position;
                }
                _checkedTo = position + size;
            }
            At = position;
            Size = size;
            Index = index;
            return true;
        }
    }
}
