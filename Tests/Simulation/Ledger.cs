// What must become of every value written: the model that the two sides are held against.
//
// A write knows which value its writer had in hand. So the values of an object form a tree, and at rest each of them has one
// of these fates, and no other:
//
//   current    the server has it, and so has who syncs the object
//   replaced   by a write, or a deletion, of somebody who had it in hand
//   lost       to another one in a conflict: the server keeps it for a person
//   refused    by one side, which says so
//   gone       with a flash or a database, and nobody else had it: worked out at that moment, value by value

using NanoSync.Server.Engine;

namespace NanoSync.Simulation;

/// <summary>All writes to the objects that both sides change, and to those of operators.</summary>
public sealed class Ledger
{
    private readonly Dictionary<uint, (int Collection, string Place, uint Over, DeviceIdentity? Writer)> _writes = [];
    private readonly HashSet<uint> _replaced = [];
    private readonly HashSet<uint> _gone = [];

    /// <summary>A value is durable at its writer.</summary>
    /// <param name="serial">The value.</param>
    /// <param name="collection">The server's number of the collection.</param>
    /// <param name="place">The object, as its writer names it.</param>
    /// <param name="over">The value that the writer had in hand; 0 = none.</param>
    /// <param name="writer">The device; null = an operator.</param>
    public void Wrote(uint serial, int collection, string place, uint over, DeviceIdentity? writer)
    {
        _writes[serial] = (collection, place, over, writer);
        Replaced(over);
    }

    /// <summary>The value that the writer of another one had in hand; 0 = none.</summary>
    public uint Over(uint serial) => _writes.TryGetValue(serial, out (int, string, uint Over, DeviceIdentity?) write) ? write.Over : 0;

    /// <summary>A value was deleted, or written over, by one who had it in hand.</summary>
    public void Replaced(uint serial)
    {
        if (serial != 0)
        {
            _replaced.Add(serial);
        }
    }

    /// <summary>A value went with a flash or a database, and nobody else has it.</summary>
    public void Gone(uint serial) => _gone.Add(serial);

    public bool IsGone(uint serial) => _gone.Contains(serial);

    public Ledger Copy()
    {
        Ledger copy = new();
        copy.GoBack(this);
        return copy;
    }

    /// <summary>Back to a moment before.</summary>
    public void GoBack(Ledger then)
    {
        _writes.Clear();
        _replaced.Clear();
        _gone.Clear();
        foreach ((uint serial, (int, string, uint, DeviceIdentity?) write) in then._writes)
        {
            _writes.Add(serial, write);
        }

        _replaced.UnionWith(then._replaced);
        _gone.UnionWith(then._gone);
    }

    /// <summary>The values that have none of the fates allowed, in words.</summary>
    /// <param name="isCurrent">Whether the server has it now.</param>
    /// <param name="isLoser">Whether the server keeps it as the losing side.</param>
    /// <param name="isLostDelete">Whether it keeps a deletion of the object as the losing side: collection, a value that the object has on the server.</param>
    /// <param name="isRefused">Whether it was refused, and that is told: collection, place, value, writer.</param>
    /// <param name="wasApplied">Whether the server had it.</param>
    public IEnumerable<string> Judge(Func<uint, bool> isCurrent, Func<uint, bool> isLoser, Func<int, uint, bool> isLostDelete, Func<int, string, uint, DeviceIdentity?, bool> isRefused, Func<uint, bool> wasApplied)
    {
        foreach ((uint serial, (int collection, string place, uint over, DeviceIdentity? writer)) in _writes)
        {
            string who = writer?.Name ?? "an operator";
            if (!isCurrent(serial) && !_replaced.Contains(serial) && !isLoser(serial) && !_gone.Contains(serial) && !isRefused(collection, place, serial, writer))
            {
                yield return $"#{serial} of {who} ({place}) is nowhere: neither current nor replaced by one who had it, nor kept as the losing side, nor refused";
            }

            // what was replaced does not come back, but as the winner over what replaced it, or over its deletion
            if (over != 0 && isCurrent(over) && wasApplied(serial) && !IsLost(serial, isLoser) && !isLostDelete(collection, over) && !_gone.Contains(serial) && !isRefused(collection, place, serial, writer))
            {
                yield return $"#{over} ({place}) is current again, although {who} replaced it with #{serial}";
            }
        }
    }

    // Whether a value, or one written over it, is the losing side of a conflict.
    private bool IsLost(uint serial, Func<uint, bool> isLoser) =>
        isLoser(serial) || _writes.Any(w => w.Value.Over == serial && IsLost(w.Key, isLoser));
}
