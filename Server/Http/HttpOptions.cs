namespace NanoSync.Server.Http;

/// <summary>What can be set of the server's HTTP, and of the rules behind it.</summary>
public record HttpOptions : CoreOptions
{
    /// <summary>Where to listen, semicolon-separated; port 0 = any free one. Default: http://127.0.0.1:8080, which no other machine reaches.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8080";

    /// <summary>The server's certificate, PEM, with those between it and its authority; null = no TLS but what Kestrel's own configuration has.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>Its key, PEM.</summary>
    public string? TlsKey { get; init; }

    /// <summary>True: http:// may be listened on beyond this machine, as behind a proxy that ends TLS.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>Where metrics and traces go by OTLP, such as http://127.0.0.1:4318; null = nowhere. /metrics shows the metrics either way.</summary>
    public Uri? Otlp { get; init; }

    /// <summary>True: requests to /v1 from this machine need no token. Only for a machine with one user.</summary>
    public bool OpenApiOnLoopback { get; init; }
}
