// The nanoFramework packages that device code may use: id, version, the assembly inside, and what that needs.
//
// Assembly names and dependencies as in each library's .nfproj and .nuspec (github nanoframework/*, July 2026);
// a package id and its assembly's name often differ. A board must be given every needed assembly, so a project's
// references are always the whole closure.

namespace NanoSync.NanoProfile;

/// <summary>One nanoFramework package with one assembly.</summary>
/// <param name="Id">The NuGet id.</param>
/// <param name="Version">The newest stable version known.</param>
/// <param name="Assembly">The name of the assembly in the package's lib folder.</param>
/// <param name="Needs">Ids of the packages it depends on, besides CoreLibrary.</param>
public sealed record NanoPackage(string Id, string Version, string Assembly, params string[] Needs);

/// <summary>The table, each package after those it needs.</summary>
public static class NanoPackages
{
    public const string CoreLibrary = "nanoFramework.CoreLibrary";
    public const string Text = "nanoFramework.System.Text";
    public const string Collections = "nanoFramework.System.Collections";
    public const string Threading = "nanoFramework.System.Threading";
    public const string Streams = "nanoFramework.System.IO.Streams";
    public const string Events = "nanoFramework.Runtime.Events";
    public const string Native = "nanoFramework.Runtime.Native";
    public const string FileSystem = "nanoFramework.System.IO.FileSystem";
    public const string Net = "nanoFramework.System.Net";
    public const string HttpClient = "nanoFramework.System.Net.Http.Client";
    public const string Hashing = "nanoFramework.System.IO.Hashing";
    public const string Cryptography = "nanoFramework.System.Security.Cryptography";
    public const string TestFramework = "nanoFramework.TestFramework";
    public const string Esp32 = "nanoFramework.Hardware.Esp32";
    public const string Wifi = "nanoFramework.System.Device.Wifi";
    public const string Gpio = "nanoFramework.System.Device.Gpio";
    public const string Adc = "nanoFramework.System.Device.Adc";
    public const string I2c = "nanoFramework.System.Device.I2c";
    public const string MqttCore = "nanoFramework.M2Mqtt.Core";
    public const string Mqtt = "nanoFramework.M2Mqtt";
    public const string Sntp = "nanoFramework.Networking.Sntp";

    public static readonly IReadOnlyList<NanoPackage> All =
    [
        new(CoreLibrary, "1.17.11", "mscorlib"),
        new(Text, "1.3.42", "nanoFramework.System.Text"),
        new(Collections, "1.5.75", "nanoFramework.System.Collections"),
        new(Threading, "1.1.52", "System.Threading"),
        new(Streams, "1.1.96", "System.IO.Streams", Text),
        new(Events, "1.11.39", "nanoFramework.Runtime.Events"),
        new(Native, "1.7.11", "nanoFramework.Runtime.Native"),
        new(FileSystem, "1.1.93", "System.IO.FileSystem", Events, Streams, Text),
        new(Net, "1.11.60", "System.Net", Events, Text, Threading, Streams),
        // The client half of nanoFramework.System.Net.Http under the same assembly name: no HttpListener, less flash.
        new(HttpClient, "1.5.210", "System.Net.Http", Events, Collections, Text, Net, Threading, Streams),
        new(Hashing, "1.0.40", "nanoFramework.System.IO.Hashing"),
        new(Cryptography, "1.0.43", "nanoFramework.System.Security.Cryptography"),
        new(TestFramework, "3.0.80", "nanoFramework.TestFramework"),
        new(Esp32, "1.6.42", "nanoFramework.Hardware.Esp32", Events),
        new(Wifi, "1.5.149", "System.Device.Wifi", Events, Net, Threading),
        new(Gpio, "1.1.62", "System.Device.Gpio", Events),
        new(Adc, "1.1.24", "System.Device.Adc"),
        new(I2c, "1.1.29", "System.Device.I2c"),
        // The package has its Core with it, which is a package of its own as well, of the same version.
        new(MqttCore, "5.1.185", "nanoFramework.M2Mqtt.Core"),
        new(Mqtt, "5.1.185", "nanoFramework.M2Mqtt", MqttCore, Events, Native, Collections, Text, Net, Threading, Streams),
        new(Sntp, "1.6.42", "nanoFramework.Networking.Sntp"),
    ];

    public static NanoPackage ById(string id) => All.Single(p => p.Id == id);

    public static NanoPackage? ByAssembly(string assembly) => All.FirstOrDefault(p => p.Assembly == assembly);

    /// <summary>The given packages, all that they need, and CoreLibrary, in the table's order.</summary>
    public static IReadOnlyList<NanoPackage> Closure(IEnumerable<string> ids)
    {
        HashSet<string> wanted = [CoreLibrary];
        void Add(string id)
        {
            if (wanted.Add(id))
            {
                foreach (string need in ById(id).Needs)
                {
                    Add(need);
                }
            }
        }

        foreach (string id in ids)
        {
            Add(id);
        }

        return All.Where(p => wanted.Contains(p.Id)).ToList();
    }
}
