// Which table and which columns a class has. Names are small letters, digits and _, so that a person writes them without quotes;
// classes of one name, of all devices and versions, have one table, with the columns of all of them.
//
//   at          when it was, as the reading says, else when it came; a field of that name and type is this column
//   device, collection, id, received    of the reading itself; a field of such a name has a _ behind its own
//   each field  by its name; one that had another type before has that type behind its name: temperature_text

using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Server.Tables;

/// <summary>A field and the column that it goes to.</summary>
public sealed record FieldColumn(int Field, string Column, ColumnType Type);

/// <summary>The tables that there are.</summary>
public sealed class TableShapes
{
    /// <summary>Most tables; classes beyond them have none.</summary>
    public const int MostTables = 500;

    /// <summary>Most columns of a table; fields beyond them are left out.</summary>
    public const int MostColumns = 300;

    private const int LongestName = 48;

    // of every table; those with a _ in front are for the server
    private static readonly string[] s_own = ["at", "device", "collection", "id", "received", "_collection", "_seq"];

    private readonly Dictionary<string, Dictionary<string, ColumnType>> _tables = new(StringComparer.Ordinal);

    /// <summary>Names of the tables.</summary>
    public IEnumerable<string> Tables => _tables.Keys;

    /// <summary>The columns for fields of a table, in the order of their names.</summary>
    public IReadOnlyDictionary<string, ColumnType> Columns(string table) => _tables[table];

    /// <summary>Notes what there is.</summary>
    public void Add(string table, string? column, ColumnType type)
    {
        if (!_tables.TryGetValue(table, out Dictionary<string, ColumnType>? columns))
        {
            _tables.Add(table, columns = new(StringComparer.Ordinal));
        }

        if (column != null)
        {
            columns[column] = type;
        }
    }

    /// <summary>Table and columns of a class; those of them that are not there yet are to be made and added. Null = there are too many tables.</summary>
    public (string Table, List<FieldColumn> Columns)? Of(ObjectClass type)
    {
        string table = Clean(type.Name);
        if (!_tables.TryGetValue(table, out Dictionary<string, ColumnType>? known))
        {
            if (_tables.Count >= MostTables)
            {
                return null;
            }

            known = [];
        }

        List<FieldColumn> columns = [];
        HashSet<string> taken = new(StringComparer.Ordinal);
        int added = 0;
        for (int i = 0; i < type.Count; i++)
        {
            ColumnType wanted = TypeOf(type.TypeOf(i));
            string name = Clean(type.FieldName(i));
            if (name == "at" && wanted == ColumnType.Time)
            {
                continue;
            }

            name = s_own.Contains(name) ? name + "_" : name;
            name = known.TryGetValue(name, out ColumnType before) && before != wanted ? $"{name}_{wanted.ToString().ToLowerInvariant()}" : name;
            while (!taken.Add(name))
            {
                name += "_";
            }

            added += known.ContainsKey(name) ? 0 : 1;
            if (known.ContainsKey(name) || known.Count + added <= MostColumns)
            {
                columns.Add(new FieldColumn(i, name, wanted));
            }
        }

        return (table, columns);
    }

    /// <summary>A name of small letters, digits and _ that begins with a letter.</summary>
    public static string Clean(string name)
    {
        StringBuilder clean = new();
        foreach (char c in name.ToLowerInvariant())
        {
            clean.Append(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '_');
        }

        if (clean.Length == 0 || !char.IsAsciiLetter(clean[0]))
        {
            clean.Insert(0, 'c');
        }

        clean.Length = Math.Min(clean.Length, LongestName);
        return clean.ToString() is var done && done.StartsWith("nanosync_", StringComparison.Ordinal) || done.StartsWith("sqlite_", StringComparison.Ordinal) || done.StartsWith("pg_", StringComparison.Ordinal)
            ? "c" + done : done;
    }

    private static ColumnType TypeOf(FieldType type) => type switch
    {
        FieldType.Bool => ColumnType.Bool,
        FieldType.Int => ColumnType.Whole,
        FieldType.UInt => ColumnType.Natural,
        FieldType.Fixed or FieldType.Float or FieldType.Double => ColumnType.Number,
        FieldType.Bytes => ColumnType.Bytes,
        FieldType.Time => ColumnType.Time,
        _ => ColumnType.Text,
    };
}
