namespace NanoSync.Storage
{
    /// <summary>What a volume answers when it cannot do what was asked. Counts and lengths are never negative.</summary>
    public static class VolumeCode
    {
        /// <summary>Done.</summary>
        public const int Ok = 0;

        /// <summary>No such file.</summary>
        public const int NotFound = -1;

        /// <summary>No room.</summary>
        public const int Full = -2;

        /// <summary>Any other failure.</summary>
        public const int Failed = -3;

        /// <summary>The file cannot be opened for writing.</summary>
        public const int ReadOnly = -4;

        /// <summary>The folder cannot be made or listed.</summary>
        public const int Unreadable = -5;
    }

    /// <summary>
    /// The file operations a store needs, and no more: a file is only ever appended to or deleted. Files are named by a
    /// number (<see cref="StoreFile"/>), so that naming one costs no string. Nothing is thrown but OutOfMemoryException, which a
    /// board may meet at any call anyway; it is not made a code, for it says nothing of the files.
    /// <para>A store calls from one thread at a time; where a diary lies beside it, on a lane and files of its own, two calls may come at
    /// once, and the volume takes them one after the other.</para>
    /// <para>Durability asked for: what was appended counts from Close on; a power cut before that may leave none, a
    /// first part or all of it behind. Delete happens whole or not at all.</para>
    /// </summary>
    public interface IVolume
    {
        /// <summary>Files that may be open for append at the same time, numbered from 0.</summary>
        int Lanes { get; }

        /// <summary>Makes the folder if there is none.</summary>
        /// <returns>Ok or a <see cref="VolumeCode"/>.</returns>
        int Open();

        /// <summary>
        /// Takes the volume for one store. False when another store of this program has it and has not given it back: two that
        /// write into one folder would each take the other's files for damage.
        /// </summary>
        bool Acquire();

        /// <summary>Gives it back: when the store is closed, or in a test that goes on as after a power cut.</summary>
        void Release();

        /// <summary>The numbers of all the store's files, in no order; null when they cannot be listed. Allocates; called at Open only.</summary>
        uint[] List();

        /// <summary>Bytes of a file, or a <see cref="VolumeCode"/>.</summary>
        int Length(uint file);

        /// <summary>Reads at a position.</summary>
        /// <returns>Bytes read, fewer than asked only at the end of the file; or a <see cref="VolumeCode"/>.</returns>
        int Read(uint file, int position, byte[] buffer, int offset, int count);

        /// <summary>Opens a file for append, making it if need be.</summary>
        int OpenAppend(int lane, uint file);

        /// <summary>Appends to the file open on the lane.</summary>
        int Append(int lane, byte[] buffer, int offset, int count);

        /// <summary>Closes the lane. Ok means durable.</summary>
        int Close(int lane);

        /// <summary>Deletes a file; one that is not there is Ok.</summary>
        int Delete(uint file);
    }
}
