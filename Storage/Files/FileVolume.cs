using System;
using System.IO;

namespace NanoSync.Storage
{
    /// <summary>
    /// A volume in a folder of a file system: littlefs or FAT on a board, any on a PC. The only class of the store that meets
    /// exceptions. One file at a time stays open for reading, as listing a window reads the same segment again and again.
    /// </summary>
    public sealed class FileVolume : IVolume
    {
        private readonly string _folder;
        private readonly FileStream[] _lanes = new FileStream[4];
        private readonly uint[] _laneFiles = new uint[4];
        private FileStream _reading;
        private uint _readingFile;

        /// <summary>A volume in a folder, made at Open if it is not there.</summary>
        /// <param name="folder">Such as "I:\nanosync"; not the root of I:, where other files live. Without a separator at the end.</param>
        public FileVolume(string folder)
        {
            _folder = folder;
        }

        /// <summary>Text of the last failure, for a log; null when there was none.</summary>
        public string LastFailure { get; private set; }

        /// <inheritdoc/>
        public int Lanes
        {
            get { return _lanes.Length; }
        }

        /// <inheritdoc/>
        public int Open()
        {
            Shut();
            try
            {
                if (!Directory.Exists(_folder))
                {
                    Directory.CreateDirectory(_folder);
                }
                return VolumeCode.Ok;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.Unreadable);
            }
        }

        /// <inheritdoc/>
        public uint[] List()
        {
            try
            {
                string[] paths = Directory.GetFiles(_folder);
                int count = 0;
                for (int i = 0; i < paths.Length; i++)
                {
                    if (StoreFile.Parse(paths[i]) != 0)
                    {
                        count++;
                    }
                }
                uint[] files = new uint[count];
                for (int i = 0; i < paths.Length; i++)
                {
                    uint file = StoreFile.Parse(paths[i]);
                    if (file != 0)
                    {
                        files[--count] = file;
                    }
                }
                return files;
            }
            catch (Exception failure)
            {
                Failed(failure, VolumeCode.Unreadable);
                return null;
            }
        }

        /// <inheritdoc/>
        public int Length(uint file)
        {
            int code = OpenRead(file);
            if (code != VolumeCode.Ok)
            {
                return code;
            }
            try
            {
                return (int)_reading.Length;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.Failed);
            }
        }

        /// <inheritdoc/>
        public int Read(uint file, int position, byte[] buffer, int offset, int count)
        {
            int code = OpenRead(file);
            if (code != VolumeCode.Ok)
            {
                return code;
            }
            try
            {
                if (position >= _reading.Length)
                {
                    return 0;
                }
                _reading.Seek(position, SeekOrigin.Begin);
                int done = 0;
                while (done < count)
                {
                    int read = _reading.Read(buffer, offset + done, count - done);
                    if (read <= 0)
                    {
                        break;
                    }
                    done += read;
                }
                return done;
            }
            catch (Exception failure)
            {
                ShutReading();
                return Failed(failure, VolumeCode.Failed);
            }
        }

        /// <inheritdoc/>
        public int OpenAppend(int lane, uint file)
        {
            ShutReading();
            try
            {
                _lanes[lane] = new FileStream(PathOf(file), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
                _laneFiles[lane] = file;
                return VolumeCode.Ok;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.ReadOnly);
            }
        }

        /// <inheritdoc/>
        public int Append(int lane, byte[] buffer, int offset, int count)
        {
            try
            {
                _lanes[lane].Write(buffer, offset, count);
                return VolumeCode.Ok;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.Full);
            }
        }

        /// <inheritdoc/>
        public int Close(int lane)
        {
            FileStream stream = _lanes[lane];
            _lanes[lane] = null;
            if (_laneFiles[lane] == _readingFile)
            {
                ShutReading(); // what it knows of the file's length is old
            }
            _laneFiles[lane] = 0;
            if (stream == null)
            {
                return VolumeCode.Ok;
            }
            try
            {
                stream.Close();
                return VolumeCode.Ok;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.Full);
            }
        }

        /// <inheritdoc/>
        public int Delete(uint file)
        {
            if (file == _readingFile)
            {
                ShutReading();
            }
            try
            {
                string path = PathOf(file);
                if (File.Exists(path))
                {
                    File.Delete(path);
                }
                return VolumeCode.Ok;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.Failed);
            }
        }

        /// <summary>Closes every file that is open. Not needed by the store; by who wants to delete the folder.</summary>
        public void Shut()
        {
            ShutReading();
            for (int lane = 0; lane < _lanes.Length; lane++)
            {
                Close(lane);
            }
        }

        private int OpenRead(uint file)
        {
            if (_readingFile == file)
            {
                return VolumeCode.Ok;
            }
            ShutReading();
            try
            {
                string path = PathOf(file);
                if (!File.Exists(path))
                {
                    return VolumeCode.NotFound;
                }
                _reading = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                _readingFile = file;
                return VolumeCode.Ok;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.Failed);
            }
        }

        private void ShutReading()
        {
            FileStream stream = _reading;
            _reading = null;
            _readingFile = 0;
            if (stream != null)
            {
                try
                {
                    stream.Close();
                }
                catch (Exception failure)
                {
                    Failed(failure, VolumeCode.Failed);
                }
            }
        }

        private string PathOf(uint file)
        {
            return Path.Combine(_folder, StoreFile.Name(file));
        }

        private int Failed(Exception failure, int code)
        {
            LastFailure = failure.Message;
            return code;
        }
    }
}
