// What others at the broker can do, and the broker itself.

using System.Text;
using Microsoft.Extensions.Configuration;
using NanoSync.Device;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Mqtt;

namespace NanoSync.MqttTests;

[TestClass]
public sealed class HostileTests
{
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Garbage_repeated_late_retained_and_foreign_messages_change_nothing(bool isSealed)
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker, plain: true);
        using MqttBench.Node node = bench.Start();
        using MqttDevice device = isSealed ? bench.Sealed("field-1") : bench.Plain("field-1"), second = isSealed ? bench.Sealed("field-2") : bench.Plain("field-2");
        using Other other = new(broker, null, null, "nanosync/#");
        bench.Put("field-1", 5);
        device.Patience = second.Patience = 2000;
        device.Restart();
        second.Restart();
        int expected = 0;
        for (int turn = 0; turn < 4; turn++)
        {
            device.Append(25);
            expected += 25;
            device.Sync(failures: 20); // what is still on its way to it may push a reply out
            second.Append(1);
            second.Sync(failures: 20);
            byte[][] up = other.On("nanosync/field-1/up"), down = other.On("nanosync/field-1/down"), foreign = other.On("nanosync/field-2/up");
            foreach (byte[] message in up.Concat(up.Reverse()))
            {
                other.Publish("nanosync/field-1/up", message); // repeated, late, in another order
            }

            foreach (byte[] message in foreign)
            {
                other.Publish("nanosync/field-1/up", message); // another device's, on this one's topic
            }

            foreach (byte[] message in up)
            {
                other.Publish("nanosync/field-2/up", message); // this one's, on another's
            }

            other.Publish("nanosync/field-1/up", up[0], retain: true);
            other.Publish("nanosync/field-1/down", down[0], retain: true);
            foreach (byte[] message in down.Concat(other.On("nanosync/field-2/down")))
            {
                other.Publish("nanosync/field-1/down", message);
            }

            foreach (byte[] garbage in Garbage(up[^1]).Concat(Garbage(down[^1])))
            {
                other.Publish("nanosync/field-1/up", garbage);
                other.Publish("nanosync/field-1/down", garbage);
                other.Publish("nanosync/field-1/wake", garbage);
            }

            other.Publish("nanosync/field-1/up", up[0], qos: 0);
            other.Publish("nanosync/NO NAME/up", up[0]);
            other.Publish("nanosync//up", up[0]);
        }

        device.Sync(failures: 20);
        Assert.AreEqual(expected, bench.Readings("field-1"));
        Assert.AreEqual(4, bench.Readings("field-2"));
        Assert.AreEqual(1, device.Settings);
        bench.Put("field-1", 6);
        device.Restart();
        device.Sync(failures: 20);
        device.Append(1);
        device.Sync(failures: 20);
        Assert.AreEqual(expected + 1, bench.Readings("field-1"));
        Assert.HasCount(1, bench.Core.Objects.List("field-1", "config"));
        Assert.IsNull(node.Service.Away, "it is still there");
        Assert.AreEqual("", string.Join('\n', bench.Log.All.Where(l => l.Contains("could not be taken") || l.Contains("Next try"))));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Who_takes_the_client_id_of_a_device_ends_its_connection_and_it_connects_again(bool isSealed)
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker, plain: true);
        using MqttBench.Node node = bench.Start();
        using MqttDevice device = isSealed ? bench.Sealed("field-1") : bench.Plain("field-1");
        for (int i = 1; i <= 5; i++)
        {
            device.Append(1);
            device.Sync(failures: 2);
            Assert.AreEqual(i, bench.Readings("field-1"));
            Assert.IsTrue(device.Link.IsConnected);
            Other.Pose(broker, "nanosync-field-1");
            Broker.Until(() => !device.Link.IsConnected, "its connection is ended");
        }

        Assert.IsNull(node.Service.Away);
    }

    [TestMethod]
    public void A_broker_that_gives_far_more_than_it_was_told_is_left_and_tried_again()
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker, plain: true, options: new ServerOptions { RatePerSecond = 0, Patience = TimeSpan.FromSeconds(120) });
        using MqttBench.Node node = bench.Start();
        using MqttDevice device = bench.Plain("field-1");
        using Other other = new(broker);
        device.Append(1);
        device.Sync();
        byte[] message = other.On("nanosync/field-1/up")[^1];
        node.Service.MostHeld = 3 * message.Length;
        using (IStoreTransaction held = bench.Core.Store.BeginWrite())
        {
            for (int i = 0; i < 20; i++)
            {
                other.Publish("nanosync/field-1/up", message);
            }

            Broker.Until(() => bench.Log.All.Any(l => l.Contains("far more than it was told to")), "it is left");
        }

        node.Service.MostHeld = 64 << 20;
        Broker.Until(() => node.Service.Away == null, "it is tried again");
        device.Append(1);
        device.Sync(failures: 5);
        Assert.AreEqual(2, bench.Readings("field-1"));
    }

    // Cut and flipped versions of a real message, and bytes that are no message.
    private static IEnumerable<byte[]> Garbage(byte[] message)
    {
        yield return [];
        yield return [0];
        yield return "NS"u8.ToArray();
        yield return Encoding.UTF8.GetBytes(new string('x', 3000));
        for (int cut = 3; cut < message.Length; cut += Math.Max(1, message.Length / 12))
        {
            yield return message[..cut];
            byte[] flipped = [.. message];
            flipped[cut] ^= 0x41;
            yield return flipped;
        }
    }

    [TestMethod]
    public void A_plain_message_speaks_for_the_device_of_its_token_on_that_devices_topic_alone()
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker, plain: true);
        using MqttBench.Node node = bench.Start();
        string token = bench.Core.Devices.Add("field-1"), sealedToken = bench.Core.Devices.Add("safe", isSealed: true);
        bench.Core.Devices.Add("field-2");
        foreach ((string topic, string with) in (IEnumerable<(string, string)>)[("field-2", token), ("field-1", "guessed"), ("safe", sealedToken), ("nobody", token)])
        {
            using MqttDevice device = new(broker, topic, with, false);
            device.Append(1);
            Assert.AreEqual(CarrierError.Refused, CarrierTests.Failed(device), topic);
            Assert.AreEqual(401, device.Engine.Result.HttpStatus, topic);
        }

        Assert.AreEqual(0, node.Answered);
        using MqttDevice right = new(broker, "field-1", token, false);
        right.Append(1);
        right.Sync();
        Assert.AreEqual(1, bench.Readings("field-1"));
        bench.Core.Devices.Revoke("field-1");
        right.Append(1);
        Assert.AreEqual(CarrierError.Refused, CarrierTests.Failed(right));
        Assert.AreEqual(1, bench.Readings("field-1"));
    }

    [TestMethod]
    public void Where_plain_is_not_set_a_token_that_came_by_the_broker_opens_nothing_and_gets_no_word()
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker);
        using MqttBench.Node node = bench.Start();
        using MqttDevice device = bench.Plain("field-1");
        device.Patience = 500;
        device.Restart();
        device.Append(1);
        Assert.AreEqual(CarrierError.Timeout, CarrierTests.Failed(device));
        Broker.Until(() => bench.Log.All.Any(l => l.Contains("mqtt:plain is not set")), "the log says why");
        Assert.AreEqual(0, bench.Readings("field-1"));
    }

    [TestMethod]
    public void The_bytes_of_a_plain_message_are_those_of_the_specification()
    {
        using Broker broker = Broker.Open();
        using MqttBench bench = new(broker, plain: true, options: new ServerOptions { RatePerSecond = 0.001, RateBurst = 1 });
        using MqttBench.Node node = bench.Start();
        string token = bench.Core.Devices.Add("field-1");
        using Other other = new(broker, null, null, "nanosync/field-1/#");
        byte[] key = [(byte)token.Length, .. Encoding.ASCII.GetBytes(token)];
        byte[] empty = [0x03, 0x01, 0x6A, 0x00]; // what is behind the head does not matter here: not a whole message
        byte[] first = [0x4E, 0x53, 2, 1, 1, 0x12, 0x34, 0x56, 0x78, .. key, .. empty];
        Assert.IsTrue(other.Publish("nanosync/field-1/up", first));
        Broker.Until(() => other.On("nanosync/field-1/down").Length == 1, "the first answer");
        CollectionAssert.AreEqual(new byte[] { 0x4E, 0x53, 2, 4, 1, 0x12, 0x34, 0x56, 0x78, 0, 400 >> 8, 400 & 255, 0, 0, 0, 0 }, other.On("nanosync/field-1/down")[0], "malformed: 400");
        other.Publish("nanosync/field-1/up", first);
        Broker.Until(() => other.On("nanosync/field-1/down").Length == 2, "the second answer");
        byte[] tooOften = other.On("nanosync/field-1/down")[1];
        CollectionAssert.AreEqual(new byte[] { 4, 1, 0x12, 0x34, 0x56, 0x78, 0, 429 >> 8, 429 & 255 }, tooOften[3..12]);
        Assert.IsGreaterThan(900, (tooOften[14] << 8) | tooOften[15], "seconds until there is another one");

        using MqttDevice device = new(broker, "field-1", token, false);
        other.Heard.Clear();
        device.Append(1);
        device.Engine.Round();
        Broker.Until(() => other.On("nanosync/field-1/up").Length == 1, "a request of the device");
        byte[] own = other.On("nanosync/field-1/up")[0];
        CollectionAssert.AreEqual(new byte[] { 0x4E, 0x53, 2, 1, 1 }, own[..5]);
        CollectionAssert.AreEqual(key, own[9..(10 + token.Length)]);
        Assert.AreEqual(0x03, own[10 + token.Length], "the message as it is");
        Broker.Until(() => other.On("nanosync/field-1/down").Length == 1, "its answer");
        CollectionAssert.AreEqual(own[5..9], other.On("nanosync/field-1/down")[0][5..9], "the number of the request");
    }

    [TestMethod]
    public void A_broker_that_floods_costs_a_few_letters()
    {
        MqttInbox inbox = new(100);
        for (byte i = 1; i < 200; i++)
        {
            inbox.Arrived(false, false, [(byte)'N', (byte)'S', 1, i]);
            inbox.Arrived(false, false, new byte[1000]);
            inbox.Arrived(false, false, [.. "NS"u8, .. new byte[99]]);
        }

        List<byte> kept = [];
        while (inbox.First() is { } letter)
        {
            kept.Add(letter[3]);
            inbox.Drop(letter);
        }

        CollectionAssert.AreEqual(new byte[] { 196, 197, 198, 199 }, kept);
    }

    [TestMethod]
    public void The_rules_of_the_document_keep_an_account_to_its_own_device()
    {
        using Broker broker = Broker.AsDocumented(new() { ["server"] = "s", ["field-1"] = "one", ["field-2"] = "two" });
        using Other server = new(broker, "server", "s", "nanosync/+/up");
        using Other device = new(broker, "field-1", "one", "nanosync/field-1/down", "nanosync/field-1/wake", "nanosync/field-2/down", "nanosync/field-1/up", "#");
        Assert.IsTrue(device.Publish("nanosync/field-1/up", [1]));
        Assert.IsFalse(device.Publish("nanosync/field-2/up", [2]), "another's name");
        Assert.IsFalse(device.Publish("nanosync/field-1/down", [3]), "as the server");
        Assert.IsFalse(device.Publish("nanosync/field-2/wake", [4]));
        Assert.IsTrue(server.Publish("nanosync/field-2/down", [5]));
        Assert.IsTrue(server.Publish("nanosync/field-1/down", [6]));
        Assert.IsTrue(server.Publish("nanosync/field-1/wake", [7]));
        Broker.Until(() => device.Heard.Count >= 2 && !server.Heard.IsEmpty, "what is allowed");
        CollectionAssert.AreEquivalent(new[] { 6, 7 }, device.Heard.Select(h => (int)h.Payload[0]).Distinct().ToArray(), "nothing of another device, and not its own");
        CollectionAssert.AreEqual(new[] { 1 }, server.Heard.Select(h => (int)h.Payload[0]).ToArray());
        Assert.ThrowsExactly<AssertFailedException>(() => new Other(broker, "field-1", "wrong"), "without its password");

        // as a device is told
        using MqttDevice locked = new(broker, "field-1", "t", false, "field-1", "wrong"), foreign = new(broker, "field-2", "t", false, "field-1", "one");
        Assert.AreEqual((CarrierError.Refused, 0), (CarrierTests.Failed(locked), locked.Engine.Result.HttpStatus));
        foreign.Patience = 500;
        foreign.Restart();
        Assert.AreEqual(CarrierError.Timeout, CarrierTests.Failed(foreign), "mosquitto takes it from a client of MQTT 3.1.1, and drops it");
    }

    [TestMethod]
    public void Settings_that_cannot_be_meant_are_told_at_the_start()
    {
        MqttOptions? Read(params (string Name, string Value)[] settings) => MqttOptions.Read(new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>("mqtt:" + s.Name, s.Value))).Build().GetSection("mqtt"));

        Assert.IsNull(Read());
        MqttOptions options = Read(("broker", "mqtts://broker.example"), ("user", "u"), ("prefix", "site/a"), ("plain", "true"))!;
        Assert.AreEqual(("broker.example", 8883, true, "site/a", true), (options.Host, options.Port, options.Secure, options.Prefix, options.Plain));
        Assert.AreEqual(1884, Read(("broker", "mqtt://10.0.0.1:1884"))!.Port);
        Assert.IsTrue(Read(("broker", "mqtt://127.0.0.1"), ("plain", "true"))!.Plain, "nobody is on the way");
        foreach ((string name, string value, string word) in (IEnumerable<(string, string, string)>)[
            ("broker", "http://b", "mqtt://"), ("broker", "mqtt://b/path", "host or port"), ("broker", "mqtt://u:p@b", "user"), ("broker", "mqtt://", "host"),
            ("prefix", "a/#", "prefix"), ("prefix", "/a", "prefix"), ("plain", "yes", "true or false"), ("inFlight", "0", "1 to 1000")])
        {
            (string, string)[] all = name == "broker" ? [(name, value)] : [("broker", "mqtts://b"), (name, value)];
            StringAssert.Contains(Assert.ThrowsExactly<StartupException>(() => Read(all), value).Message, word);
        }

        StringAssert.Contains(Assert.ThrowsExactly<StartupException>(() => Read(("broker", "mqtt://broker.example"), ("plain", "true"))).Message, "TLS");
    }
}
