// A board whose requests wait at the server: what it sends, gives up and does when the wait is cut. Counted over simulated hours.

using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;

namespace NanoSync.FirmwareTests;

[TestClass]
public class WaitTests
{
    private const string Waits = "server = http://server/sync\ntoken = t\nsensor = heap free-heap\nwait = 300\n";
    private const string Seldom = Waits + "interval = 86400\n";

    [TestMethod]
    public void With_nothing_to_send_it_waits_again_and_again_and_feeds_the_watchdog()
    {
        var board = new SimBoard(Seldom) { TimeServerIsUp = true };
        board.Server.HoldsFor = 3600;
        board.Run(TimeSpan.FromHours(3));

        Assert.AreEqual(300, board.Server.Asked);
        Assert.IsTrue(board.Server.HeldToTheEnd is >= 33 and <= 36, $"{board.Server.HeldToTheEnd} waits of 5 min in 3 h");
        Assert.IsTrue(board.Server.Attempts - board.Server.HeldToTheEnd <= 6, $"{board.Server.Attempts} requests");
        Assert.AreEqual(1, board.Starts);
        Assert.IsLessThan(10 * 60_000, board.LongestUnfed);
        Assert.AreEqual(AppState.InStep, board.States.SkipWhile(s => s != AppState.InStep).First(s => s is AppState.InStep or AppState.ServerAway));
        CollectionAssert.DoesNotContain(board.States, AppState.ServerAway);
    }

    [TestMethod]
    public void A_reading_gives_the_wait_up_and_is_there_before_the_next_is_taken()
    {
        var board = new SimBoard(Waits + "interval = 60\nsync = 3600\n") { HeapTellsTime = true };
        board.Server.HoldsFor = 3600;
        board.Run(TimeSpan.FromMinutes(30)); // and on to the end of the wait then
        int minutes = (int)(board.World / 60_000);
        Assert.IsTrue(board.Server.GivenUp >= minutes - 3 && board.Server.GivenUp <= minutes + 1, $"{board.Server.GivenUp} given up in {minutes} minutes");
        Assert.IsTrue(board.Server.Readings.Count >= minutes - 1 && board.Server.Readings.Count <= minutes + 1, $"{board.Server.Readings.Count} readings in {minutes} minutes");
        Assert.AreEqual(0, board.Server.Repeated);
        Assert.AreEqual(0, board.App.Schedule.Failures);
        CollectionAssert.DoesNotContain(board.States, AppState.ServerAway);
    }

    [TestMethod]
    public void What_the_server_changes_comes_with_the_request_that_waits()
    {
        var board = new SimBoard(Seldom);
        board.Server.HoldsFor = 3600;
        board.Run(TimeSpan.FromMinutes(8));
        var record = new RecordWriter(16);
        record.Begin(new ObjectClass("sampling").Int("interval").Text("sensors"));
        record.Int(600);
        Assert.IsTrue(record.End());
        int attempts = 0;
        board.Server.Meanwhile = (20, () =>
        {
            attempts = board.Server.Attempts;
            board.Server.Sampling = record.Buffer[..record.Length];
        });
        board.Run(TimeSpan.FromSeconds(25));
        Assert.AreEqual(1, board.Server.HeldUntilDue);
        Assert.AreEqual(600, board.App.Device.Config.Interval);
        Assert.IsLessThanOrEqualTo(2, board.Server.Attempts - attempts, "its acknowledgement, which waits");
    }

    [TestMethod]
    public void What_cuts_after_a_minute_costs_a_request_a_minute_and_is_no_failure()
    {
        var board = new SimBoard(Seldom);
        board.Server.HoldsFor = 3600;
        board.Server.CutsAfter = 60;
        board.Run(TimeSpan.FromHours(2));
        Assert.IsTrue(board.Server.Cut is >= 113 and <= 120, $"{board.Server.Cut} cuts in two hours");
        Assert.IsLessThanOrEqualTo(6, board.Server.Attempts - board.Server.Cut);
        Assert.AreEqual(0, board.App.Schedule.Failures);
        CollectionAssert.DoesNotContain(board.States, AppState.ServerAway);
    }

    [TestMethod]
    public void A_server_that_does_not_hold_is_asked_at_the_interval_and_one_that_holds_less_is_asked_for_less()
    {
        var board = new SimBoard(Seldom);
        board.Run(TimeSpan.FromHours(2));
        Assert.IsTrue(board.Server.Attempts is >= 19 and <= 36, $"{board.Server.Attempts} requests in two hours, every 5 to 6.25 min, each once more for the wait");

        board = new SimBoard(Seldom);
        board.Server.HoldsFor = 3600;
        board.Server.HoldsAtMost = 50;
        board.Run(TimeSpan.FromHours(1));
        Assert.AreEqual(50, board.Server.Asked);
        Assert.AreEqual(50, board.App.Device.Engine.Wait);
        Assert.IsTrue(board.Server.HeldToTheEnd is >= 68 and <= 72, $"{board.Server.HeldToTheEnd} waits of 50 s in an hour");
    }

    [TestMethod]
    public void A_wait_with_sleep_or_of_some_seconds_is_refused()
    {
        foreach ((string lines, bool taken) in ((string, bool)[])[("wait = 9", false), ("wait = 10", true), ("wait = 0\nsleep = deep", true), ("wait = 60\nsleep = deep", false)])
        {
            byte[] text = System.Text.Encoding.ASCII.GetBytes("server = http://s\n" + lines);
            Assert.AreEqual(taken, new Settings().Parse(text, text.Length) == null, lines);
        }
    }
}
