// The device-side folders: the assembly each becomes on a board, and what it may refer to.
//
// A folder's sources are its own *.cs and those of its Nano/ folder (Pc/ holds the same for the PC); folders below
// it are projects of their own. The .nfproj files say the same again for the real build: a test compares them.

namespace NanoSync.NanoProfile;

/// <summary>One device-side folder.</summary>
/// <param name="Folder">Below the repository root, with forward slashes.</param>
/// <param name="Assembly">The name of the assembly, and of the .nfproj.</param>
/// <param name="Projects">Folders of the device projects it refers to.</param>
/// <param name="OwnPackages">Ids of the packages it uses itself.</param>
public sealed record DeviceProject(string Folder, string Assembly, string[] Projects, string[] OwnPackages)
{
    /// <summary>An application has an entry point.</summary>
    public bool IsApplication { get; init; }

    /// <summary>Sources of other folders, below the repository root, a file or "folder/*.cs": what several programs share, or what is one assembly on a board.</summary>
    public string[] Shared { get; init; } = [];

    /// <summary>All packages that it and its projects need, in the order of <see cref="NanoPackages.All"/>.</summary>
    public IReadOnlyList<NanoPackage> Packages =>
        NanoPackages.Closure(AllProjects.SelectMany(p => p.OwnPackages).Concat(OwnPackages));

    /// <summary>Every project below it, those without dependencies first.</summary>
    public IReadOnlyList<DeviceProject> AllProjects =>
        Projects.SelectMany(f => DeviceProjects.ByFolder(f).AllProjects.Append(DeviceProjects.ByFolder(f)))
            .Distinct().ToList();

    public string NfprojPath(string root) => Path.Combine(root, Folder, Assembly + ".nfproj");

    /// <summary>The files that the board build compiles.</summary>
    public IReadOnlyList<string> Sources(string root)
    {
        string folder = Path.Combine(root, Folder);
        return new[] { folder, Path.Combine(folder, "Nano") }
            .Where(Directory.Exists)
            .SelectMany(f => Directory.GetFiles(f, "*.cs"))
            .Concat(Shared.Select(f => Path.Combine(root, f)).SelectMany(
                f => Directory.Exists(Path.GetDirectoryName(f)) ? Directory.GetFiles(Path.GetDirectoryName(f)!, Path.GetFileName(f)) : []))
            .Order(StringComparer.Ordinal)
            .ToList();
    }
}

/// <summary>The table, each folder after those it refers to.</summary>
public static class DeviceProjects
{
    private const string LiteServer = "Protocol.Lite/Server";
    private const string Xml = "Protocol.Lite/Xml";
    private const string Files = "Storage/Files";
    private const string Memory = "Storage/Memory";
    private const string Device = "Device";
    private const string App = "Device/App";
    private const string LeanHttp = "Device/LeanHttp";
    private const string Mqtt = "Device/Mqtt";
    private const string Sealed = "Device/Sealed";
    private const string SyncRun = "Tests/NanoPrograms/SyncRun";
    private const string Connection = "Device/Sockets/TcpConnection.cs";
    private const string Server = "Tests/DeviceTests/ScriptedServer.cs";

    public static readonly IReadOnlyList<DeviceProject> All =
    [
        // Message, store and engine are one assembly on a board, which loads all three anyway: what one calls of another costs
        // an entry in a table of names and one in RAM for each assembly. On the PC they are three, so that none calls upwards.
        new(Device, "NanoSync.Device", [], [NanoPackages.Text, NanoPackages.Threading]) { Shared = ["Protocol.Lite/*.cs", "Storage/*.cs"] },
        new(LiteServer, "NanoSync.Protocol.Lite.Server", [Device], [NanoPackages.Text]),
        new(Xml, "NanoSync.Protocol.Lite.Xml", [Device], [NanoPackages.Text]),
        new(Memory, "NanoSync.Storage.Memory", [Device], []),
        new(Files, "NanoSync.Storage.Files", [Device], [NanoPackages.Native, NanoPackages.Streams, NanoPackages.FileSystem]),
        new(App, "NanoSync.App", [Device], []),
        new(LeanHttp, "NanoSync.Device.LeanHttp", [Device], [NanoPackages.Net, NanoPackages.Native]) { Shared = [Connection] },
        new("Device/PlatformHttp", "NanoSync.Device.PlatformHttp", [Device],
            [NanoPackages.HttpClient, NanoPackages.Net, NanoPackages.Streams, NanoPackages.Native]),
        new(Sealed, "NanoSync.Device.Sealed", [Device], [NanoPackages.Text]),
        new("Device/Sealed/Files", "NanoSync.Device.Sealed.Files", [Sealed], [NanoPackages.Streams, NanoPackages.FileSystem]),
        new("Device/Mail", "NanoSync.Device.Mail", [Sealed], [NanoPackages.Net, NanoPackages.Native]) { Shared = [Connection] },
        new(Mqtt, "NanoSync.Device.Mqtt", [Sealed], [NanoPackages.Mqtt]),
        new("Tests/DeviceTests", "NFUnitTest", [Device, LiteServer, Xml, Memory, App, Sealed], [NanoPackages.TestFramework]),
        new("Device/Examples", "NanoSync.Examples", [Device, Files, App, LeanHttp], []),
        new("Device/Firmware", "NanoSync.Firmware", [Device, Files, LeanHttp],
            [NanoPackages.Native, NanoPackages.Esp32, NanoPackages.Wifi, NanoPackages.Gpio, NanoPackages.Adc,
             NanoPackages.I2c, NanoPackages.Sntp]) { IsApplication = true },
        // the same for brokers: all of Device/Firmware but the parts
        new("Device/Firmware/Mqtt", "NanoSync.Firmware.Mqtt", [Device, Files, Sealed, Mqtt],
            [NanoPackages.Native, NanoPackages.Esp32, NanoPackages.Wifi, NanoPackages.Gpio, NanoPackages.Adc,
             NanoPackages.I2c, NanoPackages.Sntp])
        {
            IsApplication = true,
            Shared =
            [
                "Device/Firmware/BootRecord.cs",
                "Device/Firmware/FieldApp.cs",
                "Device/Firmware/FieldClock.cs",
                "Device/Firmware/FieldDevice.cs",
                "Device/Firmware/FieldDiary.cs",
                "Device/Firmware/FieldHost.cs",
                "Device/Firmware/FlashFile.cs",
                "Device/Firmware/IMachine.cs",
                "Device/Firmware/LedPattern.cs",
                "Device/Firmware/SamplingConfig.cs",
                "Device/Firmware/SensorBoard.cs",
                "Device/Firmware/Settings.cs",
                "Device/Firmware/Sht3x.cs",
                "Device/Firmware/WakeBudget.cs",
                "Device/Firmware/Worker.cs",
                "Device/Firmware/Nano/Esp32Inputs.cs",
                "Device/Firmware/Nano/Esp32Machine.cs",
                "Device/Firmware/Nano/Program.cs",
            ],
        },
        new(SyncRun, "NanoSync.SyncRun", [Device, LiteServer], [NanoPackages.Native])
        {
            IsApplication = true,
            Shared = [Server],
        },
        new("Tests/NanoPrograms/BoardRun", "NanoSync.BoardRun", [Device, Files, LeanHttp], [NanoPackages.Native]) { IsApplication = true },
        new("Tests/NanoPrograms/BareRun", "NanoSync.BareRun", [], [NanoPackages.Text, NanoPackages.Streams, NanoPackages.FileSystem, NanoPackages.Net]) { IsApplication = true },
        new("Tests/NanoPrograms/Costs", "NanoSync.Costs", [Device], [NanoPackages.Native])
        {
            IsApplication = true,
            Shared = [SyncRun + "/SlotVolume.cs"],
        },
        new("Tests/NanoPrograms/CarrierCost", "NanoSync.CarrierCost", [Device, LeanHttp], [NanoPackages.Native]) { IsApplication = true },
        new("Tests/NanoPrograms/MqttCost", "NanoSync.MqttCost", [Device, Mqtt], [NanoPackages.Native]) { IsApplication = true },
        new("Tests/NanoPrograms/CodecRun", "NanoSync.CodecRun", [Device, LiteServer], []) { IsApplication = true },
    ];

    public static DeviceProject ByFolder(string folder) =>
        All.FirstOrDefault(p => p.Folder == folder)
        ?? throw new ArgumentException($"'{folder}' is no device-side folder. There are: {string.Join(", ", All.Select(p => p.Folder))}.");
}
