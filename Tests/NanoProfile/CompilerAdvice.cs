// What to write instead of what the compiler refused. The first row whose text occurs in the message is taken.

namespace NanoSync.NanoProfile;

public static class CompilerAdvice
{
    private static readonly (string InMessage, string Instead)[] s_rows =
    [
        ("System.Nullable", "no nullable value types: keep a bool beside the value, or a value that means none"),
        ("'Generic'", "no generics: an array with a count, or System.Collections.ArrayList"),
        ("List<", "no generics: an array with a count, or System.Collections.ArrayList"),
        ("Dictionary<", "no generics: System.Collections.Hashtable, or two arrays"),
        ("IEnumerable<", "no generics and no yield: fill an array, or call a delegate per item"),
        ("IEnumerator<", "no generics and no yield: fill an array, or call a delegate per item"),
        ("iterator", "no yield: fill an array, or call a delegate per item"),
        ("EventHandler<", "no generic delegates: declare a delegate type of your own"),
        ("ReadOnlySpan", "no Span: (byte[] buffer, int offset, int count), or a static readonly byte[]"),
        ("System.Span", "no Span and no stackalloc: (byte[] buffer, int offset, int count) over a buffer made once"),
        ("Span<", "no Span and no stackalloc: (byte[] buffer, int offset, int count) over a buffer made once"),
        ("unsafe", "no pointers, stackalloc or fixed: a byte[] made once, with offset and count"),
        ("System.Index", "no Index: a[a.Length - 1]"),
        ("System.Range", "no Range: offset and count, or String.Substring"),
        ("ValueTuple", "no tuples: out parameters, or a small struct"),
        ("Task", "no async: a thread, or a state that the caller steps"),
        ("IAsyncStateMachine", "no async: a thread, or a state that the caller steps"),
        ("AsyncVoidMethodBuilder", "no async: a thread, or a state that the caller steps"),
        ("'Linq'", "no LINQ: a loop"),
        ("System.Decimal", "no decimal: a long with a scale of your own"),
        ("IsVolatile", "no volatile: lock, or System.Threading.Interlocked"),
        ("IEquatable", "no records: a class or struct with its own Equals"),
        ("record", "no records: a class or struct with its own Equals"),
        ("utf8", "no u8 literals: a static readonly byte[], or Encoding.UTF8.GetBytes once"),
        ("UTF-8", "no u8 literals: a static readonly byte[], or Encoding.UTF8.GetBytes once"),
        ("'string' does not contain", "nanoFramework's String is small (no Replace, Join, StringComparison): a StringBuilder, or a loop"),
        ("'Array' does not contain", "nanoFramework's Array has Copy, Clear, IndexOf, BinarySearch only: a loop"),
        ("'Buffer'", "no Buffer: Array.Copy"),
        ("does not contain a definition", "unless the type is ours: on a board it has no such member, see Tests/NanoProfile/Reference"),
        ("could not be found", "unless the type is ours: a board has none, or this project does not refer to its package, see Tests/NanoProfile/Reference"),
        ("does not exist in the namespace", "unless the type is ours: a board has none, or this project does not refer to its package, see Tests/NanoProfile/Reference"),
    ];

    public static string For(string id, string message)
    {
        foreach ((string inMessage, string instead) in s_rows)
        {
            if (message.Contains(inMessage, StringComparison.Ordinal))
            {
                return instead;
            }
        }

        // CS0518, CS0656: the compiler needs a type or member that nanoFramework's mscorlib does not have.
        return id is "CS0518" or "CS0656" ? "the C# feature needs what nanoFramework's mscorlib lacks: write it without" : "";
    }
}
