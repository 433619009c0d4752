// What compiles against nanoFramework's mscorlib and breaks later: in the metadata processor (dll -> pe), or in nanoCLR.
// One row per rule. Nothing is forbidden for taste: lambdas, exception filters, ref locals, interpolation all work.

namespace NanoSync.NanoProfile;

/// <summary>One rule.</summary>
/// <param name="Id">Stable: tests and reports name it.</param>
/// <param name="Breaks">What breaks, and where.</param>
/// <param name="Instead">What to write instead.</param>
public sealed record IlRule(string Id, string Breaks, string Instead)
{
    public Finding At(string where, string what) => new(Id, where, $"{what}: {Breaks}", Instead);
}

public static class IlRules
{
    public static readonly IlRule GenericType = new("NP101",
        "a generic type crashes nanoCLR while it resolves", "one class per element type, or object");

    public static readonly IlRule GenericMethod = new("NP102",
        "a generic method prints nothing or crashes", "one overload per type, or object");

    public static readonly IlRule GenericInstance = new("NP103",
        "an instance of a generic crashes nanoCLR while it resolves", "an array with a count, ArrayList, or a delegate type of your own");

    public static readonly IlRule MultiDimensionalArray = new("NP104",
        "a multi-dimensional array is refused by the metadata processor or crashes nanoCLR", "a jagged array, or one array with a computed index");

    public static readonly IlRule Pointer = new("NP105",
        "pointers, stackalloc and fixed abort the metadata processor", "a byte[] made once, with offset and count");

    public static readonly IlRule CheckedArithmetic = new("NP106",
        "nanoCLR never throws OverflowException, so the check is not there", "compare before the operation, or unchecked with a cast to int");

    public static readonly IlRule DefaultInterfaceMethod = new("NP107",
        "a default interface method throws at the call", "an abstract base class, or a static helper");

    public static readonly IlRule WideSwitch = new("NP108",
        "the metadata processor writes the number of switch targets as one byte", "at most 255 dense cases: a table, or two switches");

    public static readonly IlRule TooManyMethods = new("NP109",
        "a type may have 255 methods of a kind (virtual, instance, static)", "split the type");

    public static readonly IlRule TooManyFields = new("NP110",
        "the number of a type's static or instance fields is written as one byte", "split the type, or an array");

    public static readonly IlRule TooMuchIl = new("NP111",
        "an assembly may have 64 KB of IL", "split the assembly");

    public static readonly IlRule TooManyStrings = new("NP112",
        "an assembly may have 64 KB of names and string literals", "shorter or fewer literals, or split the assembly");

    public static readonly IlRule EmbeddedType = new("NP113",
        "the compiler put an attribute type of its own into the assembly (flash, and the native method table shifts)",
        "LangVersion 10 or less; no readonly struct, ref readonly or #nullable on the device");

    public static readonly IlRule Opcode = new("NP114",
        "nanoCLR does not run this instruction", "ordinary calls and locals");

    public static readonly IlRule AttributeArgument = new("NP115",
        "the metadata processor or nanoCLR loses an enum, 64-bit or typed-array attribute argument", "int, string, bool, char or object[] of these");

    public static readonly IlRule NulInString = new("NP116",
        "a board's string ends at the first NUL", "a byte[]: never carry binary in strings");

    public static readonly IlRule Trap = new("NP117",
        "the member is there and does not do its work on a board", "see the message");

    public static readonly IlRule StreamOwner = new("NP118",
        "what is left to a finalizer keeps its memory until every thread waits",
        "one type that opens and closes it; a FileStream: Close, then GC.SuppressFinalize");

    public static readonly IReadOnlyList<IlRule> All =
    [
        GenericType, GenericMethod, GenericInstance, MultiDimensionalArray, Pointer, CheckedArithmetic,
        DefaultInterfaceMethod, WideSwitch, TooManyMethods, TooManyFields, TooMuchIl, TooManyStrings, EmbeddedType,
        Opcode, AttributeArgument, NulInString, Trap, StreamOwner,
    ];
}
