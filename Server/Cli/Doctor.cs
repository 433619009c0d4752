// doctor: looks whether a server would run well with these settings, and says what is wrong, a line each. It changes nothing:
// it removes what it writes to see whether it can write.

using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using NanoSync.Server.Engine;
using NanoSync.Server.Http;
using NanoSync.Server.Mail;
using NanoSync.Server.Stores.Postgres;
using NanoSync.Server.Stores.Sql;
using NanoSync.Server.Stores.Sqlite;
using NanoSync.Server.Tables;
using Npgsql;

namespace NanoSync.Server.Cli;

/// <summary>How something stands.</summary>
public enum FindingState
{
    /// <summary>Well.</summary>
    Ok,

    /// <summary>It runs, and somebody should look.</summary>
    Look,

    /// <summary>It does not run like this, or will not for long.</summary>
    Wrong,
}

/// <summary>What was found.</summary>
public sealed record Finding(FindingState State, string What, string Text);

/// <summary>Looks at everything a server needs.</summary>
public static class Doctor
{
    private const long LeastFree = 100L << 20;
    private const long LittleFree = 1L << 30;
    private const int LittleDays = 14; // of a certificate
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_ahead = TimeSpan.FromMinutes(2);

    // of flash scripts, tools and tests, which may stand in the same environment
    private static readonly string[] s_others = ["config", "server", "token", "claim", "device", "secrets", "wifi_ssid", "wifi_password", "ca", "mail_password",
        "mqtt_password", "nanoclr", "nano_mdp", "nano_assemblies", "lives", "seed", "proxy_seeds", "pictures", "write_surface", "mutation_classes"];

    /// <summary>Looks; what it finds, as it finds it.</summary>
    /// <param name="configuration">Reads the settings.</param>
    /// <param name="chosen">Adds what the command line says.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="clock">The time; null = this machine's.</param>
    public static async IAsyncEnumerable<Finding> Examine(
        Func<IConfiguration> configuration, Func<ServerOptions, ServerOptions> chosen, [EnumeratorCancellation] CancellationToken cancellation = default, TimeProvider? clock = null)
    {
        clock ??= TimeProvider.System;
        ServerOptions? options = null;
        List<Finding> findings = [];
        try
        {
            IConfiguration given = configuration();
            options = chosen(ServerOptions.From(given));
            string[] unknown = [.. Unknown(given)];
            findings.Add(unknown.Length == 0 ? new(FindingState.Ok, "settings", "all are known and can be read")
                : new(FindingState.Wrong, "settings", $"there is no setting {string.Join(", ", unknown)}: settings prints those that there are"));
        }
        catch (StartupException e)
        {
            findings.Add(new(FindingState.Wrong, "settings", e.Message));
        }

        foreach (Finding finding in findings)
        {
            yield return finding;
        }

        if (options == null)
        {
            yield break;
        }

        yield return Folder(options);
        (Finding database, long? newest) = Database(options, clock);
        yield return database;
        yield return Clock(clock, newest);
        yield return Tls(options, clock);
        foreach (string url in options.Urls.Split(';', StringSplitOptions.TrimEntries))
        {
            yield return await Port(options, url, cancellation);
        }

        if (options.Mail is { } mail)
        {
            yield return await Reach("mail", $"imap at {mail.Imap.Host}:{mail.Imap.Port} lets {mail.User} in", token => Imap(mail, token), cancellation);
            yield return await Reach("mail", $"smtp at {mail.Smtp.Host}:{mail.Smtp.Port} lets {mail.SmtpUser ?? mail.User} in", token => Smtp(mail, token), cancellation);
        }
        else
        {
            yield return options.Alerts.Mail != null
                ? new(FindingState.Wrong, "mail", "alertMail is set and no mail server is: alerts are not mailed")
                : new(FindingState.Ok, "mail", "none is set");
        }

        if (options.Alerts.Webhook is { } hook)
        {
            yield return await Reach("webhook", $"{hook.Host}:{hook.Port} can be reached", token => Connect(hook.Host, hook.Port, token), cancellation);
        }
    }

    private static IEnumerable<string> Unknown(IConfiguration configuration)
    {
        HashSet<string> known = new(SettingsText.All().Select(s => s.Name).Concat(s_others), StringComparer.OrdinalIgnoreCase);
        foreach (IConfigurationSection section in configuration.GetChildren())
        {
            if (section.Key.Equals("mail", StringComparison.OrdinalIgnoreCase))
            {
                foreach (IConfigurationSection child in section.GetChildren().Where(c => !known.Contains("mail:" + c.Key)))
                {
                    yield return "mail:" + child.Key;
                }
            }
            else if (!known.Contains(section.Key) && !section.Key.Equals("proxy", StringComparison.OrdinalIgnoreCase))
            {
                yield return section.Key;
            }
        }
    }

    private static Finding Folder(ServerOptions options)
    {
        const string What = "data folder";
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Data));
        try
        {
            if (!Directory.Exists(folder))
            {
                return new(options.Database == null ? FindingState.Look : FindingState.Ok, What, $"{folder} is not there yet; serve makes it");
            }

            string probe = Path.Combine(folder, ".doctor-" + Path.GetRandomFileName());
            File.WriteAllText(probe, "");
            File.Delete(probe);
            long free = new DriveInfo(folder).AvailableFreeSpace;
            string text = string.Create(CultureInfo.InvariantCulture, $"{folder} can be written, {free >> 20} MB are free");
            (string Path, FileOwner Owner)[] strangers = [.. FileOwner.Strangers(folder)];
            return free < LeastFree ? new(FindingState.Wrong, What, text + ": the disk is almost full")
                : strangers.FirstOrDefault(s => IsServers(folder, s.Path) && (Environment.IsPrivilegedProcess || !s.Owner.IsMe())) is { Path: { } closed } stranger
                ? new(FindingState.Wrong, What, FolderUse.Advice(folder, closed, stranger.Owner) + More(strangers.Length))
                : free < LittleFree ? new(FindingState.Look, What, text)
                : !OperatingSystem.IsWindows() && (File.GetUnixFileMode(folder) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute)) is not 0 and var open && options.Database == null
                    && Directory.GetFiles(folder).Any(f => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(f) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
                ? new(FindingState.Look, What, $"{text}; files in it can be read by every user ({open}): chmod o-rwx")
                : strangers.Length > 0
                ? new(FindingState.Look, What, $"{strangers[0].Path} belongs to {strangers[0].Owner}, and its folder to {FileOwner.Of(folder)}" + More(strangers.Length))
                : new(FindingState.Ok, What, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(FindingState.Wrong, What, $"{folder} cannot be written: {e.Message}");
        }
    }

    // What a server opens to write: the databases with what SQLite puts beside them, and the locks.
    private static bool IsServers(string folder, string path)
    {
        string name = Path.GetFileName(path);
        return Path.GetDirectoryName(path) == folder && (name.EndsWith(".lock", StringComparison.Ordinal)
            || new[] { ServerData.DatabaseFile, TableDatabase.SqliteFile }.Any(f => name == f || name == f + "-wal" || name == f + "-shm"));
    }

    private static string More(int strangers) => strangers > 1 ? string.Create(CultureInfo.InvariantCulture, $"; so it is with {strangers - 1} more") : "";

    private static (Finding Finding, long? Newest) Database(ServerOptions options, TimeProvider clock)
    {
        const string What = "database";
        if (options.Database == null && !File.Exists(Path.Combine(Path.GetFullPath(options.Data), ServerData.DatabaseFile)))
        {
            return (new(FindingState.Look, What, "none is there yet; serve makes it"), null);
        }

        try
        {
            (int form, int latest) = Form(options);
            if (form != latest)
            {
                // to open it would bring it to the newest form
                return (form > latest ? new(FindingState.Wrong, What, string.Create(CultureInfo.InvariantCulture, $"it has form {form}, made by a newer version of this program, which knows {latest}"))
                    : new(FindingState.Look, What, string.Create(CultureInfo.InvariantCulture, $"it has form {form}; the next start brings it to {latest}: make a backup before")), null);
            }

            using ServerCore core = ServerData.OpenExisting(options);
            List<DeviceRow> devices;
            using (IStoreTransaction reading = core.Store.BeginRead())
            {
                devices = reading.ListDevices();
            }

            using (IStoreTransaction writing = core.Store.BeginWrite())
            {
                // a turn to write is had, and given back
            }

            string text = string.Create(CultureInfo.InvariantCulture, $"{(options.Database == null ? "SQLite" : "PostgreSQL")} answers and takes changes, {devices.Count} device(s)");
            return (core.Store is PostgresStore { Careless: { Count: > 0 } careless }
                ? new(FindingState.Look, What, $"{text}; {string.Join(" and ", careless)} of PostgreSQL is off: when its machine crashes, what devices were told is kept may be lost or damaged")
                : new(FindingState.Ok, What, text),
                devices.Select(d => d.LastSeen ?? d.Created).DefaultIfEmpty().Max() is > 0 and long newest ? newest : null);
        }
        catch (StoreBusyException e)
        {
            return (new(FindingState.Look, What, e.Message), null);
        }
        catch (Exception e) when (e is StoreException or StartupException or DbException or ArgumentException)
        {
            return (new(FindingState.Wrong, What, e.Message), null);
        }
    }

    // The form of the database, and the newest that there is.
    private static (int Form, int Newest) Form(ServerOptions options)
    {
        using DbConnection connection = options.Database is { } database ? new NpgsqlConnection(database)
            : new SqliteConnection($"Data Source={Path.Combine(Path.GetFullPath(options.Data), ServerData.DatabaseFile)};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT MAX(number) FROM migration";
        return (Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture), Migrations.Newest(options.Database == null ? typeof(SqliteStore) : typeof(PostgresStore)));
    }

    private static Finding Clock(TimeProvider clock, long? newest)
    {
        DateTimeOffset now = clock.GetUtcNow();
        string text = now.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return now.Year is < 2024 or > 2099 ? new(FindingState.Wrong, "clock", $"{text} is no time that devices take: set the clock")
            : newest is { } last && DateTimeOffset.FromUnixTimeMilliseconds(last) - now > s_ahead
            ? new(FindingState.Wrong, "clock", $"{text} is before what stands in the database ({DateTimeOffset.FromUnixTimeMilliseconds(last):yyyy-MM-dd HH:mm:ss}Z): set the clock")
            : new(FindingState.Ok, "clock", text);
    }

    private static Finding Tls(ServerOptions options, TimeProvider clock)
    {
        bool wanted = options.Urls.Contains("https://", StringComparison.OrdinalIgnoreCase);
        if (options.TlsCertificate == null && options.TlsKey == null)
        {
            return wanted ? new(FindingState.Wrong, "tls", "urls has https://, and tlsCert and tlsKey are not set: init-tls makes them for a first try") : new(FindingState.Ok, "tls", "none is set");
        }

        if (options.TlsCertificate == null || options.TlsKey == null)
        {
            return new(FindingState.Wrong, "tls", "tlsCert and tlsKey are given together");
        }

        try
        {
            using X509Certificate2 certificate = new TlsCertificate(options.TlsCertificate, options.TlsKey).Current.TargetCertificate;
            TimeSpan left = certificate.NotAfter.ToUniversalTime() - clock.GetUtcNow().UtcDateTime;
            string until = $"{certificate.Subject} holds until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm:ss}Z";
            return certificate.NotBefore.ToUniversalTime() > clock.GetUtcNow().UtcDateTime ? new(FindingState.Wrong, "tls", $"{certificate.Subject} holds from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm:ss}Z on only")
                : left <= TimeSpan.Zero ? new(FindingState.Wrong, "tls", until + ": it has ended")
                : left < TimeSpan.FromDays(LittleDays) ? new(FindingState.Look, "tls", until + ": renew it")
                : !wanted ? new(FindingState.Look, "tls", until + "; urls has no https://")
                : new(FindingState.Ok, "tls", until);
        }
        catch (StartupException e)
        {
            return new(FindingState.Wrong, "tls", e.Message);
        }
    }

    private static async Task<Finding> Port(ServerOptions options, string url, CancellationToken cancellation)
    {
        const string What = "port";
        BindingAddress address;
        try
        {
            ListenUrls.Check(ListenUrls.Parse(url), options.PlainHttp);
            address = BindingAddress.Parse(url);
        }
        catch (StartupException e)
        {
            return new(FindingState.Wrong, What, e.Message);
        }

        if (address.IsUnixPipe || address.IsNamedPipe || address.Port == 0)
        {
            return new(FindingState.Ok, What, $"{url}: nothing to look at");
        }

        IPAddress ip = address.Host is "*" or "+" ? IPAddress.Any : address.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(address.Host.Trim('[', ']'));
        try
        {
            using TcpListener listener = new(ip, address.Port);
            listener.Start();
            return new(FindingState.Ok, What, $"{url} is free");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return await Running(url, address, ip, cancellation);
        }
        catch (SocketException e)
        {
            return new(FindingState.Wrong, What, $"{url} cannot be listened on: {e.Message}");
        }
    }

    // What listens there: a server of ours that is well, or another program.
    private static async Task<Finding> Running(string url, BindingAddress address, IPAddress ip, CancellationToken cancellation)
    {
        IPAddress near = ip.Equals(IPAddress.Any) ? IPAddress.Loopback : ip;
        string host = near.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{near}]" : near.ToString();
        using SocketsHttpHandler handler = new();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true; // only whether it answers is asked: nothing is sent
        using HttpClient client = new(handler) { Timeout = s_patience };
        try
        {
            using HttpResponseMessage response = await client.GetAsync(string.Create(CultureInfo.InvariantCulture, $"{address.Scheme}://{host}:{address.Port}/health"), cancellation);
            string said = (await response.Content.ReadAsStringAsync(cancellation)).Trim();
            return response.IsSuccessStatusCode && said == "ok" ? new(FindingState.Ok, "port", $"{url}: a server runs there and is well")
                : response.StatusCode == HttpStatusCode.ServiceUnavailable ? new(FindingState.Wrong, "port", $"{url}: the server there says: {(said.Length > 200 ? said[..200] : said)}")
                : new(FindingState.Wrong, "port", $"{url} is taken by another program");
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is HttpRequestException or TaskCanceledException)
        {
            return new(FindingState.Wrong, "port", $"{url} is taken by another program");
        }
    }

    private static async Task<Finding> Reach(string what, string well, Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_patience);
        try
        {
            await work(limit.Token);
            return new(FindingState.Ok, what, well);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            return new(FindingState.Wrong, what, $"not so: {well}: {(limit.IsCancellationRequested ? $"no answer within {s_patience.TotalSeconds} s" : e.Message)}");
        }
    }

    private static async Task Imap(MailOptions mail, CancellationToken cancellation)
    {
        using ImapClient client = new();
        MailTrust.Apply(client, mail.TrustedCa);
        await client.ConnectAsync(mail.Imap.Host, mail.Imap.Port, mail.Imap.Security, cancellation);
        await client.AuthenticateAsync(mail.User, mail.Password, cancellation);
        await client.GetFolderAsync(mail.Folder, cancellation);
        await client.DisconnectAsync(true, cancellation);
    }

    private static async Task Smtp(MailOptions mail, CancellationToken cancellation)
    {
        using SmtpClient client = new();
        MailTrust.Apply(client, mail.TrustedCa);
        await client.ConnectAsync(mail.Smtp.Host, mail.Smtp.Port, mail.Smtp.Security, cancellation);
        if ((mail.SmtpUser ?? mail.User).Length > 0)
        {
            await client.AuthenticateAsync(mail.SmtpUser ?? mail.User, mail.SmtpPassword ?? mail.Password, cancellation);
        }

        await client.DisconnectAsync(true, cancellation);
    }

    private static async Task Connect(string host, int port, CancellationToken cancellation)
    {
        using TcpClient client = new();
        await client.ConnectAsync(host, port, cancellation);
    }
}
