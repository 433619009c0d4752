using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>A volume over another one: passes everything on. Who derives from it does one call otherwise.</summary>
internal abstract class VolumeOver(IVolume volume) : IVolume
{
    public int Lanes => volume.Lanes;

    public int Open() => volume.Open();

    public bool Acquire() => volume.Acquire();

    public void Release() => volume.Release();

    public uint[] List() => volume.List();

    public int Length(uint file) => volume.Length(file);

    public int Read(uint file, int position, byte[] buffer, int offset, int count) => volume.Read(file, position, buffer, offset, count);

    public int OpenAppend(int lane, uint file) => volume.OpenAppend(lane, file);

    public virtual int Append(int lane, byte[] buffer, int offset, int count) => volume.Append(lane, buffer, offset, count);

    public int Close(int lane) => volume.Close(lane);

    public virtual int Delete(uint file) => volume.Delete(file);
}
