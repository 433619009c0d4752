using System;
using System.Collections;
using System.IO;

namespace NanoSync.Storage
{
    /// <summary>
    /// The files of a folder, in any file system. The only class of the store that meets exceptions. <see cref="TailVolume"/> takes the
    /// calls one after the other. The files read last stay open: listing a window reads the same segment again and again, and
    /// beside it the segment behind it, or the main log's. On a board every open is a write, for the driver stores the
    /// time of the file, and 1.8 KB of garbage; so a segment and its tail are opened to be read and written, and an append
    /// goes on with the handle that read them.
    /// </summary>
    internal sealed partial class FolderVolume : IVolume
    {
        private const int StreamBuffer = 0; // none, as on a board anyway; a constructor that is not told calls this one, 200 bytes deeper
        private static readonly ArrayList s_taken = new ArrayList();    // folders with an open store

        private readonly string _folder;
        private readonly FileStream[] _lanes = new FileStream[4];
        private readonly uint[] _laneFiles = new uint[4];
        private readonly int[] _laneLengths = new int[4];               // what the file holds once it is closed
        private readonly FileStream[] _reading;                         // the one used last comes first
        private readonly uint[] _readingFiles;
        private readonly uint[] _namedFiles = new uint[2];
        private readonly string[] _paths = new string[2];               // of these files: a segment and its tail
        private int _lastNamed;
        private string _lastFailure;

        /// <summary>The files of a folder.</summary>
        /// <param name="folder">Its path.</param>
        /// <param name="handles">Files that may stay open for reading.</param>
        internal FolderVolume(string folder, int handles)
        {
            _folder = folder;
            _reading = new FileStream[handles];
            _readingFiles = new uint[handles];
        }

        internal string LastFailure
        {
            get { return _lastFailure; }
        }

        /// <inheritdoc/>
        public int Lanes
        {
            get { return _lanes.Length; }
        }

        /// <inheritdoc/>
        public int Open()
        {
            ShutFiles();
            CompactHeap();
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
        public uint[] List()
        {
            try
            {
                string[] paths = Directory.GetFiles(_folder);
                uint[] found = new uint[paths.Length];
                int count = 0;
                for (int i = 0; i < paths.Length; i++)
                {
                    uint file = StoreFile.Parse(paths[i]);
                    if (file != 0)
                    {
                        found[count++] = file;
                    }
                }
                uint[] files = new uint[count];
                Array.Copy(found, files, count);
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
                return (int)_reading[0].Length;
            }
            catch (Exception failure)
            {
                return Failed(failure, VolumeCode.Failed);
            }
            finally
            {
                if (!IsSegment(file))
                {
                    ShutReading(file); // asked once, and not kept open for it
                }
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
                FileStream stream = _reading[0];
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
        public int OpenAppend(int lane, uint file)
        {
            FileStream stream = TakeReading(file); // what it says of the length will be wrong
            try
            {
                if (stream == null || !stream.CanWrite)
                {
                    Shut(stream);
                    stream = new FileStream(PathOf(file), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, StreamBuffer);
                }
                _laneLengths[lane] = (int)stream.Seek(0, SeekOrigin.End);
                _laneFiles[lane] = file;
                _lanes[lane] = stream;
                return VolumeCode.Ok;
            }
            catch (Exception failure)
            {
                Shut(stream);
                // a board's driver gives no reason, in an exception of no type of its own; what a PC forbids has one
                return Failed(failure, failure is SystemException && !(failure is IOException) ? VolumeCode.ReadOnly : VolumeCode.Full);
            }
        }

        /// <inheritdoc/>
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
        public int Close(int lane)
        {
            FileStream stream = _lanes[lane];
            _lanes[lane] = null;
            ShutReading(_laneFiles[lane]); // a handle that was opened meanwhile has the earlier length
            if (stream == null)
            {
                return VolumeCode.Ok;
            }
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

        internal void ShutFiles()
        {
            for (int handle = 0; handle < _reading.Length; handle++)
            {
                ShutReading(_readingFiles[handle]);
            }
            for (int lane = 0; lane < _lanes.Length; lane++)
            {
                Close(lane);
            }
        }

        // Of a build for boards: Nano/FolderVolume.Heap.cs.
        partial void CompactHeap();

        // Brings the stream that reads this file to the front. For a file that none reads, the one that was not used for the longest time ends.
        private int OpenRead(uint file)
        {
            if (_readingFiles[0] == file)
            {
                return VolumeCode.Ok;
            }
            int handle = TailVolume.IndexOf(_readingFiles, file);
            FileStream stream;
            if (handle >= 0)
            {
                stream = _reading[handle];
            }
            else
            {
                handle = TailVolume.IndexOf(_readingFiles, 0);
                if (handle < 0)
                {
                    handle = _reading.Length - 1;
                    ShutReading(_readingFiles[handle]);
                }
                try
                {
                    stream = new FileStream(PathOf(file), FileMode.Open, IsSegment(file) ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite, StreamBuffer);
                }
                catch (Exception failure)
                {
                    return failure is OutOfMemoryException || File.Exists(PathOf(file))
                        ? Failed(failure, VolumeCode.Failed)
                        : VolumeCode.NotFound;
                }
            }
            for (; handle > 0; handle--)
            {
                _reading[handle] = _reading[handle - 1];
                _readingFiles[handle] = _readingFiles[handle - 1];
            }
            _reading[0] = stream;
            _readingFiles[0] = file;
            return VolumeCode.Ok;
        }

        // Or its tail.
        private static bool IsSegment(uint file)
        {
            return (StoreFile.Kind(file) & 7) < StoreFile.Large;
        }

        private void ShutReading(uint file)
        {
            Shut(TakeReading(file));
        }

        // The stream that reads this file, which from here on is the caller's to end; null when none does.
        private FileStream TakeReading(uint file)
        {
            int handle = TailVolume.IndexOf(_readingFiles, file);
            if (handle < 0 || file == 0)
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
            if (_namedFiles[_lastNamed] != file)
            {
                _lastNamed = 1 - _lastNamed;
                if (_namedFiles[_lastNamed] != file)
                {
                    _paths[_lastNamed] = Path.Combine(_folder, StoreFile.Name(file));
                    _namedFiles[_lastNamed] = file;
                }
            }
            return _paths[_lastNamed];
        }

        // A lack of memory is no failure of the files: the exception passes on to a caller that can give something up.
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
