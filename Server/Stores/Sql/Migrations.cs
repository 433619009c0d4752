// Numbered SQL files, embedded, applied once each, in order.

using System.Data.Common;
using System.Globalization;
using System.Reflection;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

internal static class Migrations
{
    /// <summary>The newest form that this program knows.</summary>
    /// <param name="store">The store, in whose assembly the migrations lie.</param>
    public static int Newest(Type store)
    {
        string prefix = store.Namespace + ".Migrations.";
        return store.Assembly.GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Max(n => NumberOf(n, prefix));
    }

    /// <summary>Brings a database to the newest form.</summary>
    public static void Apply(DbConnection connection, Type store, TimeProvider clock)
    {
        Assembly assembly = store.Assembly;
        string prefix = store.Namespace + ".Migrations.";
        List<string> files = [.. assembly.GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

        Execute(connection, null, "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, time BIGINT NOT NULL)");
        using DbTransaction transaction = connection.BeginTransaction();
        HashSet<int> done = Done(connection, transaction);
        int newest = files.Count == 0 ? 0 : NumberOf(files[^1], prefix);
        if (done.Count > 0 && done.Max() > newest)
        {
            throw new StoreException($"The database has form {done.Max()}, made by a newer version of this program, which knows form {newest}.");
        }

        foreach (string file in files)
        {
            int number = NumberOf(file, prefix);
            if (done.Contains(number))
            {
                continue;
            }

            using Stream stream = assembly.GetManifestResourceStream(file)!;
            using StreamReader reader = new(stream);
            Execute(connection, transaction, reader.ReadToEnd());
            Execute(connection, transaction, string.Create(CultureInfo.InvariantCulture,
                $"INSERT INTO migration (number, name, time) VALUES ({number}, '{file[prefix.Length..]}', {clock.GetUtcNow().ToUnixTimeMilliseconds()})"));
        }

        transaction.Commit();
    }

    // Which, not only the highest: numbers have gaps, and one of a gap may come later than those above it.
    private static HashSet<int> Done(DbConnection connection, DbTransaction transaction)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT number FROM migration";
        command.Transaction = transaction;
        using DbDataReader reader = command.ExecuteReader();
        HashSet<int> numbers = [];
        while (reader.Read())
        {
            numbers.Add(reader.GetInt32(0));
        }

        return numbers;
    }

    private static int NumberOf(string file, string prefix)
    {
        return int.Parse(file.AsSpan(prefix.Length, 3), CultureInfo.InvariantCulture);
    }

    private static object? Execute(DbConnection connection, DbTransaction? transaction, string sql)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        return command.ExecuteScalar();
    }
}
