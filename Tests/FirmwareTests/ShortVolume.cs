// A volume on a board with little memory: each call may end as the platform ends it when the heap is full.

using NanoSync.Storage;

namespace NanoSync.FirmwareTests;

internal sealed class ShortVolume(IVolume inner, Action call) : IVolume
{
    public int Lanes => inner.Lanes;

    public bool Acquire()
    {
        call();
        return inner.Acquire();
    }

    public void Release() => inner.Release();

    public int Open()
    {
        call();
        return inner.Open();
    }

    public uint[] List()
    {
        call();
        return inner.List();
    }

    public int Length(uint file)
    {
        call();
        return inner.Length(file);
    }

    public int Read(uint file, int position, byte[] buffer, int offset, int count)
    {
        call();
        return inner.Read(file, position, buffer, offset, count);
    }

    public int OpenAppend(int lane, uint file)
    {
        call();
        return inner.OpenAppend(lane, file);
    }

    public int Append(int lane, byte[] buffer, int offset, int count)
    {
        call();
        return inner.Append(lane, buffer, offset, count);
    }

    public int Close(int lane)
    {
        call();
        return inner.Close(lane);
    }

    public int Delete(uint file)
    {
        call();
        return inner.Delete(file);
    }
}
