// Between the engine, which has bytes, and an IReceiver, which has values.

using NanoSync.Device;

namespace NanoSync.App
{
    internal sealed class Receiving : IObjectHandler
    {
        private readonly IReceiver _receiver;
        private readonly Record _value;
        private readonly ObjectName _name = new ObjectName();
        private readonly string _tooLarge;
        internal Inbox Inbox;

        internal Receiving(IReceiver receiver, RecordClass type, int bytes)
        {
            _receiver = receiver;
            _value = new Record(type, bytes);
            _tooLarge = "an object here has at most " + bytes.ToString() + " bytes";
        }

        public string Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count)
        {
            if (!_value.Unpack(record, offset, count))
            {
                return "not an object of class " + _value.Type.Class.Name;
            }

            if (_receiver == null)
            {
                return null;
            }

            _name.Utf8 = id;
            _name.Offset = idOffset;
            _name.Count = idLength;
            return _receiver.Check(_name, _value);
        }

        public string CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes)
        {
            return _tooLarge;
        }

        public void Changed(SyncCollection collection)
        {
            if (_receiver != null)
            {
                _receiver.Changed(Inbox);
            }
        }
    }
}
