// The gate on our own device code: one test per folder.

namespace NanoSync.NanoProfile.Tests;

[TestClass]
public sealed class DeviceFolderTests
{
    private static readonly Gate s_gate = new(Repository.Root);

    [TestMethod]
    [DataRow("Device")]
    [DataRow("Protocol.Lite/Server")]
    [DataRow("Protocol.Lite/Xml")]
    [DataRow("Storage/Memory")]
    [DataRow("Storage/Files")]
    [DataRow("Device/App")]
    [DataRow("Device/LeanHttp")]
    [DataRow("Device/PlatformHttp")]
    [DataRow("Device/Sealed")]
    [DataRow("Device/Sealed/Files")]
    [DataRow("Device/Mail")]
    [DataRow("Device/Mqtt")]
    [DataRow("Tests/DeviceTests")]
    [DataRow("Device/Examples")]
    [DataRow("Device/Firmware")]
    [DataRow("Device/Firmware/Mqtt")]
    [DataRow("Tests/NanoPrograms/SyncRun")]
    [DataRow("Tests/NanoPrograms/BoardRun")]
    [DataRow("Tests/NanoPrograms/BareRun")]
    [DataRow("Tests/NanoPrograms/Costs")]
    [DataRow("Tests/NanoPrograms/CarrierCost")]
    [DataRow("Tests/NanoPrograms/MqttCost")]
    [DataRow("Tests/NanoPrograms/CodecRun")]
    public void Is_nanoFramework_code(string folder)
    {
        FolderResult result = s_gate.Check(DeviceProjects.ByFolder(folder));

        if (result.Outcome == Outcome.NoSources)
        {
            Assert.Inconclusive($"{folder} has no sources yet.");
        }

        Assert.AreEqual(Outcome.Passed, result.Outcome, string.Join(Environment.NewLine, result.Findings));
    }

    [TestMethod]
    public void Every_folder_has_a_test()
    {
        IEnumerable<object?> tested = typeof(DeviceFolderTests).GetMethod(nameof(Is_nanoFramework_code))!
            .GetCustomAttributes(typeof(DataRowAttribute), false)
            .Select(row => ((DataRowAttribute)row).Data[0]);

        CollectionAssert.AreEqual(DeviceProjects.All.Select(p => p.Folder).ToList(), tested.ToList());
    }
}
