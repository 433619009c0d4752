// device enrol, claim, replace, delete. The same words as REST has.

using System.CommandLine;
using System.Globalization;
using NanoSync.Device;
using NanoSync.Server.Application;

namespace NanoSync.Server.Cli;

internal static class EnrolCommands
{
    private static readonly Argument<string> s_name = new("NAME") { Description = "The device's name." };

    public static Command Enrol(Func<ParseResult, Action<ServerCore>, int> with)
    {
        Option<string> csv = new("--csv")
        {
            Description = $"A line each below a head: name, and what is wanted of {string.Join(", ", EnrolmentFile.Columns.Skip(1))}; - = from standard input.",
            HelpName = "FILE",
            Required = true,
        };
        Option<string?> output = new("--out") { Description = "Write a file NAME.env each into this folder, for board-configs/flash.sh; without it tokens or codes are printed.", HelpName = "DIR" };
        Option<string?> url = new("--url") { Description = "The server's address as boards have it, for these files.", HelpName = "URL" };
        Option<bool> claim = new("--claim") { Description = "Codes instead of tokens: a board that is flashed with its code gets its token at its first contact." };
        Option<int> days = Days();
        Command command = new("enrol", "Enrol many devices, all or none.") { csv, output, url, claim, days };
        command.SetAction(parsed => with(parsed, core =>
        {
            string? folder = parsed.GetValue(output);
            if (parsed.GetValue(url) is { } given && ServerUrl.Problem(given) is { } problem)
            {
                throw new RefusedException(Refusal.BadInput, $"--url {given}: {problem}.");
            }

            (List<NewBoard> devices, List<long> lines) = EnrolmentFile.Read(Commands.ReadFile(parsed.GetValue(csv)!));
            if (folder != null)
            {
                Prepare(folder, devices);
            }

            List<EnrolledBoard> enrolled = core.Enrolment.Enrol(devices, parsed.GetValue(claim) ? parsed.GetValue(days) : null,
                i => string.Create(CultureInfo.InvariantCulture, $"line {lines[i]}"));
            foreach (EnrolledBoard device in enrolled)
            {
                if (folder != null)
                {
                    string? failed = TryWrite(Path.Combine(folder, device.Device.Name + ".env"), EnrolmentFile.Text(device, parsed.GetValue(url)));
                    if (failed == null)
                    {
                        continue;
                    }

                    Console.Error.WriteLine($"{failed} It is enrolled all the same:");
                }

                Console.WriteLine($"{device.Device.Name} {device.Token ?? device.Claim}");
            }

            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{enrolled.Count} enrolled{(folder == null ? "" : ", files in " + folder)}. These {(parsed.GetValue(claim) ? "codes" : "tokens")} are not kept, only their check sums."));
        }));
        return command;
    }

    public static Command Claim(Func<ParseResult, Action<ServerCore>, int> with)
    {
        Option<int> days = Days();
        Command command = new("claim", "Make a code that gives a board the device's token at its first contact; codes before it end.") { s_name, days };
        command.SetAction(parsed => with(parsed, core =>
        {
            Console.WriteLine(core.Enrolment.MakeClaim(parsed.GetValue(s_name)!, parsed.GetValue(days)).Code);
            Console.Error.WriteLine("This code is not kept, only its check sum. The token that the device has goes on until the new one is first used.");
        }));
        return command;
    }

    public static Command Replace(Func<ParseResult, Action<ServerCore>, int> with)
    {
        Option<bool> claim = new("--claim") { Description = "A code instead of a token." };
        Option<int> days = Days();
        Command command = new("replace", "Another board comes in the place of this one: the old token ends, readings and configuration stay.") { s_name, claim, days };
        command.SetAction(parsed => with(parsed, core =>
        {
            EnrolledBoard replaced = core.Enrolment.Replace(parsed.GetValue(s_name)!, parsed.GetValue(claim) ? parsed.GetValue(days) : null);
            Console.WriteLine(replaced.Token ?? replaced.Claim);
            Console.Error.WriteLine("It is not kept, only its check sum. Put it on the new board now.");
        }));
        return command;
    }

    public static Command Delete(Func<ParseResult, Action<ServerCore>, int> with)
    {
        Option<bool> data = new("--with-data") { Description = "What it sent goes, too; without it that is kept under its name." };
        Command command = new("delete", "Delete a device: it is kept out and off the lists.") { s_name, data };
        command.SetAction(parsed => with(parsed, core => core.Enrolment.Delete(parsed.GetValue(s_name)!, parsed.GetValue(data))));
        return command;
    }

    private static Option<int> Days()
    {
        return new Option<int>("--days") { Description = "Days that a code lives.", HelpName = "N", DefaultValueFactory = _ => EnrolmentService.DefaultDays };
    }

    // Before anybody is enrolled: a folder that takes files, and none of these in it.
    private static void Prepare(string folder, List<NewBoard> devices)
    {
        try
        {
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, Path.GetRandomFileName());
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(Refusal.BadInput, $"Nobody was enrolled. Cannot write into {folder}: {e.Message}");
        }

        if (devices.Find(d => File.Exists(Path.Combine(folder, d.Name + ".env"))) is { } there)
        {
            throw new RefusedException(Refusal.Conflict, $"Nobody was enrolled. There is a {there.Name}.env in {folder} already.");
        }
    }

    // Readable by its owner alone; null = written.
    private static string? TryWrite(string path, string text)
    {
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using StreamWriter writer = new(path, options);
            writer.Write(text);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{path}: {e.Message}";
        }
    }
}
