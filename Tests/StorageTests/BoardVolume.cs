using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>
/// A full volume as a board has it: files up to 512 bytes lie in the folder, larger ones take whole blocks of 4,096. The driver
/// takes every byte with Ok and loses what does not fit: the file then stays as it was at its last Close.
/// </summary>
public sealed class BoardVolume(int blocks) : IVolume
{
    private const int BlockBytes = 4096;
    private const int FolderFile = 512;

    private readonly SortedDictionary<uint, byte[]> _files = [];
    private readonly (uint File, List<byte> Bytes)?[] _lanes = new (uint, List<byte>)?[4];

    /// <summary>Blocks that others take.</summary>
    public int TakenByOthers { get; set; }

    /// <summary>Whether Close compares lengths, as FileVolume does; without it, it believes the driver.</summary>
    public bool ComparesLength { get; init; } = true;

    /// <summary>Closes whose bytes were lost.</summary>
    public int Lost { get; private set; }

    public int Lanes => _lanes.Length;

    public int Used => _files.Values.Sum(f => Taken(f.Length)) / BlockBytes + TakenByOthers;

    private static int Taken(int length) => length <= FolderFile ? length : (length + BlockBytes - 1) / BlockBytes * BlockBytes;

    public int Open() => VolumeCode.Ok;

    public bool Acquire()
    {
        return true;
    }

    public void Release()
    {
    }

    public uint[] List() => [.. _files.Keys];

    public int Length(uint file) => _files.TryGetValue(file, out byte[]? bytes) ? bytes.Length : VolumeCode.NotFound;

    public int Read(uint file, int position, byte[] buffer, int offset, int count)
    {
        if (!_files.TryGetValue(file, out byte[]? bytes))
        {
            return VolumeCode.NotFound;
        }

        count = Math.Max(0, Math.Min(count, bytes.Length - position));
        Array.Copy(bytes, Math.Min(position, bytes.Length), buffer, offset, count);
        return count;
    }

    public int OpenAppend(int lane, uint file)
    {
        _files.TryAdd(file, []); // the entry of the folder is there from now on
        _lanes[lane] = (file, []);
        return VolumeCode.Ok;
    }

    public int Append(int lane, byte[] buffer, int offset, int count)
    {
        _lanes[lane]!.Value.Bytes.AddRange(buffer.AsSpan(offset, count));
        return VolumeCode.Ok;
    }

    public int Close(int lane)
    {
        (uint file, List<byte> bytes) = _lanes[lane]!.Value;
        _lanes[lane] = null;
        byte[] before = _files[file];
        _files[file] = [.. before, .. bytes];
        if (Used <= blocks)
        {
            return VolumeCode.Ok;
        }

        _files[file] = before;
        Lost++;
        return ComparesLength ? VolumeCode.Full : VolumeCode.Ok;
    }

    public int Delete(uint file)
    {
        _files.Remove(file);
        return VolumeCode.Ok;
    }
}
