// Time and allocations of 20 readings, encoded and decoded. Ours goes through the whole message: envelope, ids, records.

using System.Formats.Cbor;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using MessagePack;
using NanoSync.Protocol;

namespace NanoSync.Benchmarks;

/// <summary>A reading as an object, for the codecs that want one.</summary>
[MessagePackObject]
public sealed class Reading
{
    /// <summary>Id.</summary>
    [Key(0)]
    public int Id { get; set; }

    /// <summary>Seconds since 1970.</summary>
    [Key(1)]
    public long At { get; set; }

    /// <summary>Hundredths of a degree.</summary>
    [Key(2)]
    public long Temperature { get; set; }

    /// <summary>Percent.</summary>
    [Key(3)]
    public long Humidity { get; set; }

    /// <summary>Parts per million.</summary>
    [Key(4)]
    public long Co2 { get; set; }

    /// <summary>Hundredths of a volt.</summary>
    [Key(5)]
    public long Battery { get; set; }
}

/// <summary>The verb codec.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks : IByteSink
{
    private const int Count = 20;

    private readonly DataSet _set = DataSet.Readings(Count);
    private readonly Reading[] _readings = new Reading[Count];
    private readonly byte[] _message = new byte[4096];
    private readonly byte[] _gathered = new byte[1024];
    private readonly byte[] _packed = new byte[1024];
    private readonly byte[] _key = "1abcd"u8.ToArray();
    private readonly byte[] _name = "log"u8.ToArray();
    private readonly byte[] _id = "k3Fz10001"u8.ToArray();
    private readonly byte[] _star = "*"u8.ToArray();
    private readonly WbxmlWriter _writer = new(512);
    private readonly WbxmlReader _reader = new();
    private readonly RecordWriter _record = new(64);
    private readonly RecordReader _fields = new();
    private readonly SeriesWriter _seriesWriter = new();
    private readonly SeriesReader _seriesReader = new();
    private int _length;
    private byte[] _json = [];
    private byte[] _cbor = [];
    private byte[] _pack = [];
    private byte[] _plain = [];
    private byte[] _series = [];

    /// <summary>Makes the bytes to decode.</summary>
    [GlobalSetup]
    public void Setup()
    {
        for (int i = 0; i < Count; i++)
        {
            long[] row = _set.Rows[i];
            _readings[i] = new Reading { Id = 10001 + i, At = row[0], Temperature = row[1], Humidity = row[2], Co2 = row[3], Battery = row[4] };
        }

        EncodePlain();
        _plain = _message[.._length];
        EncodeSeries();
        _series = _message[.._length];
        _json = EncodeJson();
        _cbor = EncodeCbor();
        _pack = EncodeMessagePack();
    }

    /// <summary>Takes the message.</summary>
    bool IByteSink.Write(byte[] buffer, int offset, int count)
    {
        Array.Copy(buffer, offset, _message, _length, count);
        _length += count;
        return true;
    }

    /// <summary>Ours.</summary>
    [Benchmark(Baseline = true)]
    public int EncodePlain()
    {
        Open();
        for (int i = 0; i < Count; i++)
        {
            Form.Record(_record, _set, i);
            Add(i == 0, false, _record.Buffer, _record.Length);
        }

        return Close();
    }

    /// <summary>Ours, differences.</summary>
    [Benchmark]
    public int EncodeSeries()
    {
        Open();
        _seriesWriter.Begin(_set.Type, _packed, 0, _packed.Length);
        for (int i = 0; i < Count; i++)
        {
            Form.Record(_record, _set, i);
            _seriesWriter.Add(_record.Buffer, 0, _record.Length);
        }

        Add(true, true, _packed, _seriesWriter.Length);
        return Close();
    }

    /// <summary>System.Text.Json.</summary>
    [Benchmark]
    public byte[] EncodeJson() => JsonSerializer.SerializeToUtf8Bytes(_readings);

    /// <summary>MessagePack, arrays.</summary>
    [Benchmark]
    public byte[] EncodeMessagePack() => MessagePackSerializer.Serialize(_readings);

    /// <summary>System.Formats.Cbor, arrays.</summary>
    [Benchmark]
    public byte[] EncodeCbor()
    {
        var cbor = new CborWriter();
        cbor.WriteStartArray(Count);
        foreach (Reading reading in _readings)
        {
            cbor.WriteStartArray(6);
            cbor.WriteInt32(reading.Id);
            cbor.WriteInt64(reading.At);
            cbor.WriteInt64(reading.Temperature);
            cbor.WriteInt64(reading.Humidity);
            cbor.WriteInt64(reading.Co2);
            cbor.WriteInt64(reading.Battery);
            cbor.WriteEndArray();
        }

        cbor.WriteEndArray();
        return cbor.Encode();
    }

    /// <summary>Ours.</summary>
    [Benchmark]
    public long DecodePlain() => Decode(_plain);

    /// <summary>Ours, differences.</summary>
    [Benchmark]
    public long DecodeSeries() => Decode(_series);

    /// <summary>System.Text.Json.</summary>
    [Benchmark]
    public Reading[]? DecodeJson() => JsonSerializer.Deserialize<Reading[]>(_json);

    /// <summary>MessagePack, arrays.</summary>
    [Benchmark]
    public Reading[] DecodeMessagePack() => MessagePackSerializer.Deserialize<Reading[]>(_pack);

    /// <summary>System.Formats.Cbor, arrays.</summary>
    [Benchmark]
    public Reading[] DecodeCbor()
    {
        var cbor = new CborReader(_cbor);
        var readings = new Reading[cbor.ReadStartArray() ?? 0];
        for (int i = 0; i < readings.Length; i++)
        {
            cbor.ReadStartArray();
            readings[i] = new Reading
            {
                Id = cbor.ReadInt32(),
                At = cbor.ReadInt64(),
                Temperature = cbor.ReadInt64(),
                Humidity = cbor.ReadInt64(),
                Co2 = cbor.ReadInt64(),
                Battery = cbor.ReadInt64(),
            };
            cbor.ReadEndArray();
        }

        return readings;
    }

    private void Open()
    {
        _length = 0;
        _writer.Begin(this);
        _writer.Start(Tags.Sync);
        _writer.Start(Tags.Collections);
        _writer.Start(Tags.Collection);
        _writer.Value(Tags.SyncKey, _key);
        _writer.Value(Tags.CollectionId, _name);
        _writer.Start(Tags.Commands);
    }

    private void Add(bool first, bool series, byte[] data, int count)
    {
        _writer.Start(Tags.Add);
        if (first)
        {
            _writer.Value(Tags.ClientId, _id);
        }

        if (series)
        {
            _writer.Value(Tags.Class, _star);
        }

        _writer.Payload(data, 0, count);
        _writer.End();
    }

    private int Close()
    {
        for (int i = 0; i < 4; i++)
        {
            _writer.End();
        }

        return _writer.Finish() ? _length : throw new InvalidOperationException(_writer.Error.ToString());
    }

    private long Decode(byte[] message)
    {
        long sum = 0;
        int length = 0;
        bool series = false;
        _reader.Reset();
        _reader.Feed(message, 0, message.Length);
        while (true)
        {
            switch (_reader.Read())
            {
                case Item.Value when _reader.Tag == Tags.Class:
                    series = true;
                    break;

                case Item.Data:
                    Array.Copy(_reader.Data, _reader.DataOffset, _gathered, length, _reader.DataCount);
                    length += _reader.DataCount;
                    break;

                case Item.DataEnd when series:
                    _seriesReader.Begin(_set.Type, _gathered, 0, length);
                    while (_seriesReader.Next())
                    {
                        sum += Fields(_seriesReader.Record, _seriesReader.Offset, _seriesReader.Length);
                    }

                    length = 0;
                    break;

                case Item.DataEnd:
                    sum += Fields(_gathered, 0, length);
                    length = 0;
                    break;

                case Item.EndOfMessage:
                    return sum;

                case Item.Error or Item.NeedMore:
                    throw new InvalidOperationException(_reader.Error.ToString());
            }
        }
    }

    private long Fields(byte[] record, int offset, int count)
    {
        long sum = 0;
        _fields.Begin(_set.Type, record, offset, count);
        while (_fields.Next())
        {
            sum += _fields.Value;
        }

        return sum;
    }
}
