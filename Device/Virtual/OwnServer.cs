// The server inside the virtual device's process, and what a person can paste to talk to it.

using NanoSync.Firmware;
using NanoSync.Server;
using NanoSync.Server.Access;

namespace NanoSync.Virtual;

internal sealed class OwnServer : IAsyncDisposable
{
    private const string Device = "virtual";
    private const int UsualPort = 8080;

    private readonly EmbeddedServer _server;
    private readonly string _folder;

    private OwnServer(EmbeddedServer server, string folder)
    {
        _server = server;
        _folder = folder;
        Token = server.Enrol(Device); // a new one at each start: only its hash is kept
        CurlToken = Path.Combine(folder, "curl-token");
        WriteSecret(CurlToken, NewCurlToken(server.Core.Access));
    }

    public Uri Url => new(_server.Url);

    public string Token { get; }

    /// <summary>The file of a token for the commands that are printed: it may configure, for a day. The console may be somebody's log.</summary>
    private string CurlToken { get; }

    /// <summary>Starts it over DATA/server.</summary>
    /// <param name="data">The data folder.</param>
    /// <param name="port">A port; 0 = any free one; null = the usual one, or any free one when that is taken.</param>
    public static async Task<OwnServer> StartAsync(string data, int? port)
    {
        string folder = Path.Combine(data, "server");
        try
        {
            return new OwnServer(await EmbeddedServer.Start(folder, port ?? UsualPort), folder);
        }
        catch (StartupException e) when (e.PortTaken && port is null)
        {
            return new OwnServer(await EmbeddedServer.Start(folder, 0), folder);
        }
        catch (NanoSync.Server.Application.RefusedException e)
        {
            throw new UserError(e.Message); // revoked
        }
        catch (StartupException e)
        {
            throw new UserError(e.PortTaken ? $"Another program listens on port {port}. Choose another with --port, or --port 0 for any free one." : e.Message);
        }
    }

    /// <summary>Says how to look and how to change, ready to paste.</summary>
    /// <param name="output">Takes the lines.</param>
    /// <param name="goesOn">True when the device stays, so that what is changed reaches it.</param>
    public void PrintHowTo(TextWriter output, bool goesOn)
    {
        string sampling = $"{Url}v1/devices/{Device}/collections/{FieldDevice.ConfigName}/objects/{SamplingConfig.Name}";
        string auth = $"-H \"Authorization: Bearer $(cat {CurlToken})\"";
        string verb = "dotnet run --project Server -- object";
        output.WriteLine($"server at {Url} with its data in {_folder}; the device's flash is {Path.Combine(Path.GetDirectoryName(_folder)!, "flash")}");
        if (goesOn)
        {
            output.WriteLine($"the page, with a link that signs in once, within a quarter of an hour, and shows its readings: {Url}?device={Device}&tab=readings#link={_server.Core.Access.Link(AccessService.Admin).Code}");
            output.WriteLine("change what the device does, either way:");
            output.WriteLine($"  curl -X PUT {sampling} {auth} -d '{{\"interval\":5,\"sensors\":\"load,memory\"}}'");
            output.WriteLine($"  {verb} put {Device} {FieldDevice.ConfigName} {SamplingConfig.Name} '{{\"interval\":5,\"sensors\":\"\"}}' --data {_folder}");
            output.WriteLine("what it cannot apply comes back with the reason:");
            output.WriteLine($"  {verb} put {Device} {FieldDevice.ConfigName} {SamplingConfig.Name} '{{\"interval\":-1,\"sensors\":\"\"}}' --data {_folder}");
            output.WriteLine($"  dotnet run --project Server -- refusals {Device} --data {_folder}");
        }

        output.WriteLine("its readings:");
        output.WriteLine($"  {verb} list {Device} {FieldDevice.ReadingsName} --data {_folder}");
        if (goesOn)
        {
            output.WriteLine("Ctrl-C ends it; a restart goes on where it was.");
        }

        output.WriteLine();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static string NewCurlToken(AccessService access)
    {
        const string Name = "curl";
        return access.List().Exists(t => t.Name == Name && t.Revoked == null) ? access.Renew(Name, 1, Device) : access.Add(Name, Role.Configure, 1, Device);
    }

    private static void WriteSecret(string file, string secret)
    {
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using StreamWriter writer = new(file, options);
        writer.WriteLine(secret);
    }
}
