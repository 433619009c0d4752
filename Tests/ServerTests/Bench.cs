// What the server tests stand on: a server core over a real database, a clock that stands still, and a device
// that builds requests and reads replies without knowing more than the specification.

using System.Globalization;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

public sealed class TestClock : TimeProvider
{
    private readonly List<Alarm> _alarms = [];

    public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>By how much somebody put the clock forward: no time went by.</summary>
    public TimeSpan Ahead { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now + Ahead;

    public override long GetTimestamp() => Now.Ticks;

    /// <summary>What was asked to happen later.</summary>
    public List<TimeSpan> Alarms
    {
        get
        {
            lock (_alarms)
            {
                return _alarms.ConvertAll(a => a.Due);
            }
        }
    }

    /// <summary>Lets happen what was asked to happen later.</summary>
    public void Ring()
    {
        List<Alarm> all;
        lock (_alarms)
        {
            all = [.. _alarms];
        }

        all.ForEach(a => a.Rings());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Alarm alarm = new(this, () => callback(state), dueTime);
        lock (_alarms)
        {
            _alarms.Add(alarm);
        }

        return alarm;
    }

    private sealed class Alarm(TestClock clock, Action rings, TimeSpan due) : ITimer
    {
        public Action Rings => rings;

        public TimeSpan Due => due;

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose()
        {
            lock (clock._alarms)
            {
                clock._alarms.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

public sealed class Bench : IDisposable
{
    public const string Sampling = "sampling(interval:u,sensors:t)";
    public const string Reading = "reading(at:c,temperature:f2)";

    public Bench(ServerOptions? options = null, byte[]? database = null)
    {
        Folder = Directory.CreateTempSubdirectory("nanosync-server-").FullName;
        if (database != null)
        {
            File.WriteAllBytes(Database, database);
        }

        Options = options ?? new ServerOptions();
        Core = Open();
    }

    public string Folder { get; }

    public ServerOptions Options { get; }

    public TestClock Clock { get; } = new();

    public ServerCore Core { get; private set; }

    /// <summary>Source of the server's codes: the same in each run, never the same again after a restart.</summary>
    private readonly Random _random = new(14);

    private byte[] Random(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    public string Database => Path.Combine(Folder, "nanosync.db");

    public TestDevice Device(string name = "d1", string collections = "config")
    {
        Core.Devices.Add(name, collections);
        return new TestDevice(this, name);
    }

    /// <summary>Ends the server and starts another over the same file.</summary>
    public void Restart()
    {
        Core.Dispose();
        Core = Open();
    }

    /// <summary>Keeps the database as it is, once; another server goes on with it.</summary>
    public void BackUp()
    {
        Core.Dispose();
        TestDatabase.Backup(Folder);
        Core = Open();
    }

    /// <summary>Keeps the database as it is while the server runs: it goes on under the same incarnation.</summary>
    public void BackUpRunning() => TestDatabase.BackupRunning(Folder);

    /// <summary>Ends the server, puts the database back as it was kept, and starts another over it.</summary>
    public void Restore()
    {
        Core.Dispose();
        TestDatabase.Restore(Folder);
        Core = Open();
    }

    public ObjectView Put(string device, string id, string json, string? type = null)
    {
        return Core.Objects.Put(device, "config", id, ObjectJson.Parse(Encoding.UTF8.GetBytes(json), type));
    }

    public ObjectView PutBytes(string device, string id, params byte[] data)
    {
        return Core.Objects.Put(device, "config", id, new NewValue(null, data, null));
    }

    public List<ObjectView> Objects(string device, string collection = "config")
    {
        return Core.Objects.List(device, collection);
    }

    /// <summary>The objects of a collection as "id=hex" in the order of their ids.</summary>
    public string Held(string device, string collection = "config")
    {
        return string.Join(' ', Objects(device, collection).OrderBy(o => o.Row.Id, StringComparer.Ordinal).Select(o => o.Row.Id + "=" + Convert.ToHexString(o.Row.Data!)));
    }

    public void Dispose()
    {
        Core.Dispose();
        TestDatabase.Drop(Folder);
    }

    private ServerCore Open()
    {
        return new ServerCore(TestDatabase.Open(Folder, Clock), Options, Clock, random: Random);
    }
}

/// <summary>A device that asks for one collection at a time and keeps the key of each.</summary>
public sealed class TestDevice(Bench bench, string name)
{
    private readonly Dictionary<string, string> _keys = [];

    /// <summary>Id of its store, told with key 0; null = it tells none.</summary>
    public string? StoreId { get; set; }

    /// <summary>The store that it was one with; null = none.</summary>
    public string? CameFrom { get; set; }

    /// <summary>The key that it held before a start over, told with key 0; null = none.</summary>
    public string? LastKey { get; set; }

    /// <summary>True: it was told 205, and says so with key 0.</summary>
    public bool Recovers { get; set; }

    /// <summary>Number of its last start over.</summary>
    public int Starts { get; set; }

    public DeviceIdentity Identity { get; } = new(bench.Core.Devices.Get(name).Id, name);

    public string Name => name;

    /// <summary>The bytes of the last request.</summary>
    public byte[] LastRequest { get; set; } = [];

    public MessageFormat Format { get; set; } = MessageFormat.Wbxml;

    public string Key(string collection = "config") => _keys.GetValueOrDefault(collection, SyncKeys.Zero);

    public void SetKey(string key, string collection = "config") => _keys[collection] = key;

    /// <summary>A request for a collection with the key held, asking for changes.</summary>
    public CollectionElement Ask(string collection = "config", bool getChanges = true)
    {
        CollectionElement request = new() { Id = collection, SyncKey = Key(collection), GetChanges = getChanges };
        if (StoreId != null && request.SyncKey == SyncKeys.Zero)
        {
            List<KeyValuePair<string, string>> told = [new("id", StoreId), new("start", $"{Starts}")];
            told.AddRange(CameFrom == null ? [] : [new("from", CameFrom)]);
            told.AddRange(LastKey == null ? [] : [new("last", LastKey)]);
            told.AddRange(Recovers ? [new("recovers", "1")] : []);
            request.Options.Add(new Structure(BuiltIn.Store.Name, RecordText.Pack(BuiltIn.Store, told)));
        }

        return request;
    }

    /// <summary>A request of readings.</summary>
    public CollectionElement Log(params SyncCommand[] commands)
    {
        CollectionElement request = Ask("log", getChanges: false);
        request.DeletesAsMoves = true;
        request.Commands.AddRange(commands);
        return request;
    }

    /// <summary>Sends; the reply's collection. The new key is kept if the reply is sound.</summary>
    public CollectionElement Sync(CollectionElement request)
    {
        SyncMessage? reply = Exchange(request);
        Assert.IsNotNull(reply, "The reply is empty.");
        CollectionElement answer = reply.Collections.Single();
        Take(answer);
        return answer;
    }

    /// <summary>Sends and loses the reply.</summary>
    public CollectionElement Lose(CollectionElement request)
    {
        return Exchange(request)!.Collections.Single();
    }

    /// <summary>Sends the last request's bytes again.</summary>
    public CollectionElement SyncAgain()
    {
        CollectionElement answer = Parse(Send(LastRequest))!.Collections.Single();
        Take(answer);
        return answer;
    }

    /// <summary>Key 0 and all that follows it.</summary>
    public void Start(string collection = "config", Action<CollectionElement>? shape = null)
    {
        SetKey(SyncKeys.Zero, collection);
        Starts++;
        CollectionElement first = Ask(collection);
        shape?.Invoke(first);
        Sync(first);
    }

    /// <summary>Asks until there is no more; the commands got.</summary>
    public List<SyncCommand> Pull(string collection = "config")
    {
        List<SyncCommand> commands = [];
        for (int round = 0; round < 1000; round++)
        {
            SyncMessage? reply = Exchange(Ask(collection));
            if (reply == null)
            {
                return commands;
            }

            CollectionElement answer = reply.Collections.Single();
            Take(answer);
            commands.AddRange(answer.Commands);
            if (!answer.MoreAvailable)
            {
                return commands;
            }
        }

        throw new AssertFailedException("There is always more.");
    }

    /// <summary>Sends collections in one message; null = the empty reply.</summary>
    public SyncMessage? Exchange(params CollectionElement[] collections)
    {
        SyncMessage request = new() { Version = "1.0" };
        request.Collections.AddRange(collections);
        return Exchange(request);
    }

    public SyncMessage? Exchange(SyncMessage request)
    {
        request.Version ??= "1.0";
        LastRequest = MessagePrinter.Print(Format, request);
        return Parse(Send(LastRequest));
    }

    public SyncReply Send(byte[] request)
    {
        return bench.Core.Sync.Handle(Identity, request, Format);
    }

    public SyncMessage? Parse(SyncReply reply)
    {
        return reply.IsEmpty ? null : MessageParser.Parse(Format, reply.Body);
    }

    /// <summary>Keeps the key of an answer to the last request, as a device does. [SPEC 5.3]</summary>
    public void Take(CollectionElement answer)
    {
        if (answer.Status == Status.Success)
        {
            byte[] key = Encoding.ASCII.GetBytes(answer.SyncKey);
            Assert.IsTrue(Fnv.HasTag(Fnv.Of(LastRequest, 0, LastRequest.Length), key, key.Length - 4), "The key answers another request.");
            SetKey(answer.SyncKey, answer.Id);
        }
    }

    public static SyncCommand Add(string? clientId, params byte[] data)
    {
        return new SyncCommand { Tag = Tags.Add, ClientId = clientId, Data = data };
    }

    public static SyncCommand Change(string serverId, params byte[] data)
    {
        return new SyncCommand { Tag = Tags.Change, ServerId = serverId, Data = data };
    }

    public static SyncCommand Delete(string serverId)
    {
        return new SyncCommand { Tag = Tags.Delete, ServerId = serverId };
    }

    public static SyncCommand Fetch(string serverId)
    {
        return new SyncCommand { Tag = Tags.Fetch, ServerId = serverId };
    }

    public static SyncCommand Refuse(byte tag, string serverId, int status, string reason = "")
    {
        return new SyncCommand { Tag = tag, ServerId = serverId, Status = status, Data = reason.Length == 0 ? null : Encoding.UTF8.GetBytes(reason) };
    }
}

public static class Show
{
    /// <summary>An answer on one line: key status class [responses] {commands} more.</summary>
    public static string Line(this CollectionElement c)
    {
        StringBuilder line = new();
        line.Append(c.Status == Status.Success ? "ok" : string.Create(CultureInfo.InvariantCulture, $"status {c.Status}"));
        if (c.Class is { Length: > 0 })
        {
            line.Append(" class ").Append(c.Class);
        }

        foreach (SyncCommand r in c.Responses)
        {
            line.Append(" [").Append(r.Text()).Append(']');
        }

        foreach (SyncCommand r in c.Commands)
        {
            line.Append(" {").Append(r.Text()).Append('}');
        }

        return line.Append(c.MoreAvailable ? " more" : "").ToString();
    }

    public static string Text(this SyncCommand c)
    {
        StringBuilder text = new(TagNames.Of(c.Tag));
        text.Append(c.ClientId == null ? "" : " " + c.ClientId).Append(c.ServerId == null ? "" : " " + c.ServerId);
        text.Append(c.Status == Status.Success ? "" : string.Create(CultureInfo.InvariantCulture, $" status {c.Status}"));
        text.Append(c.Class is { Length: > 0 } ? " class " + c.Class : "");
        if (c.Data is { } data && c.Status == Status.Success)
        {
            text.Append(' ').Append(Convert.ToHexString(data.Span));
        }

        return text.ToString();
    }
}
