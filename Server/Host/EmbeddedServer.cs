using Microsoft.Extensions.Logging;
using NanoSync.Server.Host;

namespace NanoSync.Server;

/// <summary>
/// The server inside another program: on a loopback port, over a data folder. Requests of devices are not counted
/// unless the options say so.
/// </summary>
public sealed class EmbeddedServer : IAsyncDisposable
{
    private readonly WebHost _host;

    private EmbeddedServer(WebHost host)
    {
        _host = host;
    }

    /// <summary>Where it listens: http://127.0.0.1:port</summary>
    public string Url => _host.Urls[0];

    /// <summary>The first token of /v1, which may administer: known to the server alone that made the data folder. Later ones make another: Core.Access.Renew.</summary>
    public string AdminToken => _host.AdminToken
        ?? throw new InvalidOperationException("The admin token was made at the first start on this data, and only its check sum is kept. To have another: Core.Access.Renew(\"admin\", null, \"...\").");

    /// <summary>Store, engine and services.</summary>
    public ServerCore Core => _host.Core;

    /// <summary>Starts a server.</summary>
    /// <param name="dataFolder">Its data; made when missing.</param>
    /// <param name="port">A port, or 0 for any free one.</param>
    /// <param name="options">What else is set; null = the defaults, without a bound on requests a second.</param>
    /// <param name="clock">The time; null = the machine's.</param>
    public static async Task<EmbeddedServer> Start(string dataFolder, int port = 0, ServerOptions? options = null, TimeProvider? clock = null)
    {
        options ??= new ServerOptions { RatePerSecond = 0 };
        options = options with { Data = dataFolder, Urls = $"http://127.0.0.1:{port}" };
        return new EmbeddedServer(await WebHost.Start(options, clock, LogLevel.Error));
    }

    /// <summary>A token for the device: enrols it, or gives it a new token if it is enrolled. Refused when it is revoked.</summary>
    public string Enrol(string device, string collections = Application.DeviceService.DefaultCollections)
    {
        if (!Core.Devices.List().Exists(d => d.Name == device))
        {
            return Core.Devices.Add(device, collections);
        }

        Core.Devices.Grant(device, collections);
        return Core.Devices.Rotate(device);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        return _host.DisposeAsync();
    }
}
