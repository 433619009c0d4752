// Whose key row a request is about, and what its key means. [SPEC 5.2, 5.8]

using System.Runtime.InteropServices;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private const int MostReplicas = 16; // of a device in a collection

    private StoreStructure? _told; // with key 0
    private string _newReplica = ""; // why there is one more; "" = there is not

    // Sets _row, but for a key that nobody here was given.
    private KeyCase FindRow(CollectionRow collection)
    {
        if (_request.SyncKey == SyncKeys.Zero)
        {
            _row = RowOfStore(collection);
            KeyCase start = SyncKeys.DecideStart(_row, _told?.Start, _id.Hash, _id.LastChange);
            return start == KeyCase.StartOver && _told?.LastKey is { } last && IsLost(collection, last) ? StartOfLost(collection) : start;
        }

        if (_store.FindKeyRow(Device, collection, _request.SyncKey) is { } row)
        {
            _row = row;
            return SyncKeys.Decide(row, _request.SyncKey, _id.Hash, _id.LastChange);
        }

        return FindOld(collection);
    }

    // A key that is neither the last nor the one before it of any replica.
    private KeyCase FindOld(CollectionRow collection)
    {
        (int n, string? epoch) = SyncKeys.Parse(_request.SyncKey);
        if (epoch != null && _store.FindEpoch(Device, collection.Id, epoch) is { } known)
        {
            _row = _store.FindKeyRow(known.Replica, collection)!;
            return n > known.Last ? AskForLost(_row) : HandleOldKey(n);
        }

        if (epoch != null && !_incarnation.IsPresent(_store, epoch))
        {
            // it belongs to whichever of the device's stores was not seen since; perhaps to none that this state of the database has
            List<KeyRow> rows = _store.ListKeyRows(Device, collection.Name).FindAll(r => !_incarnation.IsPresent(_store, r.Epoch));
            List<KeyCase> meanings = rows.ConvertAll(r => AskOver(r, Asked.WentBack));
            return meanings.Count == 0 || meanings.Contains(KeyCase.WentBack) ? KeyCase.WentBack : KeyCase.Unknown;
        }

        // a key of version 0.1, or of a replica that was forgotten; from behind it is that of a late request
        foreach (KeyRow row in _store.ListKeyRows(Device, collection.Name).Where(r => n >= r.N))
        {
            AskOver(row, Asked.Unknown);
        }

        return KeyCase.Unknown;
    }

    // A key of a time that the database has lost: given after the state that was put back.
    private bool IsLost(CollectionRow collection, string key)
    {
        (int n, string? epoch) = SyncKeys.Parse(key);
        return epoch != null
            && (_store.FindEpoch(Device, collection.Id, epoch) is { } known ? n > known.Last : !_incarnation.IsPresent(_store, epoch));
    }

    // A store that was about to start over while the database was put back is to bring what was lost [SPEC 5.8]: it is told so,
    // and says with its next start that it will. Nothing of this need be remembered here, should the database be put back again.
    private KeyCase StartOfLost(CollectionRow collection)
    {
        if (!_told!.Recovers)
        {
            return KeyCase.WentBack;
        }

        if (_row.Replica == 0 && _told.From is { } from && _store.FindReplica(Device, from) is { } before && _store.FindKeyRow(before.Id, collection) is { } row)
        {
            _row.KnownSeq = KnownOf(row); // it was that store when it saw this
        }

        if (!IsSeenSinceStart(_row))
        {
            _row.AskedOver = Asked.WentBack;
        }

        return KeyCase.StartOver;
    }

    // What this replica has seen since the database went back, another board has seen that was one with this store: then it
    // knows nothing, and what was written since is not older than what it holds.
    private KeyCase AskForLost(KeyRow row)
    {
        return !TellsItsStore(row) ? AskOver(row, Asked.Unknown) : IsSeenSinceStart(row) ? KeyCase.WentBack : AskOver(row, Asked.WentBack);
    }

    // Whether somebody held a key of this incarnation.
    private bool IsSeenSinceStart(KeyRow row)
    {
        string? held = row.Acknowledged ? row.Key : row.PreviousKey;
        return held != null && _incarnation.IsPresent(_store, SyncKeys.Parse(held).Epoch);
    }

    private KeyCase AskOver(KeyRow row, Asked why)
    {
        why = TellsItsStore(row) ? why : Asked.Unknown;
        if (row.AskedOver < why)
        {
            row.AskedOver = why;
            _store.SaveKeyRow(row);
        }

        return why == Asked.WentBack ? KeyCase.WentBack : KeyCase.Unknown;
    }

    // A client that does not, cannot go on as another store, nor bring back what the database has lost.
    private static bool TellsItsStore(KeyRow row) => row.Starts.Count > 0;

    private KeyCase HandleOldKey(int n)
    {
        KeyCase meaning = SyncKeys.DecideOld(_row, n);
        meaning = meaning == KeyCase.Forked && !TellsItsStore(_row) ? KeyCase.Unknown : meaning;
        switch (meaning)
        {
            case KeyCase.Current:
                _row.Key = _request.SyncKey;
                break;
            case KeyCase.Unknown when _row.Key == null && n == _row.N:
                return AskOver(_row, Asked.Unknown); // the last one given, forgotten since: it was away for long
            case KeyCase.Unknown:
                _row.OldKeyN = _row.N;
                _store.SaveKeyRow(_row);
                break;
        }

        return meaning;
    }

    private KeyRow RowOfStore(CollectionRow collection)
    {
        string storeId = _told?.Id ?? "";
        ReplicaRow? replica = _store.FindReplica(Device, storeId) ?? Migrated(collection, storeId);
        if (replica == null)
        {
            _newReplica = _told?.From is { } from ? $"it was one with {from}"
                : _store.ListReplicas(Device).Count > 0 ? "another store: a wiped flash, or another board with this token" : "the first";
            return new KeyRow { Device = Device, Name = collection.Name, Collection = collection };
        }

        return _store.FindKeyRow(replica.Id, collection)
            ?? new KeyRow { Device = Device, Replica = replica.Id, Name = collection.Name, Collection = collection };
    }

    // What a database of version 0.1 knew of a device belongs to the store that was told here that its key is not known.
    private ReplicaRow? Migrated(CollectionRow collection, string storeId)
    {
        ReplicaRow? replica = _store.ListReplicas(Device).Find(r => r.Migrated);
        if (replica == null || storeId.Length == 0)
        {
            return replica;
        }

        if (_store.FindKeyRow(replica.Id, collection) is not { AskedOver: not Asked.No })
        {
            return null;
        }

        _store.NameReplica(replica.Id, storeId);
        return replica;
    }

    // Or to the store whose ClientIds come with its keys.
    private void LearnStore()
    {
        if (_row.IsMigrated && _request.Commands.Find(c => c.Tag == Tags.Add)?.ClientId is { } clientId && StoreStructure.Of(clientId) is { } storeId
            && _store.FindReplica(Device, storeId) == null)
        {
            _store.NameReplica(_row.Replica, storeId);
        }
    }

    private void StartOver()
    {
        if (_row.Replica == 0)
        {
            ReplicaRow replica = new()
            {
                Device = Device,
                StoreId = _told?.Id ?? "",
                FirstSeen = _now,
                LastSeen = _now,
                CameFrom = _told?.From,
                Why = _newReplica,
            };
            _row = new KeyRow
            {
                Device = Device,
                Replica = _store.AddReplica(replica, Collection.Id, MostReplicas),
                Name = _row.Name,
                Collection = Collection,
                AskedOver = _row.AskedOver,
                KnownSeq = _row.KnownSeq,
            };
        }

        _row.N++;
        if (!SyncKeys.IsRepeatedStart(_row, _told?.Start))
        {
            BeginPass();
        }

        _row.ResetSeq = Collection.Seq;
        _row.LastChange = _id.LastChange; // of a store whose counters may have begun anew
        _row.PreviousKey = SyncKeys.Zero;
        _row.FromPoint = 0;
        _row.ToPoint = 0;
        _row.Class = null;
        _row.Window = null;
        _row.Limit = null;
        _row.Conflict = null;
        _row.Repeats = 0;
        _row.Shrunk = 0;
        _row.AloneId = null;
        _row.AloneCount = 0;
    }

    private void BeginPass()
    {
        // what the store surely had seen; conflicts are judged by it until the feed has passed it again [SPEC 5.6]. One that
        // was not asked to start over may have lost its flash, and knows nothing
        bool goesOn = IsInRecoveringPass();
        _row.KnownSeq = _row.AskedOver == Asked.No && !goesOn ? 0 : KnownOf(_row);
        _row.Recovering = _row.AskedOver == Asked.WentBack || goesOn;
        _row.AskedOver = Asked.No;
        _row.LiveN = _row.PreviousKey == SyncKeys.Zero ? _row.StartN : SyncKeys.Parse(_row.PreviousKey ?? "").N;
        _row.StartN = _row.N;
        _row.OldKeyN = 0;
        if (_told?.Start is { } start)
        {
            SyncKeys.NoteStart(_row, start);
        }

        // it has not seen what it refused: that is due, and so a conflict if the device has changed it; in a pass the device takes what is not named for missing here
        foreach (AsideRow aside in _store.ListAside(Replica, Collection.Id))
        {
            if (aside.Status != 0)
            {
                _store.Retry(Replica, Collection.Id, aside.ServerId);
            }
        }
    }

    private static long KnownOf(KeyRow row) => Math.Max(row.KnownSeq, row.Acknowledged ? row.ToPoint : row.FromPoint);

    // It starts over once more before it has given back what the database lost: told to by an operator, or by a reply that came
    // twice. Then it has not been seen with a key of that pass yet, or tells one.
    private bool IsInRecoveringPass()
    {
        return _row.Recovering && ((_row.PreviousKey == SyncKeys.Zero && !_row.Acknowledged) || (_told?.LastKey is { } last && IsOfThisPass(last)));
    }

    private bool IsOfThisPass(string key)
    {
        (int n, string? epoch) = SyncKeys.Parse(key);
        return epoch != null && n >= _row.StartN && _store.FindEpoch(Device, Collection.Id, epoch)?.Replica == _row.Replica;
    }

    private void Acknowledge()
    {
        if (_row.ReplyCommands > 0) // else nothing was sent in it
        {
            _store.Acknowledged(Replica, Collection.Id, _row.N);
        }

        _point = _row.ToPoint;
        _row.AskedOver = Asked.No; // it was a late request that was told so
        _row.LastChange = _id.LastChange;
        _row.PreviousKey = _row.Key;
        _row.FromPoint = _point;
        _row.N++;
        _row.Repeats = 0;
        _row.AloneId = null;
        _row.AloneCount = 0;
        _row.Shrunk = _row.Shrunk * 2 >= Limits.Window ? 0 : _row.Shrunk * 2; // grows back as replies arrive
        _row.Recovering &= _point < _row.ResetSeq || _request.Commands.Count > 0 || _request.Responses.Count > 0;
    }

    private void Repeat()
    {
        foreach (long mark in MemoryMarshal.Cast<byte, long>(_row.Applied))
        {
            _applied.Add(mark);
            _earlier.Add(mark);
        }

        _store.Unsent(Replica, Collection.Id, _row.N);
        _row.LastChange = Math.Max(_row.LastChange, _id.LastChange);
        _row.N++; // the same bytes would get the same key: after a restore it would name another reply
        _point = _row.FromPoint;
        _row.Repeats++;
        if (_row.Repeats > RepeatsBeforeShrinking && _row.ReplyCommands > 0)
        {
            _row.Shrunk = Math.Max(1, _row.ReplyCommands / 2);
        }
    }

    // A key never repeats: its epoch is of this incarnation, and of this start.
    private string NewKey(bool startedOver)
    {
        if (_row.Epoch == null || startedOver || !_incarnation.IsPresent(_store, _row.Epoch))
        {
            do
            {
                _row.Epoch = _incarnation.NewEpoch();
            }
            while (_store.FindEpoch(Device, Collection.Id, _row.Epoch) != null);
            _store.AddEpoch(Replica, Collection.Id, _row.Epoch, _row.N);
        }

        return SyncKeys.Make(_row.N, _row.Epoch, _id.Sum);
    }
}
