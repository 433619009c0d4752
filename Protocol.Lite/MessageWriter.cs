// The writer: elements in, bytes out to a sink, in one fixed buffer. This file holds what both encodings share:
// the grammar check, the buffer, the count and the check sum.
//
// Without a sink a writer only counts. Writing the same message twice, first to count and then to a sink, gives an
// exact Content-Length without ever holding the message.

using System;

namespace NanoSync.Protocol
{
    /// <summary>Takes the bytes of a message in the order they are written.</summary>
    public interface IByteSink
    {
        /// <summary>Takes bytes; false when it cannot, which ends the message.</summary>
        bool Write(byte[] buffer, int offset, int count);
    }

    /// <summary>Writes one message after another. An error is kept, and what follows it is ignored. [SPEC 2.3]</summary>
    public abstract class MessageWriter
    {
        /// <summary>The smallest buffer a writer works with, in bytes.</summary>
        public const int SmallestBuffer = 64;

        private const byte Failed = byte.MaxValue; // a scope in which nothing may stand

        /// <summary>Bytes not yet given to the sink.</summary>
        protected readonly byte[] _buffer;

        /// <summary>Bytes in <see cref="_buffer"/>.</summary>
        protected int _count;

        /// <summary>True when nothing is kept of what is written.</summary>
        protected bool _countsOnly;

        private readonly byte[] _tags = new byte[Limits.Depth];
        private readonly byte[] _scopes = new byte[Limits.Depth]; // where the open elements stand
        private IByteSink _sink;
        private int _depth;
        private byte _scope; // inside the innermost open element; Failed after an error
        private int _owed; // bytes of the open ApplicationData still to come
        private int _flushed;
        private uint _hash;

        /// <summary>What went wrong since Begin.</summary>
        public SyncError Error;

        /// <summary>Makes a writer over a buffer of its own of <paramref name="size"/> bytes, 64 or more.</summary>
        protected MessageWriter(int size)
        {
            _buffer = new byte[size < SmallestBuffer ? SmallestBuffer : size];
        }

        /// <summary>Media type of what is written.</summary>
        public abstract string ContentType { get; }

        /// <summary>Bytes written since Begin.</summary>
        public int Length
        {
            get { return _flushed + _count; }
        }

        /// <summary>Check sum of all bytes given to the sink; whole after Finish. [SPEC 5.3]</summary>
        public uint Hash
        {
            get { return _hash; }
        }

        /// <summary>Starts a message.</summary>
        /// <param name="sink">Takes the bytes; null = only count them.</param>
        public void Begin(IByteSink sink)
        {
            _sink = sink;
            _countsOnly = sink == null;
            _count = 0;
            _flushed = 0;
            _depth = 0;
            _owed = 0;
            _scope = Scopes.Document;
            _hash = Fnv.Start;
            Error = SyncError.None;
            WriteHeader();
        }

        /// <summary>Opens an element that holds elements.</summary>
        public void Start(byte tag)
        {
            byte scope = _scope;
            byte inside = Grammar.Inside(scope, tag);
            if (inside == Scopes.None || inside >= Scopes.Value)
            {
                Misused();
                return;
            }

            int depth = _depth;
            _tags[depth] = tag;
            _scopes[depth] = scope;
            _depth = depth + 1;
            _scope = inside;
            WriteOpen(tag);
        }

        /// <summary>Closes the innermost open element.</summary>
        public void End()
        {
            int depth = _depth - 1;
            if (depth < 0 || _scope >= Scopes.Value)
            {
                Misused();
                return;
            }

            _depth = depth;
            _scope = _scopes[depth];
            WriteClose(_tags[depth]);
        }

        /// <summary>Writes an element without content, such as GetChanges.</summary>
        public void Empty(byte tag)
        {
            if (Inside(tag) == Scopes.None)
            {
                Misused();
                return;
            }

            WriteEmpty(tag);
        }

        /// <summary>Writes a value of at most <see cref="Limits.Text"/> bytes of UTF-8, none below 0x20.</summary>
        public void Value(byte tag, byte[] text, int offset, int count)
        {
            if (Inside(tag) != Scopes.Value || count > Limits.Text)
            {
                Misused();
                return;
            }

            WriteValue(tag, text, offset, count);
        }

        /// <summary>Writes a value.</summary>
        public void Value(byte tag, byte[] text)
        {
            Value(tag, text, 0, text.Length);
        }

        /// <summary>Writes a number, 0 or more, in decimal digits.</summary>
        public void Number(byte tag, int value)
        {
            if (Inside(tag) != Scopes.Value || value < 0)
            {
                Misused();
                return;
            }

            WriteNumber(tag, value);
        }

        /// <summary>Opens ApplicationData of exactly <paramref name="length"/> bytes. Data and DataEnd follow.</summary>
        public void DataStart(int length)
        {
            if (Inside(Tags.ApplicationData) != Scopes.Data || length < 0)
            {
                Misused();
                return;
            }

            int depth = _depth;
            _tags[depth] = Tags.ApplicationData;
            _scopes[depth] = _scope;
            _depth = depth + 1;
            _scope = Scopes.Data;
            _owed = length;
            WriteDataStart(length);
        }

        /// <summary>Writes bytes of the open ApplicationData; when only counting, the bytes are not looked at.</summary>
        public void Data(byte[] bytes, int offset, int count)
        {
            if (_scope != Scopes.Data || count > _owed)
            {
                Misused();
                return;
            }

            _owed -= count;
            if (!_countsOnly)
            {
                WriteData(bytes, offset, count);
            }
        }

        /// <summary>Closes ApplicationData. When only counting, Data may have been left out.</summary>
        public void DataEnd()
        {
            if (_scope != Scopes.Data || (_owed != 0 && !_countsOnly))
            {
                Misused();
                return;
            }

            int depth = _depth - 1;
            _depth = depth;
            _scope = _scopes[depth];
            WriteDataEnd();
        }

        /// <summary>Writes ApplicationData whole; when only counting, the bytes are not looked at.</summary>
        public void Payload(byte[] bytes, int offset, int count)
        {
            if (Inside(Tags.ApplicationData) != Scopes.Data || count < 0)
            {
                Misused();
                return;
            }

            if (WriteShort(bytes, offset, count))
            {
                return;
            }

            WriteDataStart(count);
            if (!_countsOnly)
            {
                WriteData(bytes, offset, count);
            }

            WriteDataEnd();
        }

        /// <summary>Ends the message: all elements must be closed. Gives the last bytes to the sink. True when all went well.</summary>
        public bool Finish()
        {
            if (_depth != 0)
            {
                Misused();
            }

            Flush();
            return Error == SyncError.None;
        }

        /// <summary>Writes what stands before the root element.</summary>
        protected abstract void WriteHeader();

        /// <summary>Writes the start of an element with content.</summary>
        protected abstract void WriteOpen(byte tag);

        /// <summary>Writes the end of an element.</summary>
        protected abstract void WriteClose(byte tag);

        /// <summary>Writes an element without content.</summary>
        protected abstract void WriteEmpty(byte tag);

        /// <summary>Writes an element with text.</summary>
        protected abstract void WriteValue(byte tag, byte[] text, int offset, int count);

        /// <summary>Writes an element with a number.</summary>
        protected abstract void WriteNumber(byte tag, int value);

        /// <summary>Writes what stands before the bytes of ApplicationData.</summary>
        protected abstract void WriteDataStart(int length);

        /// <summary>Writes bytes of ApplicationData; not called when only counting.</summary>
        protected abstract void WriteData(byte[] bytes, int offset, int count);

        /// <summary>Writes what stands after the bytes of ApplicationData.</summary>
        protected abstract void WriteDataEnd();

        /// <summary>Writes ApplicationData whole where that is less work; false, and nothing is written, where it is not.</summary>
        protected virtual bool WriteShort(byte[] bytes, int offset, int count)
        {
            return false;
        }

        /// <summary>Makes room for <paramref name="count"/> bytes, at most the smallest buffer.</summary>
        protected void Room(int count)
        {
            if (_count + count > _buffer.Length)
            {
                Flush();
            }
        }

        /// <summary>Writes bytes of any number.</summary>
        protected void Put(byte[] bytes, int offset, int count)
        {
            int n = _buffer.Length - _count;
            while (count > n)
            {
                Array.Copy(bytes, offset, _buffer, _count, n);
                _count += n;
                offset += n;
                count -= n;
                Flush();
                n = _buffer.Length;
            }

            Array.Copy(bytes, offset, _buffer, _count, count);
            _count += count;
        }

        /// <summary>Counts bytes that are not looked at.</summary>
        protected void Skip(int count)
        {
            _flushed += count;
        }

        /// <summary>Writes decimal digits.</summary>
        protected void PutDigits(int value)
        {
            int power = 1;
            while (value / power >= 10)
            {
                power *= 10;
            }

            for (; power > 0; power /= 10)
            {
                _buffer[_count++] = (byte)('0' + value / power % 10);
            }
        }

        // What is inside the element where it would stand now; None when it may not.
        private byte Inside(byte tag)
        {
            return Grammar.Inside(_scope, tag);
        }

        private void Misused()
        {
            Fail(SyncError.WriterMisuse);
        }

        // The first error counts. Elements after it are not written.
        private void Fail(SyncError error)
        {
            if (Error == SyncError.None)
            {
                Error = error;
            }

            _scope = Failed;
        }

        /// <summary>Gives what is in the buffer to the sink.</summary>
        protected void Flush()
        {
            if (_sink != null && Error == SyncError.None && _count > 0)
            {
                _hash = Fnv.Add(_hash, _buffer, 0, _count);
                if (!_sink.Write(_buffer, 0, _count))
                {
                    Fail(SyncError.SinkFailed);
                }
            }

            _flushed += _count;
            _count = 0;
        }
    }
}
