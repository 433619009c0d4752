// Messages as files in a folder: a USB stick, a phone that carries data. [SPEC 8.4]

using NanoSync.Server.Engine;

namespace NanoSync.Server.Sealed;

/// <summary>What an exchange did.</summary>
public sealed record FileExchangeResult(int Answered, int Passed, int Failed);

/// <summary>Answers the requests in a folder.</summary>
public static class FileExchange
{
    /// <summary>Folder of requests.</summary>
    public const string ToServer = "to-server";

    /// <summary>Folder of replies.</summary>
    public const string ToDevice = "to-device";

    private const string Done = "done";
    private const string Failed = "failed";
    private const string Ending = ".sealed";
    private const string PartEnding = ".part";

    /// <summary>Answers all requests, in the order of their names, that is of their numbers. Each is told to <paramref name="log"/>.</summary>
    public static FileExchangeResult Run(ServerCore core, SealedService service, string folder, Action<string>? log = null)
    {
        string requests = Path.Combine(folder, ToServer);
        int answered = 0, passed = 0, failed = 0;
        if (!Directory.Exists(requests))
        {
            return new FileExchangeResult(0, 0, 0);
        }

        foreach (string path in Directory.GetFiles(requests, "*" + Ending).Order(StringComparer.Ordinal))
        {
            SealedResult result;
            if (new FileInfo(path).Length > core.Options.Limits.MaxMessage + 256)
            {
                result = new SealedResult(SealedOutcome.Refused, "More bytes than this server takes.");
            }
            else
            {
                result = service.Accept(File.ReadAllBytes(path));
            }

            string name = Path.GetFileName(path);
            switch (result.Outcome)
            {
                case SealedOutcome.Answer:
                    Write(Path.Combine(folder, ToDevice), NameOf(result.Reply!), result.Reply!.ToBytes());
                    service.Answered(result.Reply);
                    Move(path, Path.Combine(folder, Done));
                    answered++;
                    log?.Invoke($"{name}: answered{(result.Why.Length > 0 ? ", " + result.Why : "")}");
                    break;
                case SealedOutcome.Passed:
                    Move(path, Path.Combine(folder, Done));
                    passed++;
                    log?.Invoke($"{name}: {result.Why}");
                    break;
                default:
                    Write(Path.Combine(folder, Failed), name + ".why", System.Text.Encoding.UTF8.GetBytes(result.Why + "\n"));
                    Move(path, Path.Combine(folder, Failed));
                    failed++;
                    log?.Invoke($"{name}: {result.Why}");
                    break;
            }
        }

        return new FileExchangeResult(answered, passed, failed);
    }

    /// <summary>The name of a message's file.</summary>
    public static string NameOf(SealedMessage message)
    {
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{message.Device}.{message.Store}.{message.Number:D10}{Ending}");
    }

    private static void Write(string folder, string name, byte[] bytes)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, name);
        using (FileStream file = new(path + PartEnding, FileMode.Create, FileAccess.Write))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true); // a stick is pulled out
        }

        File.Move(path + PartEnding, path, overwrite: true);
    }

    private static void Move(string path, string folder)
    {
        Directory.CreateDirectory(folder);
        File.Move(path, Path.Combine(folder, Path.GetFileName(path)), overwrite: true);
    }
}
