// How a member of a group stands to one of the group's values, and how many stand how.

using System.ComponentModel;
using NanoSync.Server.Application;

namespace NanoSync.Server.Groups;

/// <summary>How a member stands to a group's value. The order is that in which they are told.</summary>
public enum MemberState
{
    /// <summary>It has the value.</summary>
    Applied,

    /// <summary>The value is in a reply that it has not acknowledged.</summary>
    Sent,

    /// <summary>The value goes to it with one of its next syncs.</summary>
    Waiting,

    /// <summary>It does not take the value.</summary>
    Refused,

    /// <summary>It dropped its copy.</summary>
    Dropped,

    /// <summary>It took another value since, by itself; the next edit of the group's replaces that.</summary>
    Changed,

    /// <summary>It is to have a value of its own.</summary>
    Overridden,

    /// <summary>It keeps what it has until the first devices of a staged edit have applied that.</summary>
    Held,

    /// <summary>It is kept out.</summary>
    Revoked,

    /// <summary>It has no collection of this name of its own.</summary>
    Without,

    /// <summary>It is no member any more, and keeps the value.</summary>
    Left,
}

/// <summary>A member, and how it stands to a value.</summary>
/// <param name="Name">The device's name.</param>
/// <param name="State">How it stands.</param>
/// <param name="Reason">Why it is refused, dropped or without.</param>
/// <param name="IsFirst">True for one of the first devices of a staged edit.</param>
/// <param name="LeftAt">Since when it is no member any more, milliseconds since 1970.</param>
public sealed record GroupMember(string Name, MemberState State, string? Reason, bool IsFirst, long? LeftAt = null)
{
    /// <summary>How a member stands to a value.</summary>
    public static GroupMember Of(GroupValueRow value, MemberRow row)
    {
        (MemberState state, string? reason) = StateOf(value, row);
        return new GroupMember(row.Name, state, reason, row.IsFirst);
    }

    private static (MemberState State, string? Reason) StateOf(GroupValueRow value, MemberRow row)
    {
        return row.Revoked ? (MemberState.Revoked, null)
            : !row.CanHave ? (MemberState.Without, row.Shares ? $"it shares {value.Collection} with other devices" : $"it has no collection {value.Collection} that takes objects")
            : row.Overrides ? (MemberState.Overridden, null)
            : value.Stage != Stage.All && !row.IsFirst ? (MemberState.Held, null)
            : row.Version != value.ValueVersion ? (MemberState.Waiting, null)
            : row.ObjectSeq != row.Seq ? (MemberState.Changed, null)
            : row.State switch
            {
                Delivery.Applied or Delivery.Received => (MemberState.Applied, null),
                Delivery.Sent => (MemberState.Sent, null),
                Delivery.Refused => (MemberState.Refused, row.Reason),
                Delivery.Dropped => (MemberState.Dropped, row.Reason),
                _ => (MemberState.Waiting, null),
            };
    }
}

/// <summary>How many members stand how to a value.</summary>
public sealed record GroupCounts(
    [property: Description("Devices of the group.")] int Devices,
    [property: Description("Those that are to have the value: not those that are overridden, held, revoked, without or left.")] int Expected,
    [property: Description("How many are applied, sent, waiting, refused, dropped, changed, overridden, held, revoked, without, left.")] IReadOnlyDictionary<string, int> States,
    [property: Description("Why it is refused, most frequent first.")] IReadOnlyList<GroupReason> Reasons,
    [property: Description("The same in words: 187 applied, 9 waiting, 4 refused: interval below 10.")] string Text)
{
    private static readonly Dictionary<MemberState, string> s_words = new()
    {
        [MemberState.Changed] = "changed by the device",
        [MemberState.Overridden] = "with a value of their own",
        [MemberState.Held] = "held until the first have applied it",
        [MemberState.Without] = "without such a collection",
        [MemberState.Left] = "left and keep it",
    };

    /// <summary>Counts.</summary>
    public static GroupCounts Of(IReadOnlyCollection<GroupMember> members)
    {
        Dictionary<MemberState, int> states = Enum.GetValues<MemberState>().ToDictionary(s => s, s => members.Count(m => m.State == s));
        List<GroupReason> reasons = [.. members.Where(m => m.State == MemberState.Refused).GroupBy(m => m.Reason ?? "", StringComparer.Ordinal)
            .Select(g => new GroupReason(g.Key, g.Count(), [.. g.Take(GroupReason.Examples).Select(m => m.Name)])).OrderByDescending(r => r.Count).ThenBy(r => r.Reason, StringComparer.Ordinal)];
        IEnumerable<string> parts = states.Where(s => s.Value > 0).Select(s =>
        {
            string why = s.Key != MemberState.Refused ? "" : reasons.Count == 1 ? Why(reasons[0].Reason) : ": " + string.Join("; ", reasons.Take(3).Select(r => $"{r.Count} {(r.Reason.Length > 0 ? r.Reason : "without a reason")}"));
            return $"{s.Value} {s_words.GetValueOrDefault(s.Key, NameOf(s.Key))}{why}";
        });
        int expected = states.Where(s => s.Key <= MemberState.Changed).Sum(s => s.Value);
        string text = string.Join(", ", parts);
        return new GroupCounts(members.Count - states[MemberState.Left], expected, states.ToDictionary(s => NameOf(s.Key), s => s.Value), reasons, text.Length > 0 ? text : "no devices");
    }

    /// <summary>The name of a state.</summary>
    public static string NameOf(MemberState state) => state.ToString().ToLowerInvariant();

    private static string Why(string reason) => reason.Length > 0 ? ": " + reason : "";
}

/// <summary>A reason for which devices refuse a value.</summary>
public sealed record GroupReason(
    [property: Description("In the devices' words; \"\" = they gave none.")] string Reason,
    [property: Description("How many.")] int Count,
    [property: Description("Some of them.")] IReadOnlyList<string> Devices)
{
    /// <summary>Devices named.</summary>
    public const int Examples = 5;
}
