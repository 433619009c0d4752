// A server in the same process, as a carrier: gives keys, keeps the readings by their ClientId, sends one configuration.

using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;

namespace NanoSync.FirmwareTests;

/// <summary>What the network between device and server does.</summary>
internal enum Line
{
    Up,
    Unreachable,
    Refused401,
    Busy503,
    Unknown404Status,

    /// <summary>Connects, and says nothing until the carrier gives up after a minute.</summary>
    Silent,

    /// <summary>Every third exchange finds no server.</summary>
    Flaky,

    /// <summary>A carrier that does not keep its deadline.</summary>
    Hangs,

    /// <summary>The carrier finds no memory, as a board's sockets may.</summary>
    NoMemory,
}

internal sealed class CarrierServer(Action<int> passTime) : IHoldingCarrier, IByteSink
{
    private sealed class Collection
    {
        public int Number;
        public uint Tag;
        public bool ConfigSent;
    }

    private readonly Dictionary<string, Collection> _collections = [];
    private readonly List<byte> _request = [];
    private readonly List<byte> _reply = [];
    private int _read;

    /// <summary>What happens to the next exchanges.</summary>
    public Line Line { get; set; }

    /// <summary>Seconds for which it holds an answer at most; 0 = it answers at once. [SPEC 5.9]</summary>
    public int HoldsFor { get; set; }

    /// <summary>Seconds that it allows to be asked for.</summary>
    public int HoldsAtMost { get; set; } = 3540;

    /// <summary>Seconds of silence after which something on the way cuts; 0 = nothing does.</summary>
    public int CutsAfter { get; set; }

    /// <summary>Answers that were held: to their end, until something was due, given up by the device, cut.</summary>
    public int HeldToTheEnd { get; private set; }

    public int HeldUntilDue { get; private set; }

    public int GivenUp { get; private set; }

    public int Cut { get; private set; }

    /// <summary>Seconds that the last request asked to be held; 0 = it did not.</summary>
    public int Asked { get; private set; }

    /// <summary>What happens so many seconds into the next held answer, once.</summary>
    public (int Seconds, Action Change)? Meanwhile { get; set; }

    private bool _aborted;

    public void Hold(int seconds) => _aborted = false;

    public void Abort() => _aborted = true;

    /// <summary>Exchanges begun.</summary>
    public int Attempts { get; private set; }

    /// <summary>Exchanges that were answered.</summary>
    public int Rounds { get; private set; }

    /// <summary>The readings, each by its ClientId: the records.</summary>
    public Dictionary<string, byte[]> Readings { get; } = [];

    /// <summary>Class of the readings, to take series apart. [SPEC 6.5]</summary>
    public ObjectClass? ReadingClass { get; set; }

    /// <summary>Readings that came a second time.</summary>
    public int Repeated { get; private set; }

    /// <summary>A record of class sampling to send; null = none.</summary>
    public byte[]? Sampling { get; set; }

    /// <summary>Structures to send in the next reply: class and record.</summary>
    public Queue<(string Class, byte[] Record)> Structures { get; } = [];

    /// <summary>What the device's clock shows, and when the server's certificate holds: TLS asks for both. null = no TLS.</summary>
    public Func<uint>? DeviceClock { get; set; }

    public (uint From, uint To)? Certificate { get; set; }

    /// <summary>The time told when the device asks; null = it is not told.</summary>
    public Func<uint>? Time { get; set; }

    /// <summary>The last status record that came, and how many.</summary>
    public byte[]? DeviceStatus { get; private set; }

    public int Statuses { get; private set; }

    /// <summary>The last diary that came. [SPEC 7.3]</summary>
    public byte[]? Diary { get; private set; }

    /// <summary>Bytes of the largest request.</summary>
    public int LargestRequest { get; private set; }

    /// <summary>Whether the device asked for the time in the last request.</summary>
    public bool TimeAsked { get; private set; }

    public int StatusCode { get; private set; }

    public int RetryAfter { get; private set; } = -1;

    public CarrierError Open(string contentType, int contentLength)
    {
        Attempts++;
        _request.Clear();
        _reply.Clear();
        _read = 0;
        StatusCode = 0;
        RetryAfter = -1;
        if (Line == Line.Unreachable || (Line == Line.Flaky && Attempts % 3 == 0))
        {
            passTime(10000);
            return CarrierError.Unreachable;
        }

        if (Line == Line.NoMemory)
        {
            throw new OutOfMemoryException();
        }

        passTime(300);
        if (Certificate is { } certificate && DeviceClock is { } clock && (clock() < certificate.From || clock() > certificate.To))
        {
            return CarrierError.Untrusted;
        }

        return CarrierError.None;
    }

    public CarrierError Write(byte[] buffer, int offset, int count)
    {
        _request.AddRange(buffer.AsSpan(offset, count));
        return CarrierError.None;
    }

    public CarrierError Receive()
    {
        switch (Line)
        {
            case Line.Silent:
                passTime(60000);
                return CarrierError.Timeout;
            case Line.Hangs:
                passTime(24 * 3600 * 1000);
                return CarrierError.Timeout;
            case Line.Refused401:
                StatusCode = 401;
                return CarrierError.Refused;
            case Line.Busy503:
                StatusCode = 503;
                RetryAfter = 7200;
                return CarrierError.Refused;
            default:
                StatusCode = 200;
                Rounds++;
                Answer([.. _request]);
                if (Asked > HoldsAtMost)
                {
                    _reply.Clear();
                    WriteStatus(Status.WaitOutOfRange, HoldsAtMost);
                }
                else if (Asked > 0 && _reply.Count == 0 && HoldsFor > 0 && !Held())
                {
                    return CarrierError.Broken;
                }

                if (_reply.Count == 0)
                {
                    _reply.AddRange(EmptyReply.To(Fnv.Of([.. _request], 0, _request.Count)));
                }

                return CarrierError.None;
        }
    }

    public int Read(byte[] buffer, int offset, int count)
    {
        count = Math.Min(count, _reply.Count - _read);
        _reply.CopyTo(_read, buffer, offset, count);
        _read += count;
        return count;
    }

    public void Close()
    {
    }

    bool IByteSink.Write(byte[] buffer, int offset, int count)
    {
        _reply.AddRange(buffer.AsSpan(offset, count));
        return true;
    }

    // False: it was given up, or cut.
    private bool Held()
    {
        const int Look = 500;
        for (int waited = 0; waited < Math.Min(Asked, HoldsFor) * 1000; waited += Look)
        {
            passTime(Look);
            if (Meanwhile is { } meanwhile && waited >= meanwhile.Seconds * 1000)
            {
                Meanwhile = null;
                meanwhile.Change();
            }

            if (_aborted)
            {
                GivenUp++;
                return false;
            }

            if (CutsAfter > 0 && waited >= CutsAfter * 1000)
            {
                Cut++;
                return false;
            }

            if (Structures.Count > 0 || (Sampling is not null && _collections.TryGetValue("config", out Collection? config) && !config.ConfigSent))
            {
                HeldUntilDue++;
                Answer([.. _request]);
                return true;
            }
        }

        HeldToTheEnd++;
        return true;
    }

    private void WriteStatus(int status, int limit)
    {
        var writer = new WbxmlWriter(64);
        writer.Begin(this);
        writer.Start(Tags.Sync);
        writer.Number(Tags.Status, status);
        writer.Number(Tags.Limit, limit);
        writer.End();
        Assert.IsTrue(writer.Finish());
    }

    private sealed record Part(string Name, string Key, bool StartsOver, bool Current);

    private void Answer(byte[] request)
    {
        LargestRequest = Math.Max(LargestRequest, request.Length);
        var asked = new List<Part>();
        Asked = 0;
        bool worth = Structures.Count > 0;
        TimeAsked = false;
        string structure = "";
        bool isSeries = false;
        string key = "";
        string clientId = "";
        var data = new List<byte>();
        var reader = new WbxmlReader();
        reader.Feed(request, 0, request.Length);
        for (Item item = reader.Read(); item != Item.EndOfMessage; item = reader.Read())
        {
            switch (item)
            {
                case Item.NeedMore:
                    Assert.AreEqual(Item.EndOfMessage, reader.Finish());
                    goto write;
                case Item.Error:
                    Assert.Fail($"the request is no message: error {reader.Error} at {reader.ErrorOffset}");
                    break;
                case Item.Start when reader.Tag is Tags.Commands or Tags.Responses:
                    worth = true;
                    break;
                case Item.Start when reader.Tag == Tags.Add:
                    data.Clear();
                    isSeries = false;
                    break;
                case Item.Value when reader.Tag == Tags.HeartbeatInterval:
                    Asked = reader.Number;
                    break;
                case Item.Value when reader.Tag == Tags.SyncKey:
                    key = Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength);
                    break;
                case Item.Value when reader.Tag == Tags.CollectionId:
                    string name = Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength);
                    Collection c = _collections.TryGetValue(name, out Collection? found) ? found : _collections[name] = new Collection();
                    asked.Add(new Part(name, key, key == "0", key == KeyOf(c)));
                    worth |= !asked[^1].Current || (name == "config" && Sampling is not null && !c.ConfigSent);
                    break;
                case Item.Value when reader.Tag == Tags.Class && asked.Count == 0:
                    structure = Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength);
                    TimeAsked |= structure == "time";
                    data.Clear();
                    break;
                case Item.DataEnd when asked.Count == 0 && structure == "status":
                    DeviceStatus = [.. data];
                    Statuses++;
                    break;
                case Item.DataEnd when asked.Count == 0 && structure == "diary":
                    Diary = [.. data];
                    break;
                case Item.Value when reader.Tag == Tags.Class && reader.Scope == Scopes.Command:
                    isSeries = reader.Text[0] == '*';
                    break;
                case Item.Value when reader.Tag == Tags.ClientId:
                    clientId = Encoding.UTF8.GetString(reader.Text, 0, reader.TextLength);
                    break;
                case Item.Data:
                    data.AddRange(reader.Data.AsSpan(reader.DataOffset, reader.DataCount));
                    break;
                case Item.End when reader.Tag == Tags.Add:
                    foreach (byte[] record in isSeries ? TakeApart([.. data]) : [[.. data]])
                    {
                        Repeated += Readings.TryAdd(clientId, record) ? 0 : 1;
                        clientId = clientId[..4] + (uint.Parse(clientId[4..]) + 1); // [SPEC 2.3] an Add without ClientId counts up
                    }

                    break;
            }
        }

    write:
        if (TimeAsked && Time is not null)
        {
            worth = true;
            var record = new RecordWriter(16);
            record.Begin(new ObjectClass("time").Time("now").UInt("ms"));
            record.Time(Time());
            record.UInt(0);
            Assert.IsTrue(record.End());
            Structures.Enqueue(("time", record.Buffer[..record.Length]));
        }

        if (worth)
        {
            WriteReply(asked, Fnv.Of(request, 0, request.Length));
        }
    }

    private List<byte[]> TakeApart(byte[] series)
    {
        var records = new List<byte[]>();
        var reader = new SeriesReader();
        reader.Begin(ReadingClass!, series, 0, series.Length);
        while (reader.Next())
        {
            records.Add(reader.Record[reader.Offset..(reader.Offset + reader.Length)]);
        }

        Assert.AreEqual(SyncError.None, reader.Error);
        return records;
    }

    private static string KeyOf(Collection c)
    {
        byte[] tag = new byte[4];
        Fnv.WriteTag(c.Tag, tag, 0);
        return c.Number + Encoding.UTF8.GetString(tag);
    }

    private void WriteReply(List<Part> asked, uint hash)
    {
        var writer = new WbxmlWriter(256);
        writer.Begin(this);
        writer.Start(Tags.Sync);
        if (Structures.TryDequeue(out (string Class, byte[] Record) structure))
        {
            writer.Start(Tags.Options);
            writer.Value(Tags.Class, Encoding.UTF8.GetBytes(structure.Class));
            writer.Payload(structure.Record, 0, structure.Record.Length);
            writer.End();
        }

        writer.Start(Tags.Collections);
        foreach (Part a in asked)
        {
            Collection c = _collections[a.Name];
            if (Line == Line.Unknown404Status)
            {
                writer.Start(Tags.Collection);
                writer.Value(Tags.SyncKey, Encoding.UTF8.GetBytes(KeyOf(c)));
                writer.Value(Tags.CollectionId, Encoding.UTF8.GetBytes(a.Name));
                writer.Number(Tags.Status, Status.NotFound);
                writer.End();
                continue;
            }

            bool known = a.StartsOver || a.Current;
            c.Number += known ? 1 : 0;
            c.Tag = known ? hash : c.Tag;
            c.ConfigSent &= a.Current;
            writer.Start(Tags.Collection);
            writer.Value(Tags.SyncKey, Encoding.UTF8.GetBytes(known ? KeyOf(c) : a.Key)); // Status 3 names the key that it rejects
            writer.Value(Tags.CollectionId, Encoding.UTF8.GetBytes(a.Name));
            if (!known)
            {
                writer.Number(Tags.Status, Status.InvalidSyncKey);
            }
            else if (a.Name == "config" && !a.StartsOver && Sampling is not null && !c.ConfigSent)
            {
                c.ConfigSent = true;
                writer.Start(Tags.Commands);
                writer.Start(Tags.Change);
                writer.Value(Tags.ServerId, "sampling"u8.ToArray());
                writer.Payload(Sampling, 0, Sampling.Length);
                writer.End();
                writer.End();
            }

            writer.End();
        }

        writer.End();
        writer.End();
        Assert.IsTrue(writer.Finish(), $"the reply cannot be written: {writer.Error}");
    }
}
