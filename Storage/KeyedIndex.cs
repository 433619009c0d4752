namespace NanoSync.Storage
{
    /// <summary>
    /// Where the newest record of every object lies. Twelve bytes per object in three arrays made at Open, and 64 list heads;
    /// a slot keeps its number as long as its object lives, so an enumeration may delete what it stands on.
    /// <code>
    /// place    segment 31..24 | offset 23..8 | state 7..5 | collection 4..1 | local id known 0
    /// version  change number; for a kept reading its id; for a name its slot number; for another value
    ///          size of the record 31..8 | slot number 7..0
    /// link     hash 31..17 | large payload 16 | next slot + 1, 0 = none 15..0
    /// </code>
    /// </summary>
    internal sealed class KeyedIndex
    {
        internal const int StatePartial = 4;
        internal const int StateMeta = 5;
        private const int StateFree = 7;
        private const int Heads = 64; // a board keeps some tens of objects; 300 make lists of five

        private int[] _place;
        private int[] _version;
        private int[] _link;
        private readonly ushort[] _heads = new ushort[Heads];
        private int _free; // first unused slot + 1, chained through _link

        internal KeyedIndex(int capacity)
        {
            _place = new int[capacity];
            _version = new int[capacity];
            _link = new int[capacity];
            Clear();
        }

        internal int Capacity
        {
            get { return _place.Length; }
        }

        internal void Clear()
        {
            System.Array.Clear(_heads, 0, _heads.Length);
            for (int i = 0; i < _place.Length; i++)
            {
                _place[i] = StateFree << 5;
                _link[i] = i + 1 < _place.Length ? i + 2 : 0;
            }
            _free = _place.Length > 0 ? 1 : 0;
        }

        /// <summary>Makes place for more, while the store is opened. False: there is none.</summary>
        internal bool Grow(int more)
        {
            int count = _place.Length;
            if (count + more > 65534)
            {
                return false;
            }
            _place = Longer(_place, more);
            _version = Longer(_version, more);
            _link = Longer(_link, more);
            for (int i = count; i < _place.Length; i++)
            {
                _place[i] = StateFree << 5;
                _link[i] = _free;
                _free = i + 1;
            }
            return true;
        }

        private static int[] Longer(int[] array, int more)
        {
            int[] longer = new int[array.Length + more];
            System.Array.Copy(array, longer, array.Length);
            return longer;
        }

        /// <summary>First slot whose hash may be this one, or -1.</summary>
        internal int First(uint hash)
        {
            return Match(_heads[hash & (Heads - 1)], hash);
        }

        /// <summary>Next such slot, or -1.</summary>
        internal int After(int slot, uint hash)
        {
            return Match(_link[slot] & 0xFFFF, hash);
        }

        private int Match(int next, uint hash)
        {
            uint mark = hash >> 17;
            while (next != 0)
            {
                int link = _link[next - 1];
                if ((uint)link >> 17 == mark)
                {
                    return next - 1;
                }
                next = link & 0xFFFF;
            }
            return -1;
        }

        /// <summary>Takes a slot for a hash; -1 when all are taken.</summary>
        internal int Add(uint hash)
        {
            if (_free == 0)
            {
                return -1;
            }
            int slot = _free - 1;
            _free = _link[slot] & 0xFFFF;
            _link[slot] = (int)((hash >> 17) << 17) | _heads[hash & (Heads - 1)];
            _heads[hash & (Heads - 1)] = (ushort)(slot + 1);
            _place[slot] = 0;
            return slot;
        }

        /// <summary>Gives a slot back. The hash is that of its object.</summary>
        internal void Remove(int slot, uint hash)
        {
            int next = _link[slot] & 0xFFFF;
            int at = _heads[hash & (Heads - 1)];
            if (at == slot + 1)
            {
                _heads[hash & (Heads - 1)] = (ushort)next;
            }
            else
            {
                while ((_link[at - 1] & 0xFFFF) != slot + 1)
                {
                    at = _link[at - 1] & 0xFFFF;
                }
                _link[at - 1] = (_link[at - 1] & ~0xFFFF) | next;
            }
            _place[slot] = StateFree << 5;
            _link[slot] = _free;
            _free = slot + 1;
        }

        internal void Set(int slot, int segment, int offset, int state, int collection, bool local, uint version, bool large)
        {
            _place[slot] = (segment << 24) | (offset << 8) | (state << 5) | (collection << 1) | (local ? 1 : 0);
            _version[slot] = (int)version;
            _link[slot] = large ? _link[slot] | 0x10000 : _link[slot] & ~0x10000;
        }

        internal bool IsUsed(int slot)
        {
            return State(slot) != StateFree;
        }

        internal int Segment(int slot)
        {
            return (int)((uint)_place[slot] >> 24);
        }

        internal int Offset(int slot)
        {
            return (_place[slot] >> 8) & 0xFFFF;
        }

        internal int State(int slot)
        {
            return (_place[slot] >> 5) & 7;
        }

        internal int Collection(int slot)
        {
            return (_place[slot] >> 1) & 0xF;
        }

        internal bool IsLocal(int slot)
        {
            return (_place[slot] & 1) != 0;
        }

        internal bool IsLarge(int slot)
        {
            return (_link[slot] & 0x10000) != 0;
        }

        internal uint Version(int slot)
        {
            return (uint)_version[slot];
        }
    }
}
