using System.Net.Sockets;
using NanoSync.Device;

namespace NanoSync.Virtual;

/// <summary>The way to the server that the command line chose.</summary>
internal static class Carriers
{
    public static ICarrier Make(Uri server, string? token, bool platformHttp)
    {
        string url = server.AbsoluteUri;
        return platformHttp
            ? new PlatformHttpCarrier(url, token, new PcHttpPlatform(null))
            : new LeanHttpCarrier(url, token, new PcTls(null));
    }

    public static ICarrier Make(PostOptions options, string token)
    {
        if (options.Carrier == "file")
        {
            FilePost files = Files(options);
            return new SealedCarrier(options.Device!, token, files, files);
        }

        if (options.Smtp is null || options.From is null || options.To is null || (options.Pop3 is null && options.Folder is null))
        {
            throw new UserError("--carrier mail needs --smtp, --from, --to, and --pop3 or --folder.");
        }

        MailLine relay = Line("--smtp", options.Smtp, "smtp", 25, 465);
        bool signsIn = options.Smtp.StartsWith("smtps:", StringComparison.Ordinal) && options.User is not null;
        var mails = new MailComposer(new SmtpSink(relay, signsIn ? options.User : null, PostOptions.Password), options.From, options.To);
        IPostIn replies = options.Pop3 is null ? Files(options)
            : new Pop3Box(Line("--pop3", options.Pop3, "pop3", 110, 995), options.User ?? options.From, PostOptions.Password);
        return new SealedCarrier(options.Device!, token, mails, replies);
    }

    private static FilePost Files(PostOptions options)
    {
        string folder = options.Folder ?? throw new UserError("--carrier file needs --folder.");
        if (!Directory.Exists(folder))
        {
            throw new UserError($"--folder {folder}: there is no such folder.");
        }

        return new FilePost(folder, Path.DirectorySeparatorChar.ToString());
    }

    private static MailLine Line(string option, string text, string protocol, int port, int tlsPort)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || (url.Scheme != protocol && url.Scheme != protocol + "s") || url.Host.Length == 0)
        {
            throw new UserError($"{option} {text}: {protocol}://HOST or {protocol}s://HOST is wanted.");
        }

        bool tls = url.Scheme != protocol;
        return new MailLine(url.Host, url.Port > 0 ? url.Port : tls ? tlsPort : port, tls ? new MailTls() : null);
    }

    private sealed class MailTls : IMailTls
    {
        private readonly PcTls _tls = new(null);

        public Stream Open(Socket socket, string host) => _tls.Open(socket, host);
    }
}
