// A server that is not ours: PUT, GET and DELETE of things with ETags, on loopback.

using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using NanoSync.Server.Proxy;

namespace NanoSync.ProxyTests;

public sealed class ThingServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, int> _versions = [];

    private ThingServer(WebApplication app)
    {
        _app = app;
    }

    public string Url { get; private set; } = "";

    public int Port => new Uri(Url).Port;

    public ConcurrentDictionary<string, string> Bodies { get; } = [];

    /// <summary>Times each thing was written.</summary>
    public ConcurrentDictionary<string, int> Written { get; } = [];

    public List<string> Requests { get; } = [];

    /// <summary>Path of each request that would change something, as it was sent.</summary>
    public List<string> Paths { get; } = [];

    /// <summary>Not null: every request is sent on to this URL and its path.</summary>
    public string? SendsOnTo { get; set; }

    /// <summary>Requests of any kind.</summary>
    public int Asked { get; private set; }

    /// <summary>What a request to a path is answered instead.</summary>
    public Func<string, (int Status, string Text)?> Fail { get; set; } = _ => null;

    public static async Task<ThingServer> Start(int port = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Urls.Add(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        ThingServer server = new(app);
        app.Run(server.Handle);
        await app.StartAsync();
        server.Url = app.Urls.First();
        return server;
    }

    public void PassFrom(Node site, string collections)
    {
        site.Proxy.Add(new ProxyTarget
        {
            Name = "things", Url = Url + "/things/{device}/{collection}/{id}", Token = "secret", Collections = collections,
            Direction = ProxyDirection.Up, Kind = ProxyKind.Http,
        });
    }

    public void Change(string path, string body)
    {
        Bodies[path] = body;
        _versions[path]++;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task Handle(HttpContext context)
    {
        string path = context.Request.Path;
        Asked++;
        if (SendsOnTo != null)
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = SendsOnTo + path;
            return;
        }

        if (Fail(path) is { } fault)
        {
            context.Response.StatusCode = fault.Status;
            await context.Response.WriteAsync(fault.Text);
            return;
        }

        if (context.Request.Headers.Authorization != "Bearer secret")
        {
            context.Response.StatusCode = 401;
            return;
        }

        bool exists = _versions.ContainsKey(path) && Bodies.ContainsKey(path);
        string tag = exists ? $"\"{_versions[path]}\"" : "";
        string? match = context.Request.Headers.IfMatch;
        string? none = context.Request.Headers.IfNoneMatch;
        if (context.Request.Method != "GET")
        {
            lock (Requests)
            {
                Paths.Add(context.Features.Get<IHttpRequestFeature>()!.RawTarget);
                Requests.Add(context.Request.Method + (match != null ? " if-match " + match : "") + (none != null ? " if-none-match " + none : ""));
            }
        }

        if ((none == "*" && exists) || (match != null && match != tag))
        {
            context.Response.StatusCode = 412;
            return;
        }

        if (context.Request.Method == "PUT")
        {
            using StreamReader reader = new(context.Request.Body);
            Bodies[path] = await reader.ReadToEndAsync();
            _versions[path] = _versions.GetValueOrDefault(path) + 1;
            Written[path] = Written.GetValueOrDefault(path) + 1;
            context.Response.Headers.ETag = $"\"{_versions[path]}\"";
            context.Response.StatusCode = exists ? 200 : 201;
        }
        else if (!exists)
        {
            context.Response.StatusCode = 404;
        }
        else if (context.Request.Method == "DELETE")
        {
            Bodies.TryRemove(path, out _);
            context.Response.StatusCode = 204;
        }
        else
        {
            context.Response.Headers.ETag = tag;
            await context.Response.WriteAsync(Bodies[path]);
        }
    }
}
