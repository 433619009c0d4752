// What the engine needs of a diary to send it: how many bytes, and the bytes in any portion. It knows nothing of their form.

namespace NanoSync.Device
{
    /// <summary>Bytes kept by the application that the server can ask for. [SPEC 7.3] Called while a message is written: no batch of the store is open.</summary>
    public interface IDiary
    {
        /// <summary>Settles what is to be sent: at most <paramref name="most"/> bytes, the newest.</summary>
        /// <returns>Its bytes; 0 = nothing is kept. <see cref="Read"/> gives the same ones until the next call.</returns>
        int Open(int most);

        /// <summary>Fills the buffer from its beginning. Bytes that cannot be read are 0.</summary>
        void Read(int position, byte[] buffer, int count);
    }
}
