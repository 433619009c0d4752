using System;
using System.Collections;
using System.IO;
using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    /// <summary>
    /// A volume in a folder of a file system: littlefs or FAT on a board, any on a PC. The only class of the store that meets
    /// exceptions. Two files at a time stay open for reading: listing a window reads the same segment again and again, and
    /// the other one is the segment behind it, or the main log's. On a board every open is a write, for the driver stores the
    /// time of the file, and 1.8 KB of garbage; so an append goes on with the handle that read the one before it.
    /// </summary>
    public sealed class FileVolume : IVolume
    {
        private const int ReadHandles = 2;

        private static readonly ArrayList s_taken = new ArrayList();    // folders with an open store

        private readonly string _folder;
        private readonly FileStream[] _lanes = new FileStream[4];
        private readonly uint[] _laneFiles = new uint[4];
        private readonly int[] _laneLengths = new int[4];               // what the file holds once it is closed
        private readonly FileStream[] _reading = new FileStream[ReadHandles];
        private readonly uint[] _readingFiles = new uint[ReadHandles];
        private int _lastRead;                                          // the handle used last
        private uint _appended;                                         // the file appended to last
        private uint _namedFile;
        private string _namedPath;                                      // path of that file
        private string _lastFailure;

        /// <summary>A volume in a folder, made at Open if it is not there.</summary>
        /// <param name="folder">Such as "I:\nanosync"; not the root of I:, where other files live. Without a separator at the end.</param>
        public FileVolume(string folder)
        {
            _folder = folder;
        }

        /// <summary>Text of the last failure, for a log; null when there was none.</summary>
        public string LastFailure
        {
            get { return _lastFailure; }
        }

        /// <inheritdoc/>
        public int Lanes
        {
            get { return _lanes.Length; }
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Open()
        {
            ShutFiles();
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
        public bool Acquire()
        {
            lock (s_taken)
            {
                if (s_taken.Contains(_folder))
                {
                    return false;
                }
                s_taken.Add(_folder);
                return true;
            }
        }

        /// <inheritdoc/>
        public void Release()
        {
            lock (s_taken)
            {
                s_taken.Remove(_folder);
            }
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
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
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Length(uint file)
        {
            int handle = OpenRead(file);
            if (handle < 0)
            {
                return handle;
            }
            try
            {
                return (int)_reading[handle].Length;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.Failed);
            }
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Read(uint file, int position, byte[] buffer, int offset, int count)
        {
            int handle = OpenRead(file);
            if (handle < 0)
            {
                return handle;
            }
            try
            {
                FileStream stream = _reading[handle];
                stream.Seek(position, SeekOrigin.Begin);
                int done = 0;
                while (done < count)
                {
                    int read = stream.Read(buffer, offset + done, count - done);
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
                ShutReading(file);
                return Failed(failure, VolumeCode.Failed);
            }
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int OpenAppend(int lane, uint file)
        {
            FileStream stream = TakeReading(file); // what it says of the length will be wrong
            try
            {
                if (stream == null || !stream.CanWrite)
                {
                    Shut(stream);
                    stream = new FileStream(PathOf(file), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
                }
                _laneLengths[lane] = (int)stream.Seek(0, SeekOrigin.End);
                _laneFiles[lane] = file;
                _lanes[lane] = stream;
                return VolumeCode.Ok;
            }
            catch (Exception failure)
            {
                Shut(stream);
                return Failed(failure, failure is IOException ? VolumeCode.Full : VolumeCode.ReadOnly);
            }
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Append(int lane, byte[] buffer, int offset, int count)
        {
            try
            {
                _lanes[lane].Write(buffer, offset, count);
                _laneLengths[lane] += count;
                return VolumeCode.Ok;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.Full);
            }
        }

        /// <summary>
        /// Closes the lane. The driver of a board says Ok for bytes that a full volume did not take, at Write and at Close; the
        /// length of the open file tells, so it is compared first.
        /// </summary>
        /// <param name="lane">The lane.</param>
        /// <returns>Ok: durable. Full: the file lacks bytes that were appended.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Close(int lane)
        {
            FileStream stream = _lanes[lane];
            _lanes[lane] = null;
            ShutReading(_laneFiles[lane]); // a handle that was opened meanwhile has the earlier length
            if (stream == null)
            {
                return VolumeCode.Ok;
            }
            _appended = _laneFiles[lane];
            _laneFiles[lane] = 0;
            int code = VolumeCode.Ok;
            try
            {
                if (stream.Length != _laneLengths[lane])
                {
                    _lastFailure = "the volume is full";
                    code = VolumeCode.Full;
                }
            }
            catch (Exception failure)
            {
                Shut(stream);
                return Failed(failure, VolumeCode.Full);
            }
            int closed = Shut(stream);
            return code == VolumeCode.Ok ? closed : code;
        }

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Delete(uint file)
        {
            ShutReading(file);
            try
            {
                File.Delete(PathOf(file)); // a file that is not there is no error
                return VolumeCode.Ok;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.Failed);
            }
        }

        /// <summary>
        /// Closes every file that is open and gives the folder back, as if the power had been cut: for a caller that deletes the
        /// folder, or opens it anew without having closed the store. The store upon it is not to be used any more.
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public void Shut()
        {
            ShutFiles();
            Release();
        }

        private void ShutFiles()
        {
            for (int handle = 0; handle < ReadHandles; handle++)
            {
                ShutReading(_readingFiles[handle]);
            }
            for (int lane = 0; lane < _lanes.Length; lane++)
            {
                Close(lane);
            }
        }

        // The handle that reads this file, or a code. The one used last stays open. What was appended to last is read because
        // it is proved, and then appended to again: its handle may write.
        private int OpenRead(uint file)
        {
            if (_readingFiles[_lastRead] == file)
            {
                return _lastRead;
            }
            int handle = 1 - _lastRead;
            if (_readingFiles[handle] != file)
            {
                ShutReading(_readingFiles[handle]);
                string path = PathOf(file);
                try
                {
                    FileAccess access = file == _appended ? FileAccess.ReadWrite : FileAccess.Read;
                    _reading[handle] = new FileStream(path, FileMode.Open, access, FileShare.ReadWrite);
                    _readingFiles[handle] = file;
                }
                catch (Exception failure)
                {
                    return failure is OutOfMemoryException || File.Exists(path) ? Failed(failure, VolumeCode.Failed) : VolumeCode.NotFound;
                }
            }
            _lastRead = handle;
            return handle;
        }

        private void ShutReading(uint file)
        {
            Shut(TakeReading(file));
        }

        // The stream that reads this file, which from here on is the caller's to end; null when none does.
        private FileStream TakeReading(uint file)
        {
            int handle = _readingFiles[0] == file ? 0 : 1;
            if (file == 0 || _readingFiles[handle] != file)
            {
                return null;
            }
            FileStream stream = _reading[handle];
            _reading[handle] = null;
            _readingFiles[handle] = 0;
            return stream;
        }

        // Every stream of this class ends here. A board runs finalizers only while all threads wait, and after Close the
        // stream's finalizer is still to run: some 170 bytes an open stay until then, and a store that works without a pause
        // would run out of memory.
        private int Shut(FileStream stream)
        {
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
            finally
            {
                GC.SuppressFinalize(stream);
            }
        }

        private string PathOf(uint file)
        {
            if (file != _namedFile)
            {
                _namedPath = Path.Combine(_folder, StoreFile.Name(file));
                _namedFile = file;
            }
            return _namedPath;
        }

        // Memory that is lacking is no failure of the files: it goes on to who can do without something.
        private int Failed(Exception failure, int code)
        {
            if (failure is OutOfMemoryException)
            {
                throw failure;
            }
            _lastFailure = failure.Message;
            return code;
        }
    }
}
