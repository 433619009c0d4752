// Whose key row a request is about, and what its key means. [SPEC 5.2, 5.8]

using System.Runtime.InteropServices;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private const int MostReplicas = 16; // of a device in a collection

    private StoreStructure? _storeStructure; // what the device tells of its store with key 0
    private string _whyNew = ""; // why the device has one more replica, should this request start over

    // Says what the key means, and sets _row, unless no replica was given that key.
    private KeyCase FindRow(CollectionRow collection)
    {
        if (_request.SyncKey == SyncKeys.Zero)
        {
            _row = RowOfStore(collection);
            KeyCase start = SyncKeys.DecideStart(_row, _storeStructure?.Start, _id.Hash, _id.LastChange);
            return start == KeyCase.StartOver && _storeStructure?.LastKey is { } last && IsLost(collection, last) ? StartOfLost(collection) : start;
        }

        if (_store.FindKeyRow(Device, collection, _request.SyncKey) is { } row)
        {
            _row = row;
            return SyncKeys.Decide(row, _request.SyncKey, _id.Hash, _id.LastChange);
        }

        return FindOld(collection);
    }

    // Says what a key means that is neither the last of any replica nor the one before it.
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
            // the key belongs to one of the device's stores that were not seen since the restore, or to one that this state of the database does not know
            List<KeyRow> rows = _store.ListKeyRows(Device, collection.Name).FindAll(r => !_incarnation.IsPresent(_store, r.Epoch));
            List<KeyCase> meanings = rows.ConvertAll(r => AskOver(r, Asked.WentBack));
            return meanings.Count == 0 || meanings.Contains(KeyCase.WentBack) ? KeyCase.WentBack : KeyCase.Unknown;
        }

        // the key is one of version 0.1, or of a replica that was forgotten; one with a lower number than a row's is that of a late request
        foreach (KeyRow row in _store.ListKeyRows(Device, collection.Name).Where(r => n >= r.N))
        {
            AskOver(row, Asked.Unknown);
        }

        return KeyCase.Unknown;
    }

    // True for a key that was given after the backup that was put back, so that this database does not know it.
    private bool IsLost(CollectionRow collection, string key)
    {
        (int n, string? epoch) = SyncKeys.Parse(key);
        return epoch != null
            && (_store.FindEpoch(Device, collection.Id, epoch) is { } known ? n > known.Last : !_incarnation.IsPresent(_store, epoch));
    }

    // A store that was about to start over while the database was put back has to bring what was lost [SPEC 5.8]. It gets 205,
    // and says with its next start that it got it (`recovers`). So the server keeps nothing of it that another restore could lose.
    private KeyCase StartOfLost(CollectionRow collection)
    {
        if (!_storeStructure!.Recovers)
        {
            return KeyCase.WentBack;
        }

        if (_row.Replica == 0 && _storeStructure.From is { } from && _store.FindReplica(Device, from) is { } before && _store.FindKeyRow(before.Id, collection) is { } row)
        {
            _row.KnownSeq = CertainlySeen(row); // it was that store when it saw this
        }

        if (!IsSeenSinceStart(_row))
        {
            _row.AskedOver = Asked.WentBack;
        }

        return KeyCase.StartOver;
    }

    // A replica that acknowledged a key of this incarnation and now comes with a lost key is two boards with one store: the other
    // board has acknowledged it. The board that asks knows nothing of what was written since the restore, so that is not older
    // than what it holds, and its pass is no recovering one.
    private KeyCase AskForLost(KeyRow row)
    {
        return !TellsItsStore(row) ? AskOver(row, Asked.Unknown) : IsSeenSinceStart(row) ? KeyCase.WentBack : AskOver(row, Asked.WentBack);
    }

    // True when a device with this row was seen with a key of the present incarnation.
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

    // True for a client that tells its store id. One that tells none cannot go on under another store id (204), nor bring back what
    // the database has lost (205): it gets Status 3 instead.
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
        string storeId = _storeStructure?.Id ?? "";
        ReplicaRow? replica = _store.FindReplica(Device, storeId) ?? Migrated(collection, storeId);
        if (replica == null)
        {
            _whyNew = _storeStructure?.From is { } from ? $"it was one with {from}"
                : _store.ListReplicas(Device).Count > 0 ? "another store: a wiped flash, or another board with this token" : "the first";
            return new KeyRow { Device = Device, Name = collection.Name, Collection = collection };
        }

        return _store.FindKeyRow(replica.Id, collection)
            ?? new KeyRow { Device = Device, Replica = replica.Id, Name = collection.Name, Collection = collection };
    }

    // A database of version 0.1 knew of no stores: it has one replica for each device. That replica is taken over by the store that
    // starts over because it was told here that its key is not known.
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

    // It is also taken over by the store whose id the ClientIds show that come with its keys.
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
                StoreId = _storeStructure?.Id ?? "",
                FirstSeen = _now,
                LastSeen = _now,
                CameFrom = _storeStructure?.From,
                Why = _whyNew,
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
            NewReplica = _whyNew;
        }

        _row.N++;
        if (!SyncKeys.IsRepeatedStart(_row, _storeStructure?.Start))
        {
            BeginPass();
        }

        _row.ResetSeq = Collection.Seq;
        _row.LastChange = _id.LastChange; // of a store whose counters may have begun anew
        _row.PreviousKey = SyncKeys.Zero;
        _row.FromPoint = 0;
        _row.ToPoint = 0;
        _row.Told = Told.Nothing;
        _row.ToldBefore = Told.Nothing;
        _row.Repeats = 0;
        _row.Shrunk = 0;
        _row.AloneId = null;
        _row.AloneCount = 0;
    }

    private void BeginPass()
    {
        // KnownSeq is what the store had certainly seen; conflicts are judged by it until the feed has passed it again [SPEC 5.6].
        // A store that was not asked to start over may have lost its flash, and counts as knowing nothing
        bool goesOn = IsInRecoveringPass();
        _row.KnownSeq = _row.AskedOver == Asked.No && !goesOn ? 0 : CertainlySeen(_row);
        _row.Recovering = _row.AskedOver == Asked.WentBack || goesOn;
        _row.AskedOver = Asked.No;
        _row.LiveN = _row.PreviousKey == SyncKeys.Zero ? _row.StartN : SyncKeys.Parse(_row.PreviousKey ?? "").N;
        _row.StartN = _row.N;
        _row.OldKeyN = 0;
        if (_storeStructure?.Start is { } start)
        {
            SyncKeys.NoteStart(_row, start);
        }

        // the store does not hold what it refused, so that is sent again, and is a conflict if the device has changed it; the pass has to name it, because the device takes what is not named for missing here
        foreach (AsideRow aside in _store.ListAside(Replica, Collection.Id))
        {
            if (aside.Status != 0)
            {
                _store.Retry(Replica, Collection.Id, aside.ServerId);
            }
        }
    }

    private static long CertainlySeen(KeyRow row) => Math.Max(row.KnownSeq, row.Acknowledged ? row.ToPoint : row.FromPoint);

    // True when the store starts over once more before its recovering pass is complete, because an operator or a repeated reply
    // made it. Such a store was not seen with a key of that pass yet, or tells one as the key held before.
    private bool IsInRecoveringPass()
    {
        return _row.Recovering && ((_row.PreviousKey == SyncKeys.Zero && !_row.Acknowledged) || (_storeStructure?.LastKey is { } last && IsOfThisPass(last)));
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
        _row.ToldBefore = _row.Told;
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
        _row.Told = _row.ToldBefore;
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
