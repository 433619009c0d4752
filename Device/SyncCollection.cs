// A collection as the engine sees it: its name, its place in the store, and how far the exchange has come.

using System.Text;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    /// <summary>Which way objects go.</summary>
    public enum CollectionKind
    {
        /// <summary>Device to server; dropped from flash once acknowledged.</summary>
        Outbox = 0,

        /// <summary>Server to device.</summary>
        Inbox = 1,

        /// <summary>Both.</summary>
        TwoWay = 2,
    }

    /// <summary>What the application says to objects that come from the server. Called while a reply is read: be short, do no I/O.</summary>
    public interface IObjectHandler
    {
        /// <summary>Looks at an object before it is kept. Only objects that fit <see cref="SyncOptions.ObjectBytes"/> are shown.</summary>
        /// <param name="collection">Where it belongs.</param>
        /// <param name="id">Holds its id, the name by which the server knows it, in UTF-8.</param>
        /// <param name="idOffset">Where the id begins.</param>
        /// <param name="idLength">Its bytes, 1 to 64.</param>
        /// <param name="record">Holds its bytes.</param>
        /// <param name="offset">Where they begin.</param>
        /// <param name="count">How many.</param>
        /// <returns>null to take it; else the reason for the server's operator, at most 64 bytes of UTF-8.</returns>
        string Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count);

        /// <summary>Looks at the name of an object that is too large to be shown, before it is kept. Of one in parts at each part.</summary>
        /// <param name="collection">Where it belongs.</param>
        /// <param name="id">Holds its id in UTF-8.</param>
        /// <param name="idOffset">Where the id begins.</param>
        /// <param name="idLength">Its bytes, 1 to 64.</param>
        /// <param name="bytes">Its size; 0 when it is not known, but more than <see cref="SyncOptions.ObjectBytes"/>.</param>
        /// <returns>As <see cref="Check"/>.</returns>
        string CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes);

        /// <summary>Objects of the collection changed and are durable: read them from the store.</summary>
        void Changed(SyncCollection collection);
    }

    /// <summary>Made by <see cref="SyncEngine"/>; used to name a collection to it. About 400 bytes on the heap of a board.</summary>
    public sealed partial class SyncCollection
    {
        // a key has at most 10 digits, 4 characters of the epoch and 4 of the check sum; a start over keeps it behind `0` and 4 bytes
        internal const int KeySize = 24;

        /// <summary>Its number in the store: from <see cref="SyncEngine.Open"/> on that of its name, whatever the order of the declarations.</summary>
        public int Number;

        internal readonly CollectionKind Kind;
        internal readonly byte[] Name;
        internal readonly ObjectClass Class; // of its objects, those aside that name another
        internal ObjectClass SendingClass; // of the objects in the request under way, those aside that name another
        internal readonly IObjectHandler Handler;
        internal readonly bool DeviceWins;

        internal readonly byte[] Key = new byte[KeySize];
        internal int KeyLength;
        internal byte[] StoreIds; // the two store ids of a store that was one of two, see SyncEngine.Slots.cs; null = all ids have the store's format id

        internal uint Told; // what the server remembers with the key held, see SyncEngine.Told.cs; 0 = nothing
        internal uint Telling; // the same once the request under way is answered
        internal bool NoSeries; // the server could not take a series apart: readings go one by one

        // The round under way.
        internal bool Included;
        internal bool Answered; // the reply had this collection, without Status
        internal int Sent; // objects in the request
        internal uint SentUpTo; // last id (outbox) or change number (keyed) in the request
        internal uint HoldFrom; // outbox: first id that the server wants again; 0 = none
        internal bool More; // the server has more
        internal bool DropsPartial; // the object of the partial download was changed here: the part is dropped
        internal bool Recovers; // the pass under way gives back what the server has lost
        internal bool Changed; // objects changed by this reply

        // Readings that may carry seconds since a start in place of the time.
        internal uint[] UptimeRuns; // from, to, start of each run whose start became known; null = times are taken as they are
        internal uint UptimesTo; // the last of them, not counting those that wait
        internal uint DeferredFrom; // the first reading that waits for the boot time of this run; 0 = none

        // A large object on its way up, in parts.
        internal uint UploadOrder; // its id or change number; 0 = none
        internal int UploadDone; // bytes that the server has
        internal int UploadSent; // bytes in the request under way
        internal int UploadTotal;

        /// <summary>Status of the collection in the last reply that had one; 0 = none.</summary>
        public int LastStatus;

        /// <summary>True while readings wait for <see cref="SyncEngine.SetBootTime"/>.</summary>
        public bool AwaitsBootTime
        {
            get { return DeferredFrom != 0; }
        }

        internal SyncCollection(int number, CollectionKind kind, string name, ObjectClass type, IObjectHandler handler, bool deviceWins)
        {
            Number = number;
            Kind = kind;
            Name = Encoding.UTF8.GetBytes(name);
            Class = type;
            SendingClass = type;
            Handler = handler;
            DeviceWins = deviceWins;
        }

        // The slot of its name in the store. [SPEC 9.9]
        internal int NameSlot
        {
            get { return FlashStore.FirstName | ((int)(Fnv.Of(Name, 0, Name.Length) & 0x0FFFFFFF) << 2) | (int)Kind; }
        }

        internal string NameText
        {
            get { return Encoding.UTF8.GetString(Name, 0, Name.Length); }
        }

        // Before a reply is read.
        internal void ClearReply()
        {
            Answered = false;
            HoldFrom = 0;
            More = false;
            Changed = false;
        }

        /// <summary>True before the first key was got, and after the server no longer knew the one held.</summary>
        public bool StartsOver
        {
            get { return KeyLength == 1 && Key[0] == (byte)'0'; }
        }

        // First id under the later store id; 0 = there is one store id.
        internal uint LaterFrom
        {
            get { return StoreIds == null ? 0 : Format.U32(StoreIds, 0); }
        }

        // The number of this start over; 0 = not minted yet.
        internal uint Start
        {
            get { return Format.U32(Key, 1); }
        }

        /// <summary>The key held. Allocates.</summary>
        public string KeyText
        {
            get { return Encoding.UTF8.GetString(Key, 0, KeyLength); }
        }
    }
}
