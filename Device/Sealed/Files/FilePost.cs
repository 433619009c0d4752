// Letters as files in a folder [SPEC 8.4]: a stick, a card, or where a relay drops what came.

using System;
using System.IO;

namespace NanoSync.Device
{
    /// <summary>A folder with to-server/ and to-device/ in it.</summary>
    public sealed class FilePost : IPostOut, IPostIn
    {
        private const string Ending = ".sealed";
        private const string PartEnding = ".part";

        private readonly string _toServer;
        private readonly string _toDevice;
        private readonly string _separator;
        private FileStream _writing;
        private int _written; // bytes given to it
        private FileStream _reading;
        private string _path;
        private string _readPath;
        private string _nextGave; // the letter that Next gave; once in an exchange

        /// <summary>A post in a folder, made when missing.</summary>
        /// <param name="folder">Without a separator at the end.</param>
        /// <param name="separator">What stands between folder and file: "\\" on a board.</param>
        /// <exception cref="ArgumentException">Folder or separator is missing, or the folder ends in the separator.</exception>
        public FilePost(string folder, string separator)
        {
            if (folder == null || separator == null || folder.Length == 0 || separator.Length != 1 || folder[folder.Length - 1] == separator[0])
            {
                throw new ArgumentException("folder, separator: a path without separator at its end, and one character");
            }

            _toServer = folder + separator + "to-server";
            _toDevice = folder + separator + "to-device";
            _separator = separator;
        }

        /// <summary>Text of the last failure, for a log; null when there was none.</summary>
        public string LastFailure { get; private set; }

        /// <inheritdoc/>
        public CarrierError Begin(string name, int length)
        {
            try
            {
                if (!Directory.Exists(_toServer))
                {
                    Directory.CreateDirectory(_toServer);
                }

                _path = _toServer + _separator + name + Ending;
                _writing = new FileStream(_path + PartEnding, FileMode.Create, FileAccess.Write);
                _written = 0;
                return CarrierError.None;
            }
            catch (Exception failure)
            {
                return Failed(failure);
            }
        }

        /// <inheritdoc/>
        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            try
            {
                _writing.Write(buffer, offset, count);
                _written += count;
                return CarrierError.None;
            }
            catch (Exception failure)
            {
                return Failed(failure);
            }
        }

        /// <inheritdoc/>
        public CarrierError End()
        {
            try
            {
                FileStream file = _writing;
                _writing = null;
                bool whole;
                try
                {
                    file.Flush();
                    whole = file.Length == _written; // a full volume drops bytes without an error
                }
                finally
                {
                    Shut(file); // durable from here on
                }

                if (!whole)
                {
                    LastFailure = "the volume is full";
                    return CarrierError.Broken;
                }

                if (File.Exists(_path))
                {
                    File.Delete(_path);
                }

                File.Move(_path + PartEnding, _path);
                return CarrierError.None;
            }
            catch (Exception failure)
            {
                return Failed(failure);
            }
        }

        /// <inheritdoc/>
        public CarrierError Next(string name)
        {
            try
            {
                if (_nextGave == name || !Directory.Exists(_toDevice))
                {
                    return Directory.Exists(_toDevice) || Directory.Exists(_toServer) ? CarrierError.Deferred : CarrierError.Unreachable;
                }

                DropOthers(name);
                _readPath = _toDevice + _separator + name + Ending;
                if (!File.Exists(_readPath))
                {
                    return CarrierError.Deferred;
                }

                _reading = new FileStream(_readPath, FileMode.Open, FileAccess.Read);
                _nextGave = name;
                return CarrierError.None;
            }
            catch (Exception failure)
            {
                return Failed(failure);
            }
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count)
        {
            try
            {
                return _reading.Read(buffer, offset, count);
            }
            catch (Exception failure)
            {
                return -(int)Failed(failure);
            }
        }

        /// <inheritdoc/>
        public void Done(bool drop)
        {
            CloseReading();
            try
            {
                if (drop && _readPath != null)
                {
                    File.Delete(_readPath);
                }
            }
            catch (Exception failure)
            {
                LastFailure = failure.Message; // the file stays and is found again; it answers no request any more
            }

            _readPath = null;
        }

        /// <inheritdoc/>
        public void Close()
        {
            CloseReading();
            _nextGave = null;
            if (_writing != null)
            {
                try
                {
                    Shut(_writing);
                    File.Delete(_path + PartEnding);
                }
                catch (Exception failure)
                {
                    LastFailure = failure.Message;
                }

                _writing = null;
            }
        }

        // Late replies to this device: the name up to the number is the same.
        private void DropOthers(string name)
        {
            string mine = name.Substring(0, name.Length - 10);
            string[] paths = Directory.GetFiles(_toDevice);
            for (int i = 0; i < paths.Length; i++)
            {
                string file = paths[i].Substring(paths[i].LastIndexOf(_separator) + 1);
                if (file.StartsWith(mine) && file.EndsWith(Ending) && file != name + Ending)
                {
                    File.Delete(paths[i]);
                }
            }
        }

        private void CloseReading()
        {
            if (_reading != null)
            {
                FileStream file = _reading;
                _reading = null;
                Shut(file);
            }
        }

        // After Close the stream's finalizer is still to run, and a board runs finalizers only while all threads wait.
        private static void Shut(FileStream file)
        {
            try
            {
                file.Close();
            }
            finally
            {
                GC.SuppressFinalize(file);
            }
        }

        // A lack of memory says nothing of the volume: the round ends with it.
        private CarrierError Failed(Exception failure)
        {
            if (failure is OutOfMemoryException)
            {
                throw failure;
            }

            LastFailure = failure.Message;
            return CarrierError.Broken;
        }
    }
}
