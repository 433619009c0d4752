// Devices and a server that only a broker joins.

using System.Text;
using NanoSync.Device;
using NanoSync.Server;
using NanoSync.Server.Engine;

namespace NanoSync.MqttTests;

[TestClass]
public sealed class CarrierTests
{
    private static readonly Dictionary<string, string> s_accounts = new() { ["server"] = "s", ["field-1"] = "one", ["field-2"] = "two" };

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Readings_go_up_and_configuration_comes_down_each_once(bool isSealed)
    {
        using Broker broker = Broker.AsDocumented(s_accounts);
        using MqttBench bench = new(broker, plain: !isSealed);
        bench.Options = bench.Options with { User = "server", Password = "s" };
        using MqttBench.Node node = bench.Start();
        using MqttDevice device = isSealed ? bench.Sealed("field-1", "field-1", "one") : bench.Plain("field-1", "field-1", "one");
        bench.Put("field-1", 5);
        device.Append(130); // several windows
        device.Sync();
        Assert.AreEqual(130, bench.Readings("field-1"));
        Assert.AreEqual(1, device.Settings);
        device.Restart();
        device.Append(1);
        device.Sync();
        Assert.AreEqual(131, bench.Readings("field-1"));
        Assert.IsEmpty(bench.Log.All.Where(l => l.Contains("refused")));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void A_change_on_the_server_wakes_a_device_that_waits_and_its_next_round_brings_it(bool isSealed)
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker, plain: true);
        using MqttBench.Node first = bench.Start(), second = bench.Start();
        using MqttDevice device = isSealed ? bench.Sealed("field-1") : bench.Plain("field-1"), silent = bench.Plain("field-2");
        device.Sync();
        using Other other = new(broker);
        while (device.ConsumeWake())
        {
        }

        bench.Put("field-1", 5);
        Broker.Until(device.ConsumeWake, "the wake");
        device.Sync();
        Assert.AreEqual(1, device.Settings);
        bench.Put("field-2", 5); // it never spoke over the broker: it may be one of HTTP
        bench.Put("field-1", 6);
        Broker.Until(() => other.On("nanosync/field-1/wake").Length == 2, "one wake a change, whatever the number of nodes");
        Assert.IsEmpty(other.On("nanosync/field-2/wake"));
        Assert.IsTrue(other.On("nanosync/field-1/wake").All(w => w.Length == 1), "one byte");

        // a client that connects later finds the last one kept; a device that connects has just synced, and ignores it
        using Other later = new(broker, null, null, "nanosync/field-1/wake");
        Broker.Until(() => !later.Heard.IsEmpty, "the retained wake");
        Assert.IsTrue(later.Heard.Single().Retained);
        device.Restart();
        device.Sync();
        using Other after = new(broker, null, null, "nanosync/field-1/wake");
        Broker.Until(() => !after.Heard.IsEmpty, "the broker has given to all by now");
        Assert.IsFalse(device.ConsumeWake());
    }

    [TestMethod]
    [DataRow(true, true)]
    [DataRow(true, false)]
    [DataRow(false, true)]
    [DataRow(false, false)]
    public void A_broker_that_is_killed_and_comes_back_loses_and_doubles_nothing(bool isSealed, bool persistent)
    {
        using Broker broker = Broker.Open(persistent);
        using MqttBench bench = new(broker, plain: true);
        using MqttBench.Node node = bench.Start();
        using MqttDevice device = isSealed ? bench.Sealed("field-1") : bench.Plain("field-1");
        device.Patience = 300;
        device.Restart();
        int expected = 0;
        for (int life = 0; life < 3; life++)
        {
            device.Append(60);
            expected += 60;
            device.Engine.Round(); // some of it under way
            broker.Kill();
            RoundOutcome outcome = device.Engine.Round().Outcome;
            Assert.AreEqual(RoundOutcome.Failed, outcome == RoundOutcome.More ? device.Engine.Round().Outcome : outcome); // a reply that had come before is taken first
            Broker.Until(() => node.Service.Away != null, "the server notices");
            if (life == 1)
            {
                device.Restart(); // a power cut meanwhile
            }

            broker.Start();
            Broker.Until(() => node.Service.Away == null, "the server has it again");
            device.SyncWhenItIsBack();
            Assert.AreEqual(expected, bench.Readings("field-1"));
        }

    }

    [TestMethod]
    public void A_server_that_was_away_while_a_sealed_request_was_sent_gets_it_anew()
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker);
        using MqttDevice device = bench.Sealed("field-1");
        device.Patience = 100;
        device.Restart();
        device.Append(3);
        Assert.AreEqual(RoundOutcome.Deferred, device.Engine.Round().Outcome);
        using MqttBench.Node node = bench.Start(); // what was published before it came is lost
        device.SyncWhenItIsBack();
        Assert.AreEqual(3, bench.Readings("field-1"));
    }

    [TestMethod]
    public void A_sealed_reply_that_came_while_the_device_was_away_is_taken_when_it_is_back()
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker);
        using MqttDevice device = bench.Sealed("field-1");
        using MqttBench.Node node = bench.Start();
        device.Sync();
        using (IStoreTransaction held = bench.Core.Store.BeginWrite())
        {
            device.SendAndLeave(3);
        }

        Broker.Until(() => bench.Readings("field-1") == 3 && node.Service.InFlight == 0, "the server took it and answered");
        device.Patience = 20000;
        device.Restart(new SyncOptions { ReplyRounds = 1000 }); // it is not sent anew: it must be the kept reply
        Assert.AreEqual(RoundOutcome.InStep, device.Engine.Round().Outcome, "by the reply alone");
        Assert.AreEqual(3, bench.Readings("field-1"));
    }

    [TestMethod]
    public void Nodes_share_what_devices_send_and_when_one_is_gone_the_other_has_it()
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker, plain: true);
        MqttBench.Node first = bench.Start(), second = bench.Start();
        using Other other = new(broker, null, null, "nanosync/+/up");
        using MqttDevice device = bench.Plain("field-1");
        for (int i = 0; i < 10; i++)
        {
            device.Append(1);
            device.Sync();
        }

        int requests = other.Heard.Count;
        Assert.AreEqual(requests, first.Answered + second.Answered, "each by one of them");
        Assert.IsGreaterThan(0, first.Answered);
        Assert.IsGreaterThan(0, second.Answered);
        first.Dispose();
        device.Append(1);
        device.Sync();
        Assert.AreEqual(11, bench.Readings("field-1"));
        second.Dispose();
    }

    [TestMethod]
    public void A_broker_that_is_not_there_yet_is_tried_until_it_is()
    {
        using Broker broker = Broker.Open(started: false);
        using MqttBench bench = new(broker, plain: true);
        using MqttBench.Node node = bench.Start(wait: false);
        using MqttDevice device = bench.Plain("field-1");
        Broker.Until(() => bench.Log.All.Count(l => l.Contains("Next try")) >= 2, "two tries");
        StringAssert.Contains(node.Service.Away, broker.Url);
        Assert.AreEqual(CarrierError.Unreachable, Failed(device));
        broker.Start();
        Broker.Until(() => node.Service.Away == null, "the server has the broker");
        device.Append(1);
        device.Sync();
        Assert.AreEqual(1, bench.Readings("field-1"));
    }

    [TestMethod]
    public void A_server_takes_no_more_at_once_than_it_can_commit_and_the_others_wait_at_the_broker()
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker, options: new ServerOptions { RatePerSecond = 0, Patience = TimeSpan.FromSeconds(120) });
        bench.Options = bench.Options with { InFlight = 3 };
        using MqttBench.Node node = bench.Start();
        List<MqttDevice> devices = [.. Enumerable.Range(1, 10).Select(i => bench.Sealed("field-" + i))];
        using (IStoreTransaction held = bench.Core.Store.BeginWrite())
        {
            foreach (MqttDevice device in devices)
            {
                device.Patience = 0;
                device.Restart(new SyncOptions { ReplyRounds = 1000 });
                device.Append(1);
                Assert.AreEqual(RoundOutcome.Deferred, device.Engine.Round().Outcome, "the broker has it");
            }

            Broker.Until(() => node.Service.InFlight == 3, "three on the way");
            using Other other = new(broker);
            Assert.IsTrue(other.Publish("elsewhere", [1]), "the broker has done with all before it");
            Assert.AreEqual(3, node.Service.InFlight);
            Assert.AreEqual(0, node.Answered);
        }

        devices.ForEach(d => d.SyncWhenItIsBack());
        Assert.AreEqual(10, Enumerable.Range(1, 10).Sum(i => bench.Readings("field-" + i)));
        Assert.AreEqual("", string.Join('\n', bench.Log.All.Where(l => l.Contains("Next try"))), "on one connection");
        devices.ForEach(d => d.Dispose());
    }

    [TestMethod]
    public void A_message_that_is_too_large_is_refused_in_words_and_one_beyond_that_is_not_even_delivered()
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker, plain: true, options: new ServerOptions { RatePerSecond = 0, Limits = new SyncLimits { MaxMessage = 2000 } });
        using MqttBench.Node node = bench.Start();
        using MqttDevice device = bench.Plain("field-1");
        device.Sync();
        device.Append(400);
        device.Restart(new SyncOptions { RequestBytes = 16 << 10, Window = 512, Series = false });
        Assert.AreEqual(RoundOutcome.Failed, device.Engine.Round().Outcome);
        Assert.AreEqual((CarrierError.Refused, 413), (device.Engine.Result.Carrier, device.Engine.Result.HttpStatus));
        device.Restart();
        device.Sync();
        Assert.AreEqual(400, bench.Readings("field-1"));

        using Other other = new(broker);
        other.Publish("nanosync/field-1/up", new byte[100 << 10]);
        device.Append(1);
        device.Sync(); // on the same connection
        Assert.IsNull(node.Service.Away);
        Assert.IsEmpty(bench.Log.All.Where(l => l.Contains("Next try")));

        device.MostBytes = 500; // what the client's buffers bear
        device.Append(100);
        device.Restart(new SyncOptions { RequestBytes = 16 << 10, Window = 512, Series = false });
        Assert.AreEqual(RoundOutcome.Failed, device.Engine.Round().Outcome);
        Assert.AreEqual(CarrierError.Misuse, device.Engine.Result.Carrier);
    }

    internal static CarrierError Failed(MqttDevice device)
    {
        Assert.AreEqual(RoundOutcome.Failed, device.Engine.Round().Outcome);
        return device.Engine.Result.Carrier;
    }
}
