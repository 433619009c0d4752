// Encoders that know no OPAQUE put ApplicationData into the binary form as text. A server takes that; our devices never write
// it and do not carry the decoder.

namespace NanoSync.Protocol
{
    /// <summary>Reads the binary form, ApplicationData in STR_I included. See <see cref="MessageReader"/> for the contract. [SPEC 3.4]</summary>
    public sealed class Base64WbxmlReader : WbxmlReader
    {
        private readonly Base64Decoder _base64 = new Base64Decoder();

        /// <inheritdoc/>
        public override void Reset()
        {
            base.Reset();
            _base64.Reset();
        }

        /// <inheritdoc/>
        protected override Item ReadTextData()
        {
            int stop = _pos;
            while (stop < _end && _input[stop] != 0)
            {
                stop++;
            }

            _pos = _base64.Decode(this, _input, _pos, stop);
            if (_base64.Error != SyncError.None)
            {
                return Fail(_base64.Error);
            }

            if (DataCount > 0)
            {
                return Item.Data;
            }

            if (_pos < _end)
            {
                EndText();
            }

            return Item.NeedMore;
        }

        /// <inheritdoc/>
        protected override Item EndData()
        {
            return _base64.End() ? Item.DataEnd : Fail(SyncError.BadBase64);
        }
    }
}
