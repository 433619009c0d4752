// The other end of the line in the same process: reads each request as a server does, counts what comes, and answers
// with as many configuration objects as it was told. Fixed memory, whatever the number of objects; runs on nanoCLR.

using System;
using NanoSync.Device;
using NanoSync.Protocol;

namespace NanoSync.Tests
{
    /// <summary>Is shown each item of a request.</summary>
    public interface IItems
    {
        void Note(MessageReader reader, Item item, bool outbox);
    }

    /// <summary>A carrier that is a server. One device, collections "log" (outbox) and "config" (two-way).</summary>
    public sealed class ScriptedServer : ICarrier, IByteSink
    {
        private readonly WbxmlReader _reader = new WbxmlReader();
        private readonly WbxmlWriter _writer = new WbxmlWriter(256);
        private readonly byte[] _reply;
        private readonly byte[] _key = new byte[20];
        private readonly byte[] _id = new byte[64];
        private readonly byte[] _value = new byte[4];
        private int _replyLength;
        private int _replyRead;
        private uint _hash;
        private uint _clientId;
        private bool _inCommands;
        private bool _asked; // the request had any commands, answers or a key 0
        private int _collections;
        private readonly int[] _kind = new int[2]; // collections of this request, in order: 0 = log, 1 = config
        private readonly bool[] _startsOver = new bool[2];
        private readonly bool[] _current = new bool[2];
        private readonly int[] _number = new int[2]; // n of the last key given, per kind
        private readonly uint[] _tag = new uint[2];
        private int _keyNumber;
        private bool _keyZero;
        private bool _keyCurrent;
        private uint _lastRequest;
        private int _sentTo; // configuration objects sent in the last reply, up to this one
        private int _sentFrom;
        private readonly SeriesReader _series = new SeriesReader();
        private ObjectClass _readingClass;
        private readonly byte[] _data = new byte[1024]; // ApplicationData of the command being read
        private int _dataLength;
        private bool _isSeries;
        private bool _isStore; // the data that follow are the `store` structure of the outbox
        private bool _refused; // a series came that was not wanted

        /// <summary>Configuration objects to send.</summary>
        public int Objects;

        /// <summary>Most of them in one reply.</summary>
        public int Window = 20;

        /// <summary>Readings received, each counted once by its ClientId.</summary>
        public int Readings;

        /// <summary>Readings received again.</summary>
        public int Repeated;

        /// <summary>Readings whose ClientId left a gap.</summary>
        public int Gaps;

        /// <summary>Changes of configuration received.</summary>
        public int Changes;

        /// <summary>Answers with a Status received.</summary>
        public int Refusals;

        /// <summary>Not null: takes the ApplicationData of requests, one behind the other; one that is <see cref="IItems"/> their items as well.</summary>
        public IByteSink Capture;

        /// <summary>Requests.</summary>
        public int Rounds;

        /// <summary>Limits told, one behind the other: 1024 1024 is 10241024.</summary>
        public long Limits;

        /// <summary>Bytes of the reply after which the connection breaks; -1 = it does not.</summary>
        public int CutReplyAt = -1;

        /// <summary>Not null: what happens on the device between a request and its reply.</summary>
        public Action WhenReceived;

        /// <summary>The next object goes down as the first part of so many bytes; -1 = whole.</summary>
        public int PartTotal = -1;

        /// <summary>Not null: goes down once, as a part of the object "o0", with <see cref="PartRange"/>.</summary>
        public byte[] Part;

        /// <summary>The `range` structure of <see cref="Part"/>.</summary>
        public byte[] PartRange;

        /// <summary>Status of the configuration in the next reply, instead of its answer; 0 = none.</summary>
        public int ConfigStatus;

        /// <summary>True: objects go down as Change instead of Add.</summary>
        public bool SendsChanges;

        /// <summary>True: objects go down as Delete.</summary>
        public bool SendsDeletes;

        /// <summary>The verb of it: Delete or SoftDelete.</summary>
        public byte DeleteTag = Tags.Delete;

        /// <summary>Added to the values of the objects.</summary>
        public int ValueShift;

        /// <summary>Statuses of the answers received, one behind the other.</summary>
        public string Answers = "";

        /// <summary>Not null: a command in the next reply, its name and its record.</summary>
        public string Command;

        /// <summary>Its record; null = the structure has none, as where a definition is asked for.</summary>
        public byte[] CommandRecord;

        /// <summary>Not null: the Classes of requests, those of structures included, each followed by a blank.</summary>
        public string Classes;

        /// <summary>Not null: the ClientIds written out are put behind it, each followed by a blank. null, as the heap is measured beside it.</summary>
        public string Ids;

        /// <summary>Status of the outbox in the next reply, instead of its answer; 0 = none.</summary>
        public int LogStatus;

        /// <summary>Status of the configuration in the next reply to its key 0; 0 = none.</summary>
        public int ConfigStartStatus;

        /// <summary>Most bytes of the reply in one Read.</summary>
        public int Slice = 4096;

        /// <summary>True: instead of the empty reply comes nothing.</summary>
        public bool Silent;

        /// <summary>Not null: the Version of the replies.</summary>
        public byte[] ReplyVersion;

        /// <summary>The `store` structure of the last key 0, as it came.</summary>
        public byte[] StoreTold = new byte[0];

        /// <summary>Of which collection: 0 = the outbox, 1 = the other.</summary>
        public int StoreToldOf;

        /// <summary>True: the next key is not known any more.</summary>
        public bool ForgetKeys;

        /// <summary>Status of the message that answers everything; 0 = none.</summary>
        public int RefusesAll;

        /// <summary>ClientId number that is refused; 0 = none.</summary>
        public uint RefuseReading;

        /// <summary>The Status it is refused with.</summary>
        public int RefuseStatus = 6;

        /// <summary>True: replies carry the check sum of another request.</summary>
        public bool AnswersAnother;

        /// <summary>True: each reply is the empty one, whatever was asked.</summary>
        public bool AnswersEmpty;

        /// <summary>Class of the readings; null = series are not understood.</summary>
        public ObjectClass ReadingClass
        {
            get { return _readingClass; }
            set
            {
                _readingClass = value;
                if (value != null)
                {
                    _series.Begin(value, _data, 0, 0); // takes its memory before a sync is measured
                }
            }
        }

        /// <summary>Series received.</summary>
        public int SeriesTaken;

        /// <summary>Sum of the last bytes of all readings received, each counted once.</summary>
        public int Sum;

        /// <summary>Bytes of the last reply.</summary>
        public int ReplyLength
        {
            get { return _replyLength; }
        }

        public ScriptedServer(int replyBytes)
        {
            _reply = new byte[replyBytes];
        }

        public int StatusCode
        {
            get { return 200; }
        }

        public int RetryAfter
        {
            get { return -1; }
        }

        public CarrierError Open(string contentType, int contentLength)
        {
            _reader.Reset();
            _hash = Fnv.Start;
            _collections = 0;
            _asked = false;
            _inCommands = false;
            _refused = false;
            return CarrierError.None;
        }

        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            _hash = Fnv.Add(_hash, buffer, offset, count);
            _reader.Feed(buffer, offset, count);
            Item item = _reader.Read();
            while (item != Item.NeedMore && item != Item.EndOfMessage)
            {
                if (item == Item.Error)
                {
                    throw new Exception("the engine wrote a bad message: error " + (int)_reader.Error + " at " + _reader.ErrorOffset);
                }

                IItems items = Capture as IItems;
                if (items != null)
                {
                    items.Note(_reader, item, _collections > 0 && _kind[_collections - 1] == 0);
                }

                Take(item);
                item = _reader.Read();
            }

            return CarrierError.None;
        }

        public CarrierError Receive()
        {
            if (_reader.Finish() != Item.EndOfMessage)
            {
                throw new Exception("the engine did not end its message");
            }

            Rounds++;
            if (WhenReceived != null)
            {
                WhenReceived();
            }

            _replyLength = 0;
            _replyRead = 0;
            if (RefusesAll != 0)
            {
                _writer.Begin(this);
                _writer.Start(Tags.Sync);
                _writer.Number(Tags.Status, RefusesAll);
                _writer.End();
                _writer.Finish();
            }
            else if (!AnswersEmpty && (_asked || Objects > _sentTo || Part != null || ForgetKeys || ConfigStatus != 0 || LogStatus != 0 || Command != null))
            {
                WriteReply();
            }
            else
            {
                _sentFrom = _sentTo;
                if (!Silent)
                {
                    byte[] empty = EmptyReply.To(AnswersAnother ? ~_hash : _hash);
                    ((IByteSink)this).Write(empty, 0, empty.Length);
                }
            }

            return CarrierError.None;
        }

        public int Read(byte[] buffer, int offset, int count)
        {
            int end = CutReplyAt >= 0 && CutReplyAt < _replyLength ? CutReplyAt : _replyLength;
            if (count > end - _replyRead)
            {
                count = end - _replyRead;
            }

            if (count > Slice)
            {
                count = Slice;
            }

            if (count == 0 && end < _replyLength)
            {
                return -(int)CarrierError.Broken;
            }

            Array.Copy(_reply, _replyRead, buffer, offset, count);
            _replyRead += count;
            return count;
        }

        public void Close()
        {
        }

        bool IByteSink.Write(byte[] buffer, int offset, int count)
        {
            if (_replyLength + count > _reply.Length)
            {
                return false;
            }

            Array.Copy(buffer, offset, _reply, _replyLength, count);
            _replyLength += count;
            return true;
        }

        private void Take(Item item)
        {
            if (item == Item.Value)
            {
                TakeValue();
            }
            else if (item == Item.Data && _isStore)
            {
                StoreTold = new byte[_reader.DataCount];
                Array.Copy(_reader.Data, _reader.DataOffset, StoreTold, 0, StoreTold.Length);
                _isStore = false;
            }
            else if (item == Item.Data && Capture != null)
            {
                Capture.Write(_reader.Data, _reader.DataOffset, _reader.DataCount);
            }
            else if (item == Item.Start && _reader.Scope == Scopes.Collection && _reader.Tag != Tags.Options)
            {
                _asked = true;
                _inCommands = _reader.Tag == Tags.Commands;
            }
            else if (item == Item.Start && _reader.Scope == Scopes.Commands)
            {
                _isSeries = false;
                _dataLength = 0;
            }
            else if (item == Item.Data && _dataLength + _reader.DataCount <= _data.Length)
            {
                Array.Copy(_reader.Data, _reader.DataOffset, _data, _dataLength, _reader.DataCount);
                _dataLength += _reader.DataCount;
            }
            else if (item == Item.End && _reader.Scope == Scopes.Commands)
            {
                if (_isSeries)
                {
                    TakeSeries();
                }
                else
                {
                    TakeCommand(_dataLength == 0 ? 0 : _data[_dataLength - 1]);
                }
            }
        }

        private void TakeValue()
        {
            switch (_reader.Tag)
            {
                case Tags.SyncKey:
                    _keyNumber = 0;
                    for (int i = 0; i < _reader.TextLength - 4; i++)
                    {
                        _keyNumber = _keyNumber * 10 + (_reader.Text[i] - '0');
                    }

                    _keyZero = _reader.TextLength == 1;
                    Array.Copy(_reader.Text, _key, 20);
                    break;

                case Tags.Limit:
                    Limits = Limits * 10000 + _reader.Number;
                    break;

                case Tags.CollectionId:
                    int kind = _reader.TextLength == 3 ? 0 : 1; // log, config
                    _kind[_collections] = kind;
                    _startsOver[_collections] = _keyZero;
                    _keyCurrent = !_keyZero && _keyNumber == _number[kind] && Fnv.HasTag(_tag[kind], _key, DigitsOf(_keyNumber));
                    _current[_collections] = _keyCurrent;
                    _asked |= _keyZero || !_keyCurrent;
                    if (_keyZero)
                    {
                        _sentTo = kind == 1 ? 0 : _sentTo;
                        _sentFrom = kind == 1 ? 0 : _sentFrom;
                    }
                    else if (kind == 1)
                    {
                        // an older key: from the older point once more
                        _sentTo = _keyCurrent ? _sentTo : _sentFrom;
                        _sentFrom = _sentTo;
                    }

                    _collections++;
                    break;

                case Tags.ClientId:
                    if (Ids != null)
                    {
                        Ids += System.Text.Encoding.UTF8.GetString(_reader.Text, 0, _reader.TextLength) + " ";
                    }

                    _clientId = 0;
                    for (int i = 4; i < _reader.TextLength; i++)
                    {
                        _clientId = _clientId * 10 + (uint)(_reader.Text[i] - '0');
                    }

                    _clientId--; // the command's end counts it up
                    break;

                case Tags.Class:
                    if (Classes != null)
                    {
                        Classes += System.Text.Encoding.UTF8.GetString(_reader.Text, 0, _reader.TextLength) + " ";
                    }

                    _isStore = _reader.Scope == Scopes.Options && _collections > 0 && _kind[_collections - 1] == StoreToldOf && _reader.TextLength == 5 && _reader.Text[1] == 't';
                    _isSeries = _inCommands && _reader.TextLength == 1 && _reader.Text[0] == '*';
                    break;

                case Tags.Status:
                    Refusals++;
                    Answers += _reader.Number + " ";
                    break;
            }
        }

        private static int DigitsOf(int number)
        {
            int digits = 1;
            while (number >= 10)
            {
                number /= 10;
                digits++;
            }

            return digits;
        }

        private void TakeSeries()
        {
            if (ReadingClass == null)
            {
                _refused = true;
                return;
            }

            SeriesTaken++;
            _series.Begin(ReadingClass, _data, 0, _dataLength);
            while (_series.Next())
            {
                TakeCommand(_series.Record[_series.Offset + _series.Length - 1]);
            }

            if (_series.Error != SyncError.None)
            {
                throw new Exception("the engine wrote a bad series");
            }
        }

        private void TakeCommand(int value)
        {
            if (_reader.Tag != Tags.Add)
            {
                Changes++;
                return;
            }

            _clientId++;
            if (_clientId <= (uint)Readings)
            {
                Repeated++;
            }
            else
            {
                Gaps += (int)(_clientId - (uint)Readings - 1);
                Readings = (int)_clientId;
                Sum += value;
            }
        }

        private void WriteReply()
        {
            _lastRequest = AnswersAnother ? ~_hash : _hash;
            _writer.Begin(this);
            _writer.Start(Tags.Sync);
            if (ReplyVersion != null)
            {
                _writer.Value(Tags.Version, ReplyVersion);
            }

            if (Command != null)
            {
                _writer.Start(Tags.Options);
                _writer.Value(Tags.Class, System.Text.Encoding.UTF8.GetBytes(Command));
                if (CommandRecord != null)
                {
                    _writer.Payload(CommandRecord, 0, CommandRecord.Length);
                }

                _writer.End();
                Command = null;
            }

            _writer.Start(Tags.Collections);
            for (int i = 0; i < _collections; i++)
            {
                _writer.Start(Tags.Collection);
                int kind = _kind[i];
                int status = kind == 0 ? LogStatus : ConfigStatus;
                bool unknown = !_startsOver[i] && (ForgetKeys || status != 0);
                if (_startsOver[i] && kind == 1 && ConfigStartStatus != 0)
                {
                    _writer.Value(Tags.SyncKey, new byte[] { (byte)'0' });
                    _writer.Value(Tags.CollectionId, new byte[] { (byte)'c', (byte)'o', (byte)'n', (byte)'f', (byte)'i', (byte)'g' });
                    _writer.Number(Tags.Status, ConfigStartStatus);
                    _writer.End();
                    ConfigStartStatus = 0;
                    continue;
                }

                bool refused = _refused && kind == 0;
                if (!refused && !unknown && (_startsOver[i] || _current[i]))
                {
                    _number[kind]++;
                }

                _tag[kind] = refused || unknown ? _tag[kind] : _lastRequest;
                int length = WriteNumber(_key, 0, _number[kind]);
                Fnv.WriteTag(_tag[kind], _key, length);
                _writer.Value(Tags.SyncKey, _key, 0, length + 4);
                if (kind == 0)
                {
                    _id[0] = (byte)'l';
                    _id[1] = (byte)'o';
                    _id[2] = (byte)'g';
                    _writer.Value(Tags.CollectionId, _id, 0, 3);
                    if (unknown)
                    {
                        _writer.Number(Tags.Status, status != 0 ? status : 3);
                        LogStatus = 0;
                    }
                    else if (refused)
                    {
                        _writer.Number(Tags.Status, 202);
                    }
                    else if (RefuseReading != 0 && RefuseReading <= (uint)Readings)
                    {
                        WriteRefusal();
                    }
                }
                else
                {
                    byte[] name = { (byte)'c', (byte)'o', (byte)'n', (byte)'f', (byte)'i', (byte)'g' };
                    _writer.Value(Tags.CollectionId, name);
                    if (unknown)
                    {
                        _writer.Number(Tags.Status, status != 0 ? status : 3);
                        ConfigStatus = 0;
                    }
                    else if (!_startsOver[i])
                    {
                        WriteObjects();
                    }
                }

                _writer.End();
            }

            _writer.End();
            _writer.End();
            if (!_writer.Finish())
            {
                throw new Exception("the scripted reply failed: error " + (int)_writer.Error);
            }

            ForgetKeys = false;
        }

        private void WriteRefusal()
        {
            _id[0] = _formatId[0];
            Array.Copy(_formatId, _id, 4);
            int length = WriteNumber(_id, 4, (int)RefuseReading);
            _writer.Start(Tags.Responses);
            _writer.Start(Tags.Add);
            _writer.Value(Tags.ClientId, _id, 0, length);
            _writer.Number(Tags.Status, RefuseStatus);
            _writer.End();
            _writer.End();
            RefuseReading = 0;
        }

        private byte[] _formatId = new byte[4];

        /// <summary>Tells the server the format id, so that it can name a reading.</summary>
        public void Knows(string formatId)
        {
            _formatId = System.Text.Encoding.UTF8.GetBytes(formatId);
        }

        private void WriteObjects()
        {
            if (Part != null)
            {
                _writer.Start(Tags.Commands);
                _writer.Start(Tags.Change);
                _writer.Value(Tags.ServerId, new byte[] { (byte)'o', (byte)'0' });
                WriteRange(PartRange);
                _writer.Payload(Part, 0, Part.Length);
                _writer.End();
                _writer.End();
                Part = null;
                return;
            }

            if (_sentTo >= Objects)
            {
                return;
            }

            _writer.Start(Tags.Commands);
            _sentFrom = _sentTo;
            for (int n = 0; n < Window && _sentTo < Objects; n++)
            {
                _writer.Start(SendsDeletes ? DeleteTag : SendsChanges ? Tags.Change : Tags.Add);
                _id[0] = (byte)'o';
                _writer.Value(Tags.ServerId, _id, 0, WriteNumber(_id, 1, _sentTo));
                if (PartTotal >= 0)
                {
                    // as the first part of so many bytes
                    WriteRange(new byte[] { 0xD, 0, (byte)PartTotal, 0 });
                    PartTotal = -1;
                }

                _value[0] = 1; // presence: the one field
                _value[1] = (byte)((_sentTo + ValueShift) & 0x7F);
                if (!SendsDeletes)
                {
                    _writer.Payload(_value, 0, 2);
                }

                _writer.End();
                _sentTo++;
            }

            _writer.End();
            if (_sentTo < Objects)
            {
                _writer.Empty(Tags.MoreAvailable);
            }
        }

        private void WriteRange(byte[] range)
        {
            byte[] name = { (byte)'r', (byte)'a', (byte)'n', (byte)'g', (byte)'e' };
            _writer.Start(Tags.Options);
            _writer.Value(Tags.Class, name);
            _writer.Payload(range, 0, range.Length);
            _writer.End();
        }

        private static int WriteNumber(byte[] buffer, int offset, int value)
        {
            int power = 1;
            while (value / power >= 10)
            {
                power *= 10;
            }

            for (; power > 0; power /= 10)
            {
                buffer[offset++] = (byte)('0' + value / power % 10);
            }

            return offset;
        }
    }
}
