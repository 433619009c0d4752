// Devices in a table, as a spreadsheet saves it: a line each below a head that names the columns. And what whoever
// flashes them gets back: a file each, which the flash scripts read.

using System.Globalization;
using System.Text;
using Microsoft.VisualBasic.FileIO;

namespace NanoSync.Server.Application;

/// <summary>Devices in a CSV file, and files for the flash scripts.</summary>
public static class EnrolmentFile
{
    /// <summary>The columns; name alone is needed.</summary>
    public static readonly string[] Columns = ["name", "collections", "group", "every", "board", "note", "sealed"];

    /// <summary>Reads a file: comma or semicolon between cells, quotes where they are needed, empty lines passed over.</summary>
    /// <param name="bytes">UTF-8, with or without a byte order mark.</param>
    /// <returns>The devices, and the line of each.</returns>
    /// <exception cref="RefusedException">The head or some lines cannot be read; each is named.</exception>
    public static (List<NewBoard> Devices, List<long> Lines) Read(ReadOnlyMemory<byte> bytes)
    {
        string text = Names.TextOf(bytes.Span) ?? throw new RefusedException(Refusal.BadInput, "The file is not UTF-8.") { Code = "bad_lines", Field = "devices" };
        text = text.TrimStart('\uFEFF');
        string head = text.Split('\n', 2)[0];
        using TextFieldParser parser = new(new StringReader(text)) { TextFieldType = FieldType.Delimited, HasFieldsEnclosedInQuotes = true, TrimWhiteSpace = true };
        parser.SetDelimiters(head.Contains(';', StringComparison.Ordinal) && !head.Contains(',', StringComparison.Ordinal) ? ";" : ",");
        string[] columns = [.. (Next(parser, out string? bad) ?? []).Select(c => c.ToLowerInvariant())];
        if (bad != null || !columns.Contains("name") || columns.Any(c => !Columns.Contains(c)) || columns.Distinct().Count() != columns.Length)
        {
            throw new RefusedException(Refusal.BadInput, $"The first line names the columns, name and what is wanted of {string.Join(", ", Columns.Skip(1))}, each once; not \"{Shown(head)}\".")
            {
                Code = "bad_lines",
                Field = "devices",
            };
        }

        List<NewBoard> devices = [];
        List<long> lines = [];
        List<string> wrong = [];
        while (!parser.EndOfData)
        {
            long line = Math.Max(parser.LineNumber, 1);
            string[]? cells = Next(parser, out bad);
            if (bad != null || cells == null || cells.Length > columns.Length)
            {
                if (cells != null || bad != null)
                {
                    wrong.Add(string.Create(CultureInfo.InvariantCulture, $"line {line}: {bad ?? $"{cells!.Length} cells, where the head has {columns.Length}"}"));
                }

                continue;
            }

            string? Cell(string column) => Array.IndexOf(columns, column) is >= 0 and int at && at < cells.Length && cells[at].Length > 0 ? cells[at] : null;
            long every = 0;
            if (Cell("every") is { } seconds && !long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out every))
            {
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"line {line}: every is a number of seconds, not \"{Shown(seconds)}\"."));
                continue;
            }

            bool seals = Cell("sealed") is "yes" or "true" or "1";
            if (!seals && Cell("sealed") is not (null or "no" or "false" or "0"))
            {
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"line {line}: sealed is yes or no, not \"{Shown(Cell("sealed")!)}\"."));
                continue;
            }

            devices.Add(new NewBoard(Cell("name") ?? "", Cell("collections"), Cell("group"), every, Cell("board"), Cell("note"), seals));
            lines.Add(line);
        }

        EnrolmentService.Refuse(wrong);
        return (devices, lines);
    }

    /// <summary>What board-configs/flash.sh reads of a device, as NANOSYNC_DEVICE names it.</summary>
    /// <param name="device">What it was given.</param>
    /// <param name="server">The server's address as the board has it; null = what secrets.env says.</param>
    public static string Text(EnrolledBoard device, string? server)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"# {device.Device.Name}");
        text.Append(device.Device.Note is { Length: > 0 } note ? ": " + note : "").Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"# NANOSYNC_DEVICE=THIS_FILE board-configs/flash.sh {(device.Device.Board is { Length: > 0 } board ? board : "BOARD")} PORT\n");
        if (server != null)
        {
            text.Append(CultureInfo.InvariantCulture, $"NANOSYNC_SERVER={server}\n");
        }

        text.Append(device.Token != null ? $"NANOSYNC_TOKEN={device.Token}\n" : $"NANOSYNC_CLAIM={device.Claim}\n");
        return text.ToString();
    }

    private static string[]? Next(TextFieldParser parser, out string? bad)
    {
        bad = null;
        try
        {
            return parser.ReadFields();
        }
        catch (MalformedLineException)
        {
            bad = "its quotes do not pair";
            return null;
        }
    }

    private static string Shown(string text) => text.Length <= 60 ? text.TrimEnd('\r') : text[..60] + "...";
}
