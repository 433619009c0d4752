// The verbs of the program. All but serve work on the data folder directly, also while a server runs on it.

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Fleet;
using NanoSync.Server.Formats;
using NanoSync.Server.Http;
using NanoSync.Server.Stores.Sqlite;
using NanoSync.Server.Tables;
using Spectre.Console;

namespace NanoSync.Server.Cli;

/// <summary>The program's command line.</summary>
public static class Commands
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private static readonly Option<string?> s_data = new("--data")
    {
        Description = $"Folder of the database, which serve makes (NANOSYNC_DATA; default: {DataFolder.Default("server")}).",
        HelpName = "DIR",
        Recursive = true,
    };

    private static readonly Option<string?> s_database = new("--database")
    {
        Description = "PostgreSQL instead of a file in the data folder, for several servers on one database (NANOSYNC_DATABASE).",
        HelpName = "\"Host=...;Database=...\"",
        Recursive = true,
    };

    private static readonly Option<string?> s_config = new("--config")
    {
        Description = "File of settings, as settings prints one (NANOSYNC_CONFIG; default: appsettings.json of this folder, if there is one).",
        HelpName = "FILE",
        Recursive = true,
    };

    private static readonly Argument<string> s_device = new("DEVICE") { Description = "The device's name." };
    private static readonly Argument<string> s_collection = new("COLLECTION") { Description = "The device's collection." };
    private static readonly Argument<string> s_id = new("ID") { Description = "The object's id." };

    private static readonly Argument<string?> s_json = new("JSON") { Description = "The fields, such as {\"interval\":5,\"sensors\":null}: each of the class, null = without it; - = from standard input.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> s_class = new("--class") { Description = "The object's class: name, name#hash or name(field:code,...).", HelpName = "CLASS" };
    private static readonly Option<string?> s_from = new("--file") { Description = "Take the object's bytes from this file instead of JSON.", HelpName = "FILE" };

    // Verbs that change something: they stand in the audit log. What follows a name makes it a change; without that it reads.
    private static readonly string[] s_changes =
    [
        "admin-token --renew", "restore", "session link",
        "device add", "device enrol", "device claim", "device revoke", "device rotate", "device replace", "device delete", "device grant", "device tell", "device group",
        "device mail ADDRESS", "device diary --ask",
        "object put", "object delete", "object restore", "object follow", "object retry", "object drop", "object fetch",
        "group put", "group delete", "group continue", "group abort", "group restore", "proxy add", "proxy remove", "proxy retry", "class describe", "class forget", "token add", "token renew", "token revoke", "alert acknowledge",
    ];

    /// <summary>All verbs.</summary>
    public static RootCommand Root()
    {
        return new RootCommand("NanoSync server: devices sync their objects with it.")
        {
            s_data,
            s_database,
            s_config,
            Serve(),
            Settings(),
            Doctor(),
            AdminToken(),
            InitTls(),
            Backup(),
            Restore(),
            AccessCommands.Token(With, NewTable, Row, Time),
            AccessCommands.Session(With, parsed => Options(parsed)),
            AccessCommands.Audit(With, NewTable, Row, Time),
            Device(),
            Object(),
            GroupCommands.Make(With, NewTable, Row, Time, ValueOf, s_json, s_class, s_from),
            Refusals(),
            ReadingCommands.Make(With),
            ReadingCommands.Changes(With),
            ClassCommands.Make(With, NewTable, Row, Time),
            Tables(),
            AlertCommands.Make(With, NewTable, Row, Time),
            ProxyCommands.Make(With, NewTable, Row, Time, Options),
            Decode(),
            Exchange(),
        };
    }

    /// <summary>Runs the program; its exit code.</summary>
    public static async Task<int> Run(string[] args)
    {
        ParseResult parsed = Root().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (ParseError error in parsed.Errors)
            {
                Say(Console.Error, error.Message);
            }

            Console.Error.WriteLine("--help shows what can be given.");
            return ExitCodes.Usage;
        }

        InvocationConfiguration invocation = new() { EnableDefaultExceptionHandler = false };
        FolderUse? folder = null;
        try
        {
            folder = UseOf(parsed);
            return await parsed.InvokeAsync(invocation);
        }
        catch (RefusedException e)
        {
            foreach (string line in e.Code == "bad_lines" ? e.Message.Split('\n') : [e.Message])
            {
                Say(Console.Error, line);
            }

            return e.Kind == Refusal.NotFound ? ExitCodes.NotFound : ExitCodes.Failed;
        }
        catch (StartupException e)
        {
            Say(Console.Error, e.Message);
            return e.PortTaken ? ExitCodes.PortTaken : ExitCodes.DataUnusable;
        }
        catch (StoreException e)
        {
            Say(Console.Error, e.Message);
            return ExitCodes.DataUnusable;
        }
        finally
        {
            foreach (string line in folder?.HandOver() ?? [])
            {
                if (parsed.CommandResult.Command.Name != "serve") // which opens what it made
                {
                    Say(Console.Error, line);
                }
            }
        }
    }

    // Null where the settings cannot be read: whoever needs them says so.
    private static FolderUse? UseOf(ParseResult parsed)
    {
        try
        {
            return new FolderUse(Path.GetFullPath(Options(parsed).Data));
        }
        catch (StartupException)
        {
            return null;
        }
    }

    private static Command Serve()
    {
        Option<string?> urls = new("--urls")
        {
            Description = "Where to listen, semicolon-separated (NANOSYNC_URLS; default: http://127.0.0.1:8080, which no other machine reaches).",
            HelpName = "URLS",
        };
        Option<int?> port = new("--port") { Description = "Listen on this port of this machine; 0 = any free one. For other machines: --urls https://0.0.0.0:N", HelpName = "N" };
        port.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out int n) && n is >= 0 and <= 65535))
            {
                result.AddError("A port is a number from 0 to 65535.");
            }
        });
        Option<bool> open = new("--open-api-on-loopback")
        {
            Description = "Let requests to /v1 from this machine pass without the admin token. Only for a machine with one user.",
        };
        Option<string?> certificate = new("--tls-cert") { Description = "The certificate for https:// (PEM), read again when it changes (NANOSYNC_TLSCERT).", HelpName = "FILE" };
        Option<string?> key = new("--tls-key") { Description = "Its key (PEM; NANOSYNC_TLSKEY).", HelpName = "FILE" };
        Option<bool> plain = new("--plain-http") { Description = "Listen with http:// for other machines, too: behind a proxy that ends TLS, or in a network of your own." };
        Command command = new("serve", "Run the server.") { urls, port, open, certificate, key, plain };
        command.Validators.Add(result =>
        {
            if (result.GetResult(urls) != null && result.GetResult(port) != null)
            {
                result.AddError("--urls and --port say two things: give one of them.");
            }
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            ServerOptions options = Options(parsed);
            if (parsed.GetValue(port) is { } n)
            {
                options = options with { Urls = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{n}") };
            }

            options = options with
            {
                Urls = parsed.GetValue(urls) ?? options.Urls,
                OpenApiOnLoopback = options.OpenApiOnLoopback || parsed.GetValue(open),
                TlsCertificate = parsed.GetValue(certificate) ?? options.TlsCertificate,
                TlsKey = parsed.GetValue(key) ?? options.TlsKey,
                PlainHttp = options.PlainHttp || parsed.GetValue(plain),
            };
            await using Host.WebHost host = await Host.WebHost.Start(options, logLevel: LogLevel.Information);
            string data = Path.GetFullPath(options.Data);
            Console.WriteLine($"NanoSync server on {string.Join(' ', host.Urls)}, data in {data}");
            Console.WriteLine(host.AdminToken is { } token
                ? $"Devices: POST /sync. Application: /v1 with Authorization: Bearer {token} (shown this once; another: admin-token --renew)"
                : "Devices: POST /sync. Application: /v1 with a token: that of the first start, or one made by token add.");
            Console.WriteLine("Ctrl-C ends it.");
            await host.WaitForShutdown();
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command AdminToken()
    {
        Option<bool> renew = new("--renew") { Description = "Make another one, shown this once; the one before ends at once, also at a running server." };
        Command command = new("admin-token", "Say whether the first token counts and when it was used; --renew makes another.") { renew };
        command.SetAction(parsed => OverTokens(parsed, core =>
        {
            if (parsed.GetValue(renew))
            {
                Console.WriteLine(core.Access.Renew(Access.AccessService.Admin, null, "cli"));
                Console.Error.WriteLine("This token is not kept, only its check sum.");
                return;
            }

            Access.AccessTokenRow row = core.Access.List().Find(t => t.Name == Access.AccessService.Admin && t.Revoked == null)
                ?? throw new RefusedException(Refusal.NotFound, "The admin token was revoked. To make another: admin-token --renew");
            Console.WriteLine($"made {Time(row.Created)}, last used {(row.LastUsed is { } used ? Time(used) : "never")}; it was shown then, and only its check sum is kept. To make another: admin-token --renew");
        }));
        return command;
    }

    // Somebody who has lost the token tries this verb first, also where no database opens.
    private static int OverTokens(ParseResult parsed, Action<ServerCore> action)
    {
        ServerData.ExistingFolder(Options(parsed));
        try
        {
            return With(parsed, action);
        }
        catch (StartupException e)
        {
            throw new StartupException($"{e.Message} The tokens' check sums are in the database, so none can be made until it opens: doctor says what is wrong, restore FILE puts a backup in its place; then admin-token --renew.");
        }
    }

    private static Command Backup()
    {
        Argument<string> file = new("FILE") { Description = "Where to; replaced when the backup is whole." };
        Option<bool> check = new("--check") { Description = "Make none: look whether FILE is one, and what is in it." };
        Command command = new("backup", "Copy the database into a file, also while servers run on it.") { file, check };
        command.SetAction(parsed =>
        {
            string path = Path.GetFullPath(parsed.GetValue(file)!);
            BackupContent content = parsed.GetValue(check) ? SqliteBackup.Check(path) : SqliteBackup.Make(Path.Combine(FileFolder(parsed), ServerData.DatabaseFile), path);
            Console.WriteLine($"{path}: {content.Devices} device(s), {content.Objects} object(s) and readings, "
                + (content.LastSeen is { } seen ? $"a device was there last {Time(seen)}" : "no device was there") + $"; form {content.Form}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Restore()
    {
        Argument<string> file = new("FILE") { Description = "A backup." };
        Command command = new("restore", "Put a backup in the place of the database; no server runs on it meanwhile.") { file };
        command.SetAction(parsed =>
        {
            string folder = Path.GetFullPath(Options(parsed).Data);
            SqliteBackup.Check(Path.GetFullPath(parsed.GetValue(file)!)); // before anything is made or removed
            Directory.CreateDirectory(folder);
            string? kept = SqliteBackup.Restore(Path.GetFullPath(parsed.GetValue(file)!), Path.Combine(FileFolder(parsed, mustExist: false), ServerData.DatabaseFile));
            foreach (string tables in Directory.GetFiles(folder, TableDatabase.SqliteFile + "*"))
            {
                File.Delete(tables); // made anew from what was put back
            }

            Console.WriteLine(kept == null ? "Put back. The next start of the server makes it known to devices." : $"Put back; what was there is kept as {kept}. The next start of the server makes it known to devices.");
            if (!OperatingSystem.IsLinux() && !OperatingSystem.IsWindows())
            {
                Say(Console.Error, $"On this system owners of files are not looked at: see that {ServerData.DatabaseFile} belongs to the server's user (chown), as {folder} does.");
            }

            return With(parsed, _ => { }); // its line stands in the log that was put back
        });
        return command;
    }

    // The data folder of a database that is a file.
    private static string FileFolder(ParseResult parsed, bool mustExist = true)
    {
        ServerOptions options = Options(parsed);
        return options.Database != null
            ? throw new RefusedException(Refusal.BadInput, "The database is PostgreSQL, which has tools of its own: pg_dump --format=custom, pg_restore --clean.")
            : mustExist ? ServerData.ExistingFolder(options) : Path.GetFullPath(options.Data);
    }

    private static Command InitTls()
    {
        Argument<string[]> names = new("NAME") { Description = "Names and addresses under which the server is reached.", Arity = ArgumentArity.OneOrMore };
        Option<string?> folder = new("--folder") { Description = "Where the files go; default: tls in the data folder.", HelpName = "DIR" };
        Option<int> days = new("--days") { Description = "Life of the server's certificate.", HelpName = "N", DefaultValueFactory = _ => 825 };
        Command command = new("init-tls", "Make an authority and a certificate for this server; made again, the authority stays.") { names, folder, days };
        command.SetAction(parsed =>
        {
            string place = parsed.GetValue(folder) ?? Path.Combine(Path.GetFullPath(Options(parsed).Data), "tls");
            TlsFiles files = TlsFiles.Make(place, parsed.GetValue(names)!, Math.Clamp(parsed.GetValue(days), 1, 3650), TimeProvider.System.GetUtcNow());
            Console.WriteLine($"{(files.Made ? "for boards and browsers" : "as before, for boards and browsers")}: {files.Authority}");
            Console.WriteLine($"serve --urls https://0.0.0.0:8443 --tls-cert {files.Certificate} --tls-key {files.Key}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Device()
    {
        Argument<string> name = new("NAME") { Description = "The device's name: A-Z a-z 0-9 . _ -" };
        Option<string> collections = new("--collections")
        {
            Description = "What it may sync, comma-separated; NAME@GROUP is shared with the other devices of the group.",
            HelpName = "NAMES",
            DefaultValueFactory = _ => DeviceService.DefaultCollections,
        };
        Option<bool> seals = new("--sealed") { Description = "It sends sealed messages, by mail or in files, and nothing else; the server keeps a key for it." };
        Option<string?> itsGroup = new("--group") { Description = "Its group.", HelpName = "GROUP" };
        Option<long?> expected = new("--every") { Description = "Seconds within which it is expected; 0 or left out = as it comes.", HelpName = "SECONDS" };
        Option<string?> board = new("--board") { Description = "Its folder of board-configs, for who flashes it.", HelpName = "BOARD" };
        Option<string?> note = new("--note") { Description = "At most 200 characters of your own.", HelpName = "TEXT" };
        Command add = new("add", "Enrol a device; its token is shown once.") { name, collections, seals, itsGroup, expected, board, note };
        add.SetAction(parsed => With(parsed, core =>
        {
            string token = core.Enrolment.Add(new NewBoard(parsed.GetValue(name)!, parsed.GetValue(collections)!, parsed.GetValue(itsGroup), parsed.GetValue(expected), parsed.GetValue(board),
                parsed.GetValue(note), parsed.GetValue(seals)));
            Console.WriteLine(token);
            Console.Error.WriteLine("This token is not kept, only its check sum. Put it on the device now.");
        }));

        Option<string?> text = new("--text") { Description = "Part of name, group, firmware or last error.", HelpName = "TEXT" };
        Option<Problem?> problem = new("--problem") { Description = "Only devices with this problem." };
        Option<FleetState?> state = new("--state") { Description = "Only devices in this state." };
        Option<ConfigState?> configuration = new("--configuration") { Description = "Only devices whose configuration has come so far, but those kept out." };
        Option<string?> group = new("--group") { Description = "Only devices of this group.", HelpName = "GROUP" };
        Option<FleetSort> sort = new("--sort") { Description = "The order." };
        Option<int> skip = new("--skip") { Description = "How many to leave out at the beginning.", HelpName = "N" };
        Option<int> limit = new("--limit") { Description = "How many at most.", HelpName = "N", DefaultValueFactory = _ => 1000 };
        Command list = new("list", "Show devices, worst first.") { text, problem, state, configuration, group, sort, skip, limit };
        list.SetAction(parsed => With(parsed, core =>
        {
            Table table = NewTable("device", "collections", "group", "problems", "last sync", "due", "waiting", "commands", "pending up",
                "dropped", "damaged", "refused", "battery", "signal", "flash left", "flash life", "clock error", "stores", "firmware", "configuration", "last error");
            (List<DeviceSummary> devices, int total) = core.Fleet.List(new FleetQuery(parsed.GetValue(text), parsed.GetValue(problem), parsed.GetValue(state), parsed.GetValue(configuration),
                parsed.GetValue(group), parsed.GetValue(sort), Math.Max(0, parsed.GetValue(skip)), Math.Clamp(parsed.GetValue(limit), 1, 1_000_000)));
            foreach (DeviceSummary d in devices)
            {
                Row(table, d.Name, core.Devices.Get(d.Name).Collections, d.Group ?? "", d.Revoked != null ? "revoked" : string.Join(' ', d.Problems.Select(Alerts.AlertOptions.NameOf)), Time(d.LastSync) ?? "never", Time(d.DueAt) ?? "",
                    Number(d.PendingDown), Number(d.Commands), d.PendingUp is { } up ? Number(up) : d.MoreUp ? "more" : "", Number(d.Dropped), Number(d.Damaged), Number(d.Refused), d.Battery?.ToString("0.00", CultureInfo.InvariantCulture) ?? "", d.Signal is { } dbm ? Number(dbm) : "",
                    d.FlashLeft is { } left ? Number(left) : "", d.FlashLife is { } days ? Number(days) : "", d.ClockError is { } seconds ? Number(seconds) : "", Number(d.Stores), d.Firmware ?? "", d.Configuration.ToString().ToLowerInvariant(), d.LastError ?? "");
            }

            AnsiConsole.Write(table);
            if (total > devices.Count)
            {
                Console.Error.WriteLine($"{devices.Count} of {total}");
            }
        }));

        Option<int?> every = new("--every") { Description = "Seconds within which it is expected; 0 = as it comes.", HelpName = "SECONDS" };
        Argument<string?> place = new("GROUP") { Description = "The group; - = none; left out: as it is.", Arity = ArgumentArity.ZeroOrOne };
        Command put = new("group", "Put a device into a group, and say when it is expected.") { name, place, every };
        put.SetAction(parsed => With(parsed, core =>
            core.Fleet.Place(parsed.GetValue(name)!, parsed.GetValue(place) is { } given ? (given == "-" ? "" : given) : null, parsed.GetValue(every))));

        Command revoke = new("revoke", "Keep a device out.") { name };
        revoke.SetAction(parsed => With(parsed, core => core.Devices.Revoke(parsed.GetValue(name)!)));

        Option<bool> readmit = new("--readmit") { Description = "Let a revoked device in again; without it a revoked one gets no token." };
        Option<int> overlap = new("--overlap") { Description = "Hours for which the old token is taken, too, until the new one is first used.", HelpName = "HOURS" };
        Command rotate = new("rotate", "Give a device a new token; the old one ends.") { name, seals, readmit, overlap };
        rotate.SetAction(parsed => With(parsed, core =>
            Console.WriteLine(core.Devices.Rotate(parsed.GetValue(name)!, parsed.GetValue(seals) ? true : null, parsed.GetValue(readmit), parsed.GetValue(overlap)))));

        Command grant = new("grant", "Give a device more collections.") { name, new Argument<string>("NAMES") { Description = "Comma-separated; NAME@GROUP is shared." } };
        grant.SetAction(parsed => With(parsed, core => core.Devices.Grant(parsed.GetValue(name)!, parsed.GetValue<string>("NAMES")!)));

        Argument<string> type = new("COMMAND") { Description = string.Join(", ", BuiltIn.Commands.Select(c => c.Name)) };
        Argument<string[]> arguments = new("ARGUMENTS") { Description = "NAME=VALUE, such as seconds=60", Arity = ArgumentArity.ZeroOrMore };
        Command tell = new("tell", "Queue a command for a device.") { name, type, arguments };
        tell.SetAction(parsed => With(parsed, core =>
        {
            List<KeyValuePair<string, string>> given = [];
            foreach (string argument in parsed.GetValue(arguments)!)
            {
                int equals = argument.IndexOf('=');
                given.Add(equals > 0 ? new(argument[..equals], argument[(equals + 1)..])
                    : throw new RefusedException(Refusal.BadInput, $"Not NAME=VALUE: {argument}"));
            }

            Console.WriteLine(core.Devices.Command(parsed.GetValue(name)!, parsed.GetValue(type)!, given));
        }));

        Command show = new("show", "Show what a device told last, and its commands.") { name };
        show.SetAction(parsed => With(parsed, core =>
        {
            DeviceRow device = core.Devices.Get(parsed.GetValue(name)!);
            Console.WriteLine($"{device.Name}: {device.Collections}, enrolled {Time(device.Created)}, "
                + (device.LastSeen is { } seen ? $"last seen {Time(seen)}" : "never seen") + (device.Revoked == null ? "" : ", revoked"));
            DeviceSummary summary = core.Fleet.Get(device.Name).Summary;
            foreach (Problem problem in summary.Problems)
            {
                Say(Console.Out, AdviceText.For(problem, summary));
            }

            foreach (ReplicaRow store in core.Devices.Stores(device.Name))
            {
                Say(Console.Out, $"store {(store.StoreId.Length > 0 ? store.StoreId : "without id")} since {Time(store.FirstSeen)}, last seen {Time(store.LastSeen)}"
                    + (store.Why.Length > 0 ? ": " + store.Why : ""));
            }

            foreach ((InfoRow row, List<KeyValuePair<string, string>> fields) in core.Devices.Info(device.Name))
            {
                Say(Console.Out, $"{row.Class} of {Time(row.Time)}: {(fields.Count > 0 ? string.Join(", ", fields.Select(f => f.Key + " " + f.Value)) : row.Data.Length + " bytes")}");
            }

            foreach (DeviceCommandRow queued in core.Devices.Commands(device.Name))
            {
                Say(Console.Out, $"{queued.Class} {queued.Id} of {Time(queued.Created)}: "
                    + (queued.Done == null ? "waiting" : queued.Status == Protocol.Status.Success ? "done"
                        : queued.Status == Protocol.Status.NumberPassed ? queued.Reason : $"refused ({queued.Status}) {queued.Reason}"));
            }
        }));

        Option<bool> ask = new("--ask") { Description = "Ask the device for it; it comes with one of its next syncs." };
        Option<string?> save = new("--file") { Description = "Write its bytes to this file, for the simulation's replay.", HelpName = "FILE" };
        Command diary = new("diary", "Show the last rounds and errors that a device sent.") { name, ask, save };
        diary.SetAction(parsed => With(parsed, core =>
        {
            string device = parsed.GetValue(name)!;
            if (parsed.GetValue(ask))
            {
                Console.WriteLine(core.Devices.AskDiary(device));
                return;
            }

            if (parsed.GetValue(save) is { } path)
            {
                byte[] bytes = core.Devices.DiaryBytes(device).Data;
                WriteFile(path, bytes);
                Console.WriteLine($"{bytes.Length} bytes in {path}");
                return;
            }

            (long time, Diary told) = core.Devices.Diary(device);
            Console.WriteLine($"diary of {device}, sent {Time(time)}: {told.Entries.Count} entries, {told.Damaged} damaged");
            foreach (DiaryEntry entry in told.Entries)
            {
                Console.WriteLine(entry);
            }
        }));

        Argument<string?> address = new("ADDRESS") { Description = "The address; - = that of its next mail; left out: it is shown.", Arity = ArgumentArity.ZeroOrOne };
        Command mail = new("mail", "Set where the answers to a device's mails go; of itself it is where its first mail asked for.") { name, address };
        mail.SetAction(parsed => With(parsed, core =>
        {
            if (parsed.GetValue(address) is { } given)
            {
                core.Devices.SetReplyAddress(parsed.GetValue(name)!, given == "-" ? null : given);
            }
            else
            {
                Say(Console.Out, core.Devices.ReplyAddress(parsed.GetValue(name)!) ?? "(where its next mail asks for)");
            }
        }));

        return new Command("device", "Enrol and manage devices.") { add, EnrolCommands.Enrol(With), EnrolCommands.Claim(With), list, put, revoke, rotate, EnrolCommands.Replace(With), EnrolCommands.Delete(With), grant, tell, show, diary, mail };
    }

    private static Command Object()
    {
        Option<long> behind = new("--after") { Description = "Only objects changed after this number.", HelpName = "N" };
        Option<int?> most = new("--limit") { Description = "How many at most; all when left out.", HelpName = "N" };
        Option<bool> deleted = new("--deleted") { Description = "What is left of deleted ones, too." };
        Command list = new("list", "Show the objects of a collection, in the order of their changes.") { s_device, s_collection, behind, most, deleted };
        list.SetAction(parsed => With(parsed, core =>
        {
            Table table = NewTable("id", "number", "class", "changed", "by", "state", "value");
            long after = Math.Max(0, parsed.GetValue(behind));
            int left = Math.Max(0, parsed.GetValue(most) ?? int.MaxValue);
            while (true)
            {
                List<ObjectView> objects = core.Objects.List(parsed.GetValue(s_device)!, parsed.GetValue(s_collection)!, after, Math.Min(left, 1000), parsed.GetValue(deleted));
                left -= objects.Count;
                foreach (ObjectView view in objects)
                {
                    JsonObject json = ObjectJson.Of(view);
                    Row(table, view.Row.Id, view.Row.Seq.ToString(CultureInfo.InvariantCulture), view.Row.Class ?? "", Time(view.Row.Changed), view.By,
                        view.State + (view.Reason is { Length: > 0 } reason ? ": " + reason : ""), (json["value"] ?? json["data"])?.ToJsonString() ?? "");
                }

                if (objects.Count == 0)
                {
                    break;
                }

                after = objects[^1].Row.Seq;
            }

            AnsiConsole.Write(table);
        }));

        Option<string?> file = new("--file") { Description = "Write the object's bytes to this file.", HelpName = "FILE" };
        Command get = new("get", "Show an object.") { s_device, s_collection, s_id, file };
        get.SetAction(parsed => With(parsed, core =>
        {
            ObjectView view = core.Objects.Get(parsed.GetValue(s_device)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!);
            if (parsed.GetValue(file) is { } path)
            {
                File.WriteAllBytes(path, view.Row.Data!);
                return;
            }

            Console.WriteLine(ObjectJson.Of(view).ToJsonString(s_indented));
        }));

        Command put = new("put", "Make or change an object.") { s_device, s_collection, s_id, s_json, s_class, s_from, VersionMatch.Option };
        put.SetAction(parsed => With(parsed, core =>
        {
            (string device, string collection, string id) = (parsed.GetValue(s_device)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!);
            ObjectView view = VersionMatch.Edit(core, parsed, device, collection, id, match => core.Objects.Put(device, collection, id, ValueOf(parsed), match, "cli " + Terminal.User));
            Console.WriteLine(ObjectJson.Of(view).ToJsonString(s_indented));
        }));

        Command delete = new("delete", "Delete an object.") { s_device, s_collection, s_id, VersionMatch.Option };
        delete.SetAction(parsed => With(parsed, core =>
        {
            (string device, string collection, string id) = (parsed.GetValue(s_device)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!);
            VersionMatch.Edit<object?>(core, parsed, device, collection, id, match =>
            {
                core.Objects.Delete(device, collection, id, match, "cli " + Terminal.User);
                return null;
            });
        }));

        Argument<string?> some = new("ID") { Description = "The object's id; all when left out.", Arity = ArgumentArity.ZeroOrOne };
        Command retry = new("retry", "Send again what the device refused.") { s_device, s_collection, some };
        retry.SetAction(parsed => With(parsed, core =>
            Console.WriteLine($"{core.Objects.Retry(parsed.GetValue(s_device)!, parsed.GetValue(s_collection)!, parsed.GetValue(some))} to be sent again")));

        Command drop = new("drop", "Ask the device to drop its copy; the server keeps the object.") { s_device, s_collection, s_id };
        drop.SetAction(parsed => With(parsed, core =>
            core.Objects.Drop(parsed.GetValue(s_device)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!)));

        Command fetch = new("fetch", "Ask the device for its copy.") { s_device, s_collection, s_id };
        fetch.SetAction(parsed => With(parsed, core =>
            core.Objects.FetchFromDevice(parsed.GetValue(s_device)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!)));

        Command conflicts = new("conflicts", "Show the losing sides of conflicts.") { s_device, s_collection };
        conflicts.SetAction(parsed => With(parsed, core =>
        {
            Table table = NewTable("id", "loser", "time", "value");
            foreach ((LoserRow row, Protocol.ObjectClass? definition) in core.Objects.Losers(parsed.GetValue(s_device)!, parsed.GetValue(s_collection)!))
            {
                JsonObject text = [];
                ObjectJson.AddValue(text, definition, row.Data ?? []);
                Row(table, row.ServerId, row.FromDevice ? "device" : "server", Time(row.Time),
                    row.Deleted ? "deleted" : (text["value"] ?? text["data"])!.ToJsonString());
            }

            AnsiConsole.Write(table);
        }));

        Command command = new("object", "Read and write objects.") { list, get, put, delete, retry, drop, fetch, conflicts };
        foreach (Command edit in GroupCommands.OfObjects(With, NewTable, Row, Time, s_device, s_collection, s_id))
        {
            command.Add(edit);
        }

        return command;
    }

    private static Command Tables()
    {
        Command command = new("tables", "Bring the typed tables up to date, a table a class, and show them.");
        command.SetAction(parsed => With(parsed, core =>
        {
            ServerData.TablesOf(core).Fill();
            Table table = NewTable("readings", "table");
            foreach (TypedTable t in ServerData.TablesOf(core).List())
            {
                Row(table, Number(t.Rows), $"{t.Name}({string.Join(", ", t.Columns)})");
            }

            AnsiConsole.Write(table);
        }));
        return command;
    }

    private static Command Refusals()
    {
        Command command = new("refusals", "Show what was refused to or by a device, and why.") { s_device };
        command.SetAction(parsed => With(parsed, core =>
        {
            Table table = NewTable("time", "collection", "object", "by", "status", "times", "reason");
            string device = parsed.GetValue(s_device)!;
            foreach (RefusalRow row in core.Devices.Refusals(device))
            {
                Row(table, Time(row.Time), row.Collection, row.ObjectId, row.ByServer ? "server" : device,
                    row.Status.ToString(CultureInfo.InvariantCulture), row.Times.ToString(CultureInfo.InvariantCulture), row.Reason);
            }

            AnsiConsole.Write(table);
        }));
        return command;
    }

    private static Command Decode()
    {
        Argument<string> file = new("FILE") { Description = "A message, WBXML or XML; - = from standard input." };
        Command command = new("decode", "Show a message as indented XML; of a bad one, what stood before the error.") { file };
        command.SetAction(parsed =>
        {
            byte[] message = ReadFile(parsed.GetValue(file)!);
            if (message.Length == EmptyReply.Size && message[0] == EmptyReply.Mark)
            {
                Console.WriteLine("The empty reply: nothing for the device.");
                return ExitCodes.Done;
            }

            return MessageDump.Write(message, Console.Out) ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static Command Exchange()
    {
        Argument<string> folder = new("DIR") { Description = "A folder with to-server/ in it, such as a USB stick." };
        Command command = new("exchange", "Answer the sealed messages in a folder; the replies go to to-device/ there.") { folder };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(folder)!;
            if (!Directory.Exists(path))
            {
                throw new RefusedException(Refusal.NotFound, $"There is no folder {path}.");
            }

            if (!Directory.Exists(Path.Combine(path, Sealed.FileExchange.ToServer)))
            {
                throw new RefusedException(Refusal.NotFound, $"There is no folder {Sealed.FileExchange.ToServer} in {path}: no device has written there. Nothing was done.");
            }

            using ServerCore core = ServerData.OpenExisting(Options(parsed));
            while (core.Groups.Turn())
            {
                // groups' values go out here, too: perhaps no server runs
            }

            try
            {
                Sealed.FileExchangeResult result = Sealed.FileExchange.Run(core, core.Sealed, path, line => Say(Console.Out, line));
                Console.WriteLine($"{result.Answered} answered, {result.Passed} late or repeated, {result.Failed} failed");
                return result.Failed == 0 ? ExitCodes.Done : ExitCodes.Failed;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new RefusedException(Refusal.BadInput, $"{path}: {e.Message}");
            }
        });
        return command;
    }

    private static int With(ParseResult parsed, Action<ServerCore> action)
    {
        using ServerCore core = ServerData.OpenExisting(Options(parsed));
        if (ChangeOf(parsed) is not { } change)
        {
            action(core);
            return ExitCodes.Done;
        }

        string target = string.Join('/', parsed.CommandResult.Command.Arguments
            .Select(a => parsed.GetResult(a)?.Tokens.FirstOrDefault()?.Value ?? (a.HasDefaultValue ? a.GetDefaultValue() as string : null)).Where(v => v != null).Take(3));
        using Access.AuditLine line = new(core.Access.Line("cli", change, Terminal.Clean(target), Terminal.User));
        action(core);
        if (line.Waiting is { } left)
        {
            core.Access.Audit(left);
        }

        return ExitCodes.Done;
    }

    // The verb as the audit log names it; null when it only reads.
    private static string? ChangeOf(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string verb = string.Join(' ', command.Parents.OfType<Command>().Where(c => c is not RootCommand).Select(c => c.Name).Append(command.Name));
        IEnumerable<string> given = parsed.CommandResult.Children.Select(c => c switch
        {
            OptionResult { Implicit: false } option => option.Option.Name,
            ArgumentResult { Tokens.Count: > 0 } argument => argument.Argument.Name,
            _ => "",
        });
        string? with = given.FirstOrDefault(g => s_changes.Contains(verb + " " + g));
        return s_changes.Contains(verb) ? verb : with == null ? null : with.StartsWith('-') ? verb + " " + with : verb;
    }

    private static ServerOptions Options(ParseResult parsed)
    {
        IConfiguration configuration = Configuration(parsed);
        return Chosen(parsed, ServerOptions.From(configuration));
    }

    // The command line goes before other settings.
    private static ServerOptions Chosen(ParseResult parsed, ServerOptions options)
    {
        if (parsed.GetValue(s_data)?.Length == 0)
        {
            throw new StartupException("--data names no folder.");
        }

        return options with { Data = parsed.GetValue(s_data) ?? options.Data, Database = parsed.GetValue(s_database) ?? options.Database };
    }

    private static IConfiguration Configuration(ParseResult parsed)
    {
        string? file = parsed.GetValue(s_config) ?? Environment.GetEnvironmentVariable("NANOSYNC_CONFIG");
        try
        {
            return ServerOptions.Configuration(string.IsNullOrEmpty(file) ? null : file);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{file ?? "appsettings.json"} cannot be read: {e.InnerException?.Message ?? e.Message}");
        }
    }

    private static Command Settings()
    {
        Command command = new("settings", "Print a file for --config: every setting with its default and what it means.");
        command.SetAction(_ =>
        {
            Console.Write(SettingsText.Example());
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Doctor()
    {
        Command command = new("doctor", "Look whether a server would run well here: settings, data folder, database, clock, TLS, port, mail. A line each; exit code 1 when something is wrong.");
        command.SetAction(async (parsed, cancellation) =>
        {
            int wrong = 0;
            await foreach (Finding finding in Cli.Doctor.Examine(() => Configuration(parsed), o => Chosen(parsed, o), cancellation))
            {
                wrong += finding.State == FindingState.Wrong ? 1 : 0;
                Say(Console.Out, $"{finding.State.ToString().ToLowerInvariant(),-6} {finding.What,-12} {finding.Text}");
            }

            return wrong == 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    // What the arguments of put say.
    private static NewValue ValueOf(ParseResult parsed)
    {
        return parsed.GetValue(s_from) is { } path
            ? new NewValue(null, ReadFile(path), parsed.GetValue(s_class))
            : ObjectJson.Parse(Encoding.UTF8.GetBytes(JsonText(parsed.GetValue(s_json))), parsed.GetValue(s_class));
    }

    private static string JsonText(string? argument)
    {
        return argument switch
        {
            null => throw new RefusedException(Refusal.BadInput, "Give the object's fields as JSON, or --file."),
            "-" => Console.In.ReadToEnd(),
            _ => argument,
        };
    }

    internal static byte[] ReadFile(string path)
    {
        try
        {
            if (path != "-")
            {
                return File.ReadAllBytes(path);
            }

            using MemoryStream bytes = new();
            using Stream input = Console.OpenStandardInput();
            input.CopyTo(bytes);
            return bytes.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(Refusal.NotFound, $"Cannot read {path}: {e.Message}");
        }
    }

    private static void WriteFile(string path, byte[] bytes)
    {
        try
        {
            File.WriteAllBytes(path, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(Refusal.BadInput, $"Cannot write {path}: {e.Message}");
        }
    }

    private static Table NewTable(params string[] columns)
    {
        Table table = new() { Border = TableBorder.None };
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = true });
        }

        // into a file or another program: no line is cut
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 10_000;
        }

        return table;
    }

    private static void Row(Table table, params string[] cells)
    {
        table.AddRow([.. cells.Select(c => new Text(Terminal.Clean(c)))]);
    }

    // A line of which a part may be somebody else's: a line break within it is no line break.
    private static void Say(TextWriter output, string line)
    {
        output.WriteLine(Terminal.Clean(line));
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string? Time(DateTimeOffset? time) => time is { } given ? Time(given.ToUnixTimeMilliseconds()) : null;

    private static string Time(long milliseconds)
    {
        return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }
}
