// The virtual device: the firmware's logic on a PC, its flash a folder, its sensors this machine, and - unless told
// otherwise - a server of its own in the same process. `--help` says it all.

using System.CommandLine;
using NanoSync.Device;
using NanoSync.Server;
using NanoSync.Virtual;

var server = new Option<string?>("--server") { Description = "Sync with this server instead of one of its own, such as http://127.0.0.1:8080", HelpName = "URL" };
var token = new Option<string?>("--token") { Description = "The device's token there, as printed by `device add NAME`", HelpName = "T" };
var claim = new Option<string?>("--claim") { Description = "Instead of --token: a code as printed by `device claim NAME`, which gives the token at the first contact", HelpName = "CODE" };
var data = new Option<string>("--data") { Description = "Folder for the device's flash and the server's database", HelpName = "DIR", DefaultValueFactory = _ => DataFolder.Default("virtual") };
var once = new Option<bool>("--once") { Description = "One reading and one full sync, then exit: 0 only when both sides are in step" };
var readings = new Option<string?>("--readings") { Description = "Replay a CSV file (timestamp,value) into the outbox, sync it, then exit", HelpName = "FILE.csv" };
var window = new Option<int>("--window") { Description = "Most objects in a message, each way, 1 to 512", HelpName = "N", DefaultValueFactory = _ => 20 };
var interval = new Option<int>("--interval") { Description = "Seconds between readings until the configuration says otherwise", HelpName = "S", DefaultValueFactory = _ => 3 };
var port = new Option<int?>("--port") { Description = "Port of its own server on the loopback address; 0 = any free one [default: 8080, or any free one]", HelpName = "P" };
var xml = new Option<bool>("--xml") { Description = "Messages as XML instead of WBXML" };
var platformHttp = new Option<bool>("--platform-http") { Description = "The carrier over HttpWebRequest instead of the lean one over sockets" };
var carrier = new Option<string>("--carrier") { Description = "How messages travel: http, mqtt, mail or file. All but http need --device and --token of a device enrolled with --sealed; mqtt with --plain of any device", HelpName = "WAY", DefaultValueFactory = _ => "http" };
carrier.AcceptOnlyFromAmong("http", "mqtt", "mail", "file");
var device = new Option<string?>("--device") { Description = "mqtt, mail, file: the device's name, as enrolled", HelpName = "NAME" };
var exchange = new Option<string?>("--folder") { Description = "file: the folder that is carried to the server and back; mail: instead of --pop3, the folder where a relay drops replies", HelpName = "DIR" };
var smtp = new Option<string?>("--smtp") { Description = "mail: the relay that takes requests; smtp:// or smtps://", HelpName = "URL" };
var pop3 = new Option<string?>("--pop3") { Description = "mail: the mailbox of replies; pop3:// or pop3s://", HelpName = "URL" };
var from = new Option<string?>("--from") { Description = "mail: the device's address", HelpName = "ADDRESS" };
var to = new Option<string?>("--to") { Description = "mail: the server's address", HelpName = "ADDRESS" };
var user = new Option<string?>("--mail-user") { Description = "mail: user of the mailbox, and of a relay over TLS; the password is in NANOSYNC_MAIL_PASSWORD", HelpName = "USER" };
var wait = new Option<int?>("--wait") { Description = "http: seconds, 10 to 3540, for which the server may hold its answer until something is due, so that a change comes at once [default: it answers at once]; mqtt, mail, file: seconds that --once and --readings wait for a reply [default: 60]", HelpName = "S" };
var broker = new Option<string?>("--broker") { Description = "mqtt: the broker; mqtt:// or mqtts://", HelpName = "URL" };
var prefix = new Option<string?>("--prefix") { Description = "mqtt: what the topics begin with [default: nanosync]", HelpName = "PREFIX" };
var mqttUser = new Option<string?>("--mqtt-user") { Description = "mqtt: the account at the broker; its password is in NANOSYNC_MQTT_PASSWORD", HelpName = "USER" };
var plain = new Option<bool>("--plain") { Description = "mqtt: messages that are not sealed, for a broker that is trusted" };
var serial = new Option<bool>("--serial") { Description = "Also print what a board writes at its serial port: its states, its starts, what fails" };
var dump = new Option<string?>("--dump") { Description = "Keep each message and reply as a file in this folder", HelpName = "DIR" };

var root = new RootCommand("A NanoSync device on this machine: real readings, kept in files, synced in small windows.")
{
    server, token, claim, data, once, readings, window, interval, port, xml, platformHttp, dump, serial,
    carrier, device, exchange, smtp, pop3, from, to, user, wait, broker, prefix, mqttUser, plain,
};

root.SetAction((parsed, cancel) => Guard(() => VirtualDevice.RunAsync(
    Check(new VirtualOptions(
        Server(parsed.GetValue(server)),
        parsed.GetValue(token),
        parsed.GetValue(claim),
        Path.GetFullPath(parsed.GetValue(data)!),
        parsed.GetValue(once),
        parsed.GetValue(readings),
        parsed.GetValue(window),
        parsed.GetValue(interval),
        parsed.GetValue(port),
        parsed.GetValue(xml),
        parsed.GetValue(platformHttp),
        parsed.GetValue(dump),
        parsed.GetValue(serial),
        new PostOptions(
            parsed.GetValue(carrier)!,
            parsed.GetValue(device),
            parsed.GetValue(exchange),
            parsed.GetValue(smtp),
            parsed.GetValue(pop3),
            parsed.GetValue(from),
            parsed.GetValue(to),
            parsed.GetValue(user),
            parsed.GetValue(wait) ?? 60,
            parsed.GetValue(broker),
            parsed.GetValue(prefix),
            parsed.GetValue(mqttUser),
            parsed.GetValue(plain))
        {
            Hold = parsed.GetValue(wait),
        })),
    cancel)));

var folder = new Argument<DirectoryInfo>("DIR") { Description = "The store's folder: flash in the data folder" };
var store = new Command("store", "List, check and explain the files of a store.") { folder };
store.SetAction(parsed => StoreInspector.Run(parsed.GetValue(folder)!.FullName, Console.Out));
root.Subcommands.Add(store);

ParseResult given = root.Parse(args);
if (given.Errors.Count > 0)
{
    foreach (var error in given.Errors)
    {
        Console.Error.WriteLine(error.Message);
    }

    Console.Error.WriteLine("--help shows what can be given.");
    return 2;
}

return await given.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(5) });

static VirtualOptions Check(VirtualOptions options)
{
    return options.Post.IsUsed && (options.Server is not null || options.Dump is not null || options.Port is not null)
            ? throw new UserError($"--carrier {options.Post.Carrier} goes without --server, --port and --dump.")
        : options.Post.IsUsed && (options.Post.Device is null || options.Token is null)
            ? throw new UserError($"--carrier {options.Post.Carrier} needs --device and --token: enrol the device with `device add NAME{(options.Post.Plain ? "" : " --sealed")}`.")
        : options.Claim is not null && (options.Token is not null || options.Post.IsUsed) ? throw new UserError("--claim goes without --token and --carrier.")
        : !options.Post.IsUsed && options.Server is null != (options.Token ?? options.Claim) is null
            ? throw new UserError("--server and --token, or --claim, go together: enrol the device there with `device add NAME`, and make a code with `device claim NAME`.")
        : ServerUrl.TokenProblem(options.Claim) is { } code ? throw new UserError($"--claim: {code}.")
        : !options.Post.IsUsed && ServerUrl.TokenProblem(options.Token) is { } problem ? throw new UserError($"--token: {problem}.")
        : !options.Post.IsUsed && options.Post.Hold is < 10 or > 3540 ? throw new UserError($"--wait is 10 to 3540 seconds, not {options.Post.Hold}.")
        : !options.Post.IsUsed && options.Post.Hold is not null && options.PlatformHttp ? throw new UserError("--wait goes without --platform-http: HttpWebRequest cannot give up a request that waits.")
        : options.Window is < 1 or > 512 ? throw new UserError($"--window is 1 to 512, not {options.Window}.")
        : options.Interval is < 1 or > 86400 ? throw new UserError($"--interval is 1 to 86400 seconds, not {options.Interval}.")
        : options.Port is < 0 or > 65535 ? throw new UserError($"--port is 0 to 65535, not {options.Port}.")
        : options;
}

static Uri? Server(string? text)
{
    return text is null ? null
        : ServerUrl.Problem(text) is { } problem ? throw new UserError($"--server {text}: {problem}. A URL such as http://127.0.0.1:8080 is wanted.")
        : new Uri(ServerUrl.Complete(text));
}

static async Task<int> Guard(Func<Task<int>> run)
{
    try
    {
        // on another thread: Ctrl-C is only heard once the action has come to its first wait, which may be late
        return await Task.Run(run);
    }
    catch (UserError e)
    {
        Console.Error.WriteLine(e.Message);
        return 2;
    }
}
