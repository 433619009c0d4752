// What all carriers of these tests have in common: the request is gathered, the reply is read from memory.

using NanoSync.Device;

namespace NanoSync.ServerTests;

/// <summary>A carrier without a network. Whoever derives from it says in Receive what the answer is.</summary>
public abstract class MemoryCarrier : ICarrier
{
    private readonly MemoryStream _request = new();
    private byte[] _reply = [];
    private int _read;

    /// <summary>Bytes of the reply that the device has not read yet.</summary>
    public int Left => _reply.Length - _read;

    public int StatusCode { get; protected set; } = 200;

    public int RetryAfter => -1;

    /// <summary>The request, when it is whole.</summary>
    protected byte[] Request => _request.ToArray();

    /// <summary>The reply; setting it begins it.</summary>
    protected byte[] Reply
    {
        get => _reply;
        set
        {
            _reply = value;
            _read = 0;
        }
    }

    /// <summary>Bytes of the reply behind which the link breaks; its length: it does not.</summary>
    protected virtual int End => _reply.Length;

    public virtual CarrierError Open(string contentType, int contentLength)
    {
        _request.SetLength(0);
        return CarrierError.None;
    }

    public CarrierError Write(byte[] buffer, int offset, int count)
    {
        _request.Write(buffer, offset, count);
        return CarrierError.None;
    }

    public abstract CarrierError Receive();

    public int Read(byte[] buffer, int offset, int count)
    {
        int end = End;
        if (_read >= end && Left > 0)
        {
            return -(int)CarrierError.Broken;
        }

        count = Math.Min(count, end - _read);
        Array.Copy(_reply, _read, buffer, offset, count);
        _read += count;
        return count;
    }

    public void Close()
    {
    }
}
