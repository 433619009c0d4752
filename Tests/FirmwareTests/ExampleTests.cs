// The examples of Device/Examples at a real server: real files, real sockets.

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using NanoSync.Device;
using NanoSync.Examples;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Storage;

namespace NanoSync.FirmwareTests;

[TestClass]
public sealed class ExampleTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("examples").FullName;
    private readonly HttpClient _http = new();
    private EmbeddedServer _server = null!;
    private string _token = null!;

    private string Flash => Path.Combine(_folder, "flash");

    [TestInitialize]
    public async Task Start()
    {
        _server = await EmbeddedServer.Start(Path.Combine(_folder, "server"));
        _token = _server.Enrol("first", "readings,settings");
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _server.AdminToken);
    }

    [TestMethod]
    public async Task The_first_device_brings_its_reading_up_and_the_next_run_another()
    {
        Assert.AreEqual(RoundOutcome.InStep, FirstDevice.Run(Flash, _server.Url + "/sync", _token, SimBoard.Birth));
        new FileVolume(Flash).Shut(); // the board ends there, and starts again
        Assert.AreEqual(RoundOutcome.InStep, FirstDevice.Run(Flash, _server.Url + "/sync", _token, SimBoard.Birth + 60));
        new FileVolume(Flash).Shut();
        JsonArray readings = (await Get("collections/readings/objects")).AsArray();
        Assert.HasCount(2, readings);
        Assert.AreEqual(21.5, readings[0]!["value"]!["temperature"]!.GetValue<double>());

        // nobody is there: it is kept
        await _server.DisposeAsync();
        Assert.AreEqual(RoundOutcome.Failed, FirstDevice.Run(Flash, _server.Url + "/sync", _token, SimBoard.Birth + 120));
        new FileVolume(Flash).Shut();
    }

    [TestMethod]
    public async Task A_setting_of_the_server_is_taken_or_refused_with_its_reason_and_another_name_too()
    {
        App.SyncDevice device = new(new FileVolume(Flash), new LeanHttpCarrier(_server.Url + "/sync", _token, null), null);
        Heating heating = new(device);
        Assert.AreEqual(StoreError.None, device.Open());
        Assert.AreEqual(StoreError.None, heating.Load());
        Assert.AreEqual(RoundOutcome.InStep, device.Sync(20).Outcome);
        Assert.AreEqual(20, (await Get("collections/settings/objects/heating"))["value"]!["target"]!.GetValue<double>());

        await Put("heating", """{"target":23.5}""");
        Assert.AreEqual(RoundOutcome.InStep, device.Sync(20).Outcome);
        Assert.AreEqual(235, heating.Target);
        Assert.AreEqual(RoundOutcome.InStep, device.Sync(20).Outcome); // its next message acknowledges
        Assert.AreEqual("applied", (await Get("collections/settings/objects/heating"))["state"]!.GetValue<string>());

        await Put("heating", """{"target":31}""");
        await Put("cooling", """{"target":20}""");
        Assert.AreEqual(RoundOutcome.InStep, device.Sync(20).Outcome);
        JsonNode refused = await Get("collections/settings/objects/heating");
        Assert.AreEqual("refused", refused["state"]!.GetValue<string>());
        Assert.AreEqual("target: 5 to 30 degrees", refused["reason"]!.GetValue<string>());
        Assert.AreEqual("there is only heating", (await Get("collections/settings/objects/cooling"))["reason"]!.GetValue<string>());
        Assert.AreEqual(235, heating.Target);
        device.Close();

        App.SyncDevice again = new(new FileVolume(Flash), new LeanHttpCarrier(_server.Url + "/sync", _token, null), null);
        Heating kept = new(again);
        Assert.AreEqual(StoreError.None, again.Open());
        Assert.AreEqual(StoreError.None, kept.Load());
        Assert.AreEqual(235, kept.Target);
        again.Close();
    }

    [TestMethod]
    public async Task A_station_samples_while_its_link_is_silent_and_loses_nothing()
    {
        using SlowCarrier carrier = new(new LeanHttpCarrier(_server.Url + "/sync", _token, null));
        Station station = new(new FileVolume(Flash), carrier, 20);
        Assert.AreEqual(StoreError.None, station.Start());
        for (uint i = 0; i < 50; i++)
        {
            Assert.AreEqual(StoreError.None, station.Sample(SimBoard.Birth + i, 2000 + i)); // while the first round stands still
        }

        Assert.AreEqual(0, carrier.Ended);
        carrier.Go();
        await Until(async () => (await Get("collections/readings/objects?limit=100")).AsArray().Count == 50);
        await Put("heating", """{"target":18}""");
        await Until(() => Task.FromResult(station.Target == 180));
        station.Stop();
        FileVolume ended = new(Flash);
        await Until(() => Task.FromResult(ended.Acquire())); // the station gave it back
        ended.Release();
        Assert.AreEqual(50, (await Get("collections/readings/objects?limit=100")).AsArray().Select(o => o!["value"]!["temperature"]!.GetValue<double>()).Distinct().Count());
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task Until(Func<Task<bool>> isSo)
    {
        for (int i = 0; i < 600; i++)
        {
            if (await isSo())
            {
                return;
            }

            await Task.Delay(50);
        }

        Assert.Fail("not within 30 seconds");
    }

    private async Task<JsonNode> Get(string path) => JsonNode.Parse(await _http.GetStringAsync($"{_server.Url}/v1/devices/first/{path}"))!;

    private async Task Put(string id, string json)
    {
        using StringContent body = new(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.PutAsync($"{_server.Url}/v1/devices/first/collections/settings/objects/{id}?class=heating", body);
        Assert.IsTrue(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>A link that stands still until it may go.</summary>
    private sealed class SlowCarrier(ICarrier inner) : ICarrier, IDisposable
    {
        private readonly ManualResetEventSlim _goes = new();

        public int Ended { get; private set; }

        public int StatusCode => inner.StatusCode;

        public int RetryAfter => inner.RetryAfter;

        public void Go() => _goes.Set();

        public CarrierError Open(string contentType, int contentLength)
        {
            _goes.Wait();
            return inner.Open(contentType, contentLength);
        }

        public CarrierError Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public CarrierError Receive() => inner.Receive();

        public int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public void Close()
        {
            inner.Close();
            Ended++;
        }

        public void Dispose() => _goes.Dispose();
    }
}
