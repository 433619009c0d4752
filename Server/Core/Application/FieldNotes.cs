// What an operator says of the fields of a class: what to call them, their unit, the least and most that makes sense. A definition
// as it travels has names and types alone [SPEC 6.2], so this is the server's own: it is kept by the name of the class, counts for
// every version of it, and is shown wherever its fields are. What an application writes beyond a range is refused before any device
// is asked; what devices write is taken as it is.

using System.Globalization;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Application;

/// <summary>What is said of a field.</summary>
/// <param name="Class">Name of the class, without its hash.</param>
/// <param name="Field">Name of the field.</param>
/// <param name="Label">What to call it; null = by its name.</param>
/// <param name="Unit">Its unit; null = none.</param>
/// <param name="Least">The least that is taken; null = what its type holds.</param>
/// <param name="Most">The most that is taken; null = what its type holds.</param>
/// <param name="Time">When it was said, milliseconds since 1970.</param>
/// <param name="Who">By whom.</param>
public sealed record FieldNote(string Class, string Field, string? Label, string? Unit, double? Least, double? Most, long Time, string Who)
{
    /// <summary>The range in words, with the unit: "10 to 3600 s".</summary>
    public string Range => (Least, Most) switch
    {
        ({ } least, { } most) => string.Create(CultureInfo.InvariantCulture, $"{least} to {most}"),
        ({ } least, null) => string.Create(CultureInfo.InvariantCulture, $"from {least}"),
        (null, { } most) => string.Create(CultureInfo.InvariantCulture, $"up to {most}"),
        _ => "",
    } + (Unit == null || (Least == null && Most == null) ? "" : " " + Unit);
}

/// <summary>What is said of fields, in the database.</summary>
public interface INoteTransaction : IStoreTransaction
{
    /// <summary>What is said of a class's fields; null = of those of all classes. By class and field.</summary>
    List<FieldNote> ListFieldNotes(string? className);

    /// <summary>Says something of a field, instead of what was said before.</summary>
    void SaveFieldNote(FieldNote note);

    /// <summary>Says nothing of a field any more; false when nothing was.</summary>
    bool DropFieldNote(string className, string field);
}

/// <summary>What is said of fields.</summary>
public sealed class FieldNotes(IServerStore store, TimeProvider clock)
{
    private const int LongestLabel = 64;
    private const int LongestUnit = 16;

    /// <summary>All that is said, or that of a class.</summary>
    public List<FieldNote> List(string? className = null)
    {
        using INoteTransaction transaction = (INoteTransaction)store.BeginRead();
        return transaction.ListFieldNotes(className);
    }

    /// <summary>Says something of a field, instead of what was said before.</summary>
    public FieldNote Set(string className, string field, string? label, string? unit, double? least, double? most, string by)
    {
        CheckName(className, "class");
        CheckName(field, "field");
        CheckText(label, LongestLabel, "label");
        CheckText(unit, LongestUnit, "unit");
        (label, unit) = (label?.Length > 0 ? label : null, unit?.Length > 0 ? unit : null);
        if ((least is { } l && !double.IsFinite(l)) || (most is { } m && !double.IsFinite(m)) || least > most)
        {
            throw new RefusedException(Refusal.BadInput, "least and most are numbers, and least is not above most.") { Code = "out_of_range", Field = "least" };
        }

        if (label == null && unit == null && least == null && most == null)
        {
            throw new RefusedException(Refusal.BadInput, "Give label, unit, least or most; to say nothing of it any more, delete it.") { Code = "missing_field", Field = "label" };
        }

        FieldNote note = new(className, field, label, unit, least, most, clock.GetUtcNow().ToUnixTimeMilliseconds(), by);
        using INoteTransaction transaction = (INoteTransaction)store.BeginWrite();
        transaction.SaveFieldNote(note);
        transaction.Commit();
        return note;
    }

    /// <summary>Says nothing of a field any more.</summary>
    public void Drop(string className, string field)
    {
        using INoteTransaction transaction = (INoteTransaction)store.BeginWrite();
        if (!transaction.DropFieldNote(className, field))
        {
            throw new RefusedException(Refusal.NotFound, $"Nothing is said of {className}.{field}.");
        }

        transaction.Commit();
    }

    /// <summary>Refuses a value of which a number is beyond its range.</summary>
    internal static void Check(IStoreTransaction store, ObjectClass? type, byte[] data)
    {
        if (type == null || !RecordText.IsSound(type, data)) // an earlier version's bytes may be of no class that is known
        {
            return;
        }

        List<FieldNote> notes = ((INoteTransaction)store).ListFieldNotes(ClassCatalog.WireName(type)[..^5]).FindAll(n => n.Least != null || n.Most != null);
        if (notes.Count == 0)
        {
            return;
        }

        foreach ((int field, string text) in RecordText.Unpack(type, data))
        {
            if (Readings.ReadingService.IsNumber(type.TypeOf(field)) && notes.Find(n => n.Field == type.FieldName(field)) is { } note
                && double.Parse(text, CultureInfo.InvariantCulture) is var value && !(value >= (note.Least ?? double.MinValue) && value <= (note.Most ?? double.MaxValue)))
            {
                throw new RefusedException(Refusal.BadInput, $"{note.Field} is {note.Range}, not {text}: so {note.Who} said of class {note.Class}. Nothing was written.") { Code = "out_of_range", Field = note.Field };
            }
        }
    }

    private static void CheckName(string name, string what)
    {
        if (!Naming.IsClass(name))
        {
            throw new RefusedException(Refusal.BadInput, $"The name of a {what} is 1 to {Naming.MaxClass} of A-Z a-z 0-9 _ - : not \"{name}\".") { Field = what };
        }
    }

    private static void CheckText(string? text, int most, string field)
    {
        if (text != null && (text.Length > most || !Names.IsText(text) || text.Any(char.IsControl)))
        {
            throw new RefusedException(Refusal.BadInput, $"{field} is at most {most} characters without control characters.") { Code = "out_of_range", Field = field };
        }
    }
}
