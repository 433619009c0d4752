// The example of the README, run as it stands: real files, a real socket, a server at the other end.

using System.Net;
using NanoSync.Device;
using NanoSync.Storage;
using NanoSync.Examples;
using NanoSync.Protocol;

namespace NanoSync.FirmwareTests;

[TestClass]
public class FirstDeviceTests
{
    [TestMethod]
    public void The_first_device_brings_its_reading_up_and_the_next_run_another()
    {
        string folder = Directory.CreateTempSubdirectory("first").FullName;
        using var listener = new HttpListener();
        int port = FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var server = new SimServer(_ => { });
        Task serving = Task.Run(() => Serve(listener, server));
        try
        {
            string url = $"http://127.0.0.1:{port}/sync";
            Assert.AreEqual(RoundOutcome.InStep, FirstDevice.Run(folder, url, "token", SimBoard.Birth));
            new FileVolume(folder).Shut(); // the board ends there, and starts again
            Assert.AreEqual(RoundOutcome.InStep, FirstDevice.Run(folder, url, "token", SimBoard.Birth + 60));
            new FileVolume(folder).Shut();
            Assert.HasCount(2, server.Readings);
            Assert.AreEqual(0, server.Repeated);

            server.Line = Line.Unreachable;
            listener.Stop();
            serving.Wait();
            Assert.AreEqual(RoundOutcome.Failed, FirstDevice.Run(folder, url, "token", SimBoard.Birth + 120));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }

    private static void Serve(HttpListener listener, SimServer server)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = listener.GetContext();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            using var body = new MemoryStream();
            context.Request.InputStream.CopyTo(body);
            server.Open(context.Request.ContentType!, (int)body.Length);
            server.Write(body.GetBuffer(), 0, (int)body.Length);
            server.Receive();
            byte[] reply = new byte[65536];
            int count = server.Read(reply, 0, reply.Length);
            context.Response.StatusCode = server.StatusCode;
            context.Response.ContentType = context.Request.ContentType;
            context.Response.ContentLength64 = count;
            context.Response.OutputStream.Write(reply, 0, count);
            context.Response.Close();
        }
    }
}
