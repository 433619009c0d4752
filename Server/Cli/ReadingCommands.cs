// readings, changes: the same as GET /v1/readings and /v1/changes, into a file or another program.

using System.CommandLine;
using System.Globalization;
using NanoSync.Server.Application;
using NanoSync.Server.Readings;

namespace NanoSync.Server.Cli;

internal static class ReadingCommands
{
    public static Command Make(Func<ParseResult, Action<ServerCore>, int> with)
    {
        Option<string?> collection = Text("--collection", "NAME", "Only of this collection; of any when left out.");
        Option<string?> type = Text("--class", "CLASS", "Only of this class: name or name#hash.");
        Option<string?> device = Text("--device", "DEVICE", "Only of this device.");
        Option<string?> group = Text("--group", "GROUP", "Only of devices of this group.");
        Option<string?> from = Text("--from", "TIME", "From this time on, such as 2026-03-01T12:00:00Z.");
        Option<string?> to = Text("--to", "TIME", "Before this time.");
        Option<ReadingFormat> format = new("--format") { Description = "csv (default), ndjson or json." };
        Option<int?> bucket = new("--bucket") { Description = "Seconds over which numbers are summed up: least, mean and most.", HelpName = "SECONDS" };
        Option<string?> fields = Text("--fields", "NAMES", "Only these fields, comma-separated.");
        Option<bool> units = new("--units") { Description = "csv has the units that are said of fields in its head, as temperature (C)." };
        Option<string?> file = Text("--file", "FILE", "Write them to this file.");
        bucket.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out int seconds) && seconds >= 1))
            {
                result.AddError("--bucket is a number of seconds, 1 or more.");
            }
        });
        Command command = new("readings", "Take readings out.") { collection, type, device, group, from, to, format, bucket, fields, units, file };
        command.SetAction(parsed => with(parsed, core =>
        {
            ReadingQuery query = new()
            {
                Collection = parsed.GetValue(collection),
                Class = parsed.GetValue(type),
                Device = parsed.GetValue(device),
                Group = parsed.GetValue(group),
                From = Time("--from", parsed.GetValue(from)),
                To = Time("--to", parsed.GetValue(to)),
                Fields = parsed.GetValue(fields) is { } names ? Names.Split(names, "--fields") : null,
                Bucket = parsed.GetValue(bucket) * 1000L,
                Units = parsed.GetValue(units) ? core.Notes.List() : [],
            };
            if (query.Bucket is { } width)
            {
                long first = query.From ?? throw new RefusedException(Refusal.BadInput, "--from is wanted with --bucket.");
                query = query with { To = query.To ?? core.Clock.GetUtcNow().ToUnixTimeMilliseconds() };
                if ((query.To - first) / width > ReadingService.MaxBuckets)
                {
                    throw new RefusedException(Refusal.BadInput, $"--bucket is too small: it would make more than {ReadingService.MaxBuckets} spans of a device.");
                }
            }

            try
            {
                using Stream output = parsed.GetValue(file) is { } path ? File.Create(path) : Console.OpenStandardOutput();
                long count = ReadingWriter.Write(core.Readings, query, parsed.GetValue(format), output).GetAwaiter().GetResult();
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} written"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new RefusedException(Refusal.BadInput, $"Cannot write: {e.Message}");
            }
        }));
        return command;
    }

    public static Command Changes(Func<ParseResult, Action<ServerCore>, int> with)
    {
        Option<string?> after = Text("--after", "CURSOR", "The cursor behind which to go on, or a change's number; 0 = from the first that is kept; left out: from now on.");
        Option<string?> collection = Text("--collection", "NAME", "Only objects of this collection.");
        Option<string?> device = Text("--device", "DEVICE", "Only of this device.");
        Option<string?> group = Text("--group", "GROUP", "Only of devices of this group.");
        Option<bool> once = new("--once") { Description = "End when there is no more now, instead of waiting for what comes." };
        Command command = new("changes", "Follow what changes, as server-sent events: the id of each is the cursor to go on with.") { after, collection, device, group, once };
        command.SetAction(parsed => with(parsed, core =>
        {
            bool ends = parsed.GetValue(once);
            ChangeStream stream = new(core, new ReadingQuery { Collection = parsed.GetValue(collection), Device = parsed.GetValue(device), Group = parsed.GetValue(group) }, Cursor.Parse(parsed.GetValue(after)));
            using CancellationTokenSource ending = new();
            ConsoleCancelEventHandler stop = (_, e) => { e.Cancel = true; ending.Cancel(); };
            Console.CancelKeyPress += stop;
            try
            {
                stream.Check();
                using Stream output = Console.OpenStandardOutput();
                stream.Run(output, ending.Token, ends, core.Fleet).GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // whoever read it has gone, or it was ended
            }
            finally
            {
                Console.CancelKeyPress -= stop;
            }
        }));
        return command;
    }

    private static long? Time(string name, string? text)
    {
        return text == null ? null
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time.ToUnixTimeMilliseconds()
            : throw new RefusedException(Refusal.BadInput, $"{name} is a time such as 2026-03-01T12:00:00Z.");
    }

    private static Option<string?> Text(string name, string help, string description)
    {
        return new Option<string?>(name) { HelpName = help, Description = description };
    }
}
