// What a board reads from its settings file and its network configuration comes from the command line here.

using System.Text;
using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Virtual;

/// <summary>The parts of the virtual device, and the settings that ask for them.</summary>
internal sealed class PcParts(VirtualOptions options, Uri? url, string? token, PcMachine machine) : IPartMaker, ISmallFile, IDisposable
{
    private readonly FlashFile _tokenFile = new(Path.Combine(options.Data, "token"));
    private MqttParts? _mqtt;

    // Lines of a settings file; where messages go by mail, files or a broker, the server has no address.
    private string Text => $"""
        server = {url?.AbsoluteUri ?? "http://by-post"}
        interval = {options.Interval}
        sync = {options.Interval}
        wait = {(options.Post.IsUsed || options.Once || options.Readings is not null ? 0 : options.Post.Hold ?? 0)}
        time-server = none
        watchdog = 0
        restart-offline = 0
        store = 2097152
        outbox = 1048576
        segment = 16384
        window = {options.Window}
        reply = 4096
        request = 32768
        """;

    int ISmallFile.Read(byte[] buffer) => Encoding.ASCII.GetBytes(Text, buffer);

    bool ISmallFile.Write(byte[] buffer, int count) => false;

    public ICarrier? MakeCarrier(Settings settings, SyncOptions sync, out string? problem)
    {
        problem = null;
        sync.ReplyRounds = options.Post.Carrier == "mqtt" ? MqttParts.ReplyRounds : 120;
        if (options.Xml)
        {
            sync.Writer = new XmlWriter(settings.BufferBytes);
            sync.Reader = new XmlReader();
        }

        try
        {
            _mqtt = options.Post.Carrier == "mqtt" ? new MqttParts(options.Post, token!) : null;
            ICarrier carrier = _mqtt is { } mqtt ? mqtt.Carrier : url is null ? Carriers.Make(options.Post, token!)
                : options.Claim is { } code && ClaimingCarrier.Kept(_tokenFile, code) is var kept ? kept is null ? new Claiming(code, _tokenFile, Http) : Http(kept)
                : Http(token);
            return options.Dump is null ? carrier : new DumpingCarrier(carrier, options.Dump);
        }
        catch (ArgumentException e)
        {
            throw new UserError($"--server or --token: {e.Message}");
        }
        catch (Exception e) when (options.Dump is not null && e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"Messages cannot be kept in {options.Dump}: {e.Message} Choose another folder with --dump.");
        }
    }

    public bool CanWake => _mqtt is not null;

    public bool ConsumeWake() => _mqtt is not null && _mqtt.ConsumeWake();

    public void Dispose() => _mqtt?.Dispose();

    public SyncEngine MakeEngine(FlashStore store, ICarrier carrier, SyncOptions sync) =>
        carrier is IDeferredCarrier later ? new DeferredEngine(store, later, sync) : new SyncEngine(store, carrier, sync);

    public IBoard MakeBoard(Settings settings, FieldClock clock) => new PcBoard(clock, machine);

    private ICarrier Http(string? given) => Carriers.Make(url!, given, options.PlatformHttp);

    private sealed class Claiming(string code, ISmallFile file, Func<string?, ICarrier> make) : ClaimingCarrier(code, file)
    {
        protected override ICarrier Make(string token) => make(token);
    }
}
