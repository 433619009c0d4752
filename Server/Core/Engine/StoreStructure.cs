// The structure `store` in the Options of a collection with key 0: which store of the device it is. [SPEC 7.2]

using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

/// <summary>A store as it tells of itself.</summary>
/// <param name="Id">Its id: <see cref="IdLength"/> of A-Z a-z 0-9 - _.</param>
/// <param name="Start">Number of this start over; null when not told.</param>
/// <param name="From">The store that it was one with; null = none.</param>
/// <param name="LastKey">The key that it held before this start over; null = none.</param>
/// <param name="Recovers">True: it was told 205, and the pass that begins gives back what the server has lost.</param>
public sealed record StoreStructure(string Id, long? Start, string? From, string? LastKey, bool Recovers)
{
    /// <summary>Characters of a store id.</summary>
    public const int IdLength = 4;

    /// <summary>The structure among these; null when there is none. False when there is one that cannot be read.</summary>
    public static bool TryFind(List<Structure> options, out StoreStructure? told)
    {
        told = null;
        if (options.Find(s => s.Class == BuiltIn.Store.Name && s.Data != null)?.Data is not { } data)
        {
            return true;
        }

        string id = "", from = "";
        string? last = null;
        bool recovers = false;
        long? start = null;
        byte[] bytes = data.ToArray();
        RecordReader reader = new();
        reader.Begin(BuiltIn.Store, bytes, 0, bytes.Length);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 0:
                    id = reader.Text();
                    break;
                case 1:
                    start = reader.Value;
                    break;
                case 2:
                    from = reader.Text();
                    break;
                case 3:
                    last = reader.Text();
                    break;
                default:
                    recovers = reader.Value != 0;
                    break;
            }
        }

        told = new StoreStructure(id, start, from.Length == 0 ? null : from, last, recovers);
        return reader.Error == SyncError.None && IsId(id) && (from.Length == 0 || IsId(from));
    }

    /// <summary>The store that minted a ClientId; null when it does not look like one of a store's.</summary>
    public static string? Of(string clientId)
    {
        return clientId.Length > IdLength && IsId(clientId[..IdLength]) && clientId.AsSpan(IdLength).IndexOfAnyExceptInRange('0', '9') < 0
            ? clientId[..IdLength] : null;
    }

    private static bool IsId(string id)
    {
        return id.Length == IdLength && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
    }
}
