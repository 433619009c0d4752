// Runs of consecutive readings as one Add. [SPEC 6.5] The series grows in the payload buffer, and is written when the run
// ends or the buffer is full: both passes over the message make the same ones, and no reading is looked at twice in a pass.

using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private static readonly byte[] s_seriesClass = Encoding.UTF8.GetBytes("*");

        private readonly SeriesWriter _series; // null = not used
        private uint _seriesFirst; // id of its first reading; 0 = none begun
        private bool _seriesImplied; // that id is one more than that of the Add before

        // Bytes of the message that are not in the writer yet.
        private int SeriesLength
        {
            get { return _seriesFirst == 0 ? 0 : _series.Length; }
        }

        // Puts the reading that is worked on into the series, or into a new one. False: it must go by itself.
        private bool JoinSeries(SyncCollection c, bool implied)
        {
            int count = _info.Length;
            if (_series == null || c.NoSeries || c.Kind != CollectionKind.Outbox || count == 0 || count > _object.Length || _info.Tag != c.SendingClass.Hash)
            {
                return false;
            }

            if (Read(_info, 0, _object, count) != count)
            {
                return false;
            }

            if (MayBeUptime(c))
            {
                count = CorrectTime(c, count);
            }

            if (_seriesFirst != 0 && implied && _series.Add(_object, 0, count))
            {
                return true;
            }

            EndSeries(c);
            _series.Begin(c.SendingClass, _buffer, 0, _buffer.Length);
            if (!_series.Add(_object, 0, count))
            {
                return false;
            }

            _seriesFirst = _info.Id;
            _seriesImplied = implied;
            return true;
        }

        private void EndSeries(SyncCollection c)
        {
            if (_seriesFirst == 0)
            {
                return;
            }

            bool alone = _series.Count == 1;
            int length = alone ? _series.FirstLength : _series.Length;
            _writer.Start(Tags.Add);
            if (!_seriesImplied)
            {
                _writer.Value(Tags.ClientId, _clientId, 0, MakeClientId(c, _seriesFirst));
            }

            if (!alone)
            {
                _writer.Value(Tags.Class, s_seriesClass);
            }

            _writer.Payload(_buffer, alone ? _series.FirstOffset : 0, length);
            _writer.End();
            _seriesFirst = 0;
        }
    }
}
