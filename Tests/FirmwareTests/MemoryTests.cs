// Memory that is lacking has its own number, lamp and line in the diary, and the device goes on with less.

using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Storage;

namespace NanoSync.FirmwareTests;

[TestClass]
public class MemoryTests
{
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    private const string Basics = "server = http://server/sync\ntoken = t\nsensor = heap free-heap\ninterval = 60\nsync = 300\n";

    // What the store holds and the server has, oldest first: the seconds at which readings were taken.
    private static List<ulong> Arrived(SimBoard board)
    {
        var type = new Protocol.ObjectClass("reading").Time("at").UInt("heap");
        var reader = new Protocol.RecordReader();
        var taken = new List<ulong>();
        foreach (byte[] record in board.Server.Readings.Values)
        {
            reader.Begin(type, record, 0, record.Length);
            while (reader.Next())
            {
                if (reader.Field == 0)
                {
                    taken.Add((ulong)reader.Value);
                }
            }
        }

        return taken;
    }

    // One call of the volume after another finds no memory, once: at the start, with a reading or in a round.
    [TestMethod]
    public void Memory_that_is_lacking_once_anywhere_is_told_and_no_reading_that_was_kept_is_lost()
    {
        int shown = 0;
        for (int fail = 1; ; fail++)
        {
            int calls = 0;
            int failAt = fail;
            var board = new SimBoard(Basics);
            board.Short = () =>
            {
                if (++calls == failAt)
                {
                    throw new OutOfMemoryException();
                }
            };
            board.PowerOn();
            board.Run(s_hour);
            Assert.AreEqual(0, board.Restarts, $"call {fail}");
            if (calls < fail)
            {
                break; // all calls of the hour were tried
            }

            List<ulong> arrived = Arrived(board);
            Assert.IsGreaterThanOrEqualTo(arrived.Count - 1, arrived.Distinct().Count(), $"call {fail}: at most one is taken again, whose call ended after it was durable");
            Assert.IsGreaterThanOrEqualTo(54, arrived.Count, $"call {fail}: a reading a minute but for the last ones that wait");
            for (int i = 1; i < arrived.Count; i++)
            {
                Assert.IsLessThanOrEqualTo(120ul, arrived[i] - arrived[i - 1], $"call {fail}: at most the reading is missing in whose midst it was");
            }

            bool told = board.LogLines.Contains("memory is lacking: error NS314, it goes on with less");
            Assert.IsTrue(told || board.LogLines.Any(l => l.StartsWith("a step failed", StringComparison.Ordinal)) == false, $"call {fail}");
            if (told)
            {
                shown++;
                CollectionAssert.Contains(board.States, AppState.NoMemory);
                Assert.AreEqual(AppState.NoMemory, board.App.State, $"call {fail}: it stays shown until the next start");
            }
        }

        Assert.IsGreaterThan(300, shown);
    }

    [TestMethod]
    public void An_engine_that_does_not_fit_is_made_smaller_and_syncs()
    {
        var board = new SimBoard(Basics) { EngineNeeds = o => { if (o.BufferBytes > 128) { throw new OutOfMemoryException(); } } };
        board.PowerOn();
        board.Run(s_hour);
        Assert.AreEqual(AppState.NoMemory, board.App.State);
        Assert.AreEqual(0, board.Restarts);
        Assert.IsGreaterThanOrEqualTo(54, board.Server.Readings.Count);
        CollectionAssert.Contains(board.LogLines, "memory is lacking: error NS314, it goes on with less");
    }

    // Nothing fits for an hour, as while something else holds the memory.
    [TestMethod]
    public void An_engine_that_never_fits_is_tried_every_minute_and_said_by_number()
    {
        bool none = true;
        int tries = 0;
        var board = new SimBoard(Basics) { EngineNeeds = _ => { tries++; if (none) { throw new OutOfMemoryException(); } } };
        board.PowerOn();
        board.Run(s_hour);
        Assert.AreEqual(StoreError.NoMemory, board.App.Flash);
        Assert.AreEqual(AppState.NoMemory, board.App.State);
        Assert.AreEqual("memory is lacking: error NS314", board.App.Problem);
        Assert.IsTrue(tries is > 55 and < 70, $"{tries}");
        none = false;
        board.Run(s_hour);
        Assert.IsGreaterThanOrEqualTo(54, board.Server.Readings.Count);
    }

    // No round finds memory: readings are taken and kept all the same, and arrive once it does.
    [TestMethod]
    public void Readings_go_on_while_every_round_lacks_memory()
    {
        var board = new SimBoard(Basics);
        board.Server.Line = Line.NoMemory;
        board.Run(s_hour * 5);
        Assert.AreEqual(0, board.Server.Readings.Count);
        Assert.AreEqual(0, board.Restarts);
        Assert.IsGreaterThan(5 * 60 - 5, board.App.Device.Engine.Pending);
        CollectionAssert.DoesNotContain(board.LogLines, "state 3");

        board.Server.Line = Line.Up;
        board.Run(s_hour);
        List<ulong> arrived = Arrived(board);
        Assert.IsGreaterThanOrEqualTo(6 * 60 - 10, arrived.Count);
        CollectionAssert.AreEqual(arrived.Distinct().ToList(), arrived);
    }

    [TestMethod]
    public void A_sleeping_board_goes_on_with_less_within_the_same_wake()
    {
        var board = new SimBoard(Basics + "sleep = deep") { EngineNeeds = o => { if (o.Series) { throw new OutOfMemoryException(); } } };
        board.PowerOn();
        board.Run(s_hour * 2);
        Assert.IsGreaterThan(90, board.Sleeps.Count);
        Assert.IsGreaterThanOrEqualTo(100, board.Server.Readings.Count);
        Assert.AreEqual(0, board.Restarts);
    }

    [TestMethod]
    public void The_diary_has_the_number()
    {
        var board = new SimBoard(Basics) { EngineNeeds = o => { if (o.Series) { throw new OutOfMemoryException(); } } };
        board.PowerOn();
        board.Run(s_hour);
        int found = 0;
        foreach (uint file in board.Volume.List().Where(f => StoreFile.Kind(f) == StoreFile.Diary))
        {
            byte[] bytes = new byte[board.Volume.Length(file)];
            board.Volume.Read(file, 0, bytes, 0, bytes.Length);
            for (int at = 0; at + FieldDiary.EntryBytes <= bytes.Length; at += FieldDiary.EntryBytes)
            {
                found += bytes[at + 1] % 16 == 3 && BitConverter.ToUInt16(bytes, at + 16 + 6) == (int)StoreError.NoMemory ? 1 : 0;
            }
        }

        Assert.AreEqual(1, found);
    }
}
