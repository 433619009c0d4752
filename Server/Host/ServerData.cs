// Which database it is, and where: the one place that knows both.

using Microsoft.Extensions.Logging;
using NanoSync.Server.Alerts;
using NanoSync.Server.Engine;
using NanoSync.Server.Host;
using NanoSync.Server.Http;
using NanoSync.Server.Mail;
using NanoSync.Server.Proxy;
using NanoSync.Server.Stores.Postgres;
using NanoSync.Server.Stores.Sqlite;
using NanoSync.Server.Tables;

namespace NanoSync.Server;

/// <summary>Opens what a server keeps.</summary>
public static class ServerData
{
    /// <summary>Name of the database in the data folder.</summary>
    public const string DatabaseFile = "nanosync.db";

    /// <summary>Opens the data folder, and makes it when missing.</summary>
    public static ServerCore Open(ServerOptions options, TimeProvider? clock = null, ILogger? log = null)
    {
        string folder = Path.GetFullPath(options.Data);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"Cannot make the data folder {folder}: {e.Message}");
        }

        return OpenStore(options, folder, clock ?? TimeProvider.System, log);
    }

    /// <summary>Opens what a server has made; where none has, nothing is made.</summary>
    public static ServerCore OpenExisting(ServerOptions options)
    {
        return OpenStore(options, ExistingFolder(options), TimeProvider.System, null);
    }

    /// <summary>The data folder, as a full path; a <see cref="StartupException"/> where no server has made its database there.</summary>
    public static string ExistingFolder(ServerOptions options)
    {
        string folder = Path.GetFullPath(options.Data);
        return options.Database != null || File.Exists(Path.Combine(folder, DatabaseFile)) ? folder
            : throw new StartupException($"There is no server's data in {folder}. --data names another folder; a new one is made by: serve --data {options.Data}");
    }

    private static ServerCore OpenStore(ServerOptions options, string folder, TimeProvider clock, ILogger? log)
    {
        try
        {
            IServerStore store = options.Database is { } database
                ? new PostgresStore(database, options.Patience, clock)
                : new SqliteStore(Path.Combine(folder, DatabaseFile), options.Patience, clock);
            if (log != null && store is PostgresStore { Careless: { Count: > 0 } careless })
            {
                log.DatabaseCareless(string.Join(" and ", careless));
            }

            ServerCore core = new(store, options, clock, log, channels: Channels(options));
            core.Sync.Guard = new LoopGuard(store, clock);
            return core;
        }
        catch (StoreException e)
        {
            throw new StartupException(e.Message);
        }
    }

    /// <summary>The typed tables of a core that was made with <see cref="ServerOptions"/>.</summary>
    public static TypedTables TablesOf(ServerCore core)
    {
        return new TypedTables(core.Store, core.Readings, core.Incarnation, TablesDatabase((ServerOptions)core.Options));
    }

    /// <summary>Where typed tables lie.</summary>
    public static TableDatabase TablesDatabase(ServerOptions options) => TableDatabase.Of(options.Database, options.Data);

    private static List<IAlertChannel> Channels(ServerOptions options)
    {
        List<IAlertChannel> channels = [];
        if (options.Alerts.Webhook is { } address)
        {
            channels.Add(new WebhookChannel(address, options.Alerts.WebhookSecret));
        }

        if (options.Alerts.Mail is { } to && options.Mail is { } mail)
        {
            channels.Add(new MailChannel(mail, to));
        }

        return channels;
    }
}
