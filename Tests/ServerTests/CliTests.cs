// The program as a person runs it: a process of its own, its output, its exit code.

using System.Diagnostics;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class CliTests
{
    private string _folder = "";

    public TestContext TestContext { get; set; } = null!;

    private string Data => Path.Combine(_folder, "data");

    [TestInitialize]
    public void Start()
    {
        _folder = Directory.CreateTempSubdirectory("nanosync-cli-").FullName;
    }

    [TestCleanup]
    public void Stop()
    {
        Directory.Delete(_folder, true);
    }

    [TestMethod]
    public void A_device_is_enrolled_listed_revoked_and_let_in_again()
    {
        (int code, string output, _) = Run("device", "add", "pump-1");
        Assert.AreEqual(0, code);
        string token = output.Trim();
        Assert.AreEqual(43, token.Length);
        StringAssert.Contains(Run("device", "list").Output, "pump-1 config,readings");
        Assert.AreEqual(1, Run("device", "add", "pump-1").Code);
        Assert.AreEqual(0, Run("device", "revoke", "pump-1").Code);
        StringAssert.Contains(Run("device", "list").Output, "revoked");
        (code, output, _) = Run("device", "rotate", "pump-1");
        Assert.AreEqual(0, code);
        Assert.AreNotEqual(token, output.Trim());
        (code, _, string error) = Run("device", "revoke", "pump-2");
        Assert.AreEqual(3, code);
        Assert.AreEqual("There is no device pump-2.", error.Trim());
    }

    [TestMethod]
    public void Objects_are_written_and_read_while_a_server_runs()
    {
        Run("device", "add", "d1");
        using ServerCore running = ServerCore.Open(new ServerOptions { Data = Data });
        (int code, string output, _) = Run("object", "put", "d1", "config", "sampling", """{"interval":5,"sensors":"load"}""", "--class", Bench.Sampling);
        Assert.AreEqual(0, code, output);
        Assert.HasCount(1, running.Objects.List("d1", "config"));
        StringAssert.Contains(Run("object", "get", "d1", "config", "sampling").Output, "\"interval\": 5");
        StringAssert.Contains(Run("object", "list", "d1", "config").Output, """{"interval":5,"sensors":"load"}""");
        (code, _, string error) = Run("object", "put", "d1", "config", "sampling", """{"interval":-1}""");
        Assert.AreEqual(1, code);
        StringAssert.Contains(error, "interval does not take -1");
        (code, _, error) = Run("object", "put", "d1", "config", "sampling", """{"interval":6}""");
        Assert.AreEqual(1, code);
        StringAssert.Contains(error, "sensors is missing");
        Assert.AreEqual(1, Run("object", "put", "d1", "config", "sampling", "{").Code);
        Assert.AreEqual(3, Run("object", "get", "d1", "config", "other").Code);
        Assert.AreEqual(3, Run("object", "list", "d1", "elsewhere").Code);
        Assert.AreEqual(0, Run("object", "delete", "d1", "config", "sampling").Code);
        Assert.IsEmpty(running.Objects.List("d1", "config"));
    }

    [TestMethod]
    public void A_message_is_shown_as_XML_from_a_file()
    {
        SyncMessage message = new() { Version = "1.0" };
        message.Options.Add(new Structure("time", new byte[] { 1, 10 }));
        message.Collections.Add(new SyncCollection { Id = "a<b", SyncKey = "0", GetChanges = true });
        foreach (MessageFormat format in (MessageFormat[])[MessageFormat.Wbxml, MessageFormat.Xml])
        {
            (int code, string output, _) = Decode(MessagePrinter.Print(format, message));
            Assert.AreEqual(0, code);
            Assert.AreEqual(
                """
                <Sync xmlns="AirSync:">
                  <Version>1.0</Version>
                  <Options>
                    <Class>time</Class>
                    <ApplicationData>AQo=</ApplicationData> <!-- now 2024-01-01T00:00:10Z -->
                  </Options>
                  <Collections>
                    <Collection>
                      <SyncKey>0</SyncKey>
                      <CollectionId>a&lt;b</CollectionId>
                      <GetChanges/>
                    </Collection>
                  </Collections>
                </Sync>

                """.ReplaceLineEndings(), output.ReplaceLineEndings());
        }
    }

    [TestMethod]
    public void Of_a_bad_message_what_stood_before_the_error_is_shown()
    {
        (int code, string output, _) = Decode([3, 1, 0x6A, 0, 0x45, 0x51, 3, (byte)'1', (byte)'.', (byte)'0', 0, 1, 0x47, 1]);
        Assert.AreEqual(1, code);
        Assert.AreEqual("<Sync xmlns=\"AirSync:\">\n  <Version>1.0</Version>\nerror NS204 (NotInGrammar) at byte 12 of 14\n", output.ReplaceLineEndings("\n"));
        (code, output, _) = Decode([3, 1, 0x6A]);
        Assert.AreEqual(1, code);
        StringAssert.Contains(output, "error NS213 (Truncated) at byte 3 of 3");
        Assert.AreEqual(0, Decode(EmptyReply.To(1)).Code);
        Assert.AreEqual(1, Decode([]).Code);
        Assert.AreEqual(3, Run("decode", Path.Combine(_folder, "missing")).Code);
    }

    [TestMethod]
    public void What_cannot_be_used_is_said_with_its_own_exit_code()
    {
        Assert.AreEqual(2, Run("explode").Code);
        Assert.AreEqual(2, Run("serve", "--port", "70000").Code);
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "nanosync.db"), new string('x', 5000));
        (int code, _, string error) = Run("device", "list");
        Assert.AreEqual(4, code);
        StringAssert.Contains(error, "Not a database");
        Assert.AreEqual(4, Run("serve", "--port", "0").Code);
    }

    [TestMethod]
    public async Task Serve_tells_where_it_listens_and_a_port_in_use()
    {
        await using EmbeddedServer other = await EmbeddedServer.Start(Path.Combine(_folder, "other"));
        (int code, _, string error) = Run("serve", "--urls", other.Url);
        Assert.AreEqual(5, code);
        StringAssert.Contains(error, "Another program listens");

        using Process serving = Process.Start(Cli.Info(Data, "serve", "--port", "0"))!;
        string? line = await serving.StandardOutput.ReadLineAsync(TestContext.CancellationToken);
        StringAssert.StartsWith(line, "NanoSync server on http://127.0.0.1:");
        string url = line!.Split(' ')[3].TrimEnd(',');
        using HttpClient client = new();
        Assert.AreEqual("ok", await client.GetStringAsync(url + "/health", TestContext.CancellationToken));
        serving.Kill();
        await serving.WaitForExitAsync(TestContext.CancellationToken);
    }

    private (int Code, string Output, string Error) Decode(byte[] message)
    {
        string file = Path.Combine(_folder, "message");
        File.WriteAllBytes(file, message);
        return Run("decode", file);
    }

    private (int Code, string Output, string Error) Run(params string[] arguments) => Cli.Run(Data, arguments);
}
