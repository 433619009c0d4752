// The port to the database. The engine says what it keeps and what is locked; how is the store's own matter.
//
// A write transaction that read a key row holds that row and its collection until it ends. A read transaction sees one
// state of the database. Nothing is kept of a transaction that ends without Commit.

namespace NanoSync.Server.Engine;

/// <summary>The database failed, and why in words for an operator.</summary>
public class StoreException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Another writer held the database for too long: try again.</summary>
public sealed class StoreBusyException(string message, Exception? inner = null) : StoreException(message, inner);

/// <summary>The server's database.</summary>
public interface IServerStore : IDisposable
{
    /// <summary>Starts a transaction that only reads.</summary>
    IStoreTransaction BeginRead();

    /// <summary>Starts a transaction that may write.</summary>
    IStoreTransaction BeginWrite();

    /// <summary>
    /// Does work on a thread of the store's own, after what was given before for the same device. Its transactions may share
    /// a commit with those of other work; the task ends after that, and with a <see cref="StoreException"/> when nothing of it
    /// is durable. What the work throws fails the task alone.
    /// </summary>
    Task<T> Together<T>(int device, Func<T> work);

    /// <summary>Does work that only reads. Where the database is far away it is done on a thread of the store's own, and nobody else's waits.</summary>
    ValueTask<T> Aside<T>(Func<T> work);

    /// <summary>Says when something may be due to a device, whichever process changed it.</summary>
    DueSignal Due { get; }

    /// <summary>Makes room for the readings of the next days, where the database keeps days apart; a database that only has to go on does not need it.</summary>
    /// <param name="now">Milliseconds since 1970.</param>
    void MakeDays(long now);

    /// <summary>
    /// Removes the oldest day's readings at once, where the database keeps days apart and none of them is to be kept: by a rule,
    /// because no rule is about them, or because a proxy has not passed them on. How many; null when there is no such day.
    /// </summary>
    long? DropDay(IReadOnlyList<KeptSince> rules);

    /// <summary>Takes a lock of this name among all processes on the database; null while another has it. A process that ends lets go of it.</summary>
    IStoreLock? TryLock(string name);

    /// <summary>
    /// Counts up when another database has taken the place of the one that was opened, as a standby does: it may lack the last
    /// commits, so what must not repeat begins anew, as with a start of the server.
    /// </summary>
    int Successions { get; }
}

/// <summary>From when on the readings of a collection are kept; what is in the log only.</summary>
/// <param name="Collection">Its name; * = of those that no other says.</param>
/// <param name="Time">Milliseconds since 1970.</param>
public sealed record KeptSince(string Collection, long Time);

/// <summary>A lock among all processes on a database, until it is disposed.</summary>
public interface IStoreLock : IDisposable
{
    /// <summary>False when it was lost, with the connection that held it: another process may have it now.</summary>
    bool IsHeld();
}

/// <summary>One transaction; disposing it without Commit undoes it.</summary>
public interface IStoreTransaction : IDisposable
{
    /// <summary>Makes everything durable.</summary>
    void Commit();

    // Devices

    /// <summary>The device of this name, revoked or not.</summary>
    DeviceRow? FindDevice(string name);

    /// <summary>The device of this number, revoked or not.</summary>
    DeviceRow? FindDevice(int id);

    /// <summary>All devices by name.</summary>
    List<DeviceRow> ListDevices();

    /// <summary>Makes a device; its number.</summary>
    int AddDevice(string name, byte[] tokenHash, long now);

    /// <summary>Keeps a device out.</summary>
    void Revoke(int device, long now);

    /// <summary>Notes that a device was there, and which of its replicas (0 = it did not say).</summary>
    void Seen(int device, int replica, long now);

    /// <summary>Gives a device a collection under a name: a private one, or that of a scope.</summary>
    void Grant(int device, string name, string? scope);

    // Sealed messages [SPEC 8.2]

    /// <summary>The device of this name and its key for sealed messages; null when there is none, it has no key, or it is revoked.</summary>
    SealKeyRow? FindSealKey(string name);

    /// <summary>Gives a device a key for sealed messages, or takes it away.</summary>
    void SetSealKey(int device, byte[]? key);

    /// <summary>Where the answers to a device's mails go; null when that is not known yet. [SPEC 8.3]</summary>
    string? FindMail(int device);

    /// <summary>Keeps where the answers to a device's mails go; null = to be taken from its next mail.</summary>
    void SetMail(int device, string? address);

    /// <summary>The highest number accepted of a device's store; null when there is none.</summary>
    SealedNumberRow? FindSealedNumber(int device, string storeId);

    /// <summary>Keeps the highest number accepted of a device's store.</summary>
    void SaveSealedNumber(int device, string storeId, SealedNumberRow row);

    // Incarnations and replicas

    /// <summary>Codes of all incarnations that this database has lived, oldest first.</summary>
    List<string> ListIncarnations();

    /// <summary>Begins another incarnation; the last <paramref name="kept"/> are kept.</summary>
    void AddIncarnation(string code, long now, int kept);

    /// <summary>The replica of a device with this store id.</summary>
    ReplicaRow? FindReplica(int device, string storeId);

    /// <summary>Makes a replica; its number. Beyond <paramref name="most"/> of a device in the collection the one seen least recently is forgotten, its objects are not.</summary>
    int AddReplica(ReplicaRow row, int collection, int most);

    /// <summary>Keeps the id that a migrated replica turned out to have.</summary>
    void NameReplica(int replica, string storeId);

    /// <summary>Replicas of a device, last seen first.</summary>
    List<ReplicaRow> ListReplicas(int device);

    // Key rows and collections. A transaction that writes locks what it finds of these until it ends, so that two nodes do not
    // answer one device at once; one that reads locks nothing, because PostgreSQL would refuse it. The kind of the transaction
    // decides, so that no caller can choose wrongly.

    /// <summary>A device's collection; null when the device has none of this name.</summary>
    CollectionRow? FindCollection(int device, string name);

    /// <summary>Key rows of a device's collection, that of the replica last seen first.</summary>
    List<KeyRow> ListKeyRows(int device, string name);

    /// <summary>A replica's key row; null when it has none yet.</summary>
    KeyRow? FindKeyRow(int replica, CollectionRow collection);

    /// <summary>The key row whose last key, or the one before it, this is; null when there is none.</summary>
    KeyRow? FindKeyRow(int device, CollectionRow collection, string key);

    /// <summary>Makes or keeps a key row.</summary>
    void SaveKeyRow(KeyRow row);

    /// <summary>Which keys of a device's collection have this epoch; null when none is known to.</summary>
    EpochRow? FindEpoch(int device, int collection, string epoch);

    /// <summary>Keys of a replica's collection have this epoch from number <paramref name="first"/> on. The last 64 are kept.</summary>
    void AddEpoch(int replica, int collection, string epoch, int first);

    /// <summary>Keeps a collection's number, count and kind.</summary>
    void SaveCollection(CollectionRow collection);

    /// <summary>Objects not deleted in the collections of a device: in its outboxes, or in the others.</summary>
    long CountObjects(int device, bool outboxes);

    // Objects

    /// <summary>An object, deleted or not.</summary>
    ObjectRow? FindObject(int collection, string id);

    /// <summary>Makes or replaces an object.</summary>
    void SaveObject(int collection, ObjectRow row);

    /// <summary>
    /// Removes what is left of deleted objects that everyone who syncs the collection has acknowledged, at most so many; how
    /// many. Stores not seen since <paramref name="seenSince"/> are not waited for: their keys are no longer known.
    /// </summary>
    int PruneDeleted(int collection, long seenSince, int most = int.MaxValue);

    /// <summary>Deleted objects that are still kept, counted up to <paramref name="most"/>.</summary>
    long CountDeleted(int collection, int most);

    /// <summary>Objects of a collection that are not deleted (or all), above a number, in the order of their numbers.</summary>
    List<ObjectRow> ListObjects(int collection, long after, int count, bool deleted);

    /// <summary>What a replica wrote of a collection above a number, and nobody since; in order.</summary>
    List<ObjectRow> ListWrites(int replica, int collection, long after);

    /// <summary>What of the feed is for this device, in order. [SPEC 5.5]</summary>
    List<FeedRow> Feed(KeyRow row, long from, int count);

    /// <summary>True when something is due that the last reply did not hold.</summary>
    bool HasDue(KeyRow row);

    /// <summary>What is due to this device and not in its feed above <paramref name="from"/>, in order.</summary>
    List<FeedRow> Due(KeyRow row, long from, int count);

    /// <summary>The devices that a note is about, by name, without those that are revoked.</summary>
    List<DeviceIdentity> ListDue(DueNote note);

    // Readings: a log beside the objects. A reading that anything is done to becomes an object, under its id and its number.

    /// <summary>How far the log of a collection goes with the ids of one prefix, and whether the device has anything in it beside the log.</summary>
    LogMark FindLog(int device, int collection, string prefix);

    /// <summary>Appends readings that follow each other, in their numbers and in those of the collection's changes.</summary>
    void AppendReadings(int collection, LogRun run, IReadOnlyList<byte[]> readings);

    // Retention

    /// <summary>The collections of readings.</summary>
    List<OutboxRow> ListOutboxes();

    /// <summary>Collections in which something is left of deleted objects.</summary>
    List<int> ListWithDeleted();

    /// <summary>
    /// Removes the oldest readings of a collection that came before a time, down to so many, at most <paramref name="most"/>;
    /// how many. Those that a proxy has not passed on, or that are due to somebody, stay.
    /// </summary>
    int DropReadings(int collection, long before, long keep, int most);

    /// <summary>Removes losers of conflicts, refusals and finished commands from before a time, at most so many; how many.</summary>
    int DropNotes(long before, int most);

    /// <summary>Removes edits from before a time from the history, at most so many; how many.</summary>
    int DropEdits(long before, int most);

    /// <summary>Forgets keys and kept replies of stores not seen since then, at most so many; how many. They start over when they come.</summary>
    int ForgetStores(long seenSince, int most);

    // Ids

    /// <summary>What a ClientId stands for, in the log or beside it.</summary>
    IdRow? FindId(int device, int collection, string clientId);

    /// <summary>Keeps what a ClientId stands for.</summary>
    void SaveId(int device, int collection, string clientId, IdRow row);

    // Due and set aside

    /// <summary>Makes something due to a replica; a Send already due stays as it is.</summary>
    void MakeDue(int replica, int collection, string id, DueKind kind, bool wasAdd = false);

    /// <summary>True when the object itself is due to the replica.</summary>
    bool IsDue(int replica, int collection, string id);

    /// <summary>True when the device does not have the object as it is now: it refused it, or dropped it.</summary>
    bool IsAside(int replica, int collection, string id);

    /// <summary>The device has the newest value now: nothing of the object is due or aside any more.</summary>
    void Settle(int replica, int collection, string id);

    /// <summary>Notes that reply <paramref name="n"/> holds the object, so that its acknowledgement settles it.</summary>
    void SentIn(int replica, int collection, string id, int n);

    /// <summary>Reply <paramref name="n"/> is made anew: nothing was sent in it yet.</summary>
    void Unsent(int replica, int collection, int n);

    /// <summary>Reply <paramref name="n"/> was acknowledged: what it held is no longer due or aside.</summary>
    void Acknowledged(int replica, int collection, int n);

    /// <summary>Sets an object aside for a replica.</summary>
    void SetAside(int replica, int collection, AsideRow row, string? deviceClass);

    /// <summary>What is set aside for a replica, by id.</summary>
    List<AsideRow> ListAside(int replica, int collection);

    /// <summary>Makes due what was set aside under another class than this one.</summary>
    void RetryOtherClass(int replica, int collection, string? deviceClass);

    /// <summary>Makes due what is set aside: one object, or all when <paramref name="id"/> is null. How many.</summary>
    int Retry(int replica, int collection, string? id);

    // What was lost or refused

    /// <summary>Keeps the losing side of a conflict, once.</summary>
    void AddLoser(int device, int collection, LoserRow row, long sum);

    /// <summary>Losing sides, newest first.</summary>
    List<LoserRow> ListLosers(int device, int collection, int count);

    /// <summary>Notes a refusal; the same again is counted.</summary>
    void Refused(int device, RefusalRow row);

    /// <summary>Refusals of a device, newest first.</summary>
    List<RefusalRow> ListRefusals(int device, int count);

    // Classes, structures, commands

    /// <summary>The definition of name#hash that a device told, or the application (0).</summary>
    string? FindClass(int owner, string wireName);

    /// <summary>The definition of name#hash that one of the devices of a collection told, the first one told.</summary>
    string? FindClassIn(int collection, string wireName);

    /// <summary>The definition of name#hash that a device told with which this one shares a collection, the first one told.</summary>
    string? FindSharedClass(int device, string wireName);

    /// <summary>Wire names of a class name among the definitions of a device or the application (0), newest first.</summary>
    List<string> FindClasses(int owner, string name);

    /// <summary>The wire name that ends with a #hash among the definitions of a device; null when there is none, or more than one.</summary>
    string? FindClassByHash(int device, string hash);

    /// <summary>How many definitions a device told.</summary>
    int CountClasses(int owner);

    /// <summary>Keeps a definition of a device or the application (0).</summary>
    void SaveClass(int owner, string wireName, string definition, long now);

    /// <summary>Keeps a structure told by a device.</summary>
    void SaveInfo(int device, InfoRow row);

    /// <summary>Structures told by a device, by class.</summary>
    List<InfoRow> ListInfo(int device);

    /// <summary>Numbers of the devices of which a structure of this class was kept at <paramref name="since"/> (ms) or later.</summary>
    List<int> ListTellers(string structure, long since);

    /// <summary>Queues a command under the next id of the device; the id.</summary>
    long AddCommand(int device, string type, Func<long, byte[]> record, long mark, string incarnation, long now);

    /// <summary>Gives a command that waits the next id of the device, which is above <paramref name="above"/>.</summary>
    void RenumberCommand(int device, long id, Func<long, byte[]> record, long above);

    /// <summary>Commands of a device, oldest first; those not done only, or all.</summary>
    List<DeviceCommandRow> ListCommands(int device, bool all);

    /// <summary>Keeps the result of a command; false when it had one or is unknown.</summary>
    bool FinishCommand(int device, long id, int status, string reason, long now);

    // Uploads

    /// <summary>The upload of an object in parts.</summary>
    UploadRow? FindUpload(int replica, int collection, string key);

    /// <summary>Starts or starts again an upload.</summary>
    void StartUpload(int replica, int collection, string key, int total, uint crc, long? version, long now);

    /// <summary>Adds the next part.</summary>
    void AddPart(int replica, int collection, string key, int offset, ReadOnlyMemory<byte> part);

    /// <summary>All parts in order, as one.</summary>
    byte[] JoinParts(int replica, int collection, string key);

    /// <summary>Forgets an upload.</summary>
    void DropUpload(int replica, int collection, string key);
}
