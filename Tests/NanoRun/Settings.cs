// What there is of nanoFramework on this machine. Environment first, then Tests/nanoclr.local.json, then the usual places.

using System.Text.Json;

namespace NanoSync.NanoRun;

/// <summary>A nanoFramework assembly: its image for the compiler and its pe for the host.</summary>
internal sealed record NanoAssembly(string Name, string Image, string Pe);

internal sealed class Settings
{
    private readonly List<string> _folders;

    private Settings(string? host, IReadOnlyList<string>? metadataProcessor, List<string> folders)
    {
        Host = host;
        MetadataProcessor = metadataProcessor;
        _folders = folders;
    }

    public string? Host { get; }

    public IReadOnlyList<string>? MetadataProcessor { get; }

    public static Settings Read(string root)
    {
        string path = Path.Combine(root, "Tests", "nanoclr.local.json");
        JsonElement file = default;
        if (File.Exists(path))
        {
            try
            {
                file = JsonDocument.Parse(File.ReadAllText(path)).RootElement;
            }
            catch (JsonException e)
            {
                throw new CannotRun($"{path} is not JSON: {e.Message}");
            }
        }

        string? host = Text("NANOSYNC_NANOCLR", file, "host") ?? OnPath("nanoclr");
        string? processor = Text("NANOSYNC_NANO_MDP", file, "metadataProcessor") ?? OnPath("nanoFramework.Tools.MetadataProcessor");
        List<string> folders = Environment.GetEnvironmentVariable("NANOSYNC_NANO_ASSEMBLIES")?.Split(Path.PathSeparator).ToList()
            ?? (Member(file, "assemblies") is { } list ? list.EnumerateArray().Select(e => e.GetString()!).ToList() : []);
        string packages = Path.Combine(root, "packages");
        if (folders.Count == 0 && Directory.Exists(packages))
        {
            folders = Directory.GetDirectories(packages).Select(p => Path.Combine(p, "lib")).Where(Directory.Exists).ToList();
        }

        // mscorlib is always that of the package nanoFramework.CoreLibrary, which the build puts beside this program.
        folders.Insert(0, Path.Combine(AppContext.BaseDirectory, "nanoframework"));

        return new Settings(host, processor == null ? null : Words(processor), folders);
    }

    /// <summary>Stops here, saying everything that is missing at once.</summary>
    public void Require(bool host)
    {
        List<string> missing = [];
        if (host && Host == null)
        {
            missing.Add(Help.GetHost);
        }
        else if (host && !File.Exists(Host))
        {
            missing.Add($"nanoCLR: there is no file {Host}.");
        }

        if (MetadataProcessor == null)
        {
            missing.Add(Help.GetMetadataProcessor);
        }

        if (_folders.Count == 1)
        {
            missing.Add(Help.GetAssemblies);
        }

        missing.AddRange(_folders.Where(f => !Directory.Exists(f)).Select(f => $"nanoFramework assemblies: there is no folder {f}."));

        if (missing.Count > 0)
        {
            throw new CannotRun("Cannot run nanoCLR here. Missing:\n  " + string.Join("\n  ", missing)
                + "\nTests/run-nanoclr.sh --help says how to name them. Nothing was run.");
        }
    }

    public NanoAssembly Assembly(string name)
    {
        return Find(name) ?? throw new CannotRun($"nanoFramework assembly {name} (dll and pe) is in none of: {string.Join(", ", _folders)}.");
    }

    public NanoAssembly? Find(string name)
    {
        foreach (string folder in _folders)
        {
            string pe = Path.Combine(folder, name + ".pe");
            foreach (string extension in (string[])[".dll", ".exe"])
            {
                string image = Path.Combine(folder, name + extension);
                if (File.Exists(image) && File.Exists(pe))
                {
                    return new NanoAssembly(name, image, pe);
                }
            }
        }

        return null;
    }

    private static string? Text(string variable, JsonElement file, string member)
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrEmpty(value) ? Member(file, member)?.GetString() : value;
    }

    private static JsonElement? Member(JsonElement file, string name) =>
        file.ValueKind == JsonValueKind.Object && file.TryGetProperty(name, out JsonElement value) ? value : null;

    private static string? OnPath(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => new[] { Path.Combine(folder, tool), Path.Combine(folder, tool + ".exe") })
            .FirstOrDefault(File.Exists);

    // words apart by spaces; "..." keeps spaces
    private static List<string> Words(string command) =>
        command.Split('"')
            .SelectMany((part, i) => i % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToList();
}
