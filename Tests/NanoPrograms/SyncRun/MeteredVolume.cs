using NanoSync.Storage;

namespace NanoSync.SyncRun
{
    /// <summary>A volume that samples the heap before each call of the one inside: the deepest calls of a sync are these.</summary>
    public sealed class MeteredVolume : IVolume
    {
        private readonly IVolume _inside;

        public MeteredVolume(IVolume inside)
        {
            _inside = inside;
        }

        public int Lanes
        {
            get { return _inside.Lanes; }
        }

        public int Open()
        {
            return _inside.Open();
        }

        public bool Acquire()
        {
            return true;
        }

        public void Release()
        {
        }

        public uint[] List()
        {
            return _inside.List();
        }

        public int Length(uint file)
        {
            HeapMeter.Sample(false);
            return _inside.Length(file);
        }

        public int Read(uint file, int position, byte[] buffer, int offset, int count)
        {
            HeapMeter.Sample(false);
            return _inside.Read(file, position, buffer, offset, count);
        }

        public int OpenAppend(int lane, uint file)
        {
            HeapMeter.Sample(false);
            return _inside.OpenAppend(lane, file);
        }

        public int Append(int lane, byte[] buffer, int offset, int count)
        {
            HeapMeter.Sample(false);
            return _inside.Append(lane, buffer, offset, count);
        }

        public int Close(int lane)
        {
            HeapMeter.Sample(false);
            return _inside.Close(lane);
        }

        public int Delete(uint file)
        {
            HeapMeter.Sample(false);
            return _inside.Delete(file);
        }
    }
}
