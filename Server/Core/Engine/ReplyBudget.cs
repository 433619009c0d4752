// The bytes of ApplicationData in one reply, its collections together: what a device can take in one batch, and what a
// slow link is spent on. [SPEC 2.3, Limit]
//
//   structures due (commands, time, ...)   up to half is held back for them; they are added last
//   reasons of refusals                    up to a quarter; beyond it the Status alone
//   objects                                what is left, so at least a quarter; the first is cut to it if need be
//
// Beyond Limit goes only one structure that is longer than Limit itself, in a reply without any other.

using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal sealed class ReplyBudget
{
    private readonly HashSet<string> _kept = [];
    private long _reasons;
    private int? _limit; // largest of the collections asked for; null = none was given

    /// <summary>Bytes in the reply so far.</summary>
    public long Used { get; private set; }

    /// <summary>Bytes of structures to come.</summary>
    public long Due { get; set; }

    /// <summary>True once the reply has an object: the device gets further whatever else waits.</summary>
    public bool HasObject { get; private set; }

    /// <summary>Bytes left for objects of a collection with this Limit; at least 1 for the first object of the reply.</summary>
    public int Room(int limit)
    {
        long room = limit - Used - Math.Min(Due, limit / 2);
        return (int)Math.Max(room, HasObject ? 0 : 1);
    }

    /// <summary>A collection with this Limit is in the request; null = the device gave none (an outbox beside others has no use for one).</summary>
    public void SetLimit(int? limit)
    {
        _limit = limit == null ? _limit : Math.Max(_limit ?? 0, limit.Value);
    }

    /// <summary>An object, or a part of one, is in the reply.</summary>
    public void Add(int bytes)
    {
        Used += bytes;
        HasObject = true;
    }

    /// <summary>True, and counted, when a reason fits.</summary>
    public bool TryAddReason(int bytes)
    {
        if (_reasons + bytes > _limit / 4 || Used + bytes > _limit)
        {
            return false;
        }

        _reasons += bytes;
        Used += bytes;
        return true;
    }

    /// <summary>True, and counted, when a structure fits.</summary>
    public bool TryAddStructure(int bytes)
    {
        if (Used + bytes > _limit && Used > 0)
        {
            return false;
        }

        Used += bytes;
        return true;
    }

    /// <summary>Counts a collection's reply that was kept, once: before any other is made, since nothing of it can be left out.</summary>
    public void Count(CollectionElement kept)
    {
        if (!_kept.Add(kept.Id))
        {
            return;
        }

        foreach (SyncCommand command in kept.Commands)
        {
            Used += command.Data?.Length ?? 0;
            HasObject = true;
        }

        foreach (SyncCommand response in kept.Responses)
        {
            Used += response.Data?.Length ?? 0;
            HasObject |= response.Tag == Tags.Fetch && response.Data != null;
        }
    }
}
