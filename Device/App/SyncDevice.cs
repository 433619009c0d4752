// A device in ten lines: a store, an engine and its collections as one object. Schedules, status, commands and large objects are
// the engine's, which it shows. Carriers whose replies come later (mail, files, sealed messages) need DeferredEngine instead.

using System;
using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.App
{
    /// <summary>
    /// Keeps objects in flash and syncs them. Add collections, Open, then Sync as often as you like. A wrong call is an exception
    /// that names the mistake; what flash, network or server do is a result.
    /// </summary>
    public sealed class SyncDevice
    {
        private readonly int _objectBytes;

        /// <summary>Makes a device.</summary>
        /// <param name="volume">Where the store's files are; on a board <c>new FileVolume(@"I:\store")</c>.</param>
        /// <param name="carrier">Brings messages to the server.</param>
        /// <param name="options">Sizes and bounds; null = their defaults. Objects that are received have at most ObjectBytes.</param>
        public SyncDevice(IVolume volume, ICarrier carrier, SyncOptions options)
            : this(volume, carrier, options, null)
        {
        }

        /// <summary>Makes a device whose store has other sizes than the defaults: more than 96 KB, or larger segments.</summary>
        /// <param name="volume">Where the store's files are.</param>
        /// <param name="carrier">Brings messages to the server.</param>
        /// <param name="options">Sizes and bounds of the messages; null = their defaults.</param>
        /// <param name="storeOptions">Sizes and bounds of the store; null = their defaults. Open answers BadQuota where they do not go together.</param>
        public SyncDevice(IVolume volume, ICarrier carrier, SyncOptions options, StoreOptions storeOptions)
        {
            if (options == null)
            {
                options = new SyncOptions();
            }

            Store = new FlashStore(volume, storeOptions == null ? new StoreOptions() : storeOptions);
            Engine = new SyncEngine(Store, carrier, options);
            _objectBytes = options.ObjectBytes;
        }

        /// <summary>The store, for what is beyond records: large objects, health, what was refused.</summary>
        public readonly FlashStore Store;

        /// <summary>The engine, for schedulers, status and commands.</summary>
        public readonly SyncEngine Engine;

        /// <summary>Adds a collection that goes to the server and is dropped from flash once acknowledged.</summary>
        /// <param name="name">1 to 64 of A-Z a-z 0-9 . _ -</param>
        /// <param name="type">Class of its objects.</param>
        /// <param name="quotaBytes">Most bytes of flash for it, at least 4,096.</param>
        /// <param name="whenFull">What happens then.</param>
        public Outbox AddOutbox(string name, RecordClass type, int quotaBytes, WhenFull whenFull)
        {
            SyncCollection added = Engine.AddOutbox(name, ClassOf(type), quotaBytes, whenFull == WhenFull.DropOldest);
            return new Outbox(Store, added, type);
        }

        /// <summary>Adds a collection that comes from the server.</summary>
        /// <param name="name">1 to 64 of A-Z a-z 0-9 . _ -</param>
        /// <param name="type">Class of its objects.</param>
        /// <param name="maxObjects">Most objects; 12 bytes of memory each.</param>
        /// <param name="receiver">Looks at what comes; null = every object of the class is taken.</param>
        public Inbox AddInbox(string name, RecordClass type, int maxObjects, IReceiver receiver)
        {
            ClassOf(type);
            Receiving receiving = new Receiving(receiver, type, _objectBytes);
            SyncCollection added = Engine.AddInbox(name, type.Class, maxObjects, receiving);
            receiving.Inbox = new Inbox(Store, added, type);
            return receiving.Inbox;
        }

        /// <summary>Adds a collection that both sides change.</summary>
        /// <param name="name">1 to 64 of A-Z a-z 0-9 . _ -</param>
        /// <param name="type">Class of its objects.</param>
        /// <param name="maxObjects">Most objects; 12 bytes of memory each.</param>
        /// <param name="receiver">Looks at what comes; null = every object of the class is taken.</param>
        /// <param name="winner">Of a conflict.</param>
        public TwoWay AddTwoWay(string name, RecordClass type, int maxObjects, IReceiver receiver, Winner winner)
        {
            ClassOf(type);
            Receiving receiving = new Receiving(receiver, type, _objectBytes);
            SyncCollection added = Engine.AddTwoWay(name, type.Class, maxObjects, receiving, winner == Winner.Device);
            TwoWay made = new TwoWay(Store, added, type);
            receiving.Inbox = made;
            return made;
        }

        /// <summary>Opens the store.</summary>
        /// <returns>None, or why it cannot be opened; nothing that was durable is lost by that.</returns>
        public StoreError Open()
        {
            return Engine.Open();
        }

        /// <summary>Exchanges with the server until both sides are in step, at most so many rounds. Throws nothing for what network, server or flash do.</summary>
        /// <param name="maxRounds">At least 1. More than it returns with More: call again when you like.</param>
        /// <returns>Of the last round; the same object each time.</returns>
        public RoundResult Sync(int maxRounds)
        {
            if (maxRounds < 1)
            {
                throw new ArgumentException("maxRounds is at least 1");
            }

            RoundResult result = Engine.Round();
            for (int i = 1; i < maxRounds && result.Outcome == RoundOutcome.More; i++)
            {
                result = Engine.Round();
            }

            return result;
        }

        /// <summary>Objects waiting to go up, over all collections.</summary>
        public int Pending
        {
            get { return Engine.Pending; }
        }

        /// <summary>Closes the store. What was durable stays.</summary>
        public void Close()
        {
            Store.Close();
        }

        // The bytes of an object's name.
        internal static byte[] KeyOf(string name)
        {
            if (name == null)
            {
                throw new ArgumentException("An object has a name, not null.");
            }

            return System.Text.Encoding.UTF8.GetBytes(name);
        }

        internal static void CheckClass(Record value, RecordClass type)
        {
            if (value == null || value.Type.Class.Hash != type.Class.Hash)
            {
                throw new ArgumentException("The collection has objects of class " + type.Class.Name + (value == null ? ", not null." : ", the record is of class " + value.Type.Class.Name + "."));
            }
        }

        private static Protocol.ObjectClass ClassOf(RecordClass type)
        {
            if (type == null)
            {
                throw new ArgumentException("A collection has a class.");
            }

            return type.Class;
        }
    }
}
