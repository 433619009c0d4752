// Consecutive records of one class as differences; what the writer and the reader of a series share. [SPEC 6.5]
//
//   series = record*          record = map, then
//     bit 0 set:              length, the packed record as it is. The first is always so, and every one whose presence
//                             map is not that of the record before
//     bit 0 clear:            per bit n + 1 set, field n: a number's difference to what was expected, or a whole
//                             float, double, text or bytes. A bit not set: as expected
//
// A number is expected to stay, a time to advance as it did the last time. Why this form: DESIGN.md chapter 11.

namespace NanoSync.Protocol
{
    /// <summary>What is known of the record before.</summary>
    public abstract class Series
    {
        /// <summary>Most records of a series.</summary>
        public const int MaxRecords = Limits.Window;

        /// <summary>Most bytes of a record in a series. With the most records it bounds what a few bytes can unfold to: 512 KB.</summary>
        public const int MaxRecord = 1024;

        /// <summary>Most bytes of a map: 33 bits.</summary>
        protected const int MaxMap = (ObjectClass.MaxFields + 8) >> 3;

        /// <summary>Per field of the record before: its number; or of a float, double, text or bytes its place in the series * 65,536 + its bytes.</summary>
        protected long[] _values;

        /// <summary>Per field: how far the time advanced from one record to the next; 0 of all other types.</summary>
        protected long[] _steps;

        /// <summary>Takes whole records apart.</summary>
        protected readonly RecordReader _fields = new RecordReader();

        /// <summary>The class of all records.</summary>
        protected ObjectClass _class;

        /// <summary>Holds the series.</summary>
        protected byte[] _buffer;

        /// <summary>The next byte of the series.</summary>
        protected int _pos;

        /// <summary>One past the last byte, or the last there is room for.</summary>
        protected int _end;

        /// <summary>Presence map of the record before, first field lowest.</summary>
        protected uint _present;

        /// <summary>Records so far.</summary>
        public int Count;

        /// <summary>Starts a series.</summary>
        protected void Start(ObjectClass type, byte[] buffer, int offset, int count)
        {
            if (_values == null || _values.Length < type.Count)
            {
                // made for the largest class so far: most have a few fields of the 32 that there may be
                _values = new long[type.Count];
                _steps = new long[type.Count];
            }

            _class = type;
            _buffer = buffer;
            _pos = offset;
            _end = offset + count;
            _present = 0;
            Count = 0;
        }

        /// <summary>True for the types whose differences travel.</summary>
        protected static bool IsNumber(FieldType type)
        {
            return type != FieldType.Text && type != FieldType.Bytes && type != FieldType.Float && type != FieldType.Double;
        }

        /// <summary>The presence map of a record whose map was found sound.</summary>
        protected uint PresenceOf(byte[] record, int offset)
        {
            uint present = record[offset];
            for (int i = 1; i << 3 < _class.Count; i++)
            {
                present |= (uint)record[offset + i] << (i << 3);
            }

            return present;
        }

        /// <summary>Takes a record that lies whole in the series as the one before. False when it does not fit the class.</summary>
        protected bool Keep(int offset, int count)
        {
            _fields.Begin(_class, _buffer, offset, count);
            while (_fields.Next())
            {
                int field = _fields.Field;
                _values[field] = IsNumber(_class.TypeOf(field)) ? _fields.Value : ((long)_fields.Offset << 16) | (long)_fields.Count;
                _steps[field] = 0;
            }

            if (_fields.Error != SyncError.None || count > MaxRecord)
            {
                return false;
            }

            _present = PresenceOf(_buffer, offset);
            return true;
        }
    }
}
