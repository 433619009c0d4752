// Where typed tables lie, and what of SQL differs there. They are beside what the server keeps, never in it: in PostgreSQL in a
// schema of their own, with SQLite in a file of its own, so that whoever reads them holds up no device.

using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using NanoSync.Server.Engine;
using Npgsql;

namespace NanoSync.Server.Tables;

/// <summary>The type of a column.</summary>
public enum ColumnType
{
    /// <summary>Yes or no.</summary>
    Bool,

    /// <summary>A whole number of 64 bits.</summary>
    Whole,

    /// <summary>A whole number from 0 to 2^64 - 1.</summary>
    Natural,

    /// <summary>A number with a fraction.</summary>
    Number,

    /// <summary>Text.</summary>
    Text,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>A time.</summary>
    Time,
}

/// <summary>A database for typed tables.</summary>
public abstract class TableDatabase
{
    /// <summary>Name of the file in the data folder, with SQLite.</summary>
    public const string SqliteFile = "readings.db";

    /// <summary>The one that belongs to a server's database.</summary>
    /// <param name="database">PostgreSQL as a connection string; null = SQLite.</param>
    /// <param name="folder">The data folder.</param>
    public static TableDatabase Of(string? database, string folder)
    {
        return database != null ? new Postgres(database) : new Sqlite(Path.Combine(Path.GetFullPath(folder), SqliteFile));
    }

    /// <summary>Opens it, and makes it when missing. Throws a <see cref="StoreException"/>.</summary>
    public abstract DbConnection Open();

    /// <summary>A table's name in a statement.</summary>
    public abstract string Table(string name);

    /// <summary>A type in a statement.</summary>
    public abstract string TypeOf(ColumnType type);

    /// <summary>A field, as its text is, for a column; DBNull when absent.</summary>
    public abstract object Value(ColumnType type, string? text);

    /// <summary>A time, milliseconds since 1970, for a column.</summary>
    public abstract object Time(long milliseconds);

    /// <summary>A name of letters, digits and _, in quotes: it may be a word of SQL.</summary>
    public static string Quote(string name) => "\"" + name + "\"";

    private sealed class Sqlite(string path) : TableDatabase
    {
        public override DbConnection Open()
        {
            SqliteConnection connection = new($"Data Source={path};Pooling=False;Default Timeout=30");
            try
            {
                connection.Open();
                using SqliteCommand command = connection.CreateCommand();
                command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL";
                command.ExecuteNonQuery();
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                }

                return connection;
            }
            catch (DbException e)
            {
                connection.Dispose();
                throw new StoreException($"{path}: {e.Message}", e);
            }
        }

        public override string Table(string name) => Quote(name);

        public override string TypeOf(ColumnType type) => type switch
        {
            ColumnType.Bool or ColumnType.Whole or ColumnType.Natural => "INTEGER",
            ColumnType.Number => "REAL",
            ColumnType.Bytes => "BLOB",
            _ => "TEXT",
        };

        public override object Value(ColumnType type, string? text) => text == null ? DBNull.Value : type switch
        {
            ColumnType.Bool => text == "true" ? 1L : 0L,
            ColumnType.Whole => long.Parse(text, CultureInfo.InvariantCulture),
            ColumnType.Natural => long.TryParse(text, CultureInfo.InvariantCulture, out long small) ? small : text,
            ColumnType.Number => double.Parse(text, CultureInfo.InvariantCulture) is var number && double.IsNaN(number) ? DBNull.Value : number,
            ColumnType.Bytes => Convert.FromBase64String(text),
            _ => text,
        };

        public override object Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }

    private sealed class Postgres(string connectionString) : TableDatabase
    {
        private string? _schema;

        public override DbConnection Open()
        {
            NpgsqlConnection connection = new(connectionString);
            try
            {
                connection.Open();
                if (_schema == null)
                {
                    using NpgsqlCommand own = new("SELECT current_schema()", connection);
                    string schema = own.ExecuteScalar() as string is { } current and not "public" ? current + "_readings" : "readings";
                    using NpgsqlCommand make = new($"CREATE SCHEMA IF NOT EXISTS {Quote(schema)}", connection);
                    make.ExecuteNonQuery();
                    _schema = schema;
                }

                return connection;
            }
            catch (DbException e)
            {
                connection.Dispose();
                throw new StoreException($"The schema of the typed tables: {e.Message}", e);
            }
        }

        public override string Table(string name) => Quote(_schema!) + "." + Quote(name);

        public override string TypeOf(ColumnType type) => type switch
        {
            ColumnType.Bool => "BOOLEAN",
            ColumnType.Whole => "BIGINT",
            ColumnType.Natural => "NUMERIC(20)",
            ColumnType.Number => "DOUBLE PRECISION",
            ColumnType.Bytes => "BYTEA",
            ColumnType.Time => "TIMESTAMPTZ",
            _ => "TEXT",
        };

        public override object Value(ColumnType type, string? text) => text == null ? DBNull.Value : type switch
        {
            ColumnType.Bool => text == "true",
            ColumnType.Whole => long.Parse(text, CultureInfo.InvariantCulture),
            ColumnType.Natural => decimal.Parse(text, CultureInfo.InvariantCulture),
            ColumnType.Number => double.Parse(text, CultureInfo.InvariantCulture),
            ColumnType.Bytes => Convert.FromBase64String(text),
            ColumnType.Time => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).UtcDateTime,
            _ => text.Replace('\0', '\uFFFD'), // which it does not take
        };

        public override object Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime;
    }
}
