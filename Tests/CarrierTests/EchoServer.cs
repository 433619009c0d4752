// A real server: Kestrel on a loopback port, plain or with TLS.

using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace NanoSync.Tests.Carriers;

/// <summary>/echo gives the message back with its length, /chunks without, /nothing gives 204, /empty gives length 0.</summary>
internal sealed class EchoServer : IDisposable
{
    private readonly WebApplication _application;

    public EchoServer(X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore();
        if (certificate != null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                if (certificate != null)
                {
                    listen.UseHttps(certificate);
                }
            });
        });
        _application = builder.Build();
        _application.MapPost("/echo/sync", context => Reply(context, announce: true));
        _application.MapPost("/chunks/sync", context => Reply(context, announce: false));
        _application.MapPost("/nothing/sync", async context =>
        {
            await Reply(context, announce: false, silent: true);
            context.Response.StatusCode = 204;
        });
        _application.MapPost("/empty/sync", context => Reply(context, announce: true, silent: true));
        _application.StartAsync().GetAwaiter().GetResult();
        string address = _application.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.Single();
        Port = new Uri(address).Port;
        Root = (certificate == null ? "http://127.0.0.1:" : "https://localhost:") + Port;
    }

    public int Port { get; }

    public string Root { get; }

    public ConcurrentQueue<Seen> Requests { get; } = new();

    public int Connections => Requests.Select(seen => seen.Connection).Distinct().Count();

    public void Dispose() => _application.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task Reply(HttpContext context, bool announce, bool silent = false)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        byte[] bytes = body.ToArray();
        Requests.Enqueue(new Seen(
            context.Connection.Id,
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            bytes));
        context.Response.ContentType = context.Request.ContentType;
        byte[] reply = silent ? [] : bytes;
        if (announce)
        {
            context.Response.ContentLength = reply.Length;
            await context.Response.Body.WriteAsync(reply);
            return;
        }

        for (int i = 0; i < reply.Length; i += 1000)
        {
            await context.Response.Body.WriteAsync(reply.AsMemory(i, Math.Min(1000, reply.Length - i)));
            await context.Response.Body.FlushAsync();
        }
    }

    internal sealed record Seen(string Connection, Dictionary<string, string> Headers, byte[] Body);
}
