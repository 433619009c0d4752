// Which lines of engine, store and server rules the simulation runs, and what it never runs. A note is put before each line
// of the compiled assemblies (Mono.Cecil, by their symbols), in memory; the seeds then run over those.

using System.Text;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace NanoSync.Simulation;

/// <summary>Where the noted lines are counted: the assemblies made by <see cref="Coverage"/> call it.</summary>
public static class CoverageNotes
{
    private static readonly bool[] s_seen = new bool[100_000];

    public static void Seen(int line) => s_seen[line] = true;

    /// <summary>Runs seeds, and says which lines were seen.</summary>
    public static bool[] Run(ulong first, int count, int threads)
    {
        (_, List<(ulong Seed, string What)> failures) = Runner.Run(first, count, threads);
        return failures.Count == 0 ? s_seen : throw new SimulationFailed($"seed {failures[0].Seed}: {failures[0].What}");
    }
}

/// <summary>Lines run and not run.</summary>
public sealed class Coverage
{
    // the rules: the rest of the server is its command line, HTTP, mail and SQL
    private static readonly (string Assembly, string Folder)[] s_parts =
        [("NanoSync.Device", "Device/"), ("NanoSync.Storage", "Storage/"), ("NanoSync.Server.Core", "Server/Core/Engine/")];

    private readonly List<(string Part, string File, string Method, int Line)> _lines = [];

    /// <summary>Lines of a part, and how many of them were run.</summary>
    public SortedDictionary<string, (int Lines, int Run)> Parts { get; } = [];

    /// <summary>Methods of which no line was run.</summary>
    public List<string> Never { get; } = [];

    /// <summary>Lines not run in methods that were, by file.</summary>
    public SortedDictionary<string, List<int>> Missed { get; } = [];

    public static Coverage Of(ulong first, int count, int threads)
    {
        Coverage coverage = new();
        Dictionary<string, byte[]> noted = s_parts.ToDictionary(p => p.Assembly, p => coverage.Note(p.Assembly, p.Folder));
        bool[] seen = (bool[])new Bench(noted).Call(typeof(CoverageNotes), nameof(CoverageNotes.Run), first, count, threads)!;
        coverage.Take(seen);
        return coverage;
    }

    public override string ToString()
    {
        StringBuilder text = new();
        foreach ((string part, (int lines, int run)) in Parts)
        {
            text.AppendLine($"{part,-15} {run:N0} of {lines:N0} lines, {100.0 * run / lines:F1} %");
        }

        text.AppendLine($"never run ({Never.Count}): {string.Join(", ", Never)}");
        foreach ((string file, List<int> lines) in Missed)
        {
            text.AppendLine($"  {file}: {string.Join(' ', lines)}");
        }

        return text.ToString();
    }

    private void Take(bool[] seen)
    {
        for (int i = 0; i < _lines.Count; i++)
        {
            (int lines, int run) = Parts.GetValueOrDefault(_lines[i].Part);
            Parts[_lines[i].Part] = (lines + 1, run + (seen[i] ? 1 : 0));
        }

        foreach (IGrouping<string, (string Method, string File, int Line, bool Seen)> method in _lines.Select((l, i) => (l.Method, l.File, l.Line, Seen: seen[i])).GroupBy(l => l.Method))
        {
            if (!method.Any(l => l.Seen))
            {
                Never.Add(method.Key);
            }
            else
            {
                foreach ((_, string file, int line, _) in method.Where(l => !l.Seen))
                {
                    (Missed.TryGetValue(file, out List<int>? lines) ? lines : Missed[file] = []).Add(line);
                }
            }
        }
    }

    private byte[] Note(string assembly, string folder)
    {
        string path = Path.Combine(AppContext.BaseDirectory, assembly + ".dll");
        using ModuleDefinition module = ModuleDefinition.ReadModule(path, new ReaderParameters { ReadSymbols = true });
        MethodReference seen = module.ImportReference(typeof(CoverageNotes).GetMethod(nameof(CoverageNotes.Seen)));
        foreach (MethodDefinition method in module.GetTypes().SelectMany(t => t.Methods).Where(m => m is { HasBody: true, IsGetter: false, IsSetter: false }))
        {
            List<(Instruction At, SequencePoint Point)> points = [.. method.Body.Instructions
                .Select(i => (At: i, Point: method.DebugInformation.GetSequencePoint(i)))
                .Where(p => p.Point is { IsHidden: false } && Path.GetRelativePath(Bench.Root, p.Point.Document.Url).StartsWith(folder, StringComparison.Ordinal))];
            if (points.Count > 0)
            {
                Note(method, points, folder.TrimEnd('/'), seen);
            }
        }

        using MemoryStream bytes = new();
        module.Write(bytes);
        return bytes.ToArray();
    }

    private void Note(MethodDefinition method, List<(Instruction At, SequencePoint Point)> points, string part, MethodReference seen)
    {
        method.Body.SimplifyMacros();
        ILProcessor body = method.Body.GetILProcessor();
        foreach ((Instruction at, SequencePoint point) in points)
        {
            // The instruction itself becomes the note, and a copy of what it was follows, so that a jump to it passes the note.
            Instruction moved = body.Create(OpCodes.Nop);
            (moved.OpCode, moved.Operand) = (at.OpCode, at.Operand);
            (at.OpCode, at.Operand) = (OpCodes.Ldc_I4, _lines.Count);
            Instruction call = body.Create(OpCodes.Call, seen);
            body.InsertAfter(at, call);
            body.InsertAfter(call, moved);
            _lines.Add((part, Path.GetRelativePath(Bench.Root, point.Document.Url), $"{method.DeclaringType.Name}.{method.Name}", point.StartLine));
        }

        method.Body.OptimizeMacros();
    }
}
