// The classes that devices and the application named, by name#hash. What was learnt once stays. [SPEC 6.2, 6.3]

using System.Collections.Concurrent;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

/// <summary>Definitions over the store, with those in use at hand.</summary>
public sealed class ClassCatalog
{
    private readonly ConcurrentDictionary<string, ObjectClass> _known = new(StringComparer.Ordinal);

    /// <summary>The class of this wire name; null when it is not known.</summary>
    public ObjectClass? Find(IStoreTransaction store, string? wireName)
    {
        if (wireName == null)
        {
            return null;
        }

        if (_known.TryGetValue(wireName, out ObjectClass? type))
        {
            return type;
        }

        string? definition = IsWireName(wireName) ? store.FindClass(wireName) : null;
        type = definition == null ? null : Parse(definition);
        return type == null ? null : _known.GetOrAdd(wireName, type);
    }

    /// <summary>Keeps a definition if it is one and its hash is that of the wire name.</summary>
    public static bool Learn(IStoreTransaction store, string wireName, ReadOnlySpan<byte> definition, long now)
    {
        byte[] bytes = definition.ToArray();
        ObjectClass? type = ClassDefinition.Parse(bytes, 0, bytes.Length);
        if (type == null || WireName(type) != wireName)
        {
            return false;
        }

        store.SaveClass(wireName, type.Definition, now);
        return true;
    }

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

    /// <summary>True for name#hash: only such a class has a definition to ask for.</summary>
    public static bool IsWireName(string name)
    {
        return name.Length > 5 && name[^5] == '#' && Naming.IsClass(name[..^5]);
    }
}
