// Devices: enrolment, tokens, commands.

using System.Security.Cryptography;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Server.Sealed;

namespace NanoSync.Server.Application;

/// <summary>What the operator does with devices.</summary>
public sealed class DeviceService
{
    /// <summary>Collections of a device when none are named.</summary>
    public const string DefaultCollections = "readings,config";

    private const int TokenBytes = 32;
    private const int MostOverlap = 720; // hours

    private readonly IServerStore _store;
    private readonly TimeProvider _clock;
    private readonly Incarnation _incarnation;
    private readonly Func<int, byte[]> _random;

    /// <summary>Makes the service.</summary>
    /// <param name="store">The database.</param>
    /// <param name="clock">The time.</param>
    /// <param name="incarnation">The life of the database.</param>
    /// <param name="random">Source of tokens; null = the platform's.</param>
    public DeviceService(IServerStore store, TimeProvider clock, Incarnation incarnation, Func<int, byte[]>? random = null)
    {
        _store = store;
        _clock = clock;
        _incarnation = incarnation;
        _random = random ?? RandomNumberGenerator.GetBytes;
    }

    private long Now => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>SHA-256 of a token: all that is kept of it.</summary>
    public static byte[] HashOf(string token)
    {
        return SHA256.HashData(Encoding.UTF8.GetBytes(token));
    }

    /// <summary>A new token: 32 random bytes in base64url.</summary>
    public static string NewToken(Func<int, byte[]> random)
    {
        return Convert.ToBase64String(random(TokenBytes)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    /// <summary>Enrols a device and gives its token, which cannot be had again.</summary>
    /// <param name="name">1 to 64 of A-Z a-z 0-9 . _ -</param>
    /// <param name="collections">Names, comma-separated; NAME@GROUP is shared with the other devices of the group.</param>
    /// <param name="isSealed">True: it sends sealed messages, for which the server keeps a key, and nothing else.</param>
    public string Add(string name, string collections = DefaultCollections, bool isSealed = false)
    {
        Names.Check(name, "A device's name");
        List<(string Name, string? Scope)> granted = ParseCollections(collections);
        string token = NewToken(_random);
        using IStoreTransaction store = _store.BeginWrite();
        RefuseKnown(store, name);
        Enrol(store, name, granted, token, isSealed, Now);
        store.Commit();
        return token;
    }

    /// <summary>Refuses a name that a device has.</summary>
    internal static void RefuseKnown(IStoreTransaction store, string name)
    {
        if (store.FindDevice(name) is { } known)
        {
            throw new RefusedException(Refusal.Conflict, known.Retired == null ? $"There is a device {name} already. For a new token: device rotate {name}"
                : $"There was a device {name}, whose data is kept. For a new board in its place: device replace {name}");
        }
    }

    /// <summary>Makes a device in a transaction; its number.</summary>
    internal static int Enrol(IStoreTransaction store, string name, List<(string Name, string? Scope)> granted, string token, bool isSealed, long now)
    {
        int device = store.AddDevice(name, HashOf(token), now);
        foreach ((string collection, string? scope) in granted)
        {
            store.Grant(device, collection, scope);
        }

        if (isSealed)
        {
            store.SetSealKey(device, SealedMessage.KeyOf(token));
        }

        return device;
    }

    /// <summary>Gives an enrolled device more collections.</summary>
    public void Grant(string name, string collections)
    {
        List<(string Name, string? Scope)> granted = ParseCollections(collections);
        using IStoreTransaction store = _store.BeginWrite();
        DeviceRow device = Find(store, name);
        foreach ((string collection, string? scope) in granted)
        {
            store.Grant(device.Id, collection, scope);
        }

        store.Commit();
    }

    /// <summary>All devices by name.</summary>
    public List<DeviceRow> List()
    {
        using IStoreTransaction store = _store.BeginRead();
        return store.ListDevices();
    }

    /// <summary>One device.</summary>
    public DeviceRow Get(string name)
    {
        using IStoreTransaction store = _store.BeginRead();
        return Find(store, name);
    }

    /// <summary>Keeps a device out from now on.</summary>
    public void Revoke(string name)
    {
        using IStoreTransaction store = _store.BeginWrite();
        store.Revoke(Find(store, name).Id, Now);
        store.Commit();
    }

    /// <summary>Gives a device a new token. A revoked device stays out, unless it is let in again.</summary>
    /// <param name="name">The device.</param>
    /// <param name="isSealed">True: it sends sealed messages and nothing else; false: none; null: as before.</param>
    /// <param name="readmit">True: a revoked device is let in again.</param>
    /// <param name="overlap">Hours for which the old token is taken beside the new one, until that is first used; 0 = it ends at once, as does a key for sealed messages.</param>
    public string Rotate(string name, bool? isSealed = null, bool readmit = false, int overlap = 0)
    {
        if (overlap is < 0 or > MostOverlap)
        {
            throw new RefusedException(Refusal.BadInput, $"overlap is a number from 0 to {MostOverlap}, in hours.") { Code = "out_of_range", Field = "overlap" };
        }

        string token = NewToken(_random);
        using IStoreTransaction store = _store.BeginWrite();
        DeviceRow device = Find(store, name);
        if (device.Retired != null)
        {
            throw new RefusedException(Refusal.Conflict, $"{name} is deleted. For a new board in its place: device replace {name}");
        }

        if (device.Revoked != null && !readmit)
        {
            throw new RefusedException(Refusal.Conflict, $"{name} is revoked, and a new token alone does not let it in. To let it in again: device rotate {name} --readmit");
        }

        bool seals = isSealed ?? store.FindSealKey(name) != null;
        if (overlap > 0 && (seals || device.Revoked != null))
        {
            throw new RefusedException(Refusal.Conflict, $"{name} {(seals ? "sends sealed messages, for which there is one key" : "is revoked: its old token stays ended")}. Without overlap it can be rotated.")
            {
                Field = "overlap",
            };
        }

        IEnrolTransaction enrol = (IEnrolTransaction)store;
        enrol.DropClaims(device.Id);
        enrol.SetToken(device.Id, HashOf(token), overlap > 0 ? Now + (overlap * 3_600_000L) : null, isClaimed: false);
        store.SetSealKey(device.Id, seals ? SealedMessage.KeyOf(token) : null);
        store.Commit();
        return token;
    }

    /// <summary>
    /// The device that a bearer token belongs to; null when there is none, it is revoked, or it is enrolled for sealed messages:
    /// such a device never sends its token, so somebody else does. The first use of a new token ends the one before it.
    /// </summary>
    public DeviceIdentity? Authenticate(string token)
    {
        byte[] hash = HashOf(token);
        (DeviceIdentity? device, bool ends) = Find(hash);
        return ends ? Use(device!, hash) : device;
    }

    /// <summary>The same, without a thread that waits.</summary>
    public async ValueTask<DeviceIdentity?> AuthenticateAsync(string token)
    {
        byte[] hash = HashOf(token);
        (DeviceIdentity? device, bool ends) = await _store.Aside(() => Find(hash));
        return ends ? await _store.Together(device!.Id, () => Use(device, hash)) : device;
    }

    private (DeviceIdentity? Device, bool Ends) Find(byte[] hash)
    {
        using IStoreTransaction store = _store.BeginRead();
        DeviceIdentity? device = ((IEnrolTransaction)store).FindDeviceByToken(hash, Now, out bool ends);
        return (device, ends);
    }

    private DeviceIdentity Use(DeviceIdentity device, byte[] hash)
    {
        using IStoreTransaction store = _store.BeginWrite();
        ((IEnrolTransaction)store).TokenUsed(device.Id, hash, Now);
        store.Commit();
        return device;
    }

    /// <summary>Where the answers to a device's mails go; null when that is to be taken from its next mail.</summary>
    public string? ReplyAddress(string name)
    {
        using IStoreTransaction store = _store.BeginRead();
        return store.FindMail(Find(store, name).Id);
    }

    /// <summary>Sets where the answers to a device's mails go; null = to be taken from its next mail.</summary>
    public void SetReplyAddress(string name, string? address)
    {
        if (address != null && !(System.Net.Mail.MailAddress.TryCreate(address, out System.Net.Mail.MailAddress? parsed) && parsed.Address.Contains('@')))
        {
            throw new RefusedException(Refusal.BadInput, $"Not a mail address: {address}");
        }

        using IStoreTransaction store = _store.BeginWrite();
        store.SetMail(Find(store, name).Id, address);
        store.Commit();
    }

    /// <summary>What was refused to or by a device, newest first.</summary>
    public List<RefusalRow> Refusals(string name, int count = 200)
    {
        using IStoreTransaction store = _store.BeginRead();
        return store.ListRefusals(Find(store, name).Id, count);
    }

    /// <summary>What a device told last, field by field.</summary>
    public List<(InfoRow Row, List<KeyValuePair<string, string>> Fields)> Info(string name)
    {
        using IStoreTransaction store = _store.BeginRead();
        return store.ListInfo(Find(store, name).Id).ConvertAll(row =>
        {
            List<KeyValuePair<string, string>> fields = row.Class == BuiltIn.DeviceStatus.Name
                ? RecordText.Unpack(BuiltIn.DeviceStatus, row.Data).ConvertAll(f => new KeyValuePair<string, string>(BuiltIn.DeviceStatus.FieldName(f.Field), f.Text))
                : [];
            return (row, fields);
        });
    }

    /// <summary>What a device told of its losses; null when it told nothing.</summary>
    public DeviceCounts? Counts(string name)
    {
        using IStoreTransaction store = _store.BeginRead();
        return store.ListInfo(Find(store, name).Id).Find(i => i.Class == BuiltIn.DeviceStatus.Name) is { } status ? DeviceCounts.Of(status.Data) : null;
    }

    /// <summary>The stores that sync as this device, last seen first: more than one are two boards with one token, or a flash that was wiped.</summary>
    public List<ReplicaRow> Stores(string name)
    {
        using IStoreTransaction store = _store.BeginRead();
        return store.ListReplicas(Find(store, name).Id);
    }

    /// <summary>Asks a device for its diary; the id of the command. [SPEC 7.3]</summary>
    public long AskDiary(string name) => Command(name, BuiltIn.SendDiary.Name, []);

    /// <summary>The last diary that a device sent: its bytes and when they came. Refused when there is none.</summary>
    public InfoRow DiaryBytes(string name)
    {
        using IStoreTransaction store = _store.BeginRead();
        return store.ListInfo(Find(store, name).Id).Find(row => row.Class == BuiltIn.Diary)
            ?? throw new RefusedException(Refusal.NotFound, $"{name} has sent no diary. To ask for it: device diary {name} --ask");
    }

    /// <summary>The same, read.</summary>
    public (long Time, Diary Diary) Diary(string name)
    {
        InfoRow row = DiaryBytes(name);
        try
        {
            return (row.Time, Engine.Diary.Parse(row.Data));
        }
        catch (DiaryException e)
        {
            throw new RefusedException(Refusal.BadInput, e.Message);
        }
    }

    /// <summary>Queues a command; its id. [SPEC 7.1]</summary>
    public long Command(string name, string type, IReadOnlyList<KeyValuePair<string, string>> arguments)
    {
        ObjectClass? definition = Array.Find(BuiltIn.Commands, c => c.Name == type);
        if (definition == null)
        {
            throw new RefusedException(Refusal.BadInput, $"There is no command {type}. There are: {string.Join(", ", BuiltIn.Commands.Select(c => c.Name))}");
        }

        try
        {
            int last = definition.Count - 1; // the mark
            for (int field = 1; field < last; field++)
            {
                if (!arguments.Any(a => a.Key == definition.FieldName(field)))
                {
                    throw new RefusedException(Refusal.BadInput, $"{type} needs {definition.FieldName(field)}.") { Code = "missing_field", Field = definition.FieldName(field) };
                }
            }

            _incarnation.Begin(); // begun outside of the transaction
            using IStoreTransaction store = _store.BeginWrite();
            long id = DeviceCommands.Queue(store, _incarnation, Find(store, name).Id, definition, arguments, Now);
            store.Commit();
            return id;
        }
        catch (RecordException e)
        {
            throw new RefusedException(Refusal.BadInput, e.Message) { Code = e.Code, Field = e.Field };
        }
    }

    /// <summary>Commands of a device with their results.</summary>
    public List<DeviceCommandRow> Commands(string name)
    {
        using IStoreTransaction store = _store.BeginRead();
        return store.ListCommands(Find(store, name).Id, all: true);
    }

    internal static DeviceRow Find(IStoreTransaction store, string name)
    {
        return store.FindDevice(name) ?? throw new RefusedException(Refusal.NotFound, $"There is no device {name}.");
    }

    internal static List<(string Name, string? Scope)> ParseCollections(string collections)
    {
        List<(string, string?)> list = [];
        foreach (string part in Names.Split(collections, "What a device may sync"))
        {
            int at = part.IndexOf('@');
            string name = at < 0 ? part : part[..at];
            string? scope = at < 0 ? null : part[(at + 1)..];
            Names.Check(name, "A collection's name");
            if (scope != null)
            {
                Names.Check(scope, "A group's name");
            }

            list.Add((name, scope));
        }

        return list;
    }
}
