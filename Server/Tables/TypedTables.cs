// Readings as tables that anybody's SQL reads: a table a class, a column a field. They are filled behind the log, page by page,
// each page with the number up to which it goes in one transaction: a server that dies in between leaves neither a gap nor a
// reading twice. One process of those on a database fills them.
//
// A database that was put back is behind the tables, or goes on in a life that they do not know: they are made anew then.
// restore removes them, for it may have come further since.

using System.Data.Common;
using System.Globalization;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Server.Fleet;
using NanoSync.Server.Readings;

namespace NanoSync.Server.Tables;

/// <summary>A table as it is.</summary>
public sealed record TypedTable(string Name, long Rows, IReadOnlyList<string> Columns);

/// <summary>Fills typed tables.</summary>
public sealed class TypedTables(IServerStore store, ReadingService readings, Incarnation incarnation, TableDatabase database)
{
    private const string Job = "tables";
    private const int Page = 1000; // as ReadingService has it

    private static readonly TimeSpan s_gaps = TimeSpan.FromSeconds(30);

    private readonly Lock _one = new();
    private long _gapsSeen; // when gaps were looked at last; 0 = not yet
    private long _seen = -1; // the last change when there was nothing left to do

    /// <summary>Brings the tables up to date; how many readings were written. 0 while another process does so.</summary>
    /// <param name="most">Ends after about so many.</param>
    public int Fill(int most = int.MaxValue)
    {
        lock (_one)
        {
            using IDisposable? turn = store.TryLock(Job);
            if (turn == null)
            {
                return 0;
            }

            long change;
            using (IFleetTransaction transaction = (IFleetTransaction)store.BeginRead())
            {
                change = transaction.HasNewChanges() ? -1 : transaction.LastChange(); // before anything is looked at
            }

            bool gaps = _gapsSeen == 0 || System.Diagnostics.Stopwatch.GetElapsedTime(_gapsSeen) > s_gaps; // a definition that arrives is no change
            if (change >= 0 && change == _seen && !gaps)
            {
                return 0;
            }

            List<SourceRow> sources = Sources(out Dictionary<int, string> names);

            try
            {
                using DbConnection connection = database.Open();
                TableShapes shapes = Prepare(connection, sources);
                Dictionary<int, long> cursors = Cursors(connection);
                int written = 0;
                if (gaps)
                {
                    FillGaps(connection, ref shapes, sources, cursors, names, ref written);
                    _gapsSeen = System.Diagnostics.Stopwatch.GetTimestamp();
                }

                foreach (SourceRow source in sources)
                {
                    for (long after = cursors.GetValueOrDefault(source.Collection); after < source.Seq && written < most;)
                    {
                        after = Copy(connection, ref shapes, source, after, names, ref written);
                    }
                }

                _seen = written < most ? change : -1;
                return written;
            }
            catch (DbException e)
            {
                _seen = -1;
                throw new StoreException($"The typed tables: {e.Message}", e);
            }
        }
    }

    /// <summary>Removes what the server does not keep any more: of collections that are gone, and what retention removed.</summary>
    public void Prune()
    {
        lock (_one)
        {
            using IDisposable? turn = store.TryLock(Job);
            if (turn == null)
            {
                return;
            }

            List<SourceRow> sources = Sources(out _);
            HashSet<int> there = [.. sources.Select(s => s.Collection)];
            try
            {
                using DbConnection connection = database.Open();
                TableShapes shapes = Prepare(connection, sources);
                foreach (int collection in Cursors(connection).Keys)
                {
                    long from = there.Contains(collection) ? Oldest(collection) : long.MaxValue;
                    using DbTransaction transaction = connection.BeginTransaction();
                    foreach (string table in shapes.Tables)
                    {
                        Run(connection, transaction, $"DELETE FROM {database.Table(table)} WHERE \"_collection\" = @c AND \"_seq\" < @from", ("c", (long)collection), ("from", from));
                    }

                    if (from == long.MaxValue && !there.Contains(collection))
                    {
                        Run(connection, transaction, $"DELETE FROM {database.Table("nanosync_cursor")} WHERE collection = @c", ("c", (long)collection));
                        Run(connection, transaction, $"DELETE FROM {database.Table("nanosync_gap")} WHERE collection = @c", ("c", (long)collection));
                    }

                    transaction.Commit();
                }
            }
            catch (DbException e)
            {
                throw new StoreException($"The typed tables: {e.Message}", e);
            }
        }
    }

    /// <summary>The tables that there are.</summary>
    public List<TypedTable> List()
    {
        lock (_one)
        {
            using DbConnection connection = database.Open();
            TableShapes shapes = Prepare(connection, []);
            return [.. shapes.Tables.Order(StringComparer.Ordinal).Select(t => new TypedTable(t,
                Convert.ToInt64(Scalar(connection, $"SELECT COUNT(*) FROM {database.Table(t)}"), CultureInfo.InvariantCulture),
                ["at", "device", "collection", "id", "received", .. shapes.Columns(t).Keys]))];
        }
    }

    // Collections of readings, with a device that has each.
    private List<SourceRow> Sources(out Dictionary<int, string> names)
    {
        using IStoreTransaction transaction = store.BeginRead();
        HashSet<int> outboxes = [.. transaction.ListOutboxes().Select(o => o.Id)];
        names = transaction.ListDevices().ToDictionary(d => d.Id, d => d.Name);
        return [.. ((IReadingTransaction)transaction).ListSources(null, null, null).Where(s => outboxes.Contains(s.Collection)).DistinctBy(s => s.Collection)];
    }

    private long Oldest(int collection)
    {
        using IStoreTransaction transaction = store.BeginRead();
        return transaction.ListObjects(collection, 0, 1, deleted: false) is [var first] ? first.Seq : long.MaxValue;
    }

    // Makes what is missing, and everything anew when the database went back; the tables that there are.
    private TableShapes Prepare(DbConnection connection, List<SourceRow> sources)
    {
        string life = incarnation.Begin();
        HashSet<string> lives;
        using (IStoreTransaction transaction = store.BeginRead())
        {
            lives = [.. transaction.ListIncarnations()];
        }

        string meta = database.Table("nanosync_life"), cursor = database.Table("nanosync_cursor"), column = database.Table("nanosync_column");
        using DbTransaction making = connection.BeginTransaction();
        Run(connection, making, $"CREATE TABLE IF NOT EXISTS {meta} (code TEXT NOT NULL)");
        Run(connection, making, $"CREATE TABLE IF NOT EXISTS {cursor} (collection BIGINT PRIMARY KEY, seq BIGINT NOT NULL)");
        Run(connection, making, $"CREATE TABLE IF NOT EXISTS {database.Table("nanosync_gap")} (collection BIGINT NOT NULL, class TEXT NOT NULL, author BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (collection, class, author))");
        Run(connection, making, $"CREATE TABLE IF NOT EXISTS {column} (table_name TEXT NOT NULL, column_name TEXT NOT NULL, type INTEGER NOT NULL, PRIMARY KEY (table_name, column_name))");
        TableShapes shapes = Shapes(connection, making);
        string? known = Scalar(connection, $"SELECT code FROM {meta}", making) as string;
        Dictionary<int, long> cursors = Cursors(connection, making);
        if (known != null && (!lives.Contains(known) || sources.Exists(s => cursors.GetValueOrDefault(s.Collection) > s.Seq)))
        {
            foreach (string table in shapes.Tables)
            {
                Run(connection, making, $"DROP TABLE {database.Table(table)}");
            }

            Run(connection, making, $"DELETE FROM {cursor}");
            Run(connection, making, $"DELETE FROM {database.Table("nanosync_gap")}");
            Run(connection, making, $"DELETE FROM {column}");
            shapes = new TableShapes();
        }

        if (known != life)
        {
            Run(connection, making, $"DELETE FROM {meta}");
            Run(connection, making, $"INSERT INTO {meta} (code) VALUES (@life)", ("life", life));
        }

        making.Commit();
        return shapes;
    }

    private TableShapes Shapes(DbConnection connection, DbTransaction? transaction)
    {
        TableShapes shapes = new();
        using DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"SELECT table_name, column_name, type FROM {database.Table("nanosync_column")} ORDER BY table_name, column_name";
        using DbDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            shapes.Add(reader.GetString(0), reader.GetString(1) is { Length: > 0 } name ? name : null, (ColumnType)reader.GetInt32(2));
        }

        return shapes;
    }

    private Dictionary<int, long> Cursors(DbConnection connection, DbTransaction? transaction = null)
    {
        Dictionary<int, long> cursors = [];
        using DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"SELECT collection, seq FROM {database.Table("nanosync_cursor")}";
        using DbDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            cursors[(int)reader.GetInt64(0)] = reader.GetInt64(1);
        }

        return cursors;
    }

    // A page of a collection and how far it goes, in one transaction.
    private long Copy(DbConnection connection, ref TableShapes shapes, SourceRow source, long after, Dictionary<int, string> names, ref int written)
    {
        List<Reading> page;
        using (IStoreTransaction reading = store.BeginRead())
        {
            page = readings.Changed(reading, source.Collection, source.CollectionName, after, source.Seq, names);
        }

        long upTo = page.Count < Page ? source.Seq : page[^1].Row.Seq;
        using DbTransaction transaction = connection.BeginTransaction();
        Dictionary<ObjectClass, (DbCommand Insert, List<FieldColumn> Columns)?> statements = [];
        bool whole = false;
        try
        {
            foreach (Reading reading in page)
            {
                if (!reading.Row.IsLogged)
                {
                    foreach (string table in shapes.Tables) // it stood there before it was changed
                    {
                        Run(connection, transaction, $"DELETE FROM {database.Table(table)} WHERE \"_collection\" = @c AND id = @id", ("c", (long)source.Collection), ("id", reading.Row.Id));
                    }
                }

                if (reading.Row.Deleted || reading.Class == null || reading.Fields == null)
                {
                    if (IsUnknown(reading))
                    {
                        Run(connection, transaction, $"INSERT INTO {database.Table("nanosync_gap")} (collection, class, author, seq) VALUES (@c, @class, @author, @seq) ON CONFLICT (collection, class, author) DO NOTHING",
                            ("c", (long)source.Collection), ("class", reading.Row.Class!), ("author", (long)reading.Row.Author), ("seq", reading.Row.Seq));
                    }

                    continue;
                }

                if (!statements.TryGetValue(reading.Class, out (DbCommand Insert, List<FieldColumn> Columns)? statement))
                {
                    statements.Add(reading.Class, statement = Statement(connection, transaction, shapes, reading.Class));
                }

                if (statement is { } insert)
                {
                    Insert(insert.Insert, insert.Columns, source, reading);
                    written++;
                }
            }

            Run(connection, transaction, $"INSERT INTO {database.Table("nanosync_cursor")} (collection, seq) VALUES (@c, @seq) ON CONFLICT (collection) DO UPDATE SET seq = excluded.seq",
                ("c", (long)source.Collection), ("seq", upTo));
            transaction.Commit();
            whole = true;
            return upTo;
        }
        finally
        {
            foreach ((DbCommand Insert, List<FieldColumn> Columns)? statement in statements.Values)
            {
                statement?.Insert.Dispose();
            }

            if (!whole)
            {
                transaction.Rollback();
                shapes = Shapes(connection, null); // what was made in it is gone
            }
        }
    }

    private static bool IsUnknown(Reading reading) => !reading.Row.Deleted && reading.Class == null && !string.IsNullOrEmpty(reading.Row.Class);

    // Readings that came before the definition of their class are read again once it is known, from the first of them on. Those in
    // between that were known before are in the table already.
    private void FillGaps(DbConnection connection, ref TableShapes shapes, List<SourceRow> sources, Dictionary<int, long> cursors, Dictionary<int, string> names, ref int written)
    {
        List<(int Collection, string Class, long Author, long Seq)> gaps = [];
        using (DbCommand command = connection.CreateCommand())
        {
            command.CommandText = $"SELECT collection, class, author, seq FROM {database.Table("nanosync_gap")}";
            using DbDataReader reader = command.ExecuteReader();
            while (reader.Read())
            {
                gaps.Add(((int)reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3)));
            }
        }

        foreach ((int collection, string wireName, long author, long first) in gaps)
        {
            if (sources.Find(s => s.Collection == collection) is not { } source)
            {
                continue; // Prune comes to it
            }

            long upTo = cursors.GetValueOrDefault(collection);
            bool known = true;
            for (long after = first - 1; known && after < upTo;)
            {
                List<Reading> page;
                using (IStoreTransaction transaction = store.BeginRead())
                {
                    page = readings.Changed(transaction, collection, source.CollectionName, after, upTo, names);
                }

                List<Reading> mine = page.FindAll(r => r.Row.Class == wireName && r.Row.Author == author && !r.Row.Deleted);
                known = mine.Count == 0 || mine.Exists(r => r.Class != null); // one that can never be read is not waited for
                if (known)
                {
                    InsertMissing(connection, ref shapes, source, mine, ref written);
                }

                after = page.Count < Page ? upTo : page[^1].Row.Seq;
            }

            if (known)
            {
                Run(connection, null, $"DELETE FROM {database.Table("nanosync_gap")} WHERE collection = @c AND class = @class AND author = @author", ("c", (long)collection), ("class", wireName), ("author", author));
            }
        }
    }

    private void InsertMissing(DbConnection connection, ref TableShapes shapes, SourceRow source, List<Reading> mine, ref int written)
    {
        using DbTransaction transaction = connection.BeginTransaction();
        bool whole = false;
        try
        {
            foreach (IGrouping<ObjectClass, Reading> ofClass in mine.Where(r => r.Fields != null).GroupBy(r => r.Class!))
            {
                if (Statement(connection, transaction, shapes, ofClass.Key, again: true) is not { } insert)
                {
                    continue;
                }

                using (insert.Insert)
                {
                    foreach (Reading reading in ofClass)
                    {
                        written += Insert(insert.Insert, insert.Columns, source, reading);
                    }
                }
            }

            transaction.Commit();
            whole = true;
        }
        finally
        {
            if (!whole)
            {
                transaction.Rollback();
                shapes = Shapes(connection, null);
            }
        }
    }

    // Makes the table or the columns that are missing, and the statement that fills them.
    private (DbCommand Insert, List<FieldColumn> Columns)? Statement(DbConnection connection, DbTransaction transaction, TableShapes shapes, ObjectClass type, bool again = false)
    {
        if (shapes.Of(type) is not ({ } table, { } columns))
        {
            return null;
        }

        string name = database.Table(table);
        if (!shapes.Tables.Contains(table))
        {
            Run(connection, transaction, $"CREATE TABLE {name} (at {database.TypeOf(ColumnType.Time)} NOT NULL, device TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL, "
                + $"received {database.TypeOf(ColumnType.Time)} NOT NULL, \"_collection\" BIGINT NOT NULL, \"_seq\" BIGINT NOT NULL, PRIMARY KEY (\"_collection\", \"_seq\"))");
            Run(connection, transaction, $"CREATE INDEX {TableDatabase.Quote(table + "_device_at")} ON {name} (device, at)");
            Note(connection, transaction, shapes, table, null, ColumnType.Text);
        }

        foreach (FieldColumn column in columns.Where(c => !shapes.Columns(table).ContainsKey(c.Column)))
        {
            Run(connection, transaction, $"ALTER TABLE {name} ADD COLUMN {TableDatabase.Quote(column.Column)} {database.TypeOf(column.Type)}");
            Note(connection, transaction, shapes, table, column.Column, column.Type);
        }

        StringBuilder names = new("at, device, collection, id, received, \"_collection\", \"_seq\""), values = new("@p0, @p1, @p2, @p3, @p4, @p5, @p6");
        for (int i = 0; i < columns.Count; i++)
        {
            names.Append(", ").Append(TableDatabase.Quote(columns[i].Column));
            values.Append(CultureInfo.InvariantCulture, $", @p{i + 7}");
        }

        DbCommand insert = connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = $"INSERT INTO {name} ({names}) VALUES ({values})" + (again ? " ON CONFLICT DO NOTHING" : "");
        for (int i = 0; i < columns.Count + 7; i++)
        {
            DbParameter parameter = insert.CreateParameter();
            parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"@p{i}");
            insert.Parameters.Add(parameter);
        }

        return (insert, columns);
    }

    private void Note(DbConnection connection, DbTransaction transaction, TableShapes shapes, string table, string? column, ColumnType type)
    {
        Run(connection, transaction, $"INSERT INTO {database.Table("nanosync_column")} (table_name, column_name, type) VALUES (@table, @column, @type)",
            ("table", table), ("column", column ?? ""), ("type", (int)type));
        shapes.Add(table, column, type);
    }

    private int Insert(DbCommand insert, List<FieldColumn> columns, SourceRow source, Reading reading)
    {
        string device = source.Shared ? reading.Device : source.Name; // its own collection, whoever wrote into it
        object[] own = [database.Time(reading.At), device, reading.Collection, reading.Row.Id, database.Time(reading.Row.Created), (long)source.Collection, reading.Row.Seq];
        for (int i = 0; i < own.Length; i++)
        {
            insert.Parameters[i].Value = own[i];
        }

        for (int i = 0; i < columns.Count; i++)
        {
            insert.Parameters[own.Length + i].Value = database.Value(columns[i].Type, reading.Fields![columns[i].Field]);
        }

        return insert.ExecuteNonQuery();
    }

    private static void Run(DbConnection connection, DbTransaction? transaction, string sql, params (string Name, object Value)[] values)
    {
        using DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach ((string name, object value) in values)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = "@" + name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        command.ExecuteNonQuery();
    }

    private static object? Scalar(DbConnection connection, string sql, DbTransaction? transaction = null)
    {
        using DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
