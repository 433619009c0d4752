// Where the sources are: the nearest folder above the program, or above the working folder, that has NanoSync.sln.

namespace NanoSync.NanoProfile;

public static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory) ?? Find(Directory.GetCurrentDirectory())
        ?? throw new InvalidOperationException("No NanoSync.sln above the program or the working folder.");

    private static string? Find(string folder)
    {
        DirectoryInfo? at = new(folder);
        while (at != null && !File.Exists(Path.Combine(at.FullName, "NanoSync.sln")))
        {
            at = at.Parent;
        }

        return at?.FullName;
    }
}
