// Texts of the protocol are equal when their characters are: what device code compares must not depend on the culture of the
// PC that runs it. The culture here cannot be asked.

using System.Globalization;
using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.FirmwareTests;

[TestClass]
public sealed class CultureTests
{
    [TestMethod]
    public void No_text_of_the_device_is_compared_as_the_PC_s_culture_would()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new Mute();
        try
        {
            Assert.ThrowsExactly<InvalidOperationException>(() => "a:b".IndexOf(":b")); // so is the mistake noticed
            ObjectClass type = new ObjectClass("reading").Time("at").UInt("ab").UInt("a");
            Assert.AreEqual("The class reading has a field a already.", type.Refuses("a", FieldType.UInt, 0));
            Assert.AreEqual("The class reading has a field at already.", type.Refuses("at", FieldType.UInt, 0));
            Assert.IsNull(type.Refuses("b", FieldType.UInt, 0));
            Assert.IsNull(ServerUrl.Problem("https://sync.example.com:8443/sync"));
            Assert.IsNotNull(ServerUrl.Problem("https:/sync.example.com"));
            Assert.AreEqual("sync.example.com:8443", ServerUrl.Authority("https://sync.example.com:8443/sync"));
            Assert.AreEqual(0u, StoreFile.Parse("m0000001.nt"));
            Assert.AreNotEqual(0u, StoreFile.Parse("m0000001.ns"));
            Assert.IsNull(new Settings().Parse("broker = mqtts://b.example\ndevice = d\ntoken = t"u8.ToArray(), 47));
            new LeanHttpCarrier("http://sync.example.com", "token", null).Dispose();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private sealed class Mute : CultureInfo
    {
        public Mute()
            : base("")
        {
        }

        public override CompareInfo CompareInfo => throw new InvalidOperationException("the culture was asked");
    }
}
