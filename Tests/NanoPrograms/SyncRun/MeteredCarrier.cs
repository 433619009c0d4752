using NanoSync.Device;

namespace NanoSync.SyncRun
{
    /// <summary>A carrier that samples the heap before each call of the one inside.</summary>
    public sealed class MeteredCarrier : ICarrier
    {
        private readonly ICarrier _inside;

        /// <summary>Bytes given to Write.</summary>
        public long BytesUp;

        /// <summary>Bytes given by Read.</summary>
        public long BytesDown;

        public MeteredCarrier(ICarrier inside)
        {
            _inside = inside;
        }

        public int StatusCode
        {
            get { return _inside.StatusCode; }
        }

        public int RetryAfter
        {
            get { return _inside.RetryAfter; }
        }

        public CarrierError Open(string contentType, int contentLength)
        {
            HeapMeter.Sample(true);
            return _inside.Open(contentType, contentLength);
        }

        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            HeapMeter.Sample(true);
            BytesUp += count;
            return _inside.Write(buffer, offset, count);
        }

        public CarrierError Receive()
        {
            HeapMeter.Sample(true);
            return _inside.Receive();
        }

        public int Read(byte[] buffer, int offset, int count)
        {
            HeapMeter.Sample(true);
            int read = _inside.Read(buffer, offset, count);
            if (read > 0)
            {
                BytesDown += read;
            }

            return read;
        }

        public void Close()
        {
            HeapMeter.Sample(true);
            _inside.Close();
        }
    }
}
