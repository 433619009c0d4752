// The sync engine: one round = one message to the server, one reply from it, one commit to flash.
//
// Rule 1: the key held changes only in Commit, together with everything the reply brought.
// Rule 2: an object is acknowledged only by a reply that names the request it was in.
// Rule 3: this engine knows neither HTTP nor mail nor files: a carrier moves the bytes, the store keeps them.
// Rule 4: a cut anywhere leaves the state from before the round; the next round repairs it.
//
// SyncEngine.Request.cs writes the message, SyncEngine.Series.cs its series. SyncEngine.Reply.cs reads the reply,
// SyncEngine.Responses.cs applies what it says of the objects that were sent, SyncEngine.Incoming.cs the objects that it brings,
// SyncEngine.Pass.cs and SyncEngine.Recover.cs a pass over all of them, SyncEngine.Structures.cs what stands in Options.
// SyncEngine.Identity.cs says which store this is. SyncEngine.Fetch.cs asks for one object, SyncEngine.Gateway.cs is for who
// passes on others' objects, SyncEngine.Names.cs finds collections and classes of another firmware, SyncEngine.Slots.cs is the
// table of kept values, SyncEngine.Told.cs says what the server remembers, SyncEngine.Times.cs corrects times taken before the clock was set.

using System;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    /// <summary>
    /// Exchanges the objects of a <see cref="FlashStore"/> with a server. Not for two threads at once; the application may
    /// append readings to the store from another thread while a round runs.
    /// </summary>
    public partial class SyncEngine : IByteSink
    {
        /// <summary>Most collections of an engine: the store has 16, two are the engine's own.</summary>
        public const int MaxCollections = FlashStore.ClassCollection;

        /// <summary>Most classes of an engine, those of its collections included.</summary>
        public const int MaxClasses = 16;

        /// <summary>The version of the message that this engine speaks. [SPEC 2.3]</summary>
        public const string Version = "1.0";

        private const int Major = 1;

        // The engine's own collection: refusals to be told to the server, so that they survive what the key survives.
        internal const int AnswerCollection = FlashStore.MaxCollection;

        private const int FetchAnswer = 0x80; // beside the collection's number: an object may be refused and asked for in one reply


        private static readonly byte[] s_version = Encoding.UTF8.GetBytes(Version);

        internal readonly FlashStore _store;
        private readonly ICarrier _carrier;
        internal readonly SyncOptions _options;
        internal readonly SyncCollection[] _collections = new SyncCollection[MaxCollections];
        private readonly MessageWriter _writer;
        private readonly MessageReader _reader;
        private readonly byte[] _buffer; // payload on its way out, then the reply on its way in
        private readonly byte[] _object; // an object of the reply, gathered
        private readonly ObjectInfo _info = new ObjectInfo(); // the object that is worked on
        private readonly ObjectInfo _found = new ObjectInfo(); // one looked up beside it
        private ObjectClass[] _classes = new ObjectClass[4]; // most devices have two; 12 bytes each
        internal readonly RoundResult _result = new RoundResult();
        private byte[] _formatId;
        internal int _count;
        private int _classCount;
        private bool _open;
        private int _window;
        private int _hold; // seconds for which the request under way asks to be held; 0 = it does not, or none is
        private int _answersMost; // refusals in one reply; more are asked for again in smaller portions

        /// <summary>Makes an engine. Add collections, then Open.</summary>
        /// <exception cref="ArgumentException">One of the three is missing, or an option is out of its bounds.</exception>
        public SyncEngine(FlashStore store, ICarrier carrier, SyncOptions options)
        {
            if (store == null || carrier == null || options == null)
            {
                throw new ArgumentException("store, carrier, options: one is missing");
            }

            options.Check();
            _store = store;
            _carrier = carrier;
            _options = options;
            _window = options.Window;
            _writer = options.Writer != null ? options.Writer : new WbxmlWriter(options.BufferBytes);
            _reader = options.Reader != null ? options.Reader : new WbxmlReader();
            _reader.MaxData = options.MaxObjectBytes;
            _series = options.Series && options.Writer == null ? new SeriesWriter() : null;
            _buffer = new byte[options.BufferBytes];
            _object = new byte[options.ObjectBytes];
        }

        /// <summary>The outcome of the last round; the same object each time.</summary>
        public RoundResult Result
        {
            get { return _result; }
        }

        /// <summary>
        /// Seconds for which the server may hold its answer to a request with nothing to send, until something is due here
        /// [SPEC 5.9]: 10 to 3540, or 0 = it answers at once, the default. Lowered when the server allows less. Round blocks as long.
        /// Carriers that cannot wait (mail, files, HttpWebRequest) do without.
        /// </summary>
        public int Wait;

        /// <summary>True when a request made now would ask to be held: there is nothing to send.</summary>
        public bool MayHold
        {
            get { return Wait > 0 && Pending == 0 && _store.Count(AnswerCollection) == 0 && _carrier is IHoldingCarrier; }
        }

        /// <summary>True while a round is under way whose request asks to be held.</summary>
        public bool IsHolding
        {
            get { return _hold > 0; }
        }

        /// <summary>From another thread: gives up the request that is held, so that its round fails and another can send what there is now.</summary>
        public void AbortHeld()
        {
            if (_hold > 0)
            {
                ((IHoldingCarrier)_carrier).Abort();
            }
        }

        /// <summary>Collections added.</summary>
        public int Count
        {
            get { return _count; }
        }

        /// <summary>A collection by its number in the order added.</summary>
        public SyncCollection Collection(int index)
        {
            return _collections[index];
        }

        /// <summary>Adds a collection that goes to the server and is dropped from flash once acknowledged.</summary>
        /// <param name="name">Its CollectionId, 1 to 64 of A-Z a-z 0-9 . _ -</param>
        /// <param name="type">Class of its objects.</param>
        /// <param name="quotaBytes">Most bytes of flash for it.</param>
        /// <param name="dropOldest">What a full outbox does: true = drops the oldest, and counts; false = refuses the new.</param>
        public SyncCollection AddOutbox(string name, ObjectClass type, int quotaBytes, bool dropOldest)
        {
            SyncCollection added = Make(CollectionKind.Outbox, name, type, null, false);
            if (_series != null)
            {
                _series.Begin(type, _buffer, 0, 0); // takes its memory here, not in a round
            }

            return Add(added, _store.DeclareOutbox(added.Number, quotaBytes, dropOldest));
        }

        /// <summary>Adds a collection that comes from the server.</summary>
        public SyncCollection AddInbox(string name, ObjectClass type, int maxObjects, IObjectHandler handler)
        {
            SyncCollection added = Make(CollectionKind.Inbox, name, type, handler, false);
            return Add(added, _store.DeclareKeyed(added.Number, maxObjects));
        }

        /// <summary>Adds a collection that both sides change.</summary>
        /// <param name="name">Its CollectionId, 1 to 64 of A-Z a-z 0-9 . _ -</param>
        /// <param name="type">Class of its objects.</param>
        /// <param name="maxObjects">Most objects; 12 bytes of memory each.</param>
        /// <param name="handler">Looks at what comes; null = all is taken.</param>
        /// <param name="deviceWins">Who wins when both sides changed an object.</param>
        public SyncCollection AddTwoWay(string name, ObjectClass type, int maxObjects, IObjectHandler handler, bool deviceWins)
        {
            SyncCollection added = Make(CollectionKind.TwoWay, name, type, handler, deviceWins);
            return Add(added, _store.DeclareKeyed(added.Number, maxObjects));
        }

        /// <summary>Makes a class known besides those of the collections: of objects kept by an earlier firmware, or a second one in a collection.</summary>
        public void AddClass(ObjectClass type)
        {
            if (type == null)
            {
                throw new ArgumentException("type: missing");
            }

            for (int i = 0; i < _classCount; i++)
            {
                if (_classes[i].Hash == type.Hash)
                {
                    return;
                }
            }

            if (_classCount == MaxClasses)
            {
                throw new InvalidOperationException("At most MaxClasses classes.");
            }

            if (_classCount == _classes.Length)
            {
                ObjectClass[] more = new ObjectClass[MaxClasses];
                Array.Copy(_classes, more, _classCount);
                _classes = more;
            }

            _classes[_classCount++] = type;
        }

        /// <summary>Opens the store, if it is not open, and takes up where the last run ended.</summary>
        /// <returns>None, or why the store cannot be opened; NoMemory also where the engine's own part of it fails so.</returns>
        /// <exception cref="InvalidOperationException">Flash has a collection of the same name and another kind. Nothing of it is touched.</exception>
        public StoreError Open()
        {
            try
            {
                // half of the answers are those to the last reply, half those to this one; at least one object of each collection has room
                _answersMost = _options.Answers / 2 > _count ? _options.Answers / 2 : _count + 1;
                StoreError error = _store.DeclareKeyed(AnswerCollection, 2 * _answersMost);
                if (error == StoreError.None)
                {
                    _store.DeclareKeyed(DefinitionCollection, _classCount + FormerClasses);
                    error = DeclareSlots();
                }

                if (error == StoreError.None)
                {
                    error = OpenByName();
                }

                if (error != StoreError.None)
                {
                    return error;
                }

                _formatId = Encoding.UTF8.GetBytes(_store.FormatId);
                for (int i = 0; i < _count; i++)
                {
                    LoadKey(_collections[i]);
                    LoadTold(_collections[i]);
                    LoadStoreIds(_collections[i]);
                    PassStart(_collections[i]);
                }

                LoadStoreId();
                LoadCommand();
                Load();
                _open = true;
                return StoreError.None;
            }
            catch (OutOfMemoryException)
            {
                _store.Close(); // it may be open already
                return StoreError.NoMemory;
            }
        }

        /// <summary>
        /// One exchange with the server. Blocks as long as the carrier does. Throws nothing for what a network, a server, a full
        /// flash or a lack of memory does: see the result. After NoMemory the store is closed, for the round ended in the middle of
        /// a call: Open goes on as after a power cut.
        /// </summary>
        public RoundResult Round()
        {
            _result.Clear();
            if (!_open || !_store.IsOpen)
            {
                _result.Store = StoreError.NotOpen;
                return _result;
            }

            try
            {
                bool done = Exchange();
                SweepAll();
                if (done && _result.Store == StoreError.None)
                {
                    _result.Outcome = Outcome();
                }
            }
            catch (OutOfMemoryException)
            {
                _store.Close();
                _result.Store = StoreError.NoMemory;
            }

            _hold = 0; // the request is over: there is nothing left to give up
            _carrier.Close();
            _result.HttpStatus = _carrier.StatusCode;
            _result.RetryAfter = _carrier.RetryAfter;
            CheckRound();
            return _result;
        }

        // Of a build that has Pc/SyncEngine.Invariants.cs; in one for boards the calls are not there either.
        partial void CheckWritten(bool counting);

        partial void CheckItem();

        partial void CheckRound();

        // Of an engine that passes on the objects of others: Pc/SyncEngine.Gateway.cs.
        partial void HasOwnStructure(ref bool has);

        partial void WriteOwnStructure();

        partial void FindForeignName(uint tag, ref byte[] name);

        partial void BeginForeignTags();

        partial void BeginForeignTag();

        partial void ReadForeignClass();

        partial void TakeForeignTag(ref uint tag);

        // What DeferredEngine (Device/Sealed) does otherwise: replies that come in another round than their request.
        internal virtual bool RepliesDeferred
        {
            get { return false; }
        }

        internal virtual void Load()
        {
        }

        internal virtual bool Exchange()
        {
            return Send() && Receive();
        }

        // Within the batch of what the reply brought.
        internal virtual StoreError EndRequest()
        {
            return StoreError.None;
        }

        /// <summary>Objects waiting to go up, over all collections.</summary>
        public int Pending
        {
            get
            {
                int pending = 0;
                for (int i = 0; i < _count; i++)
                {
                    pending += _store.PendingCount(_collections[i].Number);
                }

                return pending;
            }
        }

        /// <summary>Takes bytes of the message being written; for the writer only.</summary>
        bool IByteSink.Write(byte[] buffer, int offset, int count)
        {
            _result.Carrier = _carrier.Write(buffer, offset, count);
            return _result.Carrier == CarrierError.None;
        }

        private SyncCollection Make(CollectionKind kind, string name, ObjectClass type, IObjectHandler handler, bool deviceWins)
        {
            if (_open || _count == MaxCollections)
            {
                throw OpenAlready();
            }

            if (!Naming.IsCollection(name))
            {
                throw new ArgumentException("The name of a collection is 1 to 64 of A-Z a-z 0-9 . _ - , is not . or .. and does not begin with - : not \"" + name + "\".");
            }

            for (int i = 0; i < _count; i++)
            {
                if (_collections[i].NameText == name)
                {
                    throw new ArgumentException("There is a collection " + name + " already.");
                }
            }

            if (type == null)
            {
                throw new ArgumentException("The collection " + name + " has no class.");
            }

            AddClass(type);
            return new SyncCollection(_count, kind, name, type, handler, deviceWins);
        }

        private static InvalidOperationException OpenAlready()
        {
            return new InvalidOperationException("Add collections before Open, at most MaxCollections.");
        }

        // Once the store has taken it, and not before.
        private SyncCollection Add(SyncCollection made, StoreError error)
        {
            if (error == StoreError.AlreadyOpen)
            {
                throw OpenAlready();
            }

            if (error != StoreError.None)
            {
                throw new ArgumentException(made.Kind == CollectionKind.Outbox
                    ? "quotaBytes is at least " + FlashStore.LeastOutbox : "maxObjects is 1 to " + FlashStore.MostObjects);
            }

            _collections[_count++] = made;
            return made;
        }

        private void LoadKey(SyncCollection collection)
        {
            int length;
            StoreError error = _store.GetMeta(collection.Number, KeySlot, collection.Key, 0, out length);
            if (error != StoreError.None || length < 1)
            {
                collection.Key[0] = (byte)'0';
                length = 1;
            }

            if (collection.Key[0] == (byte)'0')
            {
                // the server's keys begin with a number from 1 on
                System.Array.Clear(collection.Key, length, SyncCollection.KeySize - length);
                length = 1;
            }

            collection.KeyLength = length;
        }

        // [SPEC 5.1.4] In step: nothing pending but what waits for its time, no answers to tell, nothing more on the server.
        private RoundOutcome Outcome()
        {
            RoundOutcome outcome = RoundOutcome.InStep;
            for (int i = 0; i < _count; i++)
            {
                SyncCollection c = _collections[i];
                if (c.More || c.StartsOver)
                {
                    return RoundOutcome.More;
                }

                if (_store.PendingCount(c.Number) > 0 && !AllDeferred(c))
                {
                    if (c.HoldFrom == 0)
                    {
                        return RoundOutcome.More;
                    }

                    outcome = RoundOutcome.Held;
                }
            }

            bool more = _store.Count(AnswerCollection) > 0 || _sendResult || _definitionsAsked != 0 || (_fetchFrom != null && _fetchFrom.LastStatus == 0);
            return more ? RoundOutcome.More : outcome;
        }
    }
}
