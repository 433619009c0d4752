// Settings that are not what they are to be: all of them are told at once, each by its name.

using Microsoft.Extensions.Configuration;
using NanoSync.Server;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class OptionTests
{
    [TestMethod]
    public void Each_setting_that_cannot_be_read_is_told_with_what_it_is_to_be()
    {
        Dictionary<string, string?> settings = new()
        {
            ["rate"] = "often", ["retention"] = "readings=x", ["otlp"] = "there", ["alertWebhook"] = "ftp://x", ["alertMail"] = "@", ["alerts"] = "joy",
            ["mail:imap"] = "imap://x", ["mqtt:broker"] = "x", ["proxy:0:name"] = "hq", ["tables"] = "perhaps", ["runProxy"] = "no", ["plainHttp"] = "yes", ["openApiOnLoopback"] = "1",
        };
        string[] told = Assert.ThrowsExactly<StartupException>(() => ServerOptions.From(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())).Message.Split(Environment.NewLine);
        foreach (string expected in (string[])["rate is not a number from 0", "retention is not like", "otlp is an address like", "alertWebhook is http://", "alertMail is mail addresses", "alerts has no joy",
            "mail:user must be", "mqtt:broker is not an address", "proxy hq: url is missing", "tables is true or false, not perhaps", "runProxy is true or false, not no", "plainHttp is true or false, not yes", "openApiOnLoopback is true or false, not 1"])
        {
            Assert.AreEqual(1, told.Count(t => t.Contains(expected, StringComparison.Ordinal)), expected + " in: " + string.Join('\n', told));
        }

        Assert.HasCount(settings.Count, told);
    }

    [TestMethod]
    public async Task Options_of_a_program_that_has_the_server_in_it_are_looked_at_before_anything_is_made()
    {
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        ServerOptions options = new() { RateBurst = -1, RatePerSecond = double.NaN, Patience = TimeSpan.FromSeconds(-1), TlsKey = "key.pem", Limits = new SyncLimits { MaxMessage = 0 }, Otlp = new Uri("there", UriKind.Relative) };
        StartupException thrown = await Assert.ThrowsExactlyAsync<StartupException>(() => EmbeddedServer.Start(folder, options: options));
        CollectionAssert.AreEquivalent((string[])[
            "The setting burst is a number from 0 on, not -1.",
            "The setting rate is a number from 0 on, not NaN.",
            "The setting patience is a number from 0 on, not -1.",
            "The setting maxMessage is a number from 1 on, not 0.",
            "The settings tlsCert and tlsKey are given together.",
            "The setting otlp is http:// or https://, not there.",
        ], thrown.Message.Split(Environment.NewLine));
        Assert.IsFalse(Directory.Exists(folder));
    }
}
