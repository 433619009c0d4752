namespace NanoSync.Storage
{
    /// <summary>What the store found wrong and how much it wrote, since it was made. Read by the application, written by the store.</summary>
    public sealed class StoreHealth
    {
        /// <summary>Damaged places skipped at Open; each may have held one or more records.</summary>
        public int Damaged;

        /// <summary>Segments whose end was not a whole batch: a power cut while writing. Nothing that was durable is missing.</summary>
        public int TornTails;

        /// <summary>Records and outbox segments, at the last Open, of collections that are not declared any more. They are kept.</summary>
        public int Undeclared;

        /// <summary>Large files that no object names, deleted at Open: a power cut while writing or deleting one.</summary>
        public int Orphans;

        /// <summary>The file (<see cref="StoreFile"/>) of the last damage or failure; 0 when there was none.</summary>
        public uint File;

        /// <summary>Where in that file.</summary>
        public int Offset;

        /// <summary>Id of the object concerned, where it is known.</summary>
        public uint Id;

        /// <summary>What the volume last answered other than Ok (<see cref="VolumeCode"/>).</summary>
        public int Code;

        /// <summary>Bytes given to files.</summary>
        public long BytesWritten;

        /// <summary>Files closed after writing.</summary>
        public int FilesClosed;

        /// <summary>Files deleted.</summary>
        public int FilesDeleted;

        /// <summary>Bytes copied by reclaiming; part of <see cref="BytesWritten"/>.</summary>
        public long BytesReclaimed;

        /// <summary>Refused readings dropped because no more could be kept.</summary>
        public int RefusedDropped;

        internal void Note(uint file, int offset, uint id, int code)
        {
            File = file;
            Offset = offset;
            Id = id;
            if (code != 0)
            {
                Code = code;
            }
        }

        /// <summary>
        /// Erased blocks these writes cost, estimated. Where much is written at a time, a Close rewrites the last block of the file and
        /// starts as many as the bytes fill. Where little is, the bytes go through small files in the folder [SPEC 9.10]: one erase for six
        /// such Closes, and one when 240 bytes are moved together. The folder's blocks take turns besides, for about 40 changes.
        /// </summary>
        /// <param name="blockBytes">Bytes of an erase block, 4,096 on an ESP32.</param>
        public long ErasesEstimate(int blockBytes)
        {
            long much = FilesClosed + (BytesWritten / blockBytes);
            long little = (FilesClosed / 6) + (BytesWritten / 240);
            return (little < much ? little : much) + ((FilesClosed + FilesDeleted) / 40);
        }

        /// <summary>
        /// Days until the flash wears out if it goes on like this, estimated: littlefs spreads erases over the whole volume.
        /// </summary>
        /// <param name="volumeBytes">Size of the volume.</param>
        /// <param name="blockBytes">Bytes of an erase block, 4,096 on an ESP32.</param>
        /// <param name="erasesPerBlock">Erases a block endures, 100,000 for the usual NOR flash.</param>
        /// <param name="secondsSinceOpen">How long the counters have been running, at least 1.</param>
        /// <returns>Days; int.MaxValue when nothing was written.</returns>
        public int LifeDays(int volumeBytes, int blockBytes, int erasesPerBlock, int secondsSinceOpen)
        {
            long erases = ErasesEstimate(blockBytes);
            if (erases <= 0)
            {
                return int.MaxValue;
            }
            long total = (long)(volumeBytes / blockBytes) * erasesPerBlock;
            double days = (double)total / erases * secondsSinceOpen / 86400.0;
            return days > int.MaxValue ? int.MaxValue : (int)days;
        }
    }
}
