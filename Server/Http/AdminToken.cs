// The token of /v1: made at the first start, kept in the data folder for those who may read that. Read from there at each
// request, so that one renewed beside a running server counts at once.

using System.Security.Cryptography;
using System.Text;
using NanoSync.Server.Application;

namespace NanoSync.Server.Http;

/// <summary>The admin token of a data folder.</summary>
internal sealed class AdminToken
{
    private readonly string _file;

    /// <summary>The token of a data folder, which may have none yet: then nobody is let in.</summary>
    public AdminToken(string folder)
    {
        _file = FileOf(folder);
    }

    /// <summary>True when it was made just now: the one time that it is shown unasked.</summary>
    public bool IsNew { get; private set; }

    /// <summary>The token; null when there is none or it cannot be read.</summary>
    public string? Value => Read(_file);

    /// <summary>Makes the token when there is none.</summary>
    public void Ensure()
    {
        if (Value == null)
        {
            Make(_file);
            IsNew = true;
        }
    }

    /// <summary>The token of a data folder for its operator; refused when there is none.</summary>
    public static string Show(string folder)
    {
        return Read(FileOf(folder)) ?? throw new RefusedException(Refusal.NotFound, $"There is no admin token in {FileOf(folder)}. To make one: admin-token --renew");
    }

    /// <summary>Another token; the one before ends at once.</summary>
    public static string Renew(string folder)
    {
        return Make(FileOf(folder));
    }

    /// <summary>True when they are the same, in a time that tells nothing.</summary>
    public bool Matches(string given)
    {
        return Value is { } expected
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(expected)), SHA256.HashData(Encoding.UTF8.GetBytes(given)));
    }

    private static string FileOf(string folder) => Path.Combine(folder, "admin-token");

    private static string? Read(string file)
    {
        try
        {
            return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } kept ? kept : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Make(string file)
    {
        string token = DeviceService.NewToken(RandomNumberGenerator.GetBytes);
        string part = file + ".part";
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (FileStream stream = new(part, options))
            {
                stream.Write(Encoding.ASCII.GetBytes(token + "\n"));
            }

            File.Move(part, file, overwrite: true);
            return token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"Cannot keep the admin token in {file}: {e.Message}");
        }
    }
}
