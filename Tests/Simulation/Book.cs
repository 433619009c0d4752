namespace NanoSync.Simulation;

/// <summary>One committed change of an object on the server. Serial 0 = deleted, or removed by retention.</summary>
public readonly record struct Event(int Collection, string Id, uint Serial, int Writer, int At = 0, bool Removed = false);

/// <summary>
/// What the server committed, in order, seen from outside: written by a wrapper around its transactions, cut back when an
/// older database is restored.
/// </summary>
public sealed class Book
{
    private readonly List<Event> _events = [];
    private readonly List<(int Collection, string Id, uint Serial)> _losers = [];
    private readonly Dictionary<(int, string), List<Event>> _objects = [];
    private readonly Dictionary<uint, string> _applied = [];
    private readonly HashSet<uint> _removed = [];
    private readonly Dictionary<(int, string), int> _forgottenDeletes = []; // and how many events there were
    private readonly HashSet<uint> _lost = [];
    private readonly HashSet<(int, string)> _lostDeletes = [];

    /// <summary>Serials that were on the server and are not known to the database restored.</summary>
    public HashSet<uint> Forgotten { get; } = [];

    /// <summary>What was told to be refused, by whom it may be.</summary>
    public HashSet<(int Device, string Collection, string Id)> Refused { get; } = [];

    public (int, int) Mark => (_events.Count, _losers.Count);

    public Event? Current(int collection, string id) =>
        _objects.TryGetValue((collection, id), out List<Event>? list) && list.Count > 0 ? list[^1] : null;

    public IReadOnlyList<Event> History(int collection, string id) =>
        _objects.TryGetValue((collection, id), out List<Event>? list) ? list : [];

    /// <summary>Ids of the objects of a collection that are not deleted.</summary>
    public IEnumerable<string> Live(int collection) =>
        _objects.Where(o => o.Key.Item1 == collection && o.Value is [.., { Serial: not 0 }]).Select(o => o.Key.Item2);

    /// <summary>True when the server has or had this value, or keeps it as the losing side of a conflict.</summary>
    public bool Has(uint serial) => _applied.ContainsKey(serial) || _lost.Contains(serial);

    /// <summary>What was left of a deleted object is removed.</summary>
    public void ForgetDelete(int collection, string id) => _forgottenDeletes[(collection, id)] = _events.Count;

    /// <summary>Whether nothing is left that tells of the object's deletion.</summary>
    public bool IsDeleteForgotten(int collection, string id) => _forgottenDeletes.ContainsKey((collection, id));

    /// <summary>True when the reading was stored, and retention removed it since.</summary>
    public bool WasRemoved(uint serial) => _removed.Contains(serial);

    public bool WasApplied(uint serial) => _applied.ContainsKey(serial);

    public bool IsLoser(uint serial) => _lost.Contains(serial);

    public bool IsLostDelete(int collection, string id) => _lostDeletes.Contains((collection, id));

    public string? PlaceOf(uint serial) => _applied.GetValueOrDefault(serial);

    public void Add(Event e)
    {
        e = e with { At = _events.Count };
        _events.Add(e);
        Index(e);
    }

    /// <summary>Whether the object was not there at some moment since the book had so many entries.</summary>
    public bool WasAbsentSince(int collection, string id, int mark)
    {
        IReadOnlyList<Event> history = History(collection, id);
        Event? then = null;
        foreach (Event e in history)
        {
            if (e.At >= mark)
            {
                break;
            }

            then = e;
        }

        return then is null or { Serial: 0 } || history.Any(e => e.At >= mark && e.Serial == 0);
    }

    public void AddLoser(int collection, string id, uint serial)
    {
        _losers.Add((collection, id, serial));
        Index(collection, id, serial);
    }

    public void Restore((int Events, int Losers) mark)
    {
        for (int i = mark.Events; i < _events.Count; i++)
        {
            Forgotten.Add(_events[i].Serial);
        }

        for (int i = mark.Losers; i < _losers.Count; i++)
        {
            Forgotten.Add(_losers[i].Serial);
        }

        _events.RemoveRange(mark.Events, _events.Count - mark.Events);
        _losers.RemoveRange(mark.Losers, _losers.Count - mark.Losers);
        foreach ((int, string) later in _forgottenDeletes.Where(f => f.Value > mark.Events).Select(f => f.Key).ToList())
        {
            _forgottenDeletes.Remove(later);
        }

        _objects.Clear();
        _applied.Clear();
        _removed.Clear();
        _lost.Clear();
        _lostDeletes.Clear();
        _events.ForEach(Index);
        _losers.ForEach(l => Index(l.Collection, l.Id, l.Serial));
    }

    public void GoBack((int, int) mark)
    {
        HashSet<uint> forgotten = [.. Forgotten];
        Restore(mark);
        Forgotten.Clear();
        Forgotten.UnionWith(forgotten);
    }

    private void Index(Event e)
    {
        if (!_objects.TryGetValue((e.Collection, e.Id), out List<Event>? list))
        {
            _objects[(e.Collection, e.Id)] = list = [];
        }

        if (e.Removed && list.Count > 0)
        {
            _removed.Add(list[^1].Serial);
        }

        list.Add(e);
        if (e.Serial != 0 && !_applied.TryAdd(e.Serial, e.Id) && _removed.Remove(e.Serial))
        {
            _applied[e.Serial] = e.Id; // it came again, under another id
        }
    }

    private void Index(int collection, string id, uint serial)
    {
        if (serial != 0)
        {
            _lost.Add(serial);
        }
        else
        {
            _lostDeletes.Add((collection, id));
        }
    }
}
