// The token of /api: made at first start, kept in the data folder for those who may read that.

using System.Security.Cryptography;
using System.Text;
using NanoSync.Server.Application;

namespace NanoSync.Server.Http;

internal static class AdminToken
{
    /// <summary>The token of a data folder.</summary>
    public static string Load(string folder)
    {
        string file = Path.Combine(folder, "admin-token");
        try
        {
            if (File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } kept)
            {
                return kept;
            }

            string token = DeviceService.NewToken(RandomNumberGenerator.GetBytes);
            FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using FileStream stream = new(file, options);
            stream.Write(Encoding.ASCII.GetBytes(token + "\n"));
            return token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"Cannot keep the admin token in {file}: {e.Message}");
        }
    }

    /// <summary>True when they are the same, in a time that tells nothing.</summary>
    public static bool Matches(string expected, string given)
    {
        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(expected)), SHA256.HashData(Encoding.UTF8.GetBytes(given)));
    }
}
