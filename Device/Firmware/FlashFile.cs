// A small file, read and replaced whole. On littlefs the old content stays until Close, so a cut leaves the old or the new.

using System;
using System.IO;

namespace NanoSync.Firmware
{
    /// <summary>A small file of a file system.</summary>
    public sealed class FlashFile : ISmallFile
    {
        private readonly string _path;

        /// <summary>Names the file; nothing is opened.</summary>
        public FlashFile(string path)
        {
            _path = path;
        }

        /// <inheritdoc/>
        public int Read(byte[] buffer)
        {
            FileStream stream = null;
            try
            {
                if (!File.Exists(_path))
                {
                    return -1;
                }

                stream = new FileStream(_path, FileMode.Open, FileAccess.Read);
                if (stream.Length > buffer.Length)
                {
                    return buffer.Length + 1;
                }

                int length = (int)stream.Length;
                int done = 0;
                while (done < length)
                {
                    int read = stream.Read(buffer, done, length - done);
                    if (read <= 0)
                    {
                        break;
                    }

                    done += read;
                }

                return done;
            }
            catch (Exception)
            {
                return -1;
            }
            finally
            {
                Shut(stream);
            }
        }

        /// <inheritdoc/>
        public bool Write(byte[] buffer, int count)
        {
            FileStream stream = null;
            try
            {
                stream = new FileStream(_path, FileMode.Create, FileAccess.Write);
                stream.Write(buffer, 0, count);
                bool whole = stream.Length == count; // a full volume drops bytes without an error
                return Shut(stream) && whole;
            }
            catch (Exception)
            {
                Shut(stream);
                return false;
            }
        }

        // After Close the stream's finalizer is still to run, and a board runs finalizers only while all threads wait.
        private static bool Shut(FileStream stream)
        {
            if (stream == null)
            {
                return true;
            }

            try
            {
                stream.Close();
                return true;
            }
            catch (Exception)
            {
                return false;
            }
            finally
            {
                GC.SuppressFinalize(stream);
            }
        }
    }
}
