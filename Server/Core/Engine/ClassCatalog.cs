// The classes that devices and the application named, by name#hash. What was learnt once stays. [SPEC 6.2, 6.3]
//
// A definition belongs to who told it. The hash has 24 bits, and somebody who wants to finds a second definition for
// another's class in a fraction of a second: it must not decide how the other's objects are read. What the application
// defined counts for every device that has not told its own.

using System.Collections.Concurrent;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

/// <summary>Definitions over the store, with those in use at hand.</summary>
public sealed class ClassCatalog
{
    /// <summary>The owner of what the application defined; in an object, its writer.</summary>
    public const int Application = 0;

    /// <summary>Most definitions that one device tells. [SPEC 6.3]</summary>
    public const int MaxClasses = 64;

    private readonly ConcurrentDictionary<(int Owner, string WireName), ObjectClass> _known = new();

    /// <summary>The class that a device means by a wire name; null when it is not known.</summary>
    public ObjectClass? Find(IStoreTransaction store, int device, string? wireName)
    {
        wireName = FullName(store, device, wireName);
        return wireName == null || !IsWireName(wireName) ? null
            : Owned(store, device, wireName) ?? Owned(store, Application, wireName);
    }

    /// <summary>The class of an object: what its writer means; of what the application wrote, what the devices of the collection mean.</summary>
    /// <param name="store">The database.</param>
    /// <param name="writer">Who wrote the object.</param>
    /// <param name="device">The device through whose collection it is looked at; 0 = none in particular.</param>
    /// <param name="collection">Where it lies.</param>
    /// <param name="wireName">What it says of its class.</param>
    public ObjectClass? FindOf(IStoreTransaction store, int writer, int device, int collection, string? wireName)
    {
        return Find(store, writer == Application ? device : writer, wireName)
            ?? (writer == Application ? FindIn(store, collection, wireName) : null);
    }

    /// <summary>The class that the devices of a collection, or else the application, mean by a wire name.</summary>
    public ObjectClass? FindIn(IStoreTransaction store, int collection, string? wireName)
    {
        return wireName != null && IsWireName(wireName) && store.FindClassIn(collection, wireName) is { } definition
            ? Parse(definition)
            : Find(store, Application, wireName);
    }

    /// <summary>Keeps a definition that a device told; why not, or null when it is kept.</summary>
    public static string? Learn(IStoreTransaction store, int device, string wireName, ReadOnlySpan<byte> definition, long now)
    {
        byte[] bytes = definition.ToArray();
        ObjectClass? type = ClassDefinition.Parse(bytes, 0, bytes.Length);
        if (type == null || WireName(type) != wireName)
        {
            return "not the definition of this class";
        }

        if (IsFull(store, device) && store.FindClass(device, wireName) == null)
        {
            return $"{MaxClasses} classes of this device are known, and no more are kept";
        }

        store.SaveClass(device, wireName, type.Definition, now);
        return null;
    }

    /// <summary>True when no more definitions of a device are kept: none is to be asked for.</summary>
    public static bool IsFull(IStoreTransaction store, int device) => store.CountClasses(device) >= MaxClasses;

    /// <summary>A definition as a class; null when it is none.</summary>
    public static ObjectClass? Parse(string definition)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(definition);
        return ClassDefinition.Parse(bytes, 0, bytes.Length);
    }

    /// <summary>name#hash of a class.</summary>
    public static string WireName(ObjectClass type)
    {
        return Encoding.ASCII.GetString(type.WireName);
    }

    /// <summary>name#hash of what a device names by #hash alone, once it has told that class; otherwise as it came. [SPEC 2.3]</summary>
    public static string? FullName(IStoreTransaction store, int device, string? wireName)
    {
        return wireName != null && IsHash(wireName) ? store.FindClassByHash(device, wireName) ?? wireName : wireName;
    }

    /// <summary>True for name#hash.</summary>
    public static bool IsWireName(string name)
    {
        return name.Length > 5 && IsHash(name[^5..]) && Naming.IsClass(name[..^5]);
    }

    /// <summary>True for #hash: a class whose sender does not know its name any more.</summary>
    public static bool IsHash(string name)
    {
        return name.Length == 5 && name[0] == '#' && Naming.IsClass(name[1..]);
    }

    /// <summary>Why a Class cannot be that of an object; null when it can. [SPEC 2.3]</summary>
    public static string? Refuses(string? name)
    {
        return string.IsNullOrEmpty(name) || IsWireName(name) || IsHash(name) ? null
            : $"Class is name#hash or #hash, not \"{name}\"";
    }

    /// <summary>Forgets what was read of the database: it may not be there any more.</summary>
    public void Forget() => _known.Clear();

    private ObjectClass? Owned(IStoreTransaction store, int owner, string wireName)
    {
        if (_known.TryGetValue((owner, wireName), out ObjectClass? type))
        {
            return type;
        }

        type = store.FindClass(owner, wireName) is { } definition ? Parse(definition) : null;
        return type == null ? null : _known.GetOrAdd((owner, wireName), type);
    }
}
