// The volume of a route's store: the files of SPEC 9 as rows of the server's database, and in memory for reading.
//
// Rule 1: a Close is one insert; inside a transaction that Join gave it, it counts with that transaction, otherwise alone.
// Rule 2: after a transaction that was not committed the memory is ahead of the database: the store is thrown away and
// opened anew, as after a power cut.

using NanoSync.Server.Engine;
using NanoSync.Storage;

namespace NanoSync.Server.Proxy;

internal sealed class StoreVolume(IServerStore database, int route) : IVolume
{
    private readonly Dictionary<uint, Content> _files = [];
    private readonly uint[] _lanes = new uint[4];
    private readonly int[] _starts = new int[4]; // length of the lane's file when it was opened
    private IProxyTransaction? _joined;

    public int Lanes => _lanes.Length;

    /// <summary>Writes from now on are part of this transaction; null = each is its own.</summary>
    public void Join(IProxyTransaction? transaction)
    {
        _joined = transaction;
    }

    public int Open()
    {
        _files.Clear();
        try
        {
            using IProxyTransaction transaction = (IProxyTransaction)database.BeginRead();
            foreach ((uint file, byte[] data) in transaction.ListFiles(route))
            {
                Find(file).Append(data, 0, data.Length);
            }

            return VolumeCode.Ok;
        }
        catch (StoreException)
        {
            return VolumeCode.Unreadable;
        }
    }

    public bool Acquire() => true; // one process passes on what is in a database

    public void Release()
    {
    }

    public uint[] List()
    {
        return [.. _files.Keys];
    }

    public int Length(uint file)
    {
        return _files.TryGetValue(file, out Content? content) ? content.Length : VolumeCode.NotFound;
    }

    public int Read(uint file, int position, byte[] buffer, int offset, int count)
    {
        if (!_files.TryGetValue(file, out Content? content))
        {
            return VolumeCode.NotFound;
        }

        count = Math.Clamp(content.Length - position, 0, count);
        Array.Copy(content.Bytes, position, buffer, offset, count);
        return count;
    }

    public int OpenAppend(int lane, uint file)
    {
        _lanes[lane] = file;
        _starts[lane] = Find(file).Length;
        return VolumeCode.Ok;
    }

    public int Append(int lane, byte[] buffer, int offset, int count)
    {
        Find(_lanes[lane]).Append(buffer, offset, count);
        return VolumeCode.Ok;
    }

    public int Close(int lane)
    {
        Content content = Find(_lanes[lane]);
        int start = _starts[lane];
        if (content.Length > start && !Write(t => t.AppendFile(route, _lanes[lane], start, content.Bytes[start..content.Length])))
        {
            content.Length = start;
            return VolumeCode.Failed;
        }

        return VolumeCode.Ok;
    }

    public int Delete(uint file)
    {
        if (!Write(t => t.DeleteFile(route, file)))
        {
            return VolumeCode.Failed;
        }

        _files.Remove(file);
        return VolumeCode.Ok;
    }

    private bool Write(Action<IProxyTransaction> change)
    {
        try
        {
            if (_joined != null)
            {
                change(_joined);
                return true;
            }

            using IProxyTransaction own = (IProxyTransaction)database.BeginWrite();
            change(own);
            own.Commit();
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }

    private Content Find(uint file)
    {
        if (!_files.TryGetValue(file, out Content? content))
        {
            content = new Content();
            _files.Add(file, content);
        }

        return content;
    }

    private sealed class Content
    {
        public byte[] Bytes { get; private set; } = new byte[1024];

        public int Length { get; set; }

        public void Append(byte[] buffer, int offset, int count)
        {
            if (Length + count > Bytes.Length)
            {
                byte[] larger = new byte[(Length + count) * 2];
                Array.Copy(Bytes, larger, Length);
                Bytes = larger;
            }

            Array.Copy(buffer, offset, Bytes, Length, count);
            Length += count;
        }
    }
}
