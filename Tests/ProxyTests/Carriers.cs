using NanoSync.Device;

namespace NanoSync.ProxyTests;

/// <summary>Notes the bytes of each message.</summary>
public class CountingCarrier(ICarrier inner, List<int> bytes) : ICarrier
{
    public int StatusCode => inner.StatusCode;

    public int RetryAfter => inner.RetryAfter;

    public virtual CarrierError Open(string contentType, int contentLength)
    {
        bytes.Add(contentLength);
        return inner.Open(contentType, contentLength);
    }

    public CarrierError Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public virtual CarrierError Receive() => inner.Receive();

    public virtual int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public void Close() => inner.Close();
}

/// <summary>Loses requests, replies, and cuts replies, as a generator says.</summary>
public sealed class LossyCarrier(ICarrier inner, Random random) : CountingCarrier(inner, [])
{
    private readonly ICarrier _inner = inner;
    private int _fate;

    public override CarrierError Open(string contentType, int contentLength)
    {
        _fate = random.Next(5);
        return _fate == 0 ? CarrierError.Unreachable : base.Open(contentType, contentLength);
    }

    public override CarrierError Receive()
    {
        CarrierError error = _inner.Receive();
        return error == CarrierError.None && _fate == 1 ? CarrierError.Timeout : error;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = _inner.Read(buffer, offset, _fate == 2 ? Math.Min(count, 20) : count);
        return _fate == 2 && random.Next(3) == 0 ? -(int)CarrierError.Broken : read;
    }
}

/// <summary>Requests arrive, and their replies do not.</summary>
public sealed class SilentCarrier(ICarrier inner) : CountingCarrier(inner, [])
{
    public override CarrierError Receive()
    {
        CarrierError error = base.Receive();
        return error == CarrierError.None ? CarrierError.Timeout : error;
    }
}
