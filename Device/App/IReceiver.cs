// What an application says to objects that come from the server.

namespace NanoSync.App
{
    /// <summary>Looks at each object before it is kept. Called while a reply is read: be short, do no I/O.</summary>
    public interface IReceiver
    {
        /// <summary>Whether an object is taken.</summary>
        /// <param name="name">Its name.</param>
        /// <param name="value">Its values. The same record each time; do not keep it.</param>
        /// <returns>null: it is taken. Else the reason for the server's operator, at most 64 bytes of UTF-8.</returns>
        string Check(ObjectName name, Record value);

        /// <summary>Objects of the collection changed and are durable: they can be read, here too.</summary>
        void Changed(Inbox collection);
    }
}
