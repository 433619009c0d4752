// What carries sealed messages as they are: a mailbox, a folder. Ways out and in may be of two kinds.

namespace NanoSync.Device
{
    /// <summary>The way out. Begin, Write until all bytes are given, End; Close after each, whatever happened.</summary>
    public interface IPostOut
    {
        /// <summary>Starts a letter.</summary>
        /// <param name="name">Device, store and number of it, joined by dots; no other letter has it.</param>
        /// <param name="length">Exact bytes that follow.</param>
        CarrierError Begin(string name, int length);

        /// <summary>Bytes of it.</summary>
        CarrierError Write(byte[] buffer, int offset, int count);

        /// <summary>Hands it over. Only from None on it is on its way; before, nothing of it may be.</summary>
        CarrierError End();

        /// <summary>Lets go of connections and files. Never fails.</summary>
        void Close();
    }

    /// <summary>The way in.</summary>
    public interface IPostIn
    {
        /// <summary>Goes to the next letter.</summary>
        /// <param name="name">Of the request whose reply is looked for: a post that has names may give that letter only.</param>
        /// <returns>None: one is there, Read gives it. Deferred: there is no other. Anything else: why this is not known.</returns>
        CarrierError Next(string name);

        /// <summary>Bytes of it; 0 when it has ended and was whole; a negative <see cref="CarrierError"/> otherwise.</summary>
        int Read(byte[] buffer, int offset, int count);

        /// <summary>Ends with the letter.</summary>
        /// <param name="drop">True: it is not needed any more.</param>
        void Done(bool drop);

        /// <summary>Lets go of connections and files. What was dropped is gone only from here on. Never fails.</summary>
        void Close();
    }
}
