// The time of readings: clocks that run fast, sources that are wrong and turn right, TLS without a time. Each reading says in
// its second field when it really was taken.

using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.FirmwareTests;

[TestClass]
public class ClockTests
{
    private const uint TenYears = 3650 * 86400u;
    private const string Basics = "server = https://server/sync\ntoken = t\nsensor = heap free-heap\ninterval = 60\n";

    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    private static List<(long At, long Real)> Readings(SimBoard board)
    {
        var readings = new List<(long, long)>();
        foreach (byte[] record in board.Server.Readings.Values)
        {
            var reader = new RecordReader();
            reader.Begin(new ObjectClass("reading").Time("at").UInt("heap"), record, 0, record.Length);
            (long at, long heap) = (0, 0);
            while (reader.Next())
            {
                (at, heap) = reader.Field == 0 ? (reader.Value, heap) : (at, reader.Value);
            }

            readings.Add((at, SimBoard.Birth + heap));
        }

        return [.. readings.OrderBy(r => r.Item2)];
    }

    [TestMethod]
    [DataRow("deep", "pool.ntp.org", 1.016)]
    [DataRow("deep", "pool.ntp.org", 0.984)]
    [DataRow("deep", "none", 1.016)]
    [DataRow("off", "pool.ntp.org", 1.016)]
    [DataRow("off", "none", 1.016)]
    [DataRow("off", "none", 0.984)]
    public void With_a_sync_an_hour_and_a_clock_off_by_1_6_percent_no_reading_is_a_minute_wrong(string sleep, string timeServer, double rate)
    {
        var board = new SimBoard($"{Basics}sync = 3600\nsleep = {sleep}\ntime-server = {timeServer}\noutbox = 65536\nstore = 131072") { HeapTellsTime = true, ClockRate = rate };
        board.Server.Time = () => board.Now;
        board.Run(7 * s_day);

        List<(long At, long Real)> readings = Readings(board);
        Assert.IsGreaterThan(9800, readings.Count);
        long worst = readings.Max(r => Math.Abs(r.At - r.Real));
        Assert.IsLessThanOrEqualTo(60, worst, "seconds off at most");
        Assert.AreEqual(0, board.Server.Repeated);
    }

    [TestMethod]
    public void A_clock_whose_rate_is_known_is_off_by_seconds()
    {
        var board = new SimBoard(Basics + "sync = 3600\ntime-server = none\noutbox = 65536\nstore = 131072") { HeapTellsTime = true, ClockRate = 1.016 };
        board.Server.Time = () => board.Now;
        board.Run(3 * s_day);
        Assert.IsLessThanOrEqualTo(6, Readings(board).Skip(200).Max(r => Math.Abs(r.At - r.Real)));
    }

    [TestMethod]
    [DataRow("none", true)]
    [DataRow("pool.ntp.org", false)]
    public void A_wrong_source_that_turns_right_is_followed_and_the_correction_is_told(string timeServer, bool timeServerIsUp)
    {
        var board = new SimBoard(Basics + "time-server = " + timeServer) { HeapTellsTime = true, TimeServerIsUp = timeServerIsUp };
        uint wrong = TenYears;
        board.Server.Time = () => board.Now + wrong;
        board.Run(2 * s_hour);
        Assert.AreEqual(board.Now + TenYears, board.App.Clock.Now, 5);
        wrong = 0;
        board.Run(s_hour);
        Assert.AreEqual(board.Now, board.App.Clock.Now, 5);

        Assert.AreEqual(-(int)TenYears, board.App.Device.Engine.ClockCorrection, 10);
        board.Server.Structures.Enqueue(("send-diary", Command("send-diary", 1)));
        board.Run(s_hour);
        DiaryEntry corrected = Diary.Parse(board.Server.Diary).Entries.Single(e => e.Kind == DiaryKind.Clock);
        Assert.AreEqual(-(int)TenYears, corrected.Correction, 10);
        StringAssert.Matches(corrected.ToString(), new(@"clock corrected by -3153\d{5} s"));
        var status = new RecordReader();
        status.Begin(Device.StatusRecord.MakeClass(), board.Server.DeviceStatus!, 0, board.Server.DeviceStatus!.Length);
        long clock = 0;
        while (status.Next())
        {
            clock = status.Field == 11 ? status.Value : clock;
        }

        Assert.AreEqual(-(long)TenYears, clock, 10);
    }

    [TestMethod]
    public void A_time_server_has_the_last_word_against_a_server_of_the_sync_that_is_wrong()
    {
        var board = new SimBoard(Basics.Replace("interval = 60", "interval = 2")) { HeapTellsTime = true, TimeServerDelay = 5000 };
        board.Server.Time = () => board.Now + TenYears;
        board.Run(2 * s_hour);
        List<(long At, long Real)> readings = Readings(board);
        Assert.IsGreaterThan(3000, readings.Count);
        Assert.IsLessThanOrEqualTo(5, readings.Max(r => Math.Abs(r.At - r.Real)), "seconds off at most, and in no reading years");
        Assert.AreEqual(board.Now, board.App.Clock.Now, 5);
    }

    [TestMethod]
    public void Without_a_time_server_TLS_works_at_the_first_start_and_after_a_power_cut()
    {
        var board = new SimBoard(Basics + "time-server = none") { HeapTellsTime = true };
        board.Server.Time = () => board.Now;
        board.Server.Certificate = (SimBoard.Birth - 40 * 86400, SimBoard.Birth + 50 * 86400); // a life of 90 days
        board.Run(s_hour);
        Assert.AreEqual(AppState.InStep, board.App.State, string.Join("\n", board.LogLines));
        Assert.AreEqual(board.Now, board.App.Clock.Now, 5);
        int before = board.Server.Readings.Count;
        Assert.IsGreaterThan(50, before);

        board.PowerOn();
        board.Run(s_hour);
        Assert.AreEqual(AppState.InStep, board.App.State);
        Assert.AreEqual(board.Now, board.App.Clock.Now, 5);
        Assert.IsLessThanOrEqualTo(5, Readings(board).Max(r => Math.Abs(r.At - r.Real)), "what was taken before the time was known has its time too");
    }

    [TestMethod]
    [DataRow("off")]
    [DataRow("deep")]
    public void A_server_that_was_ten_years_ahead_does_not_lock_itself_out_by_its_certificate(string sleep)
    {
        var board = new SimBoard(Basics + "time-server = none\nsync = 600\nsleep = " + sleep) { HeapTellsTime = true };
        uint wrong = TenYears;
        board.Server.Time = () => board.Now + wrong;
        board.Run(2 * s_hour);
        wrong = 0;
        board.Server.Certificate = (SimBoard.Birth - 40 * 86400, SimBoard.Birth + 50 * 86400);
        board.Run(2 * s_day);
        (long at, long real) = Readings(board)[^1];
        Assert.IsGreaterThan(board.Now - 1300L, real, string.Join("\n", board.LogLines.Where(l => l != "sleep").TakeLast(60)));
        Assert.AreEqual(real, at, 5.0);
        Assert.AreEqual(board.Now, board.App.Clock.Now, 5);
    }

    [TestMethod]
    public void A_known_time_goes_on_while_TLS_is_given_others()
    {
        var board = new SimBoard(Basics + "time-server = none") { HeapTellsTime = true };
        board.Server.Time = () => board.Now;
        board.Run(s_hour);
        board.Server.Certificate = (1, 2); // never again
        board.Run(6 * s_hour);
        Assert.AreEqual(board.Now, board.App.Clock.Now, 5);
        Assert.AreNotEqual(board.Now, board.Clock, "the machine's clock is tried at other times");
        board.Server.Certificate = null;
        board.Run(s_hour);
        Assert.IsLessThanOrEqualTo(5, Readings(board).Max(r => Math.Abs(r.At - r.Real)));
    }

    [TestMethod]
    public void With_a_time_server_a_refusal_of_TLS_moves_no_clock()
    {
        var board = new SimBoard(Basics);
        board.Run(s_hour);
        board.Server.Certificate = (1, 2);
        board.Run(6 * s_hour);
        Assert.AreEqual(board.Now, board.Clock, 5.0);
    }

    [TestMethod]
    [DataRow(4102444800u)]
    [DataRow(uint.MaxValue)]
    public void A_clock_in_2100_and_later_is_none(uint clock)
    {
        var board = new SimBoard(Basics) { TimeServerIsUp = false, HeapTellsTime = true };
        board.SetClock(clock);
        Assert.AreEqual(0u, board.App.Clock.Now);
        board.Server.Time = () => clock;
        board.Run(s_hour);
        Assert.AreEqual(0u, board.App.Clock.Now, "nor is the server believed");
        Assert.IsTrue(Readings(board).All(r => r.At == 0), "a reading has a time before 2100, or none");
    }

    [TestMethod]
    public void The_clock_is_compared_every_half_hour_and_not_with_each_sync()
    {
        var board = new SimBoard(Basics + "sync = 60\ntime-server = none");
        int asked = 0;
        board.Server.Time = () =>
        {
            asked++;
            return board.Now;
        };
        board.Run(s_day);
        Assert.IsTrue(asked is >= 40 and <= 50, $"asked {asked} times");
    }

    private static byte[] Command(string name, uint id)
    {
        var record = new RecordWriter(16);
        record.Begin(new ObjectClass(name).UInt("id"));
        record.UInt(id);
        Assert.IsTrue(record.End());
        return record.Buffer[..record.Length];
    }
}
