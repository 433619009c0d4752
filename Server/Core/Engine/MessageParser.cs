// Bytes to message. The whole body is parsed before anything is applied, so a cut message changes nothing.

using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Engine;

/// <summary>The bytes are not a message.</summary>
public sealed class MessageException : Exception
{
    /// <summary>Makes the exception.</summary>
    public MessageException(SyncError error, int offset, string? version)
        : base($"error NS{(int)error} ({error}) at byte {offset}")
    {
        Error = error;
        Offset = offset;
        Version = version;
    }

    /// <summary>What is wrong.</summary>
    public SyncError Error { get; }

    /// <summary>Where.</summary>
    public int Offset { get; }

    /// <summary>The version read before the error, if any: a message of another version may fail later on.</summary>
    public string? Version { get; }
}

/// <summary>Reads messages.</summary>
public static class MessageParser
{
    /// <summary>Most commands or responses of one collection.</summary>
    public const int MaxCommands = Limits.Window;

    /// <summary>Most collections of one message.</summary>
    public const int MaxCollections = 64;

    /// <summary>Most structures in one Options.</summary>
    public const int MaxStructures = 64;

    /// <summary>Reads a message; throws <see cref="MessageException"/>.</summary>
    public static SyncMessage Parse(MessageFormat format, ReadOnlyMemory<byte> bytes)
    {
        MessageReader reader = format.Open(bytes);
        return new Walk(reader, MessageFormat.Segment(bytes).Array!).Message();
    }

    private sealed class Walk(MessageReader reader, byte[] body)
    {
        private readonly SyncMessage _message = new();
        private readonly MemoryStream _gathered = new();
        private CollectionElement _collection = new();
        private SyncCommand _command = new() { Tag = 0 };
        private List<Structure> _options = [];
        private bool _collectionOptions; // the open Options is the collection's own
        private ReadOnlyMemory<byte> _slice;
        private int _slices;

        public SyncMessage Message()
        {
            while (true)
            {
                Item item = reader.Read();
                switch (item)
                {
                    case Item.Start:
                        Start();
                        break;
                    case Item.End:
                        End();
                        break;
                    case Item.Value:
                        Value();
                        break;
                    case Item.Data:
                        Gather();
                        break;
                    case Item.DataEnd:
                        DataEnd();
                        break;
                    case Item.Field:
                        Field();
                        break;
                    case Item.NeedMore:
                    case Item.EndOfMessage:
                        if (reader.Finish() == Item.Error)
                        {
                            throw Wrong(reader.Error, reader.ErrorOffset);
                        }

                        return _message;
                    default:
                        throw Wrong(reader.Error, reader.ErrorOffset);
                }
            }
        }

        private void Start()
        {
            switch (reader.Tag)
            {
                case Tags.Collection:
                    Check(_message.Collections.Count < MaxCollections, SyncError.TooMany);
                    _collection = new CollectionElement();
                    _message.Collections.Add(_collection);
                    break;
                case Tags.Options:
                    _collectionOptions = reader.Scope == Scopes.Collection;
                    _options = reader.Scope == Scopes.Message ? _message.Options
                        : reader.Scope == Scopes.Collection ? _collection.Options
                        : _command.Options;
                    break;
                default:
                    if (reader.Scope is Scopes.Commands or Scopes.Responses)
                    {
                        List<SyncCommand> list = reader.Scope == Scopes.Commands ? _collection.Commands : _collection.Responses;
                        Check(list.Count < MaxCommands, SyncError.TooMany);
                        _command = new SyncCommand { Tag = reader.Tag };
                        list.Add(_command);
                    }

                    break;
            }
        }

        private void End()
        {
            if (reader.Tag == Tags.Collection)
            {
                foreach (CollectionElement other in _message.Collections)
                {
                    Check(other == _collection || other.Id != _collection.Id, SyncError.Duplicate);
                }
            }
        }

        private void Value()
        {
            switch (reader.Scope)
            {
                case Scopes.Message:
                    MessageValue();
                    break;
                case Scopes.Collection:
                    CollectionValue();
                    break;
                case Scopes.Options:
                    OptionsValue();
                    break;
                default:
                    CommandValue();
                    break;
            }
        }

        private void MessageValue()
        {
            switch (reader.Tag)
            {
                case Tags.Version:
                    _message.Version = Text();
                    break;
                case Tags.Status:
                    _message.Status = reader.Number;
                    break;
                case Tags.Wait:
                    _message.Wait = reader.Number;
                    break;
                case Tags.HeartbeatInterval:
                    _message.Heartbeat = reader.Number;
                    break;
                case Tags.Limit:
                    _message.Limit = reader.Number;
                    break;
            }
        }

        private void CollectionValue()
        {
            switch (reader.Tag)
            {
                case Tags.Class:
                    _collection.Class = Text();
                    break;
                case Tags.SyncKey:
                    _collection.SyncKey = Text();
                    break;
                case Tags.CollectionId:
                    _collection.Id = Text();
                    break;
                case Tags.Status:
                    _collection.Status = reader.Number;
                    break;
                case Tags.WindowSize:
                    _collection.WindowSize = reader.Number;
                    break;
                case Tags.DeletesAsMoves:
                    _collection.DeletesAsMoves = Flag();
                    break;
                case Tags.GetChanges:
                    _collection.GetChanges = Flag();
                    break;
                case Tags.MoreAvailable:
                    _collection.MoreAvailable = Flag();
                    break;
            }
        }

        private void OptionsValue()
        {
            switch (reader.Tag)
            {
                case Tags.Class:
                    Check(_options.Count < MaxStructures, SyncError.TooMany);
                    _options.Add(new Structure(Text()));
                    break;
                case Tags.Limit when _collectionOptions:
                    _collection.Limit = reader.Number;
                    break;
                case Tags.Conflict when _collectionOptions:
                    _collection.Conflict = reader.Number;
                    break;
            }
        }

        private void CommandValue()
        {
            switch (reader.Tag)
            {
                case Tags.Class:
                    _command.Class = Text();
                    break;
                case Tags.ClientId:
                    _command.ClientId = Text();
                    break;
                case Tags.ServerId:
                    _command.ServerId = Text();
                    break;
                case Tags.Status:
                    _command.Status = reader.Number;
                    break;
            }
        }

        private void Gather()
        {
            ReadOnlyMemory<byte> slice = reader.Data.AsMemory(reader.DataOffset, reader.DataCount);
            if (_slices++ == 0 && reader.Data == body)
            {
                _slice = slice; // lies in the body: no copy
                return;
            }

            if (_gathered.Length == 0)
            {
                _gathered.Write(_slice.Span);
            }

            _gathered.Write(slice.Span);
        }

        private void DataEnd()
        {
            ReadOnlyMemory<byte> data = _gathered.Length > 0 ? _gathered.ToArray() : _slice;
            _gathered.SetLength(0);
            _slice = default;
            _slices = 0;
            if (reader.Scope != Scopes.Options)
            {
                _command.Data = data;
                return;
            }

            _options[^1].Data = data; // the reader saw to it that it has a Class and no data yet
        }

        private void Field()
        {
            Check(reader.Scope is Scopes.Command or Scopes.Response, SyncError.NotInGrammar);
            string text = reader is XmlMessageReader xml ? xml.FieldText : Text();
            _command.Fields ??= [];
            Check(_command.Fields.Count < ObjectClass.MaxFields, SyncError.TooMany);
            _command.Fields.Add(new(Encoding.ASCII.GetString(reader.FieldName, 0, reader.FieldNameLength), text));
        }

        private bool Flag() => reader.Number != 0;

        private string Text() => Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength);

        private void Check(bool sound, SyncError error)
        {
            if (!sound)
            {
                throw Wrong(error, Math.Max(reader.Position - 1, 0));
            }
        }

        private MessageException Wrong(SyncError error, int offset)
        {
            return new MessageException(error, offset, _message.Version);
        }
    }
}
