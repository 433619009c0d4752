// The structures in the Options of the message: what a device tells and asks, what the server tells and asks. [SPEC 7.1]

using System.Text;
using Microsoft.Extensions.Logging;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal sealed class Structures(IServerStore store, ClassCatalog classes, SyncLimits limits, Incarnation incarnation, DeviceIdentity device, long now, ILogger log)
{
    private const int MaxInfo = 16 << 10; // bytes of a status or a diary kept
    private const int MaxCommands = 8; // in a reply: a device carries out one of them

    private readonly List<string> _wanted = [];
    private readonly List<Structure> _due = [];

    /// <summary>What the log is to say once all of this is durable.</summary>
    public List<Action> Afterwards { get; } = [];

    /// <summary>Number of the device's last change; 0 = not told. [SPEC 7.1, `last`]</summary>
    public static long LastChange(List<Structure> told)
    {
        if (told.Find(s => s.Class == BuiltIn.Last.Name && s.Data != null)?.Data is not { } data)
        {
            return 0;
        }

        byte[] bytes = data.ToArray();
        RecordReader reader = new();
        reader.Begin(BuiltIn.Last, bytes, 0, bytes.Length);
        return reader.Next() && reader.Value > 0 ? reader.Value : 0;
    }

    /// <summary>Keeps what the device tells; false when it tells nothing. Repeating it does nothing new.</summary>
    public bool Keep(List<Structure> told)
    {
        if (!told.Exists(s => s.Data != null && s.Class != BuiltIn.Via.Name && s.Class != BuiltIn.Last.Name))
        {
            return false;
        }

        using IStoreTransaction transaction = store.BeginWrite();
        foreach (Structure structure in told)
        {
            if (structure.Data is not { } data)
            {
                continue;
            }

            if (structure.Class.StartsWith(BuiltIn.DefinitionPrefix, StringComparison.Ordinal))
            {
                string name = structure.Class[BuiltIn.DefinitionPrefix.Length..];
                if (ClassCatalog.Learn(transaction, device.Id, name, data.Span, now) is { } why)
                {
                    Refuse(transaction, structure.Class, why);
                }
            }
            else if (structure.Class == BuiltIn.Result.Name)
            {
                KeepResult(transaction, data);
            }
            else if (structure.Class == BuiltIn.Diary)
            {
                if (data.Length <= MaxInfo && Diary.IsOne(data.Span))
                {
                    transaction.SaveInfo(device.Id, new InfoRow(structure.Class, data.ToArray(), now));
                }
                else
                {
                    Refuse(transaction, structure.Class, "not a diary; the one before is kept"); // [SPEC 7.3]
                }
            }
            else if (structure.Class == BuiltIn.DeviceStatus.Name && data.Length <= MaxInfo && RecordText.IsSound(BuiltIn.DeviceStatus, data))
            {
                TellRises(transaction, data.Span);
                transaction.SaveInfo(device.Id, new InfoRow(structure.Class, data.ToArray(), now));
            }
        }

        transaction.Seen(device.Id, 0, now);
        transaction.Commit();
        return true;
    }

    /// <summary>True when the reply has something to say in its Options.</summary>
    public bool HasNews(IStoreTransaction transaction, List<Structure> asked)
    {
        return asked.Exists(s => s.Data == null && Exists(transaction, s.Class)) || transaction.ListCommands(device.Id, all: false).Count > 0;
    }

    /// <summary>Classes whose definitions are to be asked for.</summary>
    public void Want(IEnumerable<string> wireNames)
    {
        foreach (string name in wireNames)
        {
            if (!_wanted.Contains(name))
            {
                _wanted.Add(name);
            }
        }
    }

    /// <summary>Makes what was asked for, and the first commands that have no result yet.</summary>
    /// <returns>Bytes of ApplicationData.</returns>
    public long Prepare(IStoreTransaction transaction, List<Structure> asked)
    {
        foreach (Structure structure in asked)
        {
            if (structure.Data == null && Make(transaction, structure.Class) is { } data)
            {
                _due.Add(new Structure(structure.Class, data));
            }
        }

        foreach (DeviceCommandRow command in transaction.ListCommands(device.Id, all: false).Take(MaxCommands))
        {
            _due.Add(new Structure(command.Class, command.Data));
        }

        return _due.Sum(s => s.Data!.Value.Length);
    }

    /// <summary>Says what was prepared as far as it fits, and asks for definitions. What does not fit is asked for again, or sent with a later reply.</summary>
    public void Tell(List<Structure> options, ReplyBudget budget)
    {
        foreach (Structure structure in _due)
        {
            if (budget.TryAddStructure(structure.Data!.Value.Length))
            {
                options.Add(structure);
            }
        }

        foreach (string name in _wanted)
        {
            options.Add(new Structure(BuiltIn.DefinitionPrefix + name));
        }
    }

    private void TellRises(IStoreTransaction transaction, ReadOnlySpan<byte> status)
    {
        DeviceCounts before = transaction.ListInfo(device.Id).Find(i => i.Class == BuiltIn.DeviceStatus.Name) is { } last && DeviceCounts.Of(last.Data) is { } told
            ? told : new DeviceCounts(0, 0, 0, 0);
        if (DeviceCounts.Of(status)?.InWords(before) is { Length: > 0 } risen)
        {
            Afterwards.Add(() => log.TellsOfMore(device.Name, risen));
        }
    }

    private bool Exists(IStoreTransaction transaction, string name)
    {
        return name == BuiltIn.Time.Name || name == BuiltIn.Quota.Name || Definition(transaction, name) != null;
    }

    private byte[]? Make(IStoreTransaction transaction, string name)
    {
        RecordWriter writer = new(64);
        if (name == BuiltIn.Time.Name)
        {
            if (now < 0 || now / 1000 > uint.MaxValue)
            {
                return null; // a device cannot hold this time, and no time is better than a wrong one
            }

            writer.Begin(BuiltIn.Time);
            writer.Time((uint)(now / 1000));
            writer.UInt((ulong)(now % 1000));
            return writer.Buffer[..writer.Length];
        }

        if (name == BuiltIn.Quota.Name)
        {
            writer.Begin(BuiltIn.Quota);
            writer.UInt((ulong)transaction.CountObjects(device.Id, outboxes: false));
            writer.UInt((ulong)limits.MaxObjects);
            writer.UInt((ulong)limits.MaxObject);
            writer.UInt((ulong)limits.MaxMessage);
            return writer.Buffer[..writer.Length];
        }

        return Definition(transaction, name) is { } definition ? Encoding.UTF8.GetBytes(definition) : null;
    }

    private string? Definition(IStoreTransaction transaction, string name)
    {
        if (!name.StartsWith(BuiltIn.DefinitionPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        // the device asks for a class that it never told: that of an object which another device of the collection wrote
        string wireName = name[BuiltIn.DefinitionPrefix.Length..];
        return classes.Find(transaction, device.Id, wireName)?.Definition ?? transaction.FindSharedClass(device.Id, wireName);
    }

    private void KeepResult(IStoreTransaction transaction, ReadOnlyMemory<byte> data)
    {
        byte[] bytes = data.ToArray();
        long id = 0;
        int status = Status.Success;
        string reason = "";
        long? mark = null;
        long highest = 0;
        RecordReader reader = new();
        reader.Begin(BuiltIn.Result, bytes, 0, bytes.Length);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 0:
                    id = reader.Value;
                    break;
                case 1:
                    status = (int)Math.Clamp(reader.Value, 0, 999);
                    break;
                case 2:
                    reason = reader.Text();
                    break;
                case 3:
                    mark = reader.Value;
                    break;
                default:
                    highest = reader.Value;
                    break;
            }
        }

        if (reader.Error != SyncError.None)
        {
            Refuse(transaction, BuiltIn.Result.Name, "not a record of this class");
            return;
        }

        if (highest is < 0 or >= uint.MaxValue)
        {
            Refuse(transaction, BuiltIn.Result.Name, "no device can hold a higher number"); // its ids have 32 bits, and the next command gets the number above
            return;
        }

        CommandResult result = new(id, status, reason.Length > 0 ? reason : InWords(status), mark, highest);
        DeviceCommands.Finish(transaction, incarnation, device.Id, result, now);
    }

    // A device saves the bytes; the operator wants words.
    private static string InWords(int status)
    {
        return status switch
        {
            Status.Success => "",
            Status.BadObject => "the device does not take this value",
            Status.NotFound => "the device does not know this command, or what it names",
            Status.Retry => "the device cannot do it now",
            _ => "no reason given",
        };
    }

    private void Refuse(IStoreTransaction transaction, string what, string reason)
    {
        transaction.Refused(device.Id, new RefusalRow("", true, what, Status.BadObject, reason, 1, now));
    }
}
