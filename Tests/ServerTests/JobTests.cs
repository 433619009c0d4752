// What a server does by itself, and how it is looked at.

using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class JobTests
{
    [TestMethod]
    public async Task A_server_removes_what_its_rules_do_not_keep_and_says_so()
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-job-").FullName;
        try
        {
            await using EmbeddedServer server = await EmbeddedServer.Start(folder, options: new ServerOptions { Retention = RetentionRule.Parse("log=2")}, clock: new QuickClock());
            server.Enrol("d1", "log");
            DeviceIdentity device = new(server.Core.Devices.Get("d1").Id, "d1");
            string key = "0";
            for (int round = 0; round < 2; round++)
            {
                SyncMessage message = new() { Version = "1.0" };
                CollectionElement log = new() { Id = "log", SyncKey = key, DeletesAsMoves = true };
                log.Commands.AddRange(Enumerable.Range(1, round * 5).Select(i => TestDevice.Add("Ab1_" + i, (byte)i)));
                message.Collections.Add(log);
                SyncReply reply = await server.Core.Sync.HandleAsync(device, MessagePrinter.Print(MessageFormat.Wbxml, message), MessageFormat.Wbxml);
                key = MessageParser.Parse(MessageFormat.Wbxml, reply.Body).Collections[0].SyncKey;
            }

            using HttpClient http = new() { BaseAddress = new Uri(server.Url) };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.AdminToken);
            JsonNode? json = null;
            for (int i = 0; i < 200 && server.Core.Objects.List("d1", "log").Count > 2; i++)
            {
                await Task.Delay(50);
            }

            Assert.AreEqual("Ab1_4 Ab1_5", string.Join(' ', server.Core.Objects.List("d1", "log").Select(o => o.Row.Id)));
            for (int i = 0; i < 200 && json?["last"] == null; i++)
            {
                json = JsonNode.Parse(await http.GetStringAsync("/v1/retention"));
                await Task.Delay(50);
            }

            Assert.AreEqual("""[{"collection":"log","hours":null,"readings":2}]""", json!["rules"]!.ToJsonString());
            Assert.IsNotNull(json["last"]!["ended"]);
            http.DefaultRequestHeaders.Authorization = null;
            Assert.AreEqual(System.Net.HttpStatusCode.Unauthorized, (await http.GetAsync("/v1/retention")).StatusCode);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    // Waits end 100,000 times as soon.
    private sealed class QuickClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            return base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 100_000 : dueTime, period);
        }
    }
}
