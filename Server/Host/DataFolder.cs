namespace NanoSync.Server;

/// <summary>Where data lies when nothing is said.</summary>
public static class DataFolder
{
    /// <summary>
    /// The user's own folder for what programs keep: ~/.local/share/nanosync/PART (XDG_DATA_HOME goes first), on Windows
    /// %LOCALAPPDATA%\nanosync\PART. The same wherever the program is started, and never inside a source tree. For
    /// a user without a home it is nanosync/PART in the working directory.
    /// </summary>
    public static string Default(string part)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return Path.Combine(home, "nanosync", part);
    }
}
