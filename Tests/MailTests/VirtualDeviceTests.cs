// The virtual device as a program, with no way to the server but mail.

using System.Diagnostics;
using System.Reflection;

namespace NanoSync.MailTests;

[TestClass]
public sealed class VirtualDeviceTests
{
    [TestMethod]
    public async Task Its_readings_arrive_by_mail()
    {
        using MailServer mail = new();
        using MailBench bench = new(mail);
        string token = bench.Core.Devices.Add("field-1", isSealed: true);
        string data = Directory.CreateTempSubdirectory("nanosync-mail-device-").FullName;
        try
        {
            for (int start = 1; start <= 4; start++)
            {
                // a reading at each start; the reply to the mail before is taken first
                string output = await Run(data, mail, token);
                Assert.Contains("the next start takes it up", output);
                await bench.Pass(1);
                mail.WaitFor("field-1", 1);
            }

            Assert.HasCount(4, bench.Core.Objects.List("field-1", "readings"));
        }
        finally
        {
            Directory.Delete(data, true);
        }
    }

    private static async Task<string> Run(string data, MailServer mail, string token)
    {
        string program = typeof(VirtualDeviceTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Virtual").Value!;
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                program, "--carrier", "mail", "--device", "field-1", "--token", token, "--data", data, "--once", "--wait", "0",
                "--smtp", $"smtp://127.0.0.1:{mail.SmtpPort}", "--pop3", $"pop3://127.0.0.1:{mail.Pop3Port}", "--mail-user", "field-1",
                "--from", MailServer.Address("field-1"), "--to", MailServer.Address("server"),
            },
            Environment = { ["NANOSYNC_MAIL_PASSWORD"] = MailServer.Password },
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync() + await error;
        await process.WaitForExitAsync();
        return output;
    }
}
