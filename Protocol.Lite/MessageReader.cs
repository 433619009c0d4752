// The sans-I/O reader: bytes in, items out. This file holds what both encodings share: the grammar walk, the bounds,
// the gathered value and the error with its offset.
//
// The contract, for every reader:
//   Feed(bytes); then Read() until it says NeedMore: now all bytes fed are consumed and the next may be fed.
//   After the last bytes call Finish(): EndOfMessage, or Error when the message was cut.
//   A message read whole, byte by byte or split at any point gives the same items (data slices may be cut differently).
//   Nothing is allocated after construction; no recursion; an error is final and names the offset.

using System;

namespace NanoSync.Protocol
{
    /// <summary>What <see cref="MessageReader.Read"/> found. [SPEC 2.3]</summary>
    public enum Item
    {
        /// <summary>All bytes fed are consumed; feed more.</summary>
        NeedMore = 0,

        /// <summary>The bytes are not a message; see <see cref="MessageReader.Error"/>. Final.</summary>
        Error = 1,

        /// <summary>An element that holds elements begins: Tag; Scope is where it stands.</summary>
        Start = 2,

        /// <summary>An element that holds elements ends: Tag; Scope is where it stood.</summary>
        End = 3,

        /// <summary>A whole value: Tag, Text, TextLength, and Number for numeric elements.</summary>
        Value = 4,

        /// <summary>A slice of ApplicationData: Data, DataOffset, DataCount. Valid until the next Read.</summary>
        Data = 5,

        /// <summary>The ApplicationData is complete. Also follows an empty one.</summary>
        DataEnd = 6,

        /// <summary>The message is complete. Bytes after it are an error.</summary>
        EndOfMessage = 7,

        /// <summary>A field of a record in the text form: FieldName, FieldNameLength, Text, TextLength. [SPEC 6.4]</summary>
        Field = 8,
    }

    /// <summary>
    /// Reads one message after another from bytes given in any portions. About 740 bytes on the heap of a board:
    /// 25 fields of 12, the value 84, three stacks of 8.
    /// </summary>
    public abstract class MessageReader
    {
        private const int ClassBit = 1 << (Tags.Class - 5);
        private const int DataBit = 1 << (Tags.ApplicationData - 5);

        // [SPEC 2.2] The ids come before what depends on them, so that a receiver can act while it reads.
        private const int CollectionIds = (1 << (Tags.SyncKey - 5)) | (1 << (Tags.CollectionId - 5));

        /// <summary>The bytes being read.</summary>
        protected byte[] _input;

        /// <summary>Next byte in <see cref="_input"/>.</summary>
        protected int _pos;

        /// <summary>One past the last byte in <see cref="_input"/>.</summary>
        protected int _end;

        /// <summary>Elements open.</summary>
        protected int _depth;

        /// <summary>Scope inside the innermost open element.</summary>
        protected byte _scope;

        /// <summary>The value has bytes above 0x7F: whether they are UTF-8 is looked at when it ends.</summary>
        protected bool _wide;

        private readonly byte[] _tags = new byte[Limits.Depth + 1];
        private readonly byte[] _scopes = new byte[Limits.Depth + 1];
        private readonly int[] _seen = new int[Limits.Depth + 1]; // one bit per element met, per open element
        private readonly byte[] _text = new byte[Limits.Text];
        private int _consumed; // bytes of earlier feeds

        /// <summary>The element of the current item.</summary>
        public byte Tag;

        /// <summary>Where the element of the current item stands; see <see cref="NanoSync.Protocol.Scopes"/>.</summary>
        public byte Scope;

        /// <summary>Bytes in <see cref="Text"/>.</summary>
        public int TextLength;

        /// <summary>
        /// The value of a numeric element (Status, WindowSize, Limit, Conflict), 1 or 0 of GetChanges, DeletesAsMoves and
        /// MoreAvailable, the major number of Version.
        /// </summary>
        public int Number;

        /// <summary>Holds the current slice.</summary>
        public byte[] Data;

        /// <summary>First byte of the current slice.</summary>
        public int DataOffset;

        /// <summary>Bytes in the current slice.</summary>
        public int DataCount;

        /// <summary>Bytes of the current ApplicationData where the encoding says so beforehand; below 0 where it does not (base64).</summary>
        public int DataLength;

        /// <summary>Most bytes of one ApplicationData that this reader takes; 0 = no bound.</summary>
        public int MaxData;

        /// <summary>Why the last Read gave <see cref="Item.Error"/>.</summary>
        public SyncError Error;

        /// <summary>Offset in the message of the byte at fault.</summary>
        public int ErrorOffset;

        /// <summary>The bytes of the current value (UTF-8).</summary>
        public byte[] Text
        {
            get { return _text; }
        }

        /// <summary>The name of the current field (ASCII); null where the encoding has no fields.</summary>
        public virtual byte[] FieldName
        {
            get { return null; }
        }

        /// <summary>Bytes in <see cref="FieldName"/>.</summary>
        public virtual int FieldNameLength
        {
            get { return 0; }
        }

        /// <summary>Offset in the message of the next byte.</summary>
        public int Position
        {
            get { return _consumed + _pos; }
        }

        /// <summary>The element <paramref name="up"/> levels above the current item; 0 = the innermost one still open.</summary>
        public byte OpenTag(int up)
        {
            return up < _depth ? _tags[_depth - 1 - up] : (byte)0;
        }

        /// <summary>Forgets everything and is ready for the first byte of a message.</summary>
        public virtual void Reset()
        {
            _input = null;
            _pos = 0;
            _end = 0;
            _depth = 0;
            _scope = Scopes.Document;
            _consumed = 0;
            _seen[0] = 0;
            Error = SyncError.None;
        }

        /// <summary>Gives the reader its next bytes. Only after Reset or NeedMore; the array must stay unchanged until NeedMore.</summary>
        public void Feed(byte[] buffer, int offset, int count)
        {
            _consumed += _pos - offset; // so that _consumed + _pos stays the offset in the message
            _input = buffer;
            _pos = offset;
            _end = Error == SyncError.None ? offset + count : offset;
        }

        /// <summary>Gives the next item.</summary>
        public abstract Item Read();

        /// <summary>Says that no more bytes will come. Call after NeedMore or EndOfMessage.</summary>
        public virtual Item Finish()
        {
            if (Error != SyncError.None)
            {
                return Item.Error;
            }

            return AtEnd() ? Item.EndOfMessage : Fail(SyncError.Truncated);
        }

        /// <summary>True when the current value is exactly these bytes.</summary>
        public bool TextIs(byte[] value)
        {
            if (value.Length != TextLength)
            {
                return false;
            }

            for (int i = 0; i < value.Length; i++)
            {
                if (value[i] != _text[i])
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>True when the root element is closed.</summary>
        protected bool AtEnd()
        {
            return _depth == 0 && _seen[0] != 0;
        }

        /// <summary>Ends reading with an error at the byte before the next one.</summary>
        protected Item Fail(SyncError error)
        {
            return Fail(error, Position > 0 ? Position - 1 : 0);
        }

        /// <summary>Ends reading with an error.</summary>
        protected Item Fail(SyncError error, int offset)
        {
            if (error == SyncError.Truncated)
            {
                offset = Position;
            }

            Error = error;
            ErrorOffset = offset;
            _end = _pos; // nothing is read any more
            return Item.Error;
        }

        /// <summary>
        /// Opens an element if the grammar allows it. Afterwards <see cref="_scope"/> says what is inside: elements,
        /// a value or data. Returns None, or the error.
        /// </summary>
        protected SyncError Open(int tag)
        {
            if (tag >= Tags.End)
            {
                return SyncError.UnknownTag;
            }

            byte scope = _scope;
            byte inside = Grammar.Inside(scope, tag);
            if (inside == Scopes.None)
            {
                return Grammar.Knows(tag) ? SyncError.NotInGrammar : SyncError.UnknownTag;
            }

            int depth = _depth;
            int seen = _seen[depth];
            int bit = 1 << ((tag - 5) & 31); // Limit has that of Sync, HeartbeatInterval that of Delete: never in one scope
            if (scope >= Scopes.Options)
            {
                if (scope != Scopes.Options)
                {
                    if ((seen & DataBit) != 0 && scope >= Scopes.Response && tag != Tags.ApplicationData)
                    {
                        return SyncError.Missing; // too late: the data may have been acted on
                    }
                }
                else if (tag == Tags.Class)
                {
                    seen &= ~(ClassBit | DataBit); // the next structure
                }
                else if (tag == Tags.ApplicationData && (seen & (ClassBit | DataBit)) != ClassBit)
                {
                    return SyncError.NotInGrammar;
                }
            }

            if ((seen & bit) == 0)
            {
                _seen[depth] = seen | bit;
            }
            else if (!Repeats(scope))
            {
                return SyncError.Duplicate;
            }

            if (scope == Scopes.Collection && inside >= Scopes.Options && inside <= Scopes.Commands
                && (seen & CollectionIds) != CollectionIds)
            {
                return SyncError.Missing;
            }

            _tags[depth] = (byte)tag;
            _scopes[depth] = scope;
            depth++;
            _depth = depth;
            _seen[depth] = 0;
            Tag = (byte)tag;
            Scope = scope;
            _scope = inside;
            TextLength = 0;
            _wide = false;
            if (inside == Scopes.Data)
            {
                DataLength = -1;
            }

            return SyncError.None;
        }

        /// <summary>Closes the innermost element and gives the item this makes: Value, DataEnd or End.</summary>
        protected Item Shut()
        {
            byte inside = _scope;
            int depth = _depth - 1;
            byte scope = _scopes[depth];
            Tag = _tags[depth];
            Scope = scope;
            _scope = scope;
            _depth = depth;
            if (inside == Scopes.Data)
            {
                return EndData();
            }

            if (inside == Scopes.Value)
            {
                return _wide && !IsUtf8() ? Fail(SyncError.BadText) : IsSound() ? Item.Value : Fail(SyncError.BadNumber);
            }

            if (inside == Scopes.Collection && (_seen[depth + 1] & CollectionIds) != CollectionIds)
            {
                return Fail(SyncError.Missing);
            }

            return Item.End;
        }

        /// <summary>Gives the item at the end of ApplicationData.</summary>
        protected virtual Item EndData()
        {
            return Item.DataEnd;
        }

        /// <summary>Appends bytes of a value.</summary>
        protected bool AddText(int from, int count)
        {
            if (TextLength + count > Limits.Text)
            {
                return false;
            }

            Array.Copy(_input, from, _text, TextLength, count);
            TextLength += count;
            return true;
        }

        private static bool Repeats(byte scope)
        {
            return scope == Scopes.Commands || scope == Scopes.Responses || scope == Scopes.Collections;
        }

        // A value is what its element wants. Sets Number.
        private bool IsSound()
        {
            switch (Tag)
            {
                case Tags.Status:
                case Tags.Wait:
                case Tags.Limit:
                case Tags.HeartbeatInterval:
                    return ParseNumber(0, TextLength);
                case Tags.Conflict:
                    return ParseNumber(0, TextLength) && Number <= 1;
                case Tags.WindowSize:
                    return ParseNumber(0, TextLength) && Number > 0 && Number <= Limits.Window;
                case Tags.GetChanges:
                case Tags.DeletesAsMoves:
                case Tags.MoreAvailable:
                    Number = TextLength == 0 ? 1 : _text[0] - '0';
                    return TextLength <= 1 && (Number & ~1) == 0;
                case Tags.Version:
                    return ParseVersion();
                default:
                    return true;
            }
        }

        // Two numbers and a dot between them; Number is the first.
        private bool ParseVersion()
        {
            int dot = 0;
            while (dot < TextLength && _text[dot] != '.')
            {
                dot++;
            }

            if (!ParseNumber(dot + 1, TextLength))
            {
                return false;
            }

            return ParseNumber(0, dot);
        }

        private bool ParseNumber(int from, int end)
        {
            int n = 0;
            if (from >= end || end - from > 9)
            {
                return false;
            }

            for (int i = from; i < end; i++)
            {
                int digit = _text[i] - '0';
                if (digit < 0 || digit > 9)
                {
                    return false;
                }

                n = n * 10 + digit;
            }

            Number = n;
            return true;
        }

        // Shortest forms, no surrogates, to U+10FFFF.
        private bool IsUtf8()
        {
            int i = 0;
            while (i < TextLength)
            {
                byte b = _text[i++];
                if (b < 0x80)
                {
                    continue;
                }

                int more = b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
                if (b < 0xC2 || b > 0xF4 || i + more > TextLength)
                {
                    return false;
                }

                byte second = _text[i];
                if ((b == 0xE0 && second < 0xA0) || (b == 0xED && second >= 0xA0) || (b == 0xF0 && second < 0x90) || (b == 0xF4 && second >= 0x90))
                {
                    return false;
                }

                for (int end = i + more; i < end; i++)
                {
                    if ((_text[i] & 0xC0) != 0x80)
                    {
                        return false;
                    }
                }
            }

            return true;
        }
    }
}
