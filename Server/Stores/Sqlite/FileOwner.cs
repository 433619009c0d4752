// Who a file belongs to. An operator runs verbs as root beside a service with a user of its own; what root makes in the data
// folder has to be that user's, or the service cannot open it. .NET neither tells nor changes an owner. Of libraries there is
// Mono.Unix, which has had no release but previews since 2021 and brings a native library for each platform; so two calls of
// Linux' C library: statx, whose structure is the same on every processor, and lchown.

using System.Globalization;
using System.Runtime.InteropServices;

namespace NanoSync.Server;

/// <summary>The user and the group that a file belongs to, by their numbers.</summary>
/// <param name="User">The user.</param>
/// <param name="Group">The group.</param>
public readonly partial record struct FileOwner(uint User, uint Group)
{
    private const int FromHere = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint Ids = 0x18; // STATX_UID, STATX_GID
    private const int StatSize = 256;
    private const int UserAt = 20; // stx_uid; stx_gid follows

    /// <summary>True for root.</summary>
    public bool IsRoot => User == 0;

    /// <summary>The owner of a file or folder; null where there is none, or where the system does not tell.</summary>
    /// <param name="path">The file.</param>
    /// <param name="follow">True: of what a symbolic link leads to.</param>
    public static FileOwner? Of(string path, bool follow = true)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            byte[] stat = new byte[StatSize];
            return Stat(FromHere, path, follow ? 0 : NoFollow, Ids, stat) != 0 ? null
                : new FileOwner(BitConverter.ToUInt32(stat, UserAt), BitConverter.ToUInt32(stat, UserAt + sizeof(uint)));
        }
        catch (EntryPointNotFoundException)
        {
            return null; // a C library older than the call
        }
    }

    /// <summary>Makes a file that root has made its folder's owner's; does nothing where another user made it.</summary>
    public static void AsFolder(string path)
    {
        if (Environment.IsPrivilegedProcess && Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && Of(folder) is { IsRoot: false } owner)
        {
            owner.Take(path);
        }
    }

    /// <summary>What lies in a folder, at any depth, and belongs to somebody else than the folder does. In a folder of root's there is nothing: root opens all.</summary>
    public static IEnumerable<(string Path, FileOwner Owner)> Strangers(string folder)
    {
        return Of(folder) is not { IsRoot: false } owner ? [] : Below(new DirectoryInfo(folder)).Select(path => (path, Of(path, follow: false)))
            .Where(e => e.Item2 is { } other && other.User != owner.User).Select(e => (e.path, e.Item2!.Value));
    }

    /// <summary>True when this program runs as this user.</summary>
    public bool IsMe() => OperatingSystem.IsLinux() && EffectiveUser() == User;

    /// <summary>Makes a file this user's and group's; false where that is not allowed.</summary>
    public bool Take(string path)
    {
        // not what a link leads to: who owns the folder could place one there
        return OperatingSystem.IsLinux() && ((Of(path, follow: false) is { } now && now == this) || ChangeOwner(path, User, Group) == 0);
    }

    /// <summary>As chown takes it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{User}:{Group}");

    private static IEnumerable<string> Below(DirectoryInfo folder)
    {
        FileSystemInfo[] entries;
        try
        {
            entries = folder.GetFileSystemInfos();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break; // it went, or it is somebody's own
        }

        foreach (FileSystemInfo entry in entries)
        {
            yield return entry.FullName;
            if (entry is DirectoryInfo { LinkTarget: null } inner)
            {
                foreach (string path in Below(inner))
                {
                    yield return path;
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int from, string path, int flags, uint mask, [Out] byte[] stat);

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
