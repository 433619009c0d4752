namespace NanoSync.Storage
{
    /// <summary>Writes one large payload into a file of its own, in slices, and knows its CRC32 so far.</summary>
    internal sealed class LargeWriter
    {
        private readonly IVolume _volume;
        private readonly StoreHealth _health;
        private readonly int _lane;
        private bool _open;

        internal LargeWriter(IVolume volume, StoreHealth health, int lane)
        {
            _volume = volume;
            _health = health;
            _lane = lane;
        }

        /// <summary>The file; 0 = none is being written.</summary>
        internal uint File;

        /// <summary>Bytes it has been given.</summary>
        internal int Length;

        /// <summary>Running CRC32 of them.</summary>
        internal uint Running;

        internal void Begin(uint file, int length, uint running)
        {
            File = file;
            Length = length;
            Running = running;
        }

        internal int Append(byte[] buffer, int offset, int count)
        {
            int code = VolumeCode.Ok;
            if (!_open)
            {
                code = _volume.OpenAppend(_lane, File);
                _open = code == VolumeCode.Ok;
            }
            if (_open && count > 0)
            {
                code = _volume.Append(_lane, buffer, offset, count);
                _health.BytesWritten += count;
            }
            if (code != VolumeCode.Ok)
            {
                _health.Note(File, Length, 0, code);
                return code;
            }
            Running = Crc32.Update(Running, buffer, offset, count);
            Length += count;
            return code;
        }

        /// <summary>Makes durable what was appended. The file stays the one being written.</summary>
        internal int Close()
        {
            if (!_open)
            {
                return VolumeCode.Ok;
            }
            _open = false;
            int code = _volume.Close(_lane);
            _health.FilesClosed++;
            if (code != VolumeCode.Ok)
            {
                _health.Note(File, Length, 0, code);
            }
            return code;
        }

        /// <summary>Ends writing and deletes the file.</summary>
        internal void Abandon()
        {
            if (File != 0)
            {
                Close();
                _volume.Delete(File);
                _health.FilesDeleted++;
                File = 0;
            }
        }
    }
}
