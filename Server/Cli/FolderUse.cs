// What a verb leaves in the data folder belongs to the folder's owner, as what serve leaves does: an operator runs verbs as root,
// the service has a user of its own.

namespace NanoSync.Server.Cli;

/// <summary>The data folder as it was before a verb.</summary>
internal sealed class FolderUse
{
    private readonly string _folder;
    private readonly HashSet<(string, FileOwner)> _before;

    public FolderUse(string folder)
    {
        _folder = folder;
        _before = [.. FileOwner.Strangers(folder)];
    }

    /// <summary>Hands over what this program has made since; a line for each file that it may not hand over.</summary>
    public IEnumerable<string> HandOver()
    {
        foreach ((string path, FileOwner owner) in FileOwner.Strangers(_folder))
        {
            if (owner.IsMe() && !_before.Contains((path, owner)) && FileOwner.Of(_folder) is { } wanted && !wanted.Take(path) && File.Exists(path))
            {
                yield return Advice(_folder, path, owner);
            }
        }
    }

    /// <summary>What is wrong with a file that is not the folder's owner's, and what to run.</summary>
    public static string Advice(string folder, string path, FileOwner owner)
    {
        FileOwner? wanted = FileOwner.Of(folder);
        return $"{path} belongs to {owner}, and its folder to {wanted}, as which the server may not open it: chown {wanted} {path}";
    }
}
