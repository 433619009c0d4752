// The page for a person, at "/": files that lie in the program. They are public, as they hold nothing of anyone; what the page
// shows it asks of REST, as whoever signed in. Nothing is loaded from elsewhere, and no script or style stands in the markup.

using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;

namespace NanoSync.Server.Http;

/// <summary>Serves the page's files.</summary>
internal static class PageFiles
{
    private const string Index = "index.html";
    private const string Resources = "page/"; // what their names in the program begin with

    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly Lazy<FrozenDictionary<string, PageFile>> s_files = new(Load);

    /// <summary>Bytes of all files, as they lie in the program.</summary>
    public static long Size => s_files.Value.Values.Sum(f => f.Plain.LongLength);

    /// <summary>Maps "/" and "/page/...".</summary>
    public static void Map(WebApplication app)
    {
        string[] methods = ["GET", "HEAD"];
        app.MapMethods("/", methods, (HttpContext context) => Serve(context, Index)).AllowAnonymous().ExcludeFromDescription();
        app.MapMethods("/page/{**file}", methods, (HttpContext context, string? file) => Serve(context, file ?? "")).AllowAnonymous().ExcludeFromDescription();
    }

    private static Task Serve(HttpContext context, string name)
    {
        if (!s_files.Value.TryGetValue(name, out PageFile? file))
        {
            return ApiProblem.Of(StatusCodes.Status404NotFound, "not_found", $"The page has no file {name}.").Write(context);
        }

        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-cache"; // kept, and asked about each time
        headers.Vary = "Accept-Encoding";
        (byte[] body, string? encoding) = file.For(context.Request.Headers.AcceptEncoding);
        headers.ETag = file.Tag(encoding);
        if (context.Request.Headers.IfNoneMatch.Any(t => t != null && t.Contains(file.Tag(encoding), StringComparison.Ordinal)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        if (encoding != null)
        {
            headers.ContentEncoding = encoding;
        }

        context.Response.ContentType = file.Type;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body).AsTask();
    }

    private static FrozenDictionary<string, PageFile> Load()
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        return assembly.GetManifestResourceNames().Where(n => n.StartsWith(Resources, StringComparison.Ordinal)).ToFrozenDictionary(n => n[Resources.Length..], n =>
        {
            using Stream stream = assembly.GetManifestResourceStream(n)!;
            using MemoryStream bytes = new();
            stream.CopyTo(bytes);
            return new PageFile(Path.GetExtension(n), bytes.ToArray());
        }, StringComparer.Ordinal);
    }

    private sealed class PageFile
    {
        private readonly string _hash;
        private readonly byte[] _gzip;
        private readonly byte[] _brotli;

        public PageFile(string extension, byte[] bytes)
        {
            Plain = bytes;
            Type = extension switch
            {
                ".html" => "text/html; charset=utf-8",
                ".css" => "text/css; charset=utf-8",
                ".js" or ".mjs" => "text/javascript; charset=utf-8",
                ".svg" => "image/svg+xml",
                _ => "text/plain; charset=utf-8",
            };
            _hash = Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];
            _gzip = Pack(s => new GZipStream(s, CompressionLevel.Optimal));
            _brotli = Pack(s => new BrotliStream(s, CompressionLevel.Optimal));
        }

        public byte[] Plain { get; }

        public string Type { get; }

        public string Tag(string? encoding) => encoding == null ? $"\"{_hash}\"" : $"\"{_hash}-{encoding}\"";

        public (byte[] Body, string? Encoding) For(string? accepted)
        {
            string[] names = [.. (accepted ?? "").Split(',').Where(e => !e.TrimEnd().EndsWith("q=0", StringComparison.Ordinal)).Select(e => e.Split(';')[0].Trim())];
            return names.Contains("br") ? (_brotli, "br") : names.Contains("gzip") ? (_gzip, "gzip") : (Plain, null);
        }

        private byte[] Pack(Func<Stream, Stream> open)
        {
            using MemoryStream packed = new();
            using (Stream stream = open(packed))
            {
                stream.Write(Plain);
            }

            return packed.ToArray();
        }
    }
}
