using System;
using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    /// <summary>
    /// Objects in flash that a power cut cannot hurt. Two kinds of collections: an outbox (first in, first out, dropped when
    /// acknowledged) and keyed objects. Collections are declared, then <see cref="Open"/> reads what is there.
    /// <para>Rule 1: what a call reported as done is there after any power cut; a batch is there whole or not at all.
    /// Rule 2: the index in RAM changes in one place only, where committed records are read back (Apply); mount, commit and
    /// reclaim all go through it. Rule 3: files are appended to or deleted, never overwritten or renamed.</para>
    /// <para>Bytes: SPEC.md chapter 9. Reasons: DESIGN.md chapter 8. Every public call locks the store and may come from any thread.</para>
    /// </summary>
    public sealed partial class FlashStore
    {
        /// <summary>Collections are numbered from 0 up to this one.</summary>
        public const int MaxCollection = 15;

        /// <summary>Fewest bytes of flash of an outbox.</summary>
        public const int LeastOutbox = 4096;

        /// <summary>Most objects of a keyed collection.</summary>
        public const int MostObjects = 60000;

        /// <summary>Longest value of SetMeta in bytes.</summary>
        internal const int MaxMeta = Format.MaxMeta;

        // Kinds in _kinds
        private const byte KindNone = 0;
        private const byte KindOutbox = 1;
        private const byte KindKeyed = 2;

        /// <summary>Segments that the quota must leave to the main log, at least: see <see cref="StoreOptions.QuotaBytes"/>.</summary>
        public const int LeastMainSegments = 7;

        /// <summary>Segments that the quota may leave to the main log, at most.</summary>
        public const int MostMainSegments = MaxSegments - 50;

        private const int MaxSegments = 250;    // of 256, the numbers one byte of the index tells apart
        private const int SkippedIds = 4096;     // more than a damaged segment can have held
        private const int ProbeSize = Format.MaxObjectHead + Format.LargeRef + Format.Crc;

        private readonly IVolume _volume;
        private readonly StoreOptions _options;
        private readonly StoreHealth _health = new StoreHealth();
        private readonly byte[] _probe = new byte[ProbeSize];   // head of an older record, while the reader's buffer holds a newer
        private readonly byte[] _idBytes = new byte[4];
        private readonly SegmentReader _reader;
        private readonly LogWriter _main;
        private readonly LogWriter _out;

        // By collection. The counts are of index entries, of which there are at most 65,534 in all.
        private readonly byte[] _kinds = new byte[MaxCollection + 1];
        private readonly ushort[] _limits = new ushort[MaxCollection + 1];    // keyed: most objects
        private readonly OutboxChain[] _outboxes = new OutboxChain[MaxCollection + 1];
        private readonly ushort[] _entries = new ushort[MaxCollection + 1];   // index entries: objects, kept readings
        private readonly ushort[] _pending = new ushort[MaxCollection + 1];
        private readonly ushort[] _refused = new ushort[MaxCollection + 1];
        private readonly ushort[] _partials = new ushort[MaxCollection + 1];

        private KeyedIndex _index;
        private bool _open;
        private bool _mounting;
        private bool _isNew;
        private int _capacity;      // of the index, as declared
        private string _formatId = "";
        private uint _salt;
        private uint _nextVersion;
        private uint _nextLocal;
        private uint _nextLarge;
        private int _mainQuota;
        private uint _head;         // oldest main segment
        private int _mainBytes;     // bytes of all main segments
        private int _liveBytes;     // bytes of records the index points to
        private int _largeBytes;    // bytes of large files that objects of the main log own
        private bool _mainDirty;
        private int _metaCount;
        private int _asideCount;
        private int _asideBytes; // of refused readings, their large payloads included
        private int _declaredValues; // those of DeclareValues
        private uint _noise;        // state of NextRandom; 0 = not begun
        private int _ackSlots;      // index entries of outboxes, two each: what is acknowledged, and what was refused and not kept

        /// <summary>A store on a volume. Buffers are made here, the index at <see cref="Open"/>.</summary>
        /// <param name="volume">Where the files are; used by this store alone.</param>
        /// <param name="options">Sizes; must not change afterwards.</param>
        public FlashStore(IVolume volume, StoreOptions options)
        {
            if (volume == null || options == null)
            {
                throw new ArgumentException("volume, options: one is missing");
            }
            _volume = volume;
            _options = options;
            _reader = new SegmentReader(volume, options.BufferBytes);
            _main = new LogWriter(volume, _health, 0, options.BufferBytes);
            _out = new LogWriter(volume, _health, 1, options.BufferBytes);
            _large = new LargeWriter(volume, _health, 2);
            _local = new LargeWriter(volume, _health, 3);
            _inlineMax = options.BufferBytes - Format.MaxObjectHead - Format.Crc;
        }

        /// <summary>Declares an outbox, before <see cref="Open"/>.</summary>
        /// <param name="collection">0 to <see cref="MaxCollection"/>.</param>
        /// <param name="quotaBytes">Most bytes of flash it takes, at least <see cref="LeastOutbox"/>.</param>
        /// <param name="dropOldest">When full: true drops the oldest readings and counts them, false refuses new ones.</param>
        public StoreError DeclareOutbox(int collection, int quotaBytes, bool dropOldest)
        {
            if (_open)
            {
                return StoreError.AlreadyOpen;
            }
            if (collection < 0 || collection > MaxCollection || quotaBytes < LeastOutbox)
            {
                return StoreError.BadArgument;
            }
            _kinds[collection] = KindOutbox;
            OutboxChain outbox = new OutboxChain();
            outbox.Quota = quotaBytes;
            outbox.DropOldest = dropOldest;
            // At least 4 segments, so that dropping the oldest drops a quarter, not everything
            outbox.SegmentBytes = quotaBytes / 4 < _options.SegmentBytes ? quotaBytes / 4 : _options.SegmentBytes;
            if (outbox.SegmentBytes < _options.BufferBytes + Format.HeaderSize)
            {
                outbox.SegmentBytes = _options.BufferBytes + Format.HeaderSize;
            }
            _outboxes[collection] = outbox;
            return StoreError.None;
        }

        /// <summary>Declares a collection of keyed objects, before <see cref="Open"/>.</summary>
        /// <param name="collection">0 to <see cref="MaxCollection"/>.</param>
        /// <param name="maxObjects">Most objects it may hold, deleted ones the server has not confirmed included. 12 bytes of RAM each.</param>
        public StoreError DeclareKeyed(int collection, int maxObjects)
        {
            if (_open)
            {
                return StoreError.AlreadyOpen;
            }
            if (collection < 0 || collection > MaxCollection || maxObjects < 1 || maxObjects > MostObjects)
            {
                return StoreError.BadArgument;
            }
            _kinds[collection] = KindKeyed;
            _limits[collection] = (ushort)maxObjects;
            return StoreError.None;
        }

        /// <summary>
        /// Declares how many values a part of the program keeps by <see cref="SetMeta"/>, before <see cref="Open"/>: there is
        /// always room for them. 12 bytes of RAM each.
        /// </summary>
        /// <param name="count">0 to 1,000; takes the place of what was declared before.</param>
        internal StoreError DeclareValues(int count)
        {
            if (_open)
            {
                return StoreError.AlreadyOpen;
            }
            if (count < 0 || count > 1000)
            {
                return StoreError.BadArgument;
            }
            _declaredValues = count;
            return StoreError.None;
        }

        /// <summary>Reads what the volume holds, and makes a new store when it holds none. Time is linear in the bytes of the logs.</summary>
        /// <returns>
        /// None; BadQuota; BadArgument for sizes out of bounds; VolumeInUse when another store of this program is open on it; VolumeUnreadable, VolumeFailed, VolumeFull or VolumeReadOnly;
        /// NewerFormat; IndexFull when there are more objects than declared (nothing is lost: declare more); NoMemory: the store is
        /// as before, and may be opened again once there is more.
        /// </returns>
        public StoreError Open()
        {
            return OpenNamed(new int[MaxCollection + 1]);
        }

        /// <summary>
        /// The same where collections are found by their names, whatever the order they are declared in. [SPEC 9.9]
        /// </summary>
        /// <param name="names">
        /// By the number that a collection was declared with: the slot of its name, the kind in the low 2 bits; 0 = it has that
        /// number for good. Afterwards by the number that it has, below 0 where the slot has no value yet and is to be given one.
        /// </param>
        /// <returns>As above; OtherKind when flash has one of these names under another kind: StoreHealth.Id is its number.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError OpenNamed(int[] names)
        {
            if (_open)
            {
                return StoreError.AlreadyOpen;
            }
            bool taken = false;
            StoreError error;
            try
            {
                error = Prepare();
                if (error == StoreError.None)
                {
                    taken = _volume.Acquire();
                    error = taken ? MountVolume(names) : StoreError.VolumeInUse;
                }
            }
            catch (OutOfMemoryException)
            {
                _mounting = false;
                error = StoreError.NoMemory;
            }
            _open = error == StoreError.None;
            if (taken && !_open)
            {
                _volume.Release();
            }
            CheckInvariants();
            return error;
        }

        // Of a build that has Pc/FlashStore.Invariants.cs; in one for boards the calls are not there either.
        partial void CheckInvariants();

        private StoreError MountVolume(int[] names)
        {
            int code = _volume.Open();
            if (code != VolumeCode.Ok)
            {
                _health.Code = code;
                return Map(code);
            }
            int damaged = _health.Damaged;
            int torn = _health.TornTails;
            bool moved;
            StoreError error;
            do
            {
                uint[] files = _volume.List();
                if (files == null)
                {
                    return StoreError.VolumeUnreadable;
                }
                Sort(files);
                _mounting = true;
                error = Mount(files, names, out moved);
                _mounting = false;
                if (moved)
                {
                    // read anew, now that it is known which collection is which
                    _health.Damaged = damaged;
                    _health.TornTails = torn;
                    error = Prepare();
                }
            }
            while (moved && error == StoreError.None);
            return error;
        }

        // After a read that failed while a commit was read back: what the index has of it is not known. All files are read anew; where that
        // fails as well the store is closed.
        private StoreError Remount()
        {
            AbandonAll();
            StoreError error = Prepare();
            if (error == StoreError.None)
            {
                error = MountVolume(new int[MaxCollection + 1]);
            }
            _open = error == StoreError.None;
            if (!_open)
            {
                _volume.Release();
            }
            return StoreError.VolumeFailed;
        }

        internal bool IsOpen
        {
            get { return _open; }
        }

        /// <summary>Ends use; an open batch is abandoned. Not needed before a power cut.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public void Close()
        {
            if (_open)
            {
                AbandonAll();
                _open = false;
                _volume.Release();
            }
        }

        /// <summary>
        /// Four characters of 0-9 A-Z a-z _ -, new whenever the store began on an empty or lost volume. Together with it an id is
        /// unique for good.
        /// </summary>
        public string FormatId
        {
            get { return _formatId; }
        }

        /// <summary>Whether Open made a new store.</summary>
        public bool IsNew
        {
            get { return _isNew; }
        }

        /// <summary>Counters and what was found wrong.</summary>
        public StoreHealth Health
        {
            get { return _health; }
        }

        /// <summary>
        /// A number that another store of the same origin (a copied image, a restored one) does not mint as well, as far as
        /// <see cref="StoreOptions.Entropy"/>, or the platform's random number and the clock, differ. Never 0.
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal uint NextRandom()
        {
            if (_noise == 0)
            {
                _noise = Mix(_options.Entropy == 0 ? Noise(DateTime.UtcNow.Ticks) : _options.Entropy, _salt ^ (_nextVersion * 0x9E3779B1));
            }
            // xorshift32: every state but 0 comes once in 2^32 - 1
            _noise ^= _noise << 13;
            _noise ^= _noise >> 17;
            _noise ^= _noise << 5;
            return _noise;
        }

        // Adds the platform's random number to the clock, because a board's clock begins anew with each start: two boards of one firmware,
        // or two starts of one board, would draw the same numbers.
        private static uint Noise(long ticks)
        {
            return (uint)ticks ^ (uint)(ticks >> 32) ^ ((uint)new Random().Next() * 0x9E3779B1); // hardware's where there is one
        }

        private uint Mix(uint a, uint b)
        {
            Format.Put32(_probe, 0, a);
            Format.Put32(_probe, 4, b);
            return Crc32.Finish(Crc32.Update(Crc32.Start, _probe, 0, 8)) | 1;
        }

        private StoreError Prepare()
        {
            StoreOptions o = _options;
            if (o.SegmentBytes < 1024 || o.SegmentBytes > 65535 || o.BufferBytes < 256 || o.BufferBytes * 4 > o.SegmentBytes
                || o.StepBytes < 256 || o.BlockBytes < 1 || o.MetaSlots < 0 || o.SetAsideSlots < 1 || o.SetAsideBytes < 0 || _volume.Lanes < 4)
            {
                return StoreError.BadArgument;
            }
            int capacity = o.MetaSlots + _declaredValues + o.SetAsideSlots;
            _ackSlots = 0;
            _mainQuota = o.QuotaBytes;
            for (int i = 0; i <= MaxCollection; i++)
            {
                if (_kinds[i] == KindOutbox)
                {
                    _mainQuota -= _outboxes[i].Quota;
                    _outboxes[i].Clear();
                    capacity += 2; // its acknowledgement, and what was refused and not kept
                    _ackSlots += 2;
                }
                else if (_kinds[i] == KindKeyed)
                {
                    capacity += _limits[i] + 1; // a partial download
                }
            }
            if (_mainQuota < LeastMainSegments * o.SegmentBytes || _mainQuota / o.SegmentBytes > MostMainSegments)
            {
                return StoreError.BadQuota;
            }
            if (capacity > 65534)
            {
                return StoreError.BadArgument;
            }
            _capacity = capacity;
            if (_index == null || _index.Capacity != capacity)
            {
                _index = new KeyedIndex(capacity);
            }
            else
            {
                _index.Clear();
            }
            Array.Clear(_entries, 0, _entries.Length);
            Array.Clear(_pending, 0, _pending.Length);
            Array.Clear(_refused, 0, _refused.Length);
            Array.Clear(_partials, 0, _partials.Length);
            _reader.Forget();
            _isNew = false;
            _health.Undeclared = 0;
            _salt = 0;
            _formatId = "";
            _nextVersion = 1;
            _nextLocal = 1;
            _nextLarge = 1;
            _head = 0;
            _mainBytes = 0;
            _liveBytes = 0;
            _largeBytes = 0;
            _mainDirty = false;
            _metaCount = 0;
            _asideCount = 0;
            _asideBytes = 0;
            _reclaimAt = 0;
            _boundFile = 0;
            _hasSpare = false;
            _spareAt = 0;
            _partFile = 0;
            ResetBatch();
            return StoreError.None;
        }

        private static StoreError Map(int code)
        {
            switch (code)
            {
                case VolumeCode.Ok: return StoreError.None;
                case VolumeCode.Full: return StoreError.VolumeFull;
                case VolumeCode.ReadOnly: return StoreError.VolumeReadOnly;
                case VolumeCode.Unreadable: return StoreError.VolumeUnreadable;
                default: return StoreError.VolumeFailed;
            }
        }

        // Insertion sort: file systems list nearly in order, and there are few files.
        private static void Sort(uint[] files)
        {
            for (int i = 1; i < files.Length; i++)
            {
                uint file = files[i];
                int at = i - 1;
                while (at >= 0 && files[at] > file)
                {
                    files[at + 1] = files[at];
                    at--;
                }
                files[at + 1] = file;
            }
        }

        // The number of a main segment from the byte of it that the index keeps.
        private uint SegmentFile(int low)
        {
            uint first = StoreFile.Number(_head);
            return StoreFile.Make(StoreFile.Main, 0, first + (((uint)low - first) & 0xFF));
        }

        private bool IsKind(int collection, byte kind)
        {
            return collection >= 0 && collection <= MaxCollection && _kinds[collection] == kind;
        }
    }
}
