// What a board pays, in one table: heap, instructions, garbage, file opens, erases, bytes on the way, bytes of code. A row has
// a budget, which must not be passed, and where the budget is not yet what is wanted, a goal.
//
// The numbers are those that programs print: "name: value unit", below the section "-- title" when there is one, and the
// host's counts, "##name il=1 alloc=2 ...". Which rows there are depends on the host: an ordinary nanoCLR counts nothing and
// has no files, and then the row says so; it is not taken for kept.

namespace NanoSync.NanoRun;

/// <summary>A row of the table.</summary>
/// <param name="Group">The heading it stands under.</param>
/// <param name="What">What is measured.</param>
/// <param name="Keys">Where the number comes from: the sum of these measurements.</param>
/// <param name="Per">The measurement is of so many.</param>
/// <param name="Budget">What must not be passed.</param>
/// <param name="Goal">What is wanted; 0 = the budget.</param>
internal sealed record Budget(string Group, string What, string[] Keys, int Per, long Budgeted, long Goal = 0)
{
    /// <summary>The number, or null when this host does not give it.</summary>
    public double? Value(IReadOnlyDictionary<string, double> measured) =>
        Keys.All(measured.ContainsKey) ? Keys.Sum(k => measured[k]) / Per : null;
}

internal static class Budgets
{
    private const string Heap = "Heap, bytes";
    private const string Steps = "A reading of five fields, volume in memory";
    private const string Board = "A reading on files and sockets";
    private const string Wake = "A wake: start, mount, one reading, one sync, 30 objects kept";
    private const string Wakes = "The same on 256 KB of flash, mean of 100 wakes after 200";
    private const string Code = "Code, bytes of pe";
    private const string Middle = "SyncRun/1000 readings up, 200 objects down, window 20/";
    private const string Large = "SyncRun/1000 readings up, 200 objects down, window 400/";
    private const string Many = "SyncRun/10000 readings up, 200 objects down, window 20/";

    public static readonly IReadOnlyList<Budget> Table =
    [
        Row(Heap, "engine and codecs, peak in a sync of 1,000 readings, window 20", 7900, 0, 1, Middle + "engine and codecs, peak above idle"),
        Row(Heap, "the same, 10,000 readings", 7900, 0, 1, Many + "engine and codecs, peak above idle"),
        Row(Heap, "the same, a message larger than the buffer (window 400)", 9400, 8192, 1, Large + "engine and codecs, peak above idle"),
        Row(Heap, "the same as the first, the store's frames on top", 10400, 8192, 1, Middle + "engine and codecs, peak above idle, store's frames included"),
        Row(Heap, "the store's index, 288 keyed objects", 4700, 0, 1, Middle + "  the store's index, made at Open"),
        Row(Heap, "all of it, peak", 15000, 0, 1, Middle + "peak above idle"),
        Row(Heap, "left behind by a sync of 10,000 readings (12 = one heap block)", 12, 0, 1, Many + "left behind by the sync"),
        Row(Heap, "lean HTTP carrier, not connected", 2048, 0, 1, "CarrierCost/lean HTTP carrier, not connected"),
        Row(Heap, "smallest heap for 1,000 readings and configuration: files, sockets, lean carrier, all included", 47200, 40000, 1, "smallest/sync"),
        Row(Heap, "smallest heap for a start over an outbox of 4,642 readings", 46400, 40000, 1, "smallest/boot"),
        Row(Heap, "smallest heap for the platform alone: the first by hand, without store, engine and recovery", 19000, 0, 1, "smallest/bare"),

        Row(Steps, "encode, write, read and decode, instructions", 2500, 0, 200, "Costs/record_encode/il", "Costs/message_write/il", "Costs/message_read/il", "Costs/record_decode/il"),
        Row(Steps, "append, its own commit, instructions", 2350, 0, 200, "Costs/store_append/il"),
        Row(Steps, "append, garbage in bytes", 20, 0, 200, "Costs/store_append/alloc"),
        Row(Steps, "enumerate and read, instructions", 1500, 0, 200, "Costs/store_enumerate_and_read/il"),
        Row(Steps, "acknowledge, instructions", 1000, 0, 200, "Costs/store_acknowledge/il"),

        Row(Board, "append, instructions", 5200, 5000, 100, "sync/append/il"),
        Row(Board, "append, garbage in bytes", 2400, 1024, 100, "sync/append/alloc"),
        Row(Board, "append, file opens", 2, 2, 100, "sync/append/opens"),
        Row(Board, "append, erases in 100", 30, 40, 1, "sync/append/erases"),
        Row(Board, "by hand (append, Close, open, read back), instructions", 3300, 0, 100, "bare/append/il"),
        Row(Board, "by hand, garbage in bytes", 3800, 0, 100, "bare/append/alloc"),
        Row(Board, "by hand, file opens", 2, 0, 100, "bare/append/opens"),
        Row(Board, "by hand, erases in 100", 130, 0, 1, "bare/append/erases"),
        Row(Board, "sent in a sync of 1,000, instructions", 8500, 0, 1000, "sync/sync/il"),
        Row(Board, "sent in a sync of 1,000, garbage in bytes", 240, 0, 1000, "sync/sync/alloc"),
        Row(Board, "file opens of a round of 20", 2, 0, 50, "sync/sync/opens"),
        Row(Board, "instructions of a round of 20", 170000, 0, 50, "sync/sync/il"),
        Row(Board, "garbage of a round of 20, bytes", 4600, 0, 50, "sync/sync/alloc"),

        Row(Wake, "instructions", 180000, 0, 1, "wake/wake/il"),
        Row(Wake, "garbage, bytes", 46000, 0, 1, "wake/wake/alloc"),
        Row(Wake, "file opens", 7, 10, 1, "wake/wake/opens"),
        Row(Wake, "erases", 2, 2, 1, "wake/wake/erases"),
        Row(Wake, "connections", 1, 0, 1, "wake/wake/connects"),
        Row(Wake, "bytes up, HTTP head included", 224, 224, 1, "wake/wake/sent"),
        Row(Wake, "bytes down, HTTP head included", 130, 130, 1, "wake/wake/received"),

        Row(Wakes, "instructions", 620000, 0, 100, "wakes/wake/il"),
        Row(Wakes, "garbage, bytes", 54000, 0, 100, "wakes/wake/alloc"),
        Row(Wakes, "file opens", 10, 10, 100, "wakes/wake/opens"),
        Row(Wakes, "erases in 100", 120, 150, 1, "wakes/wake/erases"),

        Row(Code, "NanoSync.Device: message, store and engine", 79200, 65536, 1, "pe/NanoSync.Device"),
        Row(Code, "NanoSync.Storage.Files", 6600, 0, 1, "pe/NanoSync.Storage.Files"),
        Row(Code, "NanoSync.App, what an application sees", 8192, 0, 1, "pe/NanoSync.App"),
        Row(Code, "NanoSync.Device.LeanHttp", 8192, 0, 1, "pe/NanoSync.Device.LeanHttp"),
        Row(Code, "NanoSync.Protocol.Lite.Xml, the text form", 7700, 0, 1, "pe/NanoSync.Protocol.Lite.Xml"),
        Row(Code, "NanoSync.Device.Sealed, replies that come later", 8192, 0, 1, "pe/NanoSync.Device.Sealed"),
    ];

    /// <summary>Puts lines of a program into the measurements, under its name.</summary>
    public static void Take(IDictionary<string, double> measured, string program, IEnumerable<string> lines)
    {
        string section = program + "/";
        foreach (string line in lines)
        {
            if (line.StartsWith("-- ", StringComparison.Ordinal))
            {
                section = $"{program}/{line[3..]}/";
            }
            else if (line.StartsWith("##", StringComparison.Ordinal))
            {
                string[] words = line[2..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                foreach (string[] count in words.Skip(1).Select(w => w.Split('=')).Where(c => c.Length == 2 && long.TryParse(c[1], out _)))
                {
                    measured[$"{program}/{words[0]}/{count[0]}"] = long.Parse(count[1]);
                }
            }
            else if (line.LastIndexOf(": ", StringComparison.Ordinal) is var colon and > 0
                && long.TryParse(line[(colon + 2)..].Split(' ')[0], out long value))
            {
                measured[section + line[..colon]] = value;
            }
        }
    }

    /// <summary>The table in Markdown.</summary>
    /// <returns>Rows whose budget is passed; rows that were not measured.</returns>
    public static (int Passed, int Missing) Print(TextWriter to, IReadOnlyList<Budget> table, IReadOnlyDictionary<string, double> measured)
    {
        int passed = 0;
        int missing = 0;
        foreach (IGrouping<string, Budget> group in table.GroupBy(r => r.Group))
        {
            to.WriteLine($"| {group.Key} | measured | budget | goal |\n|---|---|---|---|");
            foreach (Budget row in group)
            {
                double? value = row.Value(measured);
                bool over = value > row.Budgeted;
                passed += over ? 1 : 0;
                missing += value == null ? 1 : 0;
                to.WriteLine($"| {row.What} | {(value == null ? "not measured by this host" : Number(value.Value))}{(over ? " PASSED" : "")} | {row.Budgeted:N0} | {(row.Goal == 0 ? "" : value <= row.Goal ? $"{row.Goal:N0}, met" : $"{row.Goal:N0}")} |");
            }

            to.WriteLine();
        }

        return (passed, missing);
    }

    private static Budget Row(string group, string what, long budget, long goal, int per, params string[] keys) => new(group, what, keys, per, budget, goal);

    private static string Number(double value) => value == Math.Floor(value) ? $"{value:N0}" : $"{value:N1}";
}
