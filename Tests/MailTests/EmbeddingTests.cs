// The examples of docs/embedding.md: the sealed message in a JSON field, and as an MQTT payload.

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NanoSync.Device;
using NanoSync.Server;
using NanoSync.Server.Sealed;

namespace NanoSync.MailTests;

[TestClass]
public sealed class EmbeddingTests
{
    [TestMethod]
    public async Task A_message_travels_as_a_field_of_JSON()
    {
        await Exchange(
            request => new JsonObject { ["station"] = "ridge 7", ["nanosync"] = Convert.ToBase64String(request) }.ToJsonString(),
            json => Convert.FromBase64String(JsonDocument.Parse(json).RootElement.GetProperty("nanosync").GetString()!));
    }

    [TestMethod]
    public async Task A_message_travels_as_the_payload_of_an_MQTT_publish()
    {
        await Exchange(request => Publish("nanosync/field-1/up", request), packet => Payload(packet, "nanosync/field-1/up"));
    }

    private static async Task Exchange<T>(Func<byte[], T> wrap, Func<T, byte[]> unwrap)
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-embed-").FullName;
        using (ServerCore core = ServerData.Open(new ServerOptions { Data = folder }))
        {
            string token = core.Devices.Add("field-1", isSealed: true);
            Letters letters = new();
            MailDevice device = new(() => new SealedCarrier("field-1", token, letters, letters));
            device.Append(25);
            await device.SyncUntilInStep(() =>
            {
                SealedResult result = core.Sealed.Accept(unwrap(wrap(letters.Request!)));
                Assert.AreEqual(SealedOutcome.Answer, result.Outcome, result.Why);
                letters.Reply = unwrap(wrap(result.Reply!.ToBytes()));
                core.Sealed.Answered(result.Reply);
                return Task.CompletedTask;
            });
            Assert.AreEqual(25, core.Objects.List("field-1", "readings").Count);
        }

        Directory.Delete(folder, true);
    }

    // PUBLISH, QoS 0 [MQTT 3.1.1, 3.3]
    private static byte[] Publish(string topic, byte[] payload)
    {
        byte[] name = Encoding.UTF8.GetBytes(topic);
        int length = 2 + name.Length + payload.Length;
        List<byte> packet = [0x30];
        do
        {
            packet.Add((byte)((length & 127) | (length > 127 ? 128 : 0)));
            length >>= 7;
        }
        while (length > 0);
        return [.. packet, (byte)(name.Length >> 8), (byte)name.Length, .. name, .. payload];
    }

    private static byte[] Payload(byte[] packet, string topic)
    {
        int at = 1;
        while ((packet[at++] & 128) != 0)
        {
        }

        return packet[(at + 2 + topic.Length)..];
    }

    /// <summary>A post in memory: what an MQTT or JSON client of the board's own is to the carrier.</summary>
    private sealed class Letters : IPostOut, IPostIn
    {
        private readonly MemoryStream _out = new();
        private int _at;

        public byte[]? Request { get; private set; }

        public byte[]? Reply { get; set; }

        public CarrierError Begin(string name, int length)
        {
            _out.SetLength(0);
            return CarrierError.None;
        }

        public CarrierError Write(byte[] buffer, int offset, int count)
        {
            _out.Write(buffer, offset, count);
            return CarrierError.None;
        }

        public CarrierError End()
        {
            Request = _out.ToArray();
            return CarrierError.None;
        }

        public CarrierError Next(string name)
        {
            _at = 0;
            return Reply == null ? CarrierError.Deferred : CarrierError.None;
        }

        public int Read(byte[] buffer, int offset, int count)
        {
            int part = Math.Min(count, Reply!.Length - _at);
            Array.Copy(Reply, _at, buffer, offset, part);
            _at += part;
            return part;
        }

        public void Done(bool drop) => Reply = drop ? null : Reply;

        public void Close()
        {
        }
    }
}
