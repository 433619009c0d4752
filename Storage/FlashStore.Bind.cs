namespace NanoSync.Storage
{
    // Which number a declared collection has in flash: that of its name, whatever the order of the declarations. Objects
    // of a collection that nobody declares stay in flash and in the index, so that reclaim copies them. [SPEC 9.9]
    public sealed partial class FlashStore
    {
        internal const int ClassCollection = MaxCollection - 1; // the engine's definitions: an earlier firmware may have had more

        /// <summary>Slots of names begin here: 4 for each name, one a kind.</summary>
        internal const int FirstName = 0x40000000;

        // Called once the main log was read. When a declared collection has another number in flash, the declarations move there; then
        // moved is true, and the log has to be read again.
        private StoreError BindNames(int[] names, out bool moved)
        {
            moved = false;
            int[] places = new int[names.Length];
            for (int i = 0; i < names.Length; i++)
            {
                places[i] = i;
                int name = names[i] < 0 ? -names[i] : names[i];
                if (name == 0 || FindMeta(i, name) >= 0)
                {
                    continue;
                }
                int entry = FindName(name >> 2, -1);
                places[i] = entry < 0 ? -1 : _index.Collection(entry);
                if (entry >= 0 && _index.Version(entry) != (uint)name)
                {
                    _health.Note(0, 0, (uint)i, 0);
                    return StoreError.OtherKind;
                }
            }
            for (int i = 0; i < names.Length; i++)
            {
                if (places[i] < 0)
                {
                    // a new name gets the number of its place in the declarations, or the first that nobody has
                    int place = IsInUse(i, places) ? 0 : i;
                    while (place < names.Length && IsInUse(place, places))
                    {
                        place++;
                    }
                    if (place == names.Length)
                    {
                        _health.Note(0, 0, (uint)i, 0);
                        return StoreError.IndexFull;
                    }
                    places[i] = place;
                    names[i] = names[i] < 0 ? names[i] : -names[i];
                }
                moved |= places[i] != i;
            }
            if (moved)
            {
                Move(names, places);
            }
            return StoreError.None;
        }

        private bool IsInUse(int number, int[] places)
        {
            for (int i = 0; i < places.Length; i++)
            {
                if (places[i] == number && (i != number || _kinds[i] != KindNone))
                {
                    return true;
                }
            }
            return FindName(0, number) >= 0;
        }

        // Finds the entry of a name; with number 0 or above, that of any name which has this number.
        private int FindName(int name, int number)
        {
            for (int slot = 0; slot < _index.Capacity; slot++)
            {
                if (_index.IsUsed(slot) && _index.State(slot) == KeyedIndex.StateMeta && _index.Version(slot) >= FirstName
                    && (number < 0 ? (int)_index.Version(slot) >> 2 == name : _index.Collection(slot) == number))
                {
                    return slot;
                }
            }
            return -1;
        }

        private void Move(int[] names, int[] places)
        {
            byte[] kinds = (byte[])_kinds.Clone();
            ushort[] limits = (ushort[])_limits.Clone();
            OutboxChain[] outboxes = (OutboxChain[])_outboxes.Clone();
            int[] before = (int[])names.Clone();
            System.Array.Clear(_kinds, 0, _kinds.Length);
            System.Array.Clear(_limits, 0, _limits.Length);
            System.Array.Clear(_outboxes, 0, _outboxes.Length);
            System.Array.Clear(names, 0, names.Length);
            for (int i = 0; i < places.Length; i++)
            {
                if (kinds[i] != KindNone)
                {
                    _kinds[places[i]] = kinds[i];
                    _limits[places[i]] = limits[i];
                    _outboxes[places[i]] = outboxes[i];
                    names[places[i]] = before[i];
                }
            }
        }

        // Room in the index for as many as were declared, and beside them for what is there of others.
        private StoreError FitIndex()
        {
            if (_health.Undeclared == 0 && _index.Capacity == _capacity)
            {
                return StoreError.None;
            }
            int used = 0;
            int others = 0;
            for (int slot = 0; slot < _index.Capacity; slot++)
            {
                if (_index.IsUsed(slot))
                {
                    used++;
                    int collection = _index.Collection(slot);
                    others += _kinds[collection] == KindNone || collection == ClassCollection ? 1 : 0;
                }
            }
            int more = _capacity + others - _index.Capacity;
            return used - others > _capacity || (more > 0 && !_index.Grow(more)) ? StoreError.IndexFull : StoreError.None;
        }
    }
}
