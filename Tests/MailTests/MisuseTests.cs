// What the carriers of letters refuse when they are made: names and addresses that would become another path or another line.

using NanoSync.Device;

namespace NanoSync.MailTests;

[TestClass]
public sealed class MisuseTests
{
    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    [DataRow("../x")]
    [DataRow("..")]
    [DataRow("a/b")]
    [DataRow("a\\b")]
    [DataRow("-x")]
    [DataRow("kühe")]
    [DataRow("12345678901234567890123456789012345678901234567890123456789012345")]
    public void A_device_of_a_sealed_carrier_has_a_name_that_a_server_enrols(string? name)
    {
        FilePost post = new("folder", "/");
        Assert.StartsWith("device: ", Assert.ThrowsExactly<ArgumentException>(() => new SealedCarrier(name, "token", post, post)).Message);
    }

    [TestMethod]
    public void A_sealed_carrier_has_a_token_and_a_post()
    {
        FilePost post = new("folder", "/");
        Assert.StartsWith("token: ", Assert.ThrowsExactly<ArgumentException>(() => new SealedCarrier("d", null, post, post)).Message);
        Assert.StartsWith("token: ", Assert.ThrowsExactly<ArgumentException>(() => new SealedCarrier("d", "", post, post)).Message);
        Assert.StartsWith("postOut", Assert.ThrowsExactly<ArgumentException>(() => new SealedCarrier("d", "t", null, post)).Message);
        Assert.StartsWith("postOut", Assert.ThrowsExactly<ArgumentException>(() => new SealedCarrier("d", "t", post, null)).Message);
    }

    [TestMethod]
    [DataRow(null, "/")]
    [DataRow("", "/")]
    [DataRow("folder/", "/")]
    [DataRow("folder", "")]
    [DataRow("folder", null)]
    public void A_post_of_files_has_a_folder(string? folder, string? separator)
    {
        Assert.StartsWith("folder, separator: ", Assert.ThrowsExactly<ArgumentException>(() => new FilePost(folder, separator)).Message);
    }

    [TestMethod]
    [DataRow("device@x\r\nBcc: all@x", "server@x")]
    [DataRow("device@x", "server@x\nRCPT TO:<all@x>")]
    [DataRow("<device@x>", "server@x")]
    [DataRow("device@x", "")]
    [DataRow(null, "server@x")]
    public void An_address_that_would_end_its_line_is_refused(string? from, string? to)
    {
        SmtpSink relay = new(new MailLine("127.0.0.1", 1, null), null, null);
        Assert.StartsWith("from, to: ", Assert.ThrowsExactly<ArgumentException>(() => new MailComposer(relay, from, to)).Message);
    }

    [TestMethod]
    public void A_mailbox_whose_user_or_password_would_end_its_line_is_refused_and_so_is_a_timeout_of_no_time()
    {
        MailLine line = new("127.0.0.1", 1, null);
        Assert.ThrowsExactly<ArgumentException>(() => new Pop3Box(line, "me\r\nDELE 1", "secret"));
        Assert.ThrowsExactly<ArgumentException>(() => new Pop3Box(line, "me", "secret\n"));
        Assert.ThrowsExactly<ArgumentException>(() => new Pop3Box(null, "me", "secret"));
        Assert.ThrowsExactly<ArgumentException>(() => line.ConnectTimeout = 0);
        Assert.ThrowsExactly<ArgumentException>(() => line.ExchangeTimeout = -5);
        Assert.AreEqual((10000, 120000), (line.ConnectTimeout, line.ExchangeTimeout));
    }
}
