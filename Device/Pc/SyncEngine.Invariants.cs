using System;
using NanoSync.Storage;

namespace NanoSync.Device
{
    // What must hold between the engine's fields, asked behind each pass over a request, each item of a reply and each round, where
    // the switch NanoSync.Checked is on: the tests of the engine and the simulation. A board has neither the question nor the calls.
    public partial class SyncEngine
    {
        private static readonly bool s_checked = AppContext.TryGetSwitch("NanoSync.Checked", out bool on) && on;
        private readonly byte[] _checkedKey = new byte[FlashStore.MaxMeta];

        partial void CheckWritten(bool counting)
        {
            if (!s_checked)
            {
                return;
            }

            CheckBounds();
            Ask(_seriesFirst == 0 || _result.Store != StoreError.None || _result.Message != Protocol.SyncError.None || _result.Carrier != CarrierError.None, "a series was left open in the request");
            Ask(!_store.InBatch, "a batch is open while a request is written");
            for (int i = 0; i < _count; i++)
            {
                SyncCollection c = _collections[i];
                Ask(c.Sent <= _window, "{0} objects are sent, the window is {1}", c, c.Sent, _window);
                Ask(!c.StartsOver || c.Sent == 0, "{0} objects go with key 0", c, c.Sent);
                Ask(!c.StartsOver || c.Start != 0, "a start over goes without its number", c);
                Ask(counting || !c.Answered, "answered before the request was sent", c);
            }
        }

        partial void CheckItem()
        {
            if (!s_checked)
            {
                return;
            }

            CheckBounds();
            Ask(_store.InBatch, "a reply is applied without a batch");
            Ask(_idLength >= 0 && _idLength <= Protocol.Limits.Text, "an id has {0} bytes", null, _idLength);
            Ask(_newKeyLength >= 0 && _newKeyLength <= SyncCollection.KeySize, "a key has {0} bytes", null, _newKeyLength);
            Ask(_gathered >= 0 && _gathered <= _object.Length, "{0} bytes are gathered in {1}", null, _gathered, _object.Length);
            Ask(_structureLength <= _object.Length, "a structure has {0} bytes", null, _structureLength);
            Ask(_answers <= _answersMost, "{0} answers of {1}", null, _answers, _answersMost);
            Ask(_commandId == 0 || _commandId > _lastCommand, "command {0} comes after {1}", null, _commandId, _lastCommand);
            Ask(_current == null || (Array.IndexOf(_collections, _current, 0, _count) >= 0 && _current.Included), "the reply has a collection that was not asked for");
            CheckIncoming();
        }

        // The object that comes in, and what the store holds open of it.
        private void CheckIncoming()
        {
            int open = _store.PutUnderWay;
            switch (_incoming)
            {
                case Incoming.Streaming:
                    Ask(open == FlashStore.PutOfObject, "an object is streamed, and the store has none open");
                    break;
                case Incoming.PartOpen:
                    Ask(open == FlashStore.PutOfPart, "a part is written, and the store has none open");
                    break;
                default:
                    Ask(open == FlashStore.PutOfNothing, "the object is in state {0}, and the store has one open", null, (int)_incoming);
                    break;
            }

            Ask(_incoming == Incoming.Nothing || _current != null || _gathered == 0, "bytes of no collection are gathered");
            Ask(_incoming != Incoming.Comparing || (_current != null && _current.Recovers), "an object is compared outside a pass that gives back");
            Ask(_incoming != Incoming.PartOpen || _rangeOffset <= _rangeTotal, "a part begins at {0} of {1}", null, _rangeOffset, _rangeTotal);
        }

        partial void CheckRound()
        {
            if (!s_checked || !_open)
            {
                return;
            }

            CheckBounds();
            Ask(!_store.InBatch, "a round leaves a batch open");
            Ask(_store.PutUnderWay == FlashStore.PutOfNothing, "a round leaves an object open in the store");
            Ask(_hold == 0, "a request is held after its round");
            for (int i = 0; i < _count; i++)
            {
                CheckKey(_collections[i]);
            }
        }

        // Rule 1: the key held is the one in flash.
        private void CheckKey(SyncCollection c)
        {
            int length;
            StoreError error = _store.GetMeta(c.Number, KeySlot, _checkedKey, 0, out length);
            if (error != StoreError.None && error != StoreError.NotFound)
            {
                return; // flash does not say
            }

            if (length == 0 || _checkedKey[0] == (byte)'0')
            {
                Ask(c.StartsOver, "a key is held, and none is in flash", c);
                return;
            }

            Ask(_checkedKey.AsSpan(0, length).SequenceEqual(c.Key.AsSpan(0, c.KeyLength)), "a key is held, and another is in flash", c);
        }

        private void CheckBounds()
        {
            Ask(_window >= 1 && _window <= _options.Window, "the window is {0} of {1}", null, _window, _options.Window);
            Ask(_classCount <= MaxClasses && _definitionsAsked >> _classCount == 0, "a definition is asked for of a class that is not known");
            Ask(_fetchFrom == null || (_fetchLength >= 1 && Array.IndexOf(_collections, _fetchFrom, 0, _count) >= 0), "an object is asked for without id or collection");
            for (int i = 0; i < _count; i++)
            {
                SyncCollection c = _collections[i];
                Ask(c.Number >= 0 && c.Number < MaxCollections, "its number is {0}", c, c.Number);
                for (int j = 0; j < i; j++)
                {
                    Ask(_collections[j].Number != c.Number, "another collection has its number", c);
                }

                Ask(c.KeyLength >= 1 && c.KeyLength <= SyncCollection.KeySize, "its key has {0} bytes", c, c.KeyLength);
                Ask(c.Sent >= 0 && (c.Sent > 0) == (c.SentUpTo > 0), "{0} objects are sent, up to {1}", c, c.Sent, c.SentUpTo);
                Ask(c.HoldFrom == 0 || c.HoldFrom <= c.SentUpTo, "held from {0}, sent up to {1}", c, c.HoldFrom, c.SentUpTo);
                Ask(c.UploadSent == 0 || (c.UploadSent > 0 && c.UploadDone >= 0 && c.UploadDone + c.UploadSent <= c.UploadTotal), "bytes {0} and {1} more of {2}", c, c.UploadDone, c.UploadSent, c.UploadTotal);
                Ask(c.DeferredFrom == 0 || c.UptimeRuns != null, "readings wait for a time that is not told", c);
                Ask(c.StoreIds == null || c.StoreIds.Length == StoreIdsLength, "its store ids have no place", c);
            }
        }

        private static void Ask(bool holds, string otherwise, SyncCollection c = null, long first = 0, long second = 0, long third = 0)
        {
            if (!holds)
            {
                throw new InvalidOperationException("The engine broke its own rule: " + (c == null ? "" : c.NameText + ": ") + string.Format(otherwise, first, second, third));
            }
        }
    }
}
