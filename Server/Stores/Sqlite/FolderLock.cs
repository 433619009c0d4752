using NanoSync.Server.Engine;

namespace NanoSync.Server;

/// <summary>
/// A file that one program holds at a time: for what two programs at once would spoil, such as a store's folder. The
/// system lets go of it when the program ends, however it ends; the file stays.
/// </summary>
public sealed class FolderLock : IStoreLock
{
    private readonly FileStream _file;

    private FolderLock(FileStream file)
    {
        _file = file;
    }

    /// <summary>Takes the file, made when missing; null while another program, or this one, holds it.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be made or opened for want of rights.</exception>
    public static FolderLock? TryTake(string path)
    {
        try
        {
            FolderLock taken = new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            FileOwner.AsFolder(path); // the file stays, and the service takes it next
            return taken;
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public bool IsHeld() => true;

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
    }
}
