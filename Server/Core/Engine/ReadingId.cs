// The ids of readings are not kept but computed: of the store that made them and the number that it counted up. What does
// not have this form is kept as an object with an id of its own. [SPEC 5.4]

using System.Globalization;

namespace NanoSync.Server.Engine;

/// <summary>The id of a reading.</summary>
/// <param name="Prefix">What is before the number: the store id; in a shared collection behind the number of the device and a hyphen.</param>
/// <param name="Number">The number, 0 or more.</param>
public readonly record struct ReadingId(string Prefix, long Number)
{
    private const int MostDigits = 18; // of a number that fits 64 bits whatever it is

    /// <summary>The store id.</summary>
    public string StoreId => Prefix[^StoreStructure.IdLength..];

    /// <summary>The ClientId that the store gave.</summary>
    public string ClientId => string.Create(CultureInfo.InvariantCulture, $"{StoreId}{Number}");

    /// <summary>What a ClientId of a store stands for; null when it has another form.</summary>
    public static ReadingId? OfClient(string clientId, string owner = "")
    {
        return StoreStructure.Of(clientId) is { } storeId && Count(clientId.AsSpan(StoreStructure.IdLength)) is { } number ? new ReadingId(owner + storeId, number) : null;
    }

    /// <summary>What stands before the store id in the ids of a device's readings.</summary>
    public static string Owner(int device, bool shared) => shared ? string.Create(CultureInfo.InvariantCulture, $"{device}-") : "";

    /// <summary>What an id on the server may stand for: in a private collection, in a shared one, or both.</summary>
    public static IEnumerable<ReadingId> OfServer(string id)
    {
        if (OfClient(id) is { } own)
        {
            yield return own;
        }

        int hyphen = id.IndexOf('-');
        if (hyphen > 0 && Count(id.AsSpan(0, hyphen)) != null && OfClient(id[(hyphen + 1)..], id[..(hyphen + 1)]) is { } shared)
        {
            yield return shared;
        }
    }

    /// <summary>The id on the server.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Number}");

    // As it would be written: 007 is not 7.
    private static long? Count(ReadOnlySpan<char> digits)
    {
        return digits.Length is > 0 and <= MostDigits && (digits[0] != '0' || digits.Length == 1)
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
    }
}
