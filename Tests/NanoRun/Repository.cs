namespace NanoSync.NanoRun;

internal static class Repository
{
    /// <summary>The nearest folder above this program that has NanoSync.sln.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at != null && !File.Exists(Path.Combine(at.FullName, "NanoSync.sln")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new CannotRun("No NanoSync.sln above " + AppContext.BaseDirectory);
    }
}
