// The way to the broker by TLS, set up as docs/mqtt.md has it.

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NanoSync.Tests.Carriers;
using NanoSync.Device;
using NanoSync.Server;
using NanoSync.Server.Mqtt;

namespace NanoSync.MqttTests;

[TestClass]
public sealed class TlsTests
{
    [TestMethod]
    public void The_server_trusts_the_authority_that_it_was_given_and_no_other_and_a_device_nobody_it_does_not_know()
    {
        Authority authority = new("site"), stranger = new("site");
        using X509Certificate2 certificate = authority.IssueFor("localhost");
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        using Broker broker = Broker.AsDocumented(new() { ["server"] = "s", ["field-1"] = "one" }, (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem()));
        using MqttBench bench = new(broker);
        MqttOptions options = bench.Options with { Host = "localhost", Secure = true, User = "server", Password = "s" };
        foreach ((string name, Authority? whom, bool connects) in (IEnumerable<(string, Authority?, bool)>)[("own", authority, true), ("other", stranger, false), ("none", null, false)])
        {
            string? file = whom == null ? null : Path.Combine(broker.Folder, name + ".pem");
            if (file != null)
            {
                File.WriteAllText(file, whom!.Certificate.ExportCertificatePem());
            }

            bench.Options = options with { TrustedCa = file };
            using MqttBench.Node node = bench.Start(wait: connects);
            if (!connects)
            {
                Broker.Until(() => node.Service.Away is { } why && !why.EndsWith("not tried yet", StringComparison.Ordinal), "a try");
                Assert.IsNotNull(node.Service.Away, name);
            }
        }

        MqttBroker at = new($"mqtts://localhost:{broker.Port}", null, "field-1") { User = "field-1", Password = "one" };
        using PcMqttLink link = new(at);
        Assert.AreEqual(CarrierError.Untrusted, link.Connect(new MqttInbox(1000)));
    }
}
