// A standby takes over while the nodes run: they have both hosts in their connection string and are not restarted.

using NanoSync.Server.Application;

namespace NanoSync.ServerTests;

public sealed partial class NodeTests
{
    [TestMethod]
    public void A_standby_that_commits_wait_for_takes_over_in_mid_traffic_and_each_reading_is_there_once()
    {
        using PostgresCluster first = new("fsync = off");
        using PostgresCluster second = PostgresCluster.StandbyOf(first);
        first.Set("synchronous_standby_names", "*");
        using Nodes nodes = new(2, BothOf(first, second));
        nodes.Enrol("d1", "readings,config");
        using Station device = new(nodes, "d1");
        using CancellationTokenSource end = new();
        int failed = 0;
        Task traffic = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                if (device.Pending < 200)
                {
                    device.Append(2);
                }

                failed += device.Round().Outcome == Device.RoundOutcome.Failed ? 1 : 0;
            }
        });
        Until(() => device.Rounds >= 20, traffic);
        first.Crash();
        int before = failed;
        Until(() => failed > before, traffic);
        second.Promote();
        int served = nodes.Served.Sum();
        Until(() => nodes.Served.Sum() > served + 20, traffic);
        end.Cancel();
        traffic.Wait();
        device.UntilEmpty();
        nodes.HoldsEachOnce("d1", device.Appended);
    }

    [TestMethod]
    public void A_standby_that_lacks_the_last_commits_gives_none_of_their_ids_again()
    {
        using PostgresCluster first = new("fsync = off");
        using PostgresCluster second = PostgresCluster.StandbyOf(first);
        using Nodes nodes = new(2, BothOf(first, second));
        nodes.Enrol("d1", "readings,config");
        using Station device = new(nodes, "d1");
        device.Append(20);
        device.UntilEmpty();
        string life = nodes.Any.Incarnation.Code;
        second.StopFollowing(first);
        device.Append(20); // acknowledged, and lost with the first database
        string lost = nodes.Any.Objects.Put("d1", "config", null, Setting(1)).Row.Id;
        device.UntilEmpty();
        Assert.AreEqual(1, device.Settings, "the device has the object of the lost time");
        first.Crash();
        second.Promote();
        string id = WhenBack(() => nodes.Any.Objects.Put("d1", "config", null, Setting(2)).Row.Id);
        Assert.AreNotEqual(lost, id);
        Assert.AreNotEqual(life, nodes.Any.Incarnation.Code, "what must not repeat began anew");
        device.Append(20);
        device.UntilEmpty();
        Assert.AreEqual(string.Join(' ', Enumerable.Range(1, 60).Where(i => i is <= 20 or > 40)), string.Join(' ', nodes.Values("d1")), "each once, but those that the standby never had");
        Assert.AreEqual(2, nodes.Any.Objects.List("d1", "config").Count, "the object that the device held came back");
        Assert.AreEqual(2, device.Settings);
    }

    private static NewValue Setting(byte value) => new(null, [1, value], "reading");

    private static T WhenBack<T>(Func<T> ask)
    {
        for (int i = 0; ; i++)
        {
            try
            {
                return ask();
            }
            catch (Server.Engine.StoreBusyException) when (i < 100)
            {
                Thread.Sleep(100);
            }
        }
    }

    private static string BothOf(PostgresCluster first, PostgresCluster second)
    {
        return $"Host=127.0.0.1:{first.Port},127.0.0.1:{second.Port};Username=postgres;Database=postgres;Target Session Attributes=primary;Host Recheck Seconds=1;Timeout=5";
    }
}
