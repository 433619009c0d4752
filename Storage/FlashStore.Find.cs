// Finds the entry of a record: by the key of an object, by its local id, or by the number of a value. The index holds a hash; the head of the record in flash decides.

namespace NanoSync.Storage
{
    public sealed partial class FlashStore
    {
        private uint KeyHash(int collection, byte[] key, int offset, int count, bool partial)
        {
            uint seed = Crc32.Start ^ ((uint)collection * 0x01000193);
            uint hash = Crc32.Update(seed, key, offset, count);
            return partial ? ~hash : hash;
        }

        private static uint IdHash(int collection, uint id)
        {
            uint hash = (id + ((uint)collection << 24)) * 0x9E3779B1;
            return hash ^ (hash >> 15);
        }

        private static uint MetaHash(int collection, int number)
        {
            return IdHash(collection, (uint)number ^ 0x5A0000);
        }

        // The hash of a record of the main log.
        private uint HashOf(byte[] buffer, int at)
        {
            int collection = buffer[at + Format.Collection];
            uint id = Format.U32(buffer, at + Format.Id);
            if ((buffer[at] & Format.KindMask) == Format.Meta)
            {
                return MetaHash(collection, (int)id);
            }
            int keyLength = buffer[at + Format.ObjectKeyLength];
            if (keyLength == 0)
            {
                return IdHash(collection, id);
            }
            bool partial = (buffer[at + Format.ObjectState] & Format.StateMask) == KeyedIndex.StatePartial;
            return KeyHash(collection, buffer, at + Format.ObjectKey, keyLength, partial);
        }

        // Reads the head of an entry's record into _probe.
        private bool Probe(int slot)
        {
            uint file = SegmentFile(_index.Segment(slot));
            int offset = _index.Offset(slot);
            int read = _volume.Read(file, offset, _probe, 0, ProbeSize);
            if (read >= Format.MinSize)
            {
                int size = Format.U16(_probe, Format.Size);
                if (size >= Format.MinSize && (!_index.IsLarge(slot) || size <= ProbeSize))
                {
                    return true;
                }
            }
            int code = read < 0 ? read : VolumeCode.Ok;
            _readFault |= code; // below 0 from now on
            _health.Note(file, offset, 0, code);
            return false;
        }

        private int _readFault; // below 0: a record could not be read since the scan began

        // True for a failure of the volume, which is not that a file is missing.
        private bool NoteFault(int code)
        {
            bool fault = code < VolumeCode.NotFound;
            if (fault)
            {
                _readFault |= code;
            }
            return fault;
        }

        private uint ProbeLargeFile()
        {
            return Format.U32(_probe, Format.U16(_probe, Format.Size) - Format.Crc - Format.LargeRef);
        }

        // The entry of a key; its head is then in _probe.
        private int FindKey(int collection, byte[] key, int offset, int count, bool partial)
        {
            uint hash = KeyHash(collection, key, offset, count, partial);
            for (int slot = _index.First(hash); slot >= 0; slot = _index.After(slot, hash))
            {
                int state = _index.State(slot);
                if (_index.Collection(slot) == collection && state != KeyedIndex.StateMeta
                    && (state == KeyedIndex.StatePartial) == partial && Probe(slot)
                    && _probe[Format.ObjectKeyLength] == count
                    && Format.BytesEqual(_probe, Format.ObjectKey, key, offset, count))
                {
                    return slot;
                }
            }
            return -1;
        }

        // The entry of an object without a key; its head is then in _probe.
        private int FindKeyless(int collection, uint id)
        {
            uint hash = IdHash(collection, id);
            for (int slot = _index.First(hash); slot >= 0; slot = _index.After(slot, hash))
            {
                if (_index.Collection(slot) == collection && _index.State(slot) < KeyedIndex.StatePartial && _index.IsLocal(slot)
                    && Probe(slot) && _probe[Format.ObjectKeyLength] == 0 && Format.U32(_probe, Format.Id) == id)
                {
                    return slot;
                }
            }
            return -1;
        }

        private int FindMeta(int collection, int number)
        {
            uint hash = MetaHash(collection, number);
            for (int slot = _index.First(hash); slot >= 0; slot = _index.After(slot, hash))
            {
                uint version = _index.Version(slot);
                if (_index.State(slot) == KeyedIndex.StateMeta && _index.Collection(slot) == collection
                    && (version < FirstName ? version & 0xFF : version) == (uint)number)
                {
                    return slot;
                }
            }
            return -1;
        }

        // The entry of a local id, whether the server has named the object or not. The second way reads flash for every
        // object that was made on the device.
        private int FindLocalId(int collection, uint id)
        {
            int slot = FindKeyless(collection, id);
            for (int i = 0; slot < 0 && i < _index.Capacity; i++)
            {
                if (_index.IsUsed(i) && _index.Collection(i) == collection && _index.IsLocal(i)
                    && _index.State(i) < KeyedIndex.StatePartial && Probe(i) && Format.U32(_probe, Format.Id) == id)
                {
                    slot = i;
                }
            }
            return slot;
        }
    }
}
