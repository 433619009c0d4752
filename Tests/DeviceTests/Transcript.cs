// What a scripted server saw of requests, as text for a comparison.

using System;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Tests
{
    /// <summary>The items of requests as text: of keys and of an outbox's ClientIds the number alone, of a `store` structure no data, of long data the number of bytes.</summary>
    public sealed class Transcript : IItems, IByteSink
    {
        private readonly StringBuilder _text = new StringBuilder();
        private string _data = "";
        private int _dataBytes;
        private bool _isStore;

        /// <summary>What was noted since the last call.</summary>
        public string Next()
        {
            string text = _text.ToString();
            _text.Clear();
            return text;
        }

        public void Note(MessageReader reader, Item item, bool outbox)
        {
            string name = TagNames.Of(reader.Tag);
            switch (item)
            {
                case Item.Start:
                    _text.Append("<" + name + " ");
                    break;
                case Item.End:
                    _text.Append(">" + name + " ");
                    break;
                case Item.Value:
                    string value = Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength);
                    if (reader.Tag == Tags.SyncKey && value.Length > 4)
                    {
                        value = value.Substring(0, value.Length - 4);
                    }
                    else if (reader.Tag == Tags.ClientId)
                    {
                        value = outbox ? value.Substring(4) : ""; // the ids of objects of both sides begin anywhere
                    }

                    _isStore = reader.Tag == Tags.Class && value == "store";
                    _text.Append(value.Length == 0 ? name + " " : name + "=" + value + " ");
                    break;
                case Item.Data:
                    byte[] slice = new byte[reader.DataCount];
                    Array.Copy(reader.Data, reader.DataOffset, slice, 0, slice.Length);
                    _dataBytes += slice.Length;
                    _data = _dataBytes > 40 ? _dataBytes.ToString() + " bytes" : _data + Codec.Hex(slice);
                    break;
                case Item.DataEnd:
                    _text.Append(_isStore ? "" : "[" + _data + "] ");
                    _data = "";
                    _dataBytes = 0;
                    break;
            }
        }

        bool IByteSink.Write(byte[] buffer, int offset, int count)
        {
            return true;
        }
    }
}
