using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>How much of what was appended since the last Close a cut leaves behind.</summary>
public enum Torn
{
    Nothing,
    Part,
    All,
}

/// <summary>The power went; nothing answers any more.</summary>
public sealed class PowerCut : Exception;

/// <summary>
/// A volume with the promises of littlefs and not one more: appended bytes count from Close on; a cut before leaves nothing,
/// a first part or all of them (the last also at Close itself, when the answer no longer came); a delete happens or not.
/// Every call that changes something is counted, and any of them can be the last.
/// </summary>
public sealed class CutVolume : IVolume
{
    private sealed class Lane
    {
        public uint File;
        public readonly List<byte> Bytes = [];
    }

    public readonly SortedDictionary<uint, byte[]> Files = [];
    private readonly Lane?[] _lanes = new Lane?[4];

    /// <summary>Changing calls made so far.</summary>
    public int Calls { get; private set; }

    /// <summary>All calls, reads too: a run that goes on without end is stopped by it.</summary>
    public long AllCalls { get; private set; }

    public long CallLimit { get; set; } = long.MaxValue;

    /// <summary>The call during which the power goes; 0 = never.</summary>
    public int CutAt { get; set; }

    public Torn Torn { get; set; }

    public int Capacity { get; set; } = int.MaxValue;

    /// <summary>Changing call that fails without a cut, and every one after it until this is 0 again.</summary>
    public int FailAt { get; set; }

    /// <summary>Reads and questions for a length so far.</summary>
    public int Reads { get; private set; }

    /// <summary>The one of them that fails; 0 = none.</summary>
    public int ReadFailsAt { get; set; }

    public bool CloseLies { get; set; }

    public int Lanes => _lanes.Length;

    public CutVolume()
    {
    }

    /// <summary>The same files after the power came back.</summary>
    public CutVolume(CutVolume before)
    {
        foreach (var (file, bytes) in before.Files)
        {
            Files[file] = (byte[])bytes.Clone();
        }
    }

    private bool Cut()
    {
        Count();
        return ++Calls == CutAt;
    }

    private void Count()
    {
        if (++AllCalls > CallLimit)
        {
            throw new TimeoutException("the store does not come to an end");
        }
    }

    private bool Fails => FailAt != 0 && Calls >= FailAt;

    public int Used => Files.Values.Sum(f => f.Length) + _lanes.Sum(l => l?.Bytes.Count ?? 0);

    public int Open() => VolumeCode.Ok;

    public bool Acquire()
    {
        return true;
    }

    public void Release()
    {
    }

    public uint[] List() => [.. Files.Keys.Reverse()];

    public int Length(uint file)
    {
        Count();
        if (++Reads == ReadFailsAt)
        {
            return VolumeCode.Failed;
        }
        return Files.TryGetValue(file, out var bytes) ? bytes.Length : VolumeCode.NotFound;
    }

    public int Read(uint file, int position, byte[] buffer, int offset, int count)
    {
        Count();
        if (++Reads == ReadFailsAt)
        {
            return VolumeCode.Failed;
        }
        if (!Files.TryGetValue(file, out var bytes))
        {
            return VolumeCode.NotFound;
        }
        count = Math.Max(0, Math.Min(count, bytes.Length - position));
        if (count > 0)
        {
            Array.Copy(bytes, position, buffer, offset, count);
        }
        return count;
    }

    public int OpenAppend(int lane, uint file)
    {
        if (_lanes[lane] != null)
        {
            throw new InvalidOperationException("lane is open");
        }
        if (Array.Exists(_lanes, l => l?.File == file))
        {
            throw new InvalidOperationException("file is open on another lane");
        }
        bool cut = Cut();
        if (cut && Torn == Torn.Nothing)
        {
            PowerGoes(null);
        }
        if (Fails)
        {
            return VolumeCode.Full;
        }
        Files.TryAdd(file, []);
        _lanes[lane] = new Lane { File = file };
        if (cut)
        {
            PowerGoes(null);
        }
        return VolumeCode.Ok;
    }

    public int Append(int lane, byte[] buffer, int offset, int count)
    {
        var open = _lanes[lane] ?? throw new InvalidOperationException("lane is not open");
        bool cut = Cut();
        if (Fails || (Capacity < int.MaxValue && Used + count > Capacity))
        {
            if (cut)
            {
                PowerGoes(open);
            }
            return VolumeCode.Full;
        }
        open.Bytes.AddRange(buffer.AsSpan(offset, count));
        if (cut)
        {
            PowerGoes(open);
        }
        return VolumeCode.Ok;
    }

    public int Close(int lane)
    {
        var open = _lanes[lane] ?? throw new InvalidOperationException("lane is not open");
        if (Cut())
        {
            PowerGoes(open);
        }
        _lanes[lane] = null;
        if (Fails)
        {
            if (CloseLies)
            {
                Keep(open, open.Bytes.Count);
            }
            return VolumeCode.Full;
        }
        Keep(open, open.Bytes.Count);
        return VolumeCode.Ok;
    }

    public int Delete(uint file)
    {
        if (Array.Exists(_lanes, l => l?.File == file))
        {
            throw new InvalidOperationException("file is open");
        }
        bool cut = Cut();
        if (!cut || Torn != Torn.Nothing)
        {
            Files.Remove(file);
        }
        if (cut)
        {
            PowerGoes(null);
        }
        return VolumeCode.Ok;
    }

    private void Keep(Lane lane, int count)
    {
        byte[] before = Files[lane.File];
        var kept = new byte[before.Length + count];
        before.CopyTo(kept, 0);
        lane.Bytes.CopyTo(0, kept, before.Length, count);
        Files[lane.File] = kept;
    }

    // The lane in question ends as asked; of any other open one the first half is left.
    private void PowerGoes(Lane? current)
    {
        foreach (var lane in _lanes)
        {
            if (lane != null)
            {
                int kept = Torn switch
                {
                    Torn.Nothing => 0,
                    Torn.All => lane.Bytes.Count,
                    _ => lane == current ? lane.Bytes.Count * 2 / 3 : lane.Bytes.Count / 2,
                };
                Keep(lane, kept);
            }
        }
        throw new PowerCut();
    }
}
