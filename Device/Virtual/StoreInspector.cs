using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using NanoSync.Server.Formats;
using NanoSync.Storage;

namespace NanoSync.Virtual;

/// <summary>
/// Lists, checks and explains a store's files for a person. Reads the bytes by SPEC.md chapter 9 alone, without the store's own
/// reader, and changes nothing: it can be run beside a store in use and on a copy of a board's folder.
/// </summary>
public static class StoreInspector
{
    private const int HeaderSize = 32;
    private const int DiaryEntry = 40; // SPEC.md 7.3

    /// <summary>Everything is as the format says.</summary>
    public const int Whole = 0;

    /// <summary>Something is damaged; the text says what and where.</summary>
    public const int Damaged = 1;

    /// <summary>There is no store, or it cannot be read.</summary>
    public const int NoStore = 2;

    private const int FormatVersion = 2;
    private const uint TailFlag = 0x80000000; // in the number of a segment: its tail
    private const int TailKind = 8;
    private const int TailHead = 8;
    private const int MaxSegment = 65535;

    private sealed record Entry(string Name, int Kind, int Collection, bool Large, bool Last, uint Id, uint Version, uint Tag,
        int State, bool IsDelete, string Key, int Status, string Reason, uint LargeFile, int Length, uint LargeCrc, byte[] Payload, string Where);

    /// <summary>Inspects a folder.</summary>
    /// <param name="folder">The store's folder.</param>
    /// <param name="output">Takes the text.</param>
    /// <param name="verbose">Also every record, in the order of the files.</param>
    /// <returns><see cref="Whole"/>, <see cref="Damaged"/> or <see cref="NoStore"/>.</returns>
    public static int Run(string folder, TextWriter output, bool verbose = false)
    {
        List<(uint File, byte[] Bytes)> files;
        try
        {
            files = [.. Directory.GetFiles(folder)
                .Select(path => (File: StoreFile.Parse(path), Path: path))
                .Where(f => f.File != 0)
                .OrderBy(f => f.File)
                .Select(f => (f.File, File.ReadAllBytes(f.Path)))];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            output.WriteLine($"cannot read {folder}: {failure.Message}");
            return NoStore;
        }
        if (files.Count == 0)
        {
            output.WriteLine($"no store in {folder}: it holds no file such as {StoreFile.Name(StoreFile.Make(StoreFile.Main, 0, 1))}");
            return NoStore;
        }
        return new Inspection(files, output, verbose).Run();
    }

    private sealed class Inspection(List<(uint File, byte[] Bytes)> files, TextWriter output, bool verbose)
    {
        private readonly Dictionary<string, Entry> _objects = [];
        private readonly SortedDictionary<(int Collection, uint Id), Entry> _readings = [];
        private readonly Dictionary<uint, byte[]> _large = files.Where(f => StoreFile.Kind(f.File) == StoreFile.Large).ToDictionary(f => f.File, f => f.Bytes);
        private readonly HashSet<uint> _named = [];
        private int _problems;
        private uint _salt;

        public int Run()
        {
            var first = files.FirstOrDefault(f => StoreFile.Kind(f.File) == StoreFile.Main && IsHeader(f.File, f.Bytes));
            var any = first.Bytes != null ? first : files.FirstOrDefault(f => IsHeader(f.File, f.Bytes));
            if (any.Bytes == null)
            {
                output.WriteLine("no segment has a readable header: the store will begin anew");
                return Damaged;
            }
            if (any.Bytes[3] > FormatVersion)
            {
                output.WriteLine($"format version {any.Bytes[3]}: this tool knows versions up to {FormatVersion}");
                return NoStore;
            }
            _salt = U32(any.Bytes, 8);
            output.WriteLine($"format id {Encoding.ASCII.GetString(any.Bytes, 4, 4)}, version {any.Bytes[3]}, {files.Count} files, {files.Sum(f => (long)f.Bytes.Length)} bytes");
            output.WriteLine();
            output.WriteLine("files");
            foreach (var (file, bytes) in files)
            {
                switch (StoreFile.Kind(file))
                {
                    case StoreFile.Main:
                    case StoreFile.Outbox:
                        Segment(file, WithTail(file, bytes));
                        break;
                    case StoreFile.Main | TailKind:
                    case StoreFile.Outbox | TailKind:
                        Tail(file, bytes);
                        break;
                    case StoreFile.Large:
                        output.WriteLine($"  {StoreFile.Name(file)}  {bytes.Length,8}  large payload of collection {StoreFile.Collection(file)}");
                        break;
                    case StoreFile.Diary:
                        output.WriteLine($"  {StoreFile.Name(file)}  {bytes.Length,8}  field diary, {bytes.Length / DiaryEntry} entries");
                        break;
                    default:
                        output.WriteLine($"  {StoreFile.Name(file)}  {bytes.Length,8}  kept aside for a full volume");
                        break;
                }
            }
            Objects();
            Readings();
            LargeFiles();
            output.WriteLine();
            output.WriteLine(_problems == 0 ? "everything is whole" : $"{_problems} problem{(_problems == 1 ? "" : "s")}, marked with !");
            return _problems == 0 ? Whole : Damaged;
        }

        private void Problem(string text)
        {
            _problems++;
            output.WriteLine("  ! " + text);
        }

        private void Tail(uint file, byte[] bytes)
        {
            uint segment = file ^ TailFlag;
            output.WriteLine($"  {StoreFile.Name(file)}  {bytes.Length,8}  tail of {StoreFile.Name(segment)}");
            if (!files.Exists(f => f.File == segment))
            {
                output.WriteLine("    its segment is gone; the next Open deletes it");
            }
            else if (bytes.Length > TailHead && U32(bytes, 0) != ~U32(bytes, 4))
            {
                Problem($"{StoreFile.Name(file)} at 0: its place in the segment is damaged");
            }
        }

        // [SPEC 9.10] What the store sees: the bytes of the tail, at their place.
        private byte[] WithTail(uint file, byte[] bytes)
        {
            byte[]? tail = files.Find(f => f.File == (file | TailFlag)).Bytes;
            if (tail == null || tail.Length <= TailHead)
            {
                return bytes;
            }
            ReadOnlySpan<byte> newest = tail.AsSpan(TailHead);
            int place = U32(tail, 0) == ~U32(tail, 4) && U32(tail, 0) <= MaxSegment ? (int)U32(tail, 0) : bytes.Length;
            ReadOnlySpan<byte> moved = bytes.AsSpan(Math.Min(place, bytes.Length));
            if (moved.StartsWith(newest))
            {
                return bytes; // its deletion was cut
            }
            bool fits = bytes.Length >= place && newest.StartsWith(moved);
            byte[] whole = new byte[place + newest.Length + (fits ? 0 : 1)];
            bytes.AsSpan(0, Math.Min(place, bytes.Length)).CopyTo(whole);
            newest.CopyTo(whole.AsSpan(place));
            return whole;
        }

        private static bool IsHeader(uint file, byte[] bytes) =>
            bytes.Length >= HeaderSize && bytes[0] == 'N' && bytes[1] == 'S' && bytes[2] == 'F' && U32(bytes, 12) == file
            && U32(bytes, 28) == Crc32.Finish(Crc32.Update(Crc32.Start, bytes, 0, 28));

        private void Segment(uint file, byte[] bytes)
        {
            string name = StoreFile.Name(file);
            bool main = StoreFile.Kind(file) == StoreFile.Main;
            string what = main ? "main log" : $"outbox {StoreFile.Collection(file)}";
            if (IsHeader(file, bytes))
            {
                string counters = main
                    ? $"next version {U32(bytes, 16)}, local id {U32(bytes, 20)}, large file {U32(bytes, 24)} when it was begun"
                    : $"first id {U32(bytes, 16)}{(U32(bytes, 20) == 0 ? "" : $", {U32(bytes, 20)} ids passed over")}";
                output.WriteLine($"  {name}  {bytes.Length,8}  {what}: {counters}");
            }
            else
            {
                output.WriteLine($"  {name}  {bytes.Length,8}  {what}");
                Problem($"{name} at 0: no header of this file");
            }
            var batch = new List<Entry>();
            int at = HeaderSize;
            int skippedAt = -1;
            while (at < bytes.Length)
            {
                var entry = Record(file, bytes, at, out int size);
                if (entry == null)
                {
                    skippedAt = skippedAt < 0 ? at : skippedAt;
                    at++;
                    continue;
                }
                if (skippedAt >= 0)
                {
                    Problem($"{name} at {skippedAt}: {at - skippedAt} bytes are no record");
                    skippedAt = -1;
                }
                if (verbose)
                {
                    output.WriteLine("    " + Text(entry));
                }
                batch.Add(entry);
                at += size;
                if (entry.Last)
                {
                    batch.ForEach(Apply);
                    batch.Clear();
                }
            }
            if (batch.Count > 0 || skippedAt >= 0)
            {
                string from = batch.Count > 0 ? batch[0].Where : $"{name} at {skippedAt}";
                output.WriteLine($"    from {from}: a batch that was not finished (power cut or abandoned); it does not count");
            }
        }

        private Entry? Record(uint file, byte[] bytes, int at, out int size)
        {
            size = 0;
            if (at + 12 > bytes.Length)
            {
                return null;
            }
            size = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 2));
            int kind = bytes[at] & 0x0F;
            if (size < 12 || at + size > bytes.Length || kind is 0 or > 5 || (bytes[at] & 0x30) != 0)
            {
                return null;
            }
            uint seed = _salt ^ (file * 0x9E3779B1) ^ ((uint)at * 0x85EBCA6B);
            if (Crc32.Finish(Crc32.Update(seed, bytes, at, size - 4)) != U32(bytes, at + size - 4))
            {
                return null;
            }
            bool large = (bytes[at] & 0x40) != 0;
            int end = at + size - 4;
            int data = at + 8;
            uint version = 0, tag = 0;
            int state = 0, status = 0;
            bool deletion = false;
            string key = "", reason = "";
            if (kind == 1)
            {
                tag = U32(bytes, at + 8);
                data = at + 12;
            }
            else if (kind is 2 or 3)
            {
                version = U32(bytes, at + 8);
                tag = U32(bytes, at + 12);
                state = bytes[at + 16] & 7;
                deletion = (bytes[at + 16] & 0x10) != 0;
                key = Encoding.UTF8.GetString(bytes, at + 18, bytes[at + 17]);
                data = at + 18 + bytes[at + 17];
                if (state == 3)
                {
                    status = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(data));
                    reason = Encoding.UTF8.GetString(bytes, data + 3, bytes[data + 2]);
                    data += 3 + bytes[data + 2];
                }
            }
            string where = $"{StoreFile.Name(file)} at {at}";
            return new Entry(StoreFile.Name(file), kind, bytes[at + 1], large, (bytes[at] & 0x80) != 0, U32(bytes, at + 4), version, tag, state, deletion,
                key, status, reason, large ? U32(bytes, data) : 0, large ? (int)U32(bytes, data + 4) : end - data, large ? U32(bytes, data + 8) : 0,
                large ? [] : bytes[data..end], where);
        }

        private void Apply(Entry entry)
        {
            switch (entry.Kind)
            {
                case 1:
                    _readings[(entry.Collection, entry.Id)] = entry;
                    break;
                case 4:
                    _objects[$"{entry.Collection}/value {entry.Id}"] = entry;
                    break;
                case 2:
                case 3:
                    string partial = entry.State == 4 ? "partial " : "";
                    if (entry.Key.Length > 0)
                    {
                        if (entry.State != 4 && entry.Large && _objects.TryGetValue($"{entry.Collection}/partial {entry.Key}", out var part) && part.LargeFile == entry.LargeFile)
                        {
                            _objects.Remove($"{entry.Collection}/partial {entry.Key}");
                        }
                        _objects.Remove($"{entry.Collection}/{partial}{entry.Key}");
                    }
                    if (entry.Id != 0 && entry.State != 4)
                    {
                        _objects.Remove($"{entry.Collection}/#{entry.Id}");
                    }
                    if (entry.Kind == 2)
                    {
                        _objects[entry.Key.Length > 0 ? $"{entry.Collection}/{partial}{entry.Key}" : $"{entry.Collection}/#{entry.Id}"] = entry;
                    }
                    break;
            }
        }

        private void Objects()
        {
            output.WriteLine();
            output.WriteLine("objects and values of the main log");
            foreach (var entry in _objects.Values.OrderBy(e => e.Collection).ThenBy(e => e.Kind).ThenBy(e => e.Key, StringComparer.Ordinal).ThenBy(e => e.Id))
            {
                output.WriteLine("  " + Text(entry));
                Claim(entry);
            }
        }

        private void Readings()
        {
            foreach (int collection in _readings.Keys.Select(r => r.Collection).Distinct().ToList())
            {
                uint acked = 0, dropped = 0;
                if (_objects.TryGetValue($"{collection}/value 255", out var ack) && ack.Payload.Length == 8)
                {
                    acked = U32(ack.Payload, 0);
                    dropped = U32(ack.Payload, 4);
                }
                uint lost = _objects.TryGetValue($"{collection}/value 254", out var refused) && refused.Payload.Length == 4 ? U32(refused.Payload, 0) : 0;
                var waiting = _readings.Where(r => r.Key.Collection == collection && r.Key.Id > acked).Select(r => r.Value).ToList();
                output.WriteLine();
                output.WriteLine($"outbox {collection}: acknowledged up to {acked}, {waiting.Count} waiting"
                    + (waiting.Count > 0 ? $", ids {waiting[0].Id} to {waiting[^1].Id}" : "") + (dropped > 0 ? $", {dropped} dropped before" : "") + (lost > 0 ? $", {lost} refused and not kept" : ""));
                foreach (var entry in _readings.Values.Where(r => r.Collection == collection && (r.Id > acked || _objects.ContainsKey($"{collection}/#{r.Id}"))))
                {
                    Claim(entry);
                }
                foreach (var entry in waiting.Take(verbose ? int.MaxValue : 3))
                {
                    output.WriteLine("  " + Text(entry));
                }
                if (!verbose && waiting.Count > 3)
                {
                    output.WriteLine($"  and {waiting.Count - 3} more");
                }
            }
        }

        private void Claim(Entry entry)
        {
            if (!entry.Large)
            {
                return;
            }
            _named.Add(entry.LargeFile);
            string name = StoreFile.Name(entry.LargeFile);
            if (!_large.TryGetValue(entry.LargeFile, out var bytes))
            {
                Problem($"{entry.Where}: its payload {name} is missing");
            }
            else if (entry.State != 4 && bytes.Length < entry.Length)
            {
                Problem($"{name}: {bytes.Length} of {entry.Length} bytes");
            }
            else if (entry.State != 4 && Crc32.Finish(Crc32.Update(Crc32.Start, bytes, 0, entry.Length)) != entry.LargeCrc)
            {
                Problem($"{name}: wrong CRC32");
            }
        }

        private void LargeFiles()
        {
            foreach (uint file in _large.Keys.Where(f => !_named.Contains(f)).Order())
            {
                output.WriteLine($"  {StoreFile.Name(file)}: no object names it; the next Open deletes it");
            }
        }

        private string Text(Entry entry)
        {
            var text = new StringBuilder();
            switch (entry.Kind)
            {
                case 1:
                    text.Append(CultureInfo.InvariantCulture, $"reading {entry.Id} of outbox {entry.Collection}, tag {entry.Tag:x8}");
                    break;
                case 4 when entry.Id == 255:
                    text.Append(CultureInfo.InvariantCulture, $"acknowledgement of outbox {entry.Collection}: up to {U32(entry.Payload, 0)}");
                    break;
                case 4 when entry.Id == 254:
                    text.Append(CultureInfo.InvariantCulture, $"refused readings of outbox {entry.Collection} that are not kept: {U32(entry.Payload, 0)}");
                    break;
                case 4:
                    text.Append(CultureInfo.InvariantCulture, $"value {entry.Id} of collection {entry.Collection}: {Convert.ToHexString(entry.Payload)}");
                    break;
                case 5:
                    text.Append("end of a batch");
                    break;
                default:
                    string state = entry.Kind == 3 ? "gone" : entry.State switch
                    {
                        0 => "clean",
                        1 => "pending",
                        2 => "deleted, pending",
                        3 => "refused",
                        4 => "partial download",
                        _ => "state " + entry.State,
                    };
                    text.Append(CultureInfo.InvariantCulture, $"object {(entry.Key.Length > 0 ? '"' + entry.Key + '"' : "without a key")} of collection {entry.Collection}, {state}");
                    text.Append(entry.Id != 0 ? $", local id {entry.Id}" : "").Append(entry.Version != 0 ? $", version {entry.Version}" : "");
                    text.Append(CultureInfo.InvariantCulture, $", tag {entry.Tag:x8}");
                    text.Append(entry.State == 3 ? $", status {entry.Status} \"{entry.Reason}\"" : "");
                    break;
            }
            if (entry.Kind is 1 or 2)
            {
                text.Append(CultureInfo.InvariantCulture, $", {entry.Length} bytes");
                if (entry.Large)
                {
                    string got = entry.State == 4 && _large.TryGetValue(entry.LargeFile, out var bytes) ? $" ({bytes.Length} there)" : "";
                    text.Append(CultureInfo.InvariantCulture, $" in {StoreFile.Name(entry.LargeFile)}{got}");
                }
            }
            return Terminal.Clean(text.Append(CultureInfo.InvariantCulture, $"   [{entry.Where}]").ToString()); // keys and reasons are somebody else's
        }
    }

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
}
