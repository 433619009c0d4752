// The first token: made with the database and shown that one time. An earlier version of the server kept it in a file of the
// data folder. The token of such a file stays valid: its check sum is kept as that of any other token, and the file is removed.

using NanoSync.Server.Access;

namespace NanoSync.Server.Http;

/// <summary>The first token.</summary>
internal static class AdminToken
{
    /// <summary>Makes the first token where there was never one; null when there was.</summary>
    /// <param name="access">Tokens.</param>
    /// <param name="folder">The data folder.</param>
    public static string? Ensure(AccessService access, string folder)
    {
        string file = Path.Combine(folder, "admin-token");
        try
        {
            if (File.Exists(file))
            {
                if (File.ReadAllText(file).Trim() is { Length: > 0 } kept)
                {
                    access.AddFirst(kept);
                }

                File.Delete(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{file} of an earlier version holds a token that can be read, and cannot be removed: {e.Message}");
        }

        return access.AddFirst();
    }
}
