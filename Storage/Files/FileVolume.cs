using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    /// <summary>A volume in a folder of a file system: littlefs or FAT on a board, any on a PC.</summary>
    public sealed class FileVolume : TailVolume
    {
        /// <summary>
        /// Bytes of a tail with littlefs on an ESP32. It keeps files of up to 512 bytes in its folder, but halves the folder into blocks of
        /// their own when more than 2,048 bytes are in one: several small files of this size fit beside each other.
        /// </summary>
        public const int LittlefsSmallBytes = 256;

        private const int Handles = 2;          // the segment that is read, and the one behind it or the main log's
        private const int HandlesWithTails = 4; // each with its tail; where there are tails, files are not counted as on FAT

        private readonly FolderVolume _files;

        /// <summary>A volume in a folder, made at Open if it is not there.</summary>
        /// <param name="folder">Such as "I:\nanosync"; not the root of I:, where other files live. Without a separator at the end.</param>
        public FileVolume(string folder)
            : this(folder, LittlefsSmallBytes)
        {
        }

        /// <summary>A volume in a folder of another file system.</summary>
        /// <param name="folder">As above.</param>
        /// <param name="smallBytes">Bytes up to which it keeps a file in its folder; 0 where it does not, as FAT.</param>
        public FileVolume(string folder, int smallBytes)
            : this(new FolderVolume(folder, smallBytes > 0 ? HandlesWithTails : Handles), smallBytes)
        {
        }

        private FileVolume(FolderVolume files, int smallBytes)
            : base(files, smallBytes)
        {
            _files = files;
        }

        /// <summary>Text of the last failure, for a log; null when there was none.</summary>
        public string LastFailure
        {
            get { return _files.LastFailure; }
        }

        /// <summary>
        /// Closes every file that is open and gives the folder back, as if the power had been cut: for a caller that deletes the
        /// folder, or opens it anew without having closed the store. The store upon it is not to be used any more.
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public void Shut()
        {
            _files.ShutFiles();
            Release();
        }
    }
}
