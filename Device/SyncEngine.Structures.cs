// Embedded structures in the Options of the message: status, clock, commands, class definitions. [SPEC 7.1]
//
// One command of the server is carried out per reply, in the order of their ids. What became of it is durable before it
// is begun and goes up with the next message; the server repeats a command until then, and the device knows its number.

using System;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private const int DoneSize = 10;
        private const int DoneMark = 4;
        private const int DoneStatus = 8;
        private const int StructureTime = 1;
        private const int StructureCommand = 2;
        private const int StructureRange = 3;
        private const int StructureDefinition = 16; // + number of the class
        private const int DiaryReserve = 256; // bytes of a request left to everything else

        private static readonly byte[] s_time = Encoding.UTF8.GetBytes("time");
        private static readonly byte[] s_status = Encoding.UTF8.GetBytes("status");
        private static readonly byte[] s_last = Encoding.UTF8.GetBytes("last");
        private static readonly byte[] s_range = Encoding.UTF8.GetBytes("range");

        private readonly byte[] _small = new byte[37]; // a range (1 + 5 * 5), a result (1 + 5 + 3 + 5 + 5), or a store (1 + 2 * 5 + 5 + 1 + 19 + 1)
        private IDeviceHost _host;
        private RecordWriter _statusRecord; // made when there is a host
        private ObjectClass _statusClass;
        private uint _definitionsAsked; // one bit per class
        private uint _lastCommand; // id of the last command done
        private readonly byte[] _done = new byte[4 * DoneSize]; // the last four, newest first: id, mark, status
        private bool _sendResult;
        private uint _resultId; // whose result goes up
        private uint _resultMark; // 0 = not told
        private int _resultStatus;
        private bool _sendDiary;
        private int _diaryBytes;

        // The structure of the reply that is being read, and the command found in it.
        private int _structure;
        private int _structureLength;
        private DeviceCommand _named; // which command the structure is
        private DeviceCommand _command;
        private uint _commandId;
        private uint _commandValue;
        private uint _commandMark;
        private int _commandStatus;
        private SyncCollection _startOver; // to be started over once the reply is committed; null = none
        private uint _doneMark;
        private uint _doneId; // lowest command of the reply that was done before, and whose result the server lacks; 0 = none
        private uint _time; // that this reply told; 0 = it told none
        private int _timeMs;

        /// <summary>Ask the server for its clock with the next message; cleared when it came. Over a carrier whose replies come later it is not told to the host.</summary>
        public bool AskTime;

        /// <summary>Send the device's status with the next message; cleared when the server has it.</summary>
        public bool SendStatus;

        /// <summary>Seconds by which the application last corrected the clock, told with the status; 0 = it did not.</summary>
        public int ClockCorrection;

        /// <summary>Days until the flash is worn out if it goes on so (<see cref="StoreHealth.LifeDays"/>), told with the status; 0 = not known.</summary>
        public uint FlashLife;

        /// <summary>What the server gets when it asks for the diary; null = there is none.</summary>
        public IDiary Diary;

        /// <summary>The application's side of embedded structures; null = none. Set before Open.</summary>
        public IDeviceHost Host
        {
            get
            {
                return _host;
            }

            set
            {
                _host = value;
                _statusRecord = new RecordWriter(160);
                _statusClass = StatusRecord.MakeClass();
            }
        }

        private void LoadCommand()
        {
            int length;
            if (_store.GetMeta(AnswerCollection, CommandSlot, _buffer, 0, out length) != StoreError.None)
            {
                return;
            }

            if (length == 6)
            {
                // of an earlier version: one command without a mark
                System.Array.Copy(_buffer, 0, _done, 0, 4);
                System.Array.Copy(_buffer, 4, _done, DoneStatus, 2);
            }
            else if (length == _done.Length)
            {
                System.Array.Copy(_buffer, 0, _done, 0, length);
            }

            _lastCommand = Format.U32(_done, 0);
        }

        private void WriteMessageOptions(bool counting)
        {
            bool status = SendStatus && _host != null;
            bool changes = HasChanges();
            bool any = status || AskTime || _sendResult || _sendDiary || _definitionsAsked != 0 || changes;
            HasOwnStructure(ref any);
            if (!any)
            {
                return;
            }

            _writer.Start(Tags.Options);
            if (changes)
            {
                _small[0] = 1;
                WriteStructure(s_last, _small, PutVarint(1, _store.NextVersion));
            }

            if (status)
            {
                if (counting)
                {
                    MakeStatus();
                }

                WriteStructure(s_status, _statusRecord.Buffer, _statusRecord.Length);
            }

            if (_sendResult)
            {
                // result(id, status, reason, mark, highest): without reason, and highest where the number was passed
                bool passed = _resultStatus == Status.NumberPassed;
                _small[0] = (byte)(3 | (_resultMark != 0 ? 8 : 0) | (passed ? 16 : 0));
                int length = PutVarint(1, _resultId);
                length = PutVarint(length, (uint)_resultStatus);
                length = _resultMark != 0 ? PutVarint(length, _resultMark) : length;
                length = passed ? PutVarint(length, _lastCommand) : length;
                WriteStructure(Encoding.UTF8.GetBytes("result"), _small, length);
            }

            if (_sendDiary)
            {
                WriteDiary(counting);
            }

            for (int i = 0; i < _classCount; i++)
            {
                if ((_definitionsAsked & (1u << i)) != 0)
                {
                    byte[] definition = Encoding.UTF8.GetBytes(_classes[i].Definition);
                    byte[] name = _classes[i].WireName;
                    WriteStructure(Encoding.UTF8.GetBytes("def:" + Encoding.UTF8.GetString(name, 0, name.Length)), definition, definition.Length);
                }
            }

            WriteOwnStructure();

            if (AskTime)
            {
                _writer.Value(Tags.Class, s_time);
            }

            _writer.End();
        }

        private void MakeStatus()
        {
            RecordWriter record = _statusRecord;
            record.Begin(_statusClass);
            _host.WriteStatus(record);
            while (record.Field < StatusRecord.HostFields)
            {
                record.None();
            }

            uint dropped = 0;
            for (int i = 0; i < _count; i++)
            {
                dropped += _store.DroppedCount(_collections[i].Number);
            }

            record.UInt(dropped);
            record.UInt((ulong)_store.Health.Damaged);
            record.UInt(Forked);
            record.Int(ClockCorrection);
            record.UInt((ulong)Pending);
            if (FlashLife != 0)
            {
                record.UInt(FlashLife);
            }
        }

        // [SPEC 5.2] A change may be overtaken by a later one on the way; readings never change.
        private bool HasChanges()
        {
            for (int i = 0; i < _count; i++)
            {
                if (_collections[i].Kind != CollectionKind.Outbox && _store.PendingCount(_collections[i].Number) > 0)
                {
                    return true;
                }
            }

            return false;
        }

        private void WriteStructure(byte[] name, byte[] record, int length)
        {
            _writer.Value(Tags.Class, name);
            _writer.Payload(record, 0, length);
        }

        // From flash to the carrier in portions of the buffer.
        private void WriteDiary(bool counting)
        {
            if (counting)
            {
                _diaryBytes = Diary.Open(_options.RequestBytes > 2 * DiaryReserve ? _options.RequestBytes - DiaryReserve : DiaryReserve);
            }

            if (_diaryBytes == 0)
            {
                return;
            }

            _writer.Value(Tags.Class, Encoding.UTF8.GetBytes("diary"));
            _writer.DataStart(_diaryBytes);
            for (int at = 0; at < _diaryBytes; at += _buffer.Length)
            {
                int count = _diaryBytes - at < _buffer.Length ? _diaryBytes - at : _buffer.Length;
                if (!counting)
                {
                    Diary.Read(at, _buffer, count);
                }

                _writer.Data(_buffer, 0, count);
            }

            _writer.DataEnd();
        }

        // range(offset, count) wanted, or range(offset, total, crc, version) of a part that follows
        private void WriteRange(uint offset, uint count, uint total, uint crc, uint version)
        {
            _small[0] = count != 0 ? (byte)3 : (byte)0x1D;
            int length = PutVarint(1, offset);
            if (count != 0)
            {
                length = PutVarint(length, count);
            }
            else
            {
                length = PutVarint(PutVarint(PutVarint(length, total), crc), version);
            }

            _writer.Start(Tags.Options);
            WriteStructure(s_range, _small, length);
            _writer.End();
        }

        private int PutVarint(int at, uint value)
        {
            while (value >= 0x80)
            {
                _small[at++] = (byte)(value | 0x80);
                value >>= 7;
            }

            _small[at++] = (byte)value;
            return at;
        }

        // A Class in Options: which structure is it? A definition is asked for by its name alone.
        private void NameStructure()
        {
            _structure = 0;
            _structureLength = 0;
            _named = DeviceCommand.Unknown;
            if (_reader.OpenTag(1) != Tags.Sync)
            {
                _structure = _reader.TextIs(s_range) ? StructureRange : 0;
                return;
            }

            if (_reader.TextIs(s_time))
            {
                _structure = StructureTime;
            }
            else if (StartsWith('d', 'e', 'f') && _reader.Text[3] == ':')
            {
                for (int i = 0; i < _classCount; i++)
                {
                    if (EndsWith(_classes[i].WireName))
                    {
                        _structure = StructureDefinition + i;
                        _definitionsAsked |= 1u << i; // taken back when data follow: then it was not a question
                    }
                }
            }
            else
            {
                _named = IsNamed("restart") ? DeviceCommand.Restart
                    : IsNamed("interval") ? DeviceCommand.Interval
                    : IsNamed("start-over") ? DeviceCommand.StartOver
                    : IsNamed("send-status") ? DeviceCommand.SendStatus
                    : IsNamed("send-diary") ? DeviceCommand.SendDiary
                    : IsNamed("refused") ? DeviceCommand.Refused
                    : DeviceCommand.Unknown;

                // a later server's command says that it is one; anything else unknown is information, and skipped [SPEC 7.1]
                _structure = _named != DeviceCommand.Unknown || StartsWith('d', 'o', ':') ? StructureCommand : 0;
            }
        }

        // Commands are rare, so their names are made only when there is something to compare them with.
        private bool IsNamed(string command)
        {
            return _reader.TextIs(Encoding.UTF8.GetBytes(command));
        }

        private bool StartsWith(char first, char second, char third)
        {
            byte[] text = _reader.Text;
            return _reader.TextLength > 3 && text[0] == first && text[1] == second && text[2] == third;
        }

        // Behind def: name#hash, or #hash of a class whose name was not told. [SPEC 6.3]
        private bool EndsWith(byte[] wireName)
        {
            int length = _reader.TextLength - 4;
            int from = wireName.Length - length;
            if (from != 0 && length != ClassTagSize)
            {
                return false;
            }

            for (int i = 0; i < length; i++)
            {
                if (_reader.Text[i + 4] != wireName[from + i])
                {
                    return false;
                }
            }

            return true;
        }

        // A structure's bytes; longer than any this engine knows: passed over.
        private void GatherStructure()
        {
            if (_structure != 0 && _structureLength + _reader.DataCount <= _object.Length)
            {
                Array.Copy(_reader.Data, _reader.DataOffset, _object, _structureLength, _reader.DataCount);
                _structureLength += _reader.DataCount;
            }
            else
            {
                _structure = 0;
            }
        }

        private void ApplyStructure()
        {
            int at = 1;
            uint first;
            uint second = 0;
            if (_structure >= StructureDefinition)
            {
                _definitionsAsked &= ~(1u << (_structure - StructureDefinition));
            }

            if (_structureLength < 2 || (_object[0] & 1) == 0 || !GetVarint(ref at, out first))
            {
                return;
            }

            if ((_object[0] & 2) != 0 && !GetVarint(ref at, out second))
            {
                return;
            }

            switch (_structure)
            {
                case StructureTime:
                    // kept until it is certain that this reply is not a late one
                    _time = unchecked(first + RecordReader.Epoch);
                    _timeMs = (int)second;
                    break;

                case StructureRange:
                    ReadRange(at, first);
                    break;

                case StructureCommand:
                    uint mark = MarkOf(at, second);
                    if (first > _lastCommand && (_commandId == 0 || first < _commandId))
                    {
                        _commandMark = mark;
                        _command = _named;
                        _commandId = first;
                        _commandValue = _named == DeviceCommand.Interval || _named == DeviceCommand.StartOver || _named == DeviceCommand.Refused ? second : 0;
                        _commandStatus = JudgeCommand(at);
                    }
                    else if (first != 0 && first <= _lastCommand && (_doneId == 0 || first < _doneId))
                    {
                        _doneId = first;
                        _doneMark = mark;
                    }

                    break;
            }
        }

        // The mark, the last field of each command, is a number at random. It tells a command from another one that had its id. 0 = there is
        // none.
        private uint MarkOf(int at, uint second)
        {
            uint mark = second;
            switch (_named)
            {
                case DeviceCommand.Unknown:
                    return 0; // its fields are not known
                case DeviceCommand.Interval:
                    return (_object[0] & 4) != 0 && GetVarint(ref at, out mark) ? mark : 0;
                case DeviceCommand.StartOver:
                    at += second <= Limits.Text ? (int)second : _structureLength;
                    return (_object[0] & 4) != 0 && GetVarint(ref at, out mark) ? mark : 0;
                case DeviceCommand.Refused:
                    return MarkOfRefused(at, second);
                default:
                    return mark;
            }
        }

        private int JudgeCommand(int at)
        {
            switch (_command)
            {
                case DeviceCommand.Unknown:
                    return Status.NotFound;
                case DeviceCommand.SendStatus:
                    return _host == null ? Status.NotFound : Status.Success;
                case DeviceCommand.SendDiary:
                    return Diary == null ? Status.NotFound : Status.Success;
                case DeviceCommand.Refused:
                    return JudgeRefused(at);
                case DeviceCommand.StartOver:
                    int found = FindNamed(at);
                    if (found >= 0)
                    {
                        _commandValue = (uint)found;
                    }

                    return found < 0 ? Status.NotFound : Status.Success;
                default:
                    return _host == null ? Status.NotFound : _host.Accept(_command, _commandValue);
            }
        }

        // The collection that a command names by a text: its length is in _commandValue, its bytes are at that place. -1 = none.
        private int FindNamed(int at)
        {
            int i = _count - 1;
            while (i >= 0)
            {
                byte[] name = _collections[i].Name;
                if (name.Length == _commandValue && at + name.Length <= _structureLength && Format.BytesEqual(name, 0, _object, at, name.Length))
                {
                    break;
                }

                i--;
            }

            return i;
        }

        // Writes into the reply's batch that the command is done. While the server still lacks the result of an earlier command, that
        // result goes first, and the new command waits for the server to repeat it.
        private StoreError KeepCommand()
        {
            if (_doneId != 0)
            {
                _commandId = 0;
            }

            if (_commandId == 0 || IsRefusal())
            {
                return StoreError.None;
            }

            if (_command == DeviceCommand.StartOver && _commandStatus == Status.Success)
            {
                SyncCollection c = _collections[_commandValue];
                if (!c.StartsOver && !c.Recovers) // else it does so already
                {
                    _startOver = c;
                    return StoreError.None;
                }
            }

            return SaveCommand();
        }

        private StoreError SaveCommand()
        {
            byte[] done = new byte[_done.Length]; // a command is rare
            System.Array.Copy(_done, 0, done, DoneSize, done.Length - DoneSize);
            Format.Put32(done, 0, _commandId);
            Format.Put32(done, DoneMark, _commandMark);
            Format.Put16(done, DoneStatus, _commandStatus);
            return _store.SetMeta(AnswerCollection, CommandSlot, done, 0, done.Length);
        }

        // [SPEC 7.1] What became of a command whose number is not above the last one's.
        private int StatusOfDone()
        {
            for (int at = 0; at < _done.Length; at += DoneSize)
            {
                if (Format.U32(_done, at) == _doneId && Format.U32(_done, at + DoneMark) == _doneMark)
                {
                    return Format.U16(_done, at + DoneStatus);
                }
            }

            return Status.NumberPassed;
        }

        // True for refused: it changes an object that the same reply may acknowledge, so it gets a batch of its own after the reply's.
        private bool IsRefusal()
        {
            return _command == DeviceCommand.Refused && _commandStatus == Status.Success;
        }

        // Carries start-over out. It tells the key that the same reply brought, so it gets a batch of its own after the reply's.
        private void DoStartOver()
        {
            SyncCollection c = _startOver;
            _result.Store = _store.Begin();
            if (_result.Store == StoreError.None)
            {
                _result.Store = SaveCommand();
            }

            if (_result.Store == StoreError.None && !c.StartsOver)
            {
                StartOver(c);
            }

            if (EndBatch())
            {
                NoteCommand();
                LoadKeyState(c);
            }
        }

        private void NoteCommand()
        {
            LoadCommand();
            _sendResult = true;
            _resultId = _commandId;
            _resultMark = _commandMark;
            _resultStatus = _commandStatus;
        }

        // After the commit.
        private void DoCommand()
        {
            _sendResult = false;
            if (_doneId != 0)
            {
                // either the result was lost, or the server's database went back and gave the id a second time; then this command was not done
                _sendResult = true;
                _resultId = _doneId;
                _resultMark = _doneMark;
                _resultStatus = StatusOfDone();
            }

            if (_commandId == 0 || _startOver != null || (IsRefusal() && !DoRefused()))
            {
                return;
            }

            NoteCommand();
            if (_commandStatus != Status.Success)
            {
                return;
            }

            if (_command == DeviceCommand.SendStatus)
            {
                SendStatus = true;
            }
            else if (_command == DeviceCommand.SendDiary)
            {
                _sendDiary = true;
            }
            else if (_command != DeviceCommand.StartOver && _command != DeviceCommand.Refused)
            {
                _host.Execute(_command, _commandValue);
            }
        }

        // The time is used only when a key in the reply answers this request; any other reply may be a late one.
        private void SetTime()
        {
            bool answered = false;
            for (int i = 0; i < _count; i++)
            {
                answered |= _collections[i].Answered;
            }

            if (_time != 0 && answered)
            {
                AskTime = false;
                if (_host != null && !RepliesDeferred) // a reply that waited for its reader tells an old time
                {
                    _host.SetTime(_time, _timeMs);
                }
            }
        }

        private bool GetVarint(ref int at, out uint value)
        {
            value = 0;
            for (int shift = 0; shift < 35 && at < _structureLength; shift += 7)
            {
                byte b = _object[at++];
                value |= (uint)(b & 0x7F) << shift;
                if (b < 0x80)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
