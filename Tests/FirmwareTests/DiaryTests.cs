// The field diary: what the firmware writes, read by the server's reader; cut, damaged, full, and sent. [SPEC 7.3]

using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Storage;
using NanoSync.StorageTests;

namespace NanoSync.FirmwareTests;

[TestClass]
public class DiaryTests
{
    private const uint Now = SimBoard.Birth;
    private const int Everything = 100_000;

    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    [TestMethod]
    public void An_entry_says_what_the_round_said()
    {
        var diary = new FieldDiary(new CutVolume());
        diary.Round(new RoundResult
        {
            Outcome = RoundOutcome.Failed, Carrier = CarrierError.Refused, HttpStatus = 503, Message = SyncError.Truncated, Store = StoreError.VolumeFull, Status = 16,
            ObjectsUp = 3, ObjectsDown = 4, RefusedUp = 5, RefusedDown = 300, BytesUp = 70_000, BytesDown = 8,
        }, Now, 90_061, 65 * 1024);
        DiaryEntry entry = Bytes(diary).Entries.Single();
        Assert.AreEqual(new DiaryEntry(1, DiaryKind.Round, true, 1, Now, 90_061, CarrierError.Refused, 503, SyncError.Truncated, StoreError.VolumeFull, 16,
            3, 4, 5, 255, 65535, 8, 65), entry);
        Assert.AreEqual($"#1  2026-05-28 20:26:40Z  up 1.01:01:01  round failed: carrier NS405 Refused, HTTP 503, message NS{(int)SyncError.Truncated} Truncated, store NS304 VolumeFull, sync status 16; "
            + "up 3 (65535 B), down 4 (8 B), refused 5 up, 255 down; heap 65 KB", entry.ToString());
    }

    [TestMethod]
    public void The_ring_wraps_and_stays_below_four_kilobytes()
    {
        var volume = new CutVolume();
        var diary = new FieldDiary(volume);
        for (int i = 1; i <= 500; i++)
        {
            Fail(diary, i);
            Diary read = Bytes(diary);
            int expected = Math.Min(i, i <= 96 ? 96 : 48 + (((i - 1) % 48) + 1));
            Assert.HasCount(expected, read.Entries, $"after {i}");
            Assert.AreEqual(0, read.Damaged);
            CollectionAssert.AreEqual(Enumerable.Range(i - expected + 1, expected).ToArray(), read.Entries.Select(e => e.Http).ToArray());
            CollectionAssert.AreEqual(Enumerable.Range(i - expected + 1, expected).ToArray(), read.Entries.Select(e => (int)e.Number).ToArray());
            Assert.IsLessThanOrEqualTo(2 * 48 * 40, volume.Used);
            if (i % 7 == 0)
            {
                diary = new FieldDiary(volume); // a restart counts on
            }
        }
    }

    [TestMethod]
    public void A_day_of_good_rounds_is_written_once_an_hour()
    {
        var volume = new CutVolume();
        var diary = new FieldDiary(volume);
        for (uint second = 300; second <= 86400; second += 300)
        {
            diary.Round(new RoundResult { Outcome = RoundOutcome.InStep, HttpStatus = 200, ObjectsUp = 5, BytesUp = 60 }, Now + second, second, 0);
        }

        Diary read = Bytes(diary);
        Assert.IsTrue(read.Entries.Count is 23 or 24, $"{read.Entries.Count} entries"); // 13 rounds each: 0 to 3,600 s, both ends
        Assert.AreEqual(288, read.Entries.Sum(e => e.Times));
        Assert.AreEqual(288 * 5, read.Entries.Sum(e => e.ObjectsUp));
        Assert.AreEqual(288 * 60, read.Entries.Sum(e => e.BytesUp));
        Assert.AreEqual(3 * read.Entries.Count, volume.Calls, "open, append, close");
    }

    [TestMethod]
    public void A_new_failure_is_written_at_once_its_repeats_are_summed()
    {
        var volume = new CutVolume();
        var diary = new FieldDiary(volume);
        for (int i = 0; i < 20; i++)
        {
            Fail(diary, 503);
        }

        Assert.AreEqual(40, volume.Used);
        CollectionAssert.AreEqual(new[] { 1, 19 }, Bytes(diary).Entries.Select(e => e.Times).ToArray());
    }

    [TestMethod]
    [DataRow(Torn.Nothing)]
    [DataRow(Torn.Part)]
    [DataRow(Torn.All)]
    public void A_power_cut_at_any_file_call_costs_that_entry_at_most(Torn torn)
    {
        const int Entries = 150; // both files full, each deleted once
        var whole = new CutVolume();
        for (int i = 1; i <= Entries; i++)
        {
            Fail(new FieldDiary(whole), i);
        }

        int cuts = 0;
        for (int cut = 1; cut <= whole.Calls; cut++, cuts++)
        {
            var volume = new CutVolume { CutAt = cut, Torn = torn };
            int done = 0;
            try
            {
                for (int i = 1; i <= Entries; i++)
                {
                    Fail(new FieldDiary(volume), i);
                    done = i;
                }
            }
            catch (PowerCut)
            {
            }

            Assert.IsLessThan(Entries, done);
            var after = new FieldDiary(new CutVolume(volume));
            Diary read = Bytes(after);
            Check(read, done, 48, 0, $"cut {cut}");

            // and a second time, at the append that fills the torn place up
            for (int second = 1; second <= 4; second++)
            {
                var twice = new CutVolume(volume) { CutAt = second, Torn = torn };
                try
                {
                    Fail(new FieldDiary(twice), 1000);
                }
                catch (PowerCut)
                {
                }

                after = new FieldDiary(new CutVolume(twice));
                Fail(after, 1001);
                Fail(after, 1002);
                read = Bytes(after);
                CollectionAssert.AreEqual(new[] { 1001, 1002 }, read.Entries.Select(e => e.Http).TakeLast(2).ToArray(), $"cuts {cut} and {second}");
                Check(read, done, 45, 3, $"cuts {cut} and {second}");
                Assert.IsLessThanOrEqualTo(2, read.Damaged);
            }
        }

        Assert.IsGreaterThan(440, cuts);
    }

    [TestMethod]
    public void Any_damaged_byte_costs_its_entry_and_no_other()
    {
        var volume = new CutVolume();
        var diary = new FieldDiary(volume);
        for (int i = 1; i <= 60; i++)
        {
            Fail(diary, i);
        }

        foreach (uint file in volume.Files.Keys.ToArray())
        {
            for (int at = 0; at < volume.Files[file].Length; at++)
            {
                volume.Files[file][at] ^= 0x41;
                var again = new FieldDiary(new CutVolume(volume));
                Diary read = Bytes(again);
                Assert.HasCount(59, read.Entries);
                Assert.AreEqual(1, read.Damaged);
                Fail(again, 1000);
                Assert.AreEqual(1000, Bytes(again).Entries[^1].Http, $"byte {at}");
                volume.Files[file][at] ^= 0x41;
            }
        }
    }

    [TestMethod]
    public void Files_of_anything_are_no_diary_and_are_used_up_like_one()
    {
        var random = new Random(1);
        for (int i = 0; i < 200; i++)
        {
            var volume = new CutVolume();
            foreach (uint number in new uint[] { 1, 2 })
            {
                byte[] junk = new byte[random.Next(6000)];
                random.NextBytes(junk);
                junk.AsSpan(0, Math.Min(1, junk.Length)).Clear(); // not the mark of a later version
                volume.Files[StoreFile.Make(StoreFile.Diary, 0, number)] = junk;
            }

            var diary = new FieldDiary(volume);
            byte[] bytes = Raw(diary, Everything);
            Assert.IsLessThanOrEqualTo(3840, bytes.Length);
            if (bytes.Length > 0)
            {
                Assert.Throws<DiaryException>(() => Diary.Parse(bytes));
                Assert.IsFalse(Diary.IsOne(bytes));
            }

            for (int n = 1; n <= 100; n++)
            {
                Fail(diary, n);
            }

            Assert.AreEqual(100, Bytes(diary).Entries[^1].Http);
            Assert.IsLessThanOrEqualTo(3840, volume.Used);
        }
    }

    [TestMethod]
    public void Another_version_is_named()
    {
        byte[] bytes = new byte[40];
        bytes[0] = 0xD2;
        Assert.AreEqual("The diary is of version 2; this program reads version 1. Its bytes are kept as they came.",
            Assert.Throws<DiaryException>(() => Diary.Parse(bytes)).Message);
        Assert.IsTrue(Diary.IsOne(bytes));
        Assert.IsEmpty(Diary.Parse([]).Entries);
        Assert.IsFalse(Diary.IsOne([]));
    }

    [TestMethod]
    public void A_flash_that_fails_loses_no_more_than_was_to_be_written()
    {
        var volume = new CutVolume();
        var diary = new FieldDiary(volume);
        Fail(diary, 1);
        for (int fail = 0; fail < 3; fail++)
        {
            volume.FailAt = volume.Calls + 1 + fail;
            Fail(diary, 100 + fail);
            volume.FailAt = 0;
            Fail(diary, 100 + fail); // the same again: summed with what could not be written
            Fail(diary, 2);
        }

        Diary read = Bytes(diary);
        CollectionAssert.AreEqual(new[] { 1, 100, 2, 101, 2, 102, 2 }, read.Entries.Select(e => e.Http).ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2, 1, 2, 1, 2, 1 }, read.Entries.Select(e => e.Times).ToArray());
    }

    [TestMethod]
    public void The_newest_are_sent_when_not_all_fit()
    {
        var diary = new FieldDiary(new CutVolume());
        for (int i = 1; i <= 70; i++)
        {
            Fail(diary, i);
        }

        foreach ((int most, int entries) in new[] { (39, 0), (40, 1), (79, 1), (1000, 25), (2000, 50), (2799, 69), (2800, 70), (Everything, 70) })
        {
            byte[] bytes = Raw(diary, most);
            Assert.HasCount(entries * 40, bytes);
            CollectionAssert.AreEqual(Enumerable.Range(71 - entries, entries).ToArray(), Diary.Parse(bytes).Entries.Select(e => e.Http).ToArray());
        }
    }

    [TestMethod]
    public void Noting_allocates_nothing()
    {
        var diary = new FieldDiary(new TwoFiles());
        var result = new RoundResult { Outcome = RoundOutcome.Failed };
        long allocated = 0;
        for (int i = 1; i <= 1000; i++)
        {
            if (i == 200)
            {
                allocated = GC.GetAllocatedBytesForCurrentThread();
            }

            result.HttpStatus = i;
            diary.Round(result, Now, (uint)i, 0);
        }

        Assert.AreEqual(allocated, GC.GetAllocatedBytesForCurrentThread());
        Assert.AreEqual(1000, Bytes(diary).Entries[^1].Http);
    }

    [TestMethod]
    public void The_application_notes_its_life_and_sends_it_on_request()
    {
        var board = new SimBoard();
        board.Run(s_hour * 2);
        board.Server.Line = Line.Busy503;
        board.Run(s_hour * 5);
        board.PowerOn();
        board.Server.Line = Line.Unreachable;
        board.Run(s_hour);
        board.NetworkIsUp = false;
        board.Run(s_hour);
        board.NetworkIsUp = true;
        board.Server.Line = Line.Up;
        board.Run(s_hour);
        Ask(board, 1);
        board.Server.Structures.Enqueue(("restart", Id("restart", 2)));
        board.Run(s_hour);
        Ask(board, 3);
        board.Run(s_hour);

        Diary told = Diary.Parse(board.Server.Diary!);
        string text = string.Join('\n', told.Entries);
        Assert.AreEqual(0, told.Damaged, text);
        List<DiaryEntry> starts = [.. told.Entries.Where(e => e.Kind == DiaryKind.Start)];
        CollectionAssert.AreEqual(new[] { "power or reset", "power or reset", "command" }, starts.Select(e => e.Reason).ToArray(), text);
        Assert.IsTrue(told.Entries.Any(e => e.Http == 503 && e.Carrier == CarrierError.Refused && e.Failed), text);
        Assert.IsTrue(told.Entries.Any(e => e.Carrier == CarrierError.Unreachable && e.Failed), text);
        Assert.IsTrue(told.Entries.Any(e => e.Kind == DiaryKind.Network), text);
        Assert.IsTrue(told.Entries.Any(e => e.Kind == DiaryKind.Round && !e.Failed && e.Times > 5 && e.ObjectsUp > 40 && e.HeapKilobytes == 63), text);
        Assert.IsTrue(told.Entries.Skip(1).All(e => e.Time == 0 || (e.Time >= SimBoard.Birth && e.Time <= SimBoard.Birth + (12 * 3600))), text);
        Assert.IsLessThanOrEqualTo(45, told.Entries.Count, "few writes in half a day");
    }

    [TestMethod]
    public void A_reading_that_the_flash_does_not_take_is_noted()
    {
        var board = new SimBoard();
        board.Run(s_minute * 10);
        board.Volume = new MemoryVolume(200 * 1024, 2); // one file beside the diary's: no room for readings
        board.PowerOn();
        board.Run(s_hour);
        Assert.AreEqual(AppState.BadFlash, board.App.State);
        Diary told = Bytes(new FieldDiary(board.Volume));
        Assert.IsTrue(told.Entries.Any(e => e.Kind == DiaryKind.Flash && e.Store == StoreError.VolumeFull), string.Join('\n', told.Entries));
    }

    [TestMethod]
    public void A_small_request_takes_a_part_of_it()
    {
        var board = new SimBoard("server = http://server/sync\ntoken = t\nsensor = heap free-heap\nrequest = 600\n");
        for (int i = 0; i < 30; i++)
        {
            board.PowerOn();
            board.Run(TimeSpan.FromMilliseconds(1));
        }

        board.Run(s_hour * 3);
        Ask(board, 1);
        board.Run(s_hour);
        Assert.HasCount(8 * 40, board.Server.Diary!); // 600 - 256
        Assert.IsLessThanOrEqualTo(1000, board.Server.LargestRequest);
        Assert.AreEqual(DiaryKind.Round, Diary.Parse(board.Server.Diary!).Entries[^1].Kind);
    }

    [TestMethod]
    public void A_sleeper_writes_a_sync_before_it_sleeps()
    {
        var board = new SimBoard("server = http://server/sync\ntoken = t\nsensor = heap free-heap\nsleep = deep\ninterval = 600\nsync = 3600\n");
        board.Run(s_hour * 24);
        Diary told = Bytes(new FieldDiary(board.Volume));
        Assert.IsTrue(told.Entries.Count is > 18 and < 30, $"{board.Sleeps.Count} sleeps\n{string.Join('\n', told.Entries)}");
        Assert.IsGreaterThan(100, told.Entries.Sum(e => e.ObjectsUp));
    }

    // All that was durable is there but for what the ring let go; numbers rise.
    private static void Check(Diary read, int done, int least, int more, string what)
    {
        int[] known = [.. read.Entries.Select(e => e.Http).Where(n => n < 1000)];
        for (int n = Math.Max(1, done - least + 1); n <= done; n++)
        {
            Assert.Contains(n, known, $"{what}: {n} of {done} is lost");
        }

        Assert.IsTrue(known.SequenceEqual(known.Order()) && known.Distinct().Count() == known.Length, what);
        Assert.IsLessThanOrEqualTo(done + 1, known.Length == 0 ? 0 : known[^1], what);
        Assert.HasCount(read.Entries.Count, read.Entries.Select(e => e.Number).Distinct(), what);
        Assert.IsLessThanOrEqualTo(more, read.Entries.Count - known.Length, what);
    }

    private static void Fail(FieldDiary diary, int http)
    {
        diary.Round(new RoundResult { Outcome = RoundOutcome.Failed, Carrier = CarrierError.Refused, HttpStatus = http }, Now, 10, 0);
    }

    private static byte[] Raw(FieldDiary diary, int most)
    {
        byte[] bytes = new byte[diary.Open(most)];
        byte[] portion = new byte[64];
        for (int at = 0; at < bytes.Length; at += portion.Length)
        {
            int count = Math.Min(portion.Length, bytes.Length - at);
            diary.Read(at, portion, count);
            portion.AsSpan(0, count).CopyTo(bytes.AsSpan(at));
        }

        return bytes;
    }

    private static Diary Bytes(FieldDiary diary) => Diary.Parse(Raw(diary, Everything));

    private static void Ask(SimBoard board, uint id) => board.Server.Structures.Enqueue(("send-diary", Id("send-diary", id)));

    private static byte[] Id(string command, uint id)
    {
        var writer = new RecordWriter(16);
        writer.Begin(new ObjectClass(command).UInt("id"));
        writer.UInt(id);
        return writer.Buffer[..writer.Length];
    }

    // A volume that allocates nothing.
    private sealed class TwoFiles : IVolume
    {
        private readonly byte[][] _bytes = [new byte[4096], new byte[4096]];
        private readonly int[] _lengths = new int[2];
        private int _open;

        public int Lanes => 4;

        public int Open() => VolumeCode.Ok;

        public bool Acquire()
        {
            return true;
        }

        public void Release()
        {
        }

        public uint[] List() => [];

        public int Length(uint file) => _lengths[At(file)] == 0 ? VolumeCode.NotFound : _lengths[At(file)];

        public int Read(uint file, int position, byte[] buffer, int offset, int count)
        {
            Array.Copy(_bytes[At(file)], position, buffer, offset, count);
            return count;
        }

        public int OpenAppend(int lane, uint file)
        {
            _open = At(file);
            return VolumeCode.Ok;
        }

        public int Append(int lane, byte[] buffer, int offset, int count)
        {
            Array.Copy(buffer, offset, _bytes[_open], _lengths[_open], count);
            _lengths[_open] += count;
            return VolumeCode.Ok;
        }

        public int Close(int lane) => VolumeCode.Ok;

        public int Delete(uint file)
        {
            _lengths[At(file)] = 0;
            return VolumeCode.Ok;
        }

        private static int At(uint file) => (int)StoreFile.Number(file) - 1;
    }
}
