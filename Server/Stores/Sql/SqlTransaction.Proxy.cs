// What the proxy keeps: targets, routes, associations, the files of its stores, ways.

using System.Data.Common;
using NanoSync.Server.Engine;
using NanoSync.Server.Proxy;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction : IProxyTransaction
{
    private const string MapColumns = "own_id, upstream_id, local_id, version, seq, told, tag, state, status, reason, time";

    private const string RouteColumns = "id, target, collection_id, upstream, point, class, outcome, done";

    /// <inheritdoc/>
    public string SelfName(string random)
    {
        Run("INSERT INTO proxy_self (one, name) VALUES (1, @name) ON CONFLICT DO NOTHING", ("name", random));
        return FindSelfName()!;
    }

    /// <inheritdoc/>
    public string? FindSelfName()
    {
        return One("SELECT name FROM proxy_self WHERE one = 1", r => r.GetString(0));
    }

    /// <inheritdoc/>
    public List<(string Name, string Settings)> ListTargets()
    {
        return All("SELECT name, settings FROM proxy_target ORDER BY name", r => (r.GetString(0), r.GetString(1)));
    }

    /// <inheritdoc/>
    public bool SaveTarget(string name, string? settings)
    {
        return settings == null
            ? Run("DELETE FROM proxy_target WHERE name = @name", ("name", name)) > 0
            : Run("INSERT INTO proxy_target (name, settings) VALUES (@name, @settings) ON CONFLICT (name) DO UPDATE SET settings = excluded.settings",
                ("name", name), ("settings", settings)) > 0;
    }

    /// <inheritdoc/>
    public List<CollectionName> ListCollections()
    {
        return All("SELECT c.id, c.name, c.scope, d.name FROM collection c LEFT JOIN device d ON c.scope = 'device:' || d.id ORDER BY c.id",
            r =>
            {
                string scope = r.GetString(2);
                return new CollectionName(r.GetInt32(0), r.GetString(1), Text(r, 3), scope.StartsWith("group:", StringComparison.Ordinal) ? scope[6..] : null);
            });
    }

    /// <inheritdoc/>
    public CollectionRow FindCollection(int id)
    {
        return One("SELECT scope, seq, live, name, outbox FROM collection WHERE id = @id" + ForUpdate,
            r => new CollectionRow
            {
                Id = id,
                Shared = r.GetString(0).StartsWith("group:", StringComparison.Ordinal),
                Seq = r.GetInt64(1),
                Live = r.GetInt64(2),
                Name = r.GetString(3),
                IsOutbox = Bool(r, 4),
            },
            ("id", id)) ?? throw new StoreException($"There is no collection {id}.");
    }

    /// <inheritdoc/>
    public List<(int Id, string Device, string Name)> ListMembers(int collection)
    {
        return All("SELECT d.id, d.name, k.name FROM device_collection k JOIN device d ON d.id = k.device_id WHERE k.collection_id = @collection ORDER BY d.id",
            r => (r.GetInt32(0), r.GetString(1), r.GetString(2)), ("collection", collection));
    }

    /// <inheritdoc/>
    public List<RouteRow> ListRoutes(string? target)
    {
        return All($"SELECT {RouteColumns} FROM proxy_route WHERE target = @target OR @all = 1 ORDER BY target, upstream", ReadRoute,
            ("target", target ?? ""), ("all", target == null ? 1 : 0));
    }

    /// <inheritdoc/>
    public RouteRow FindRoute(string target, int collection, string upstream)
    {
        const string Find = $"SELECT {RouteColumns} FROM proxy_route WHERE target = @target AND collection_id = @collection AND upstream = @upstream";
        (string, object?)[] key = [("target", target), ("collection", collection), ("upstream", upstream)];
        if (One(Find, ReadRoute, key) is { } route)
        {
            return route;
        }

        Run("INSERT INTO proxy_route (id, target, collection_id, upstream) VALUES (@id, @target, @collection, @upstream)",
            [("id", Next("proxy_route")), .. key]);
        return One(Find, ReadRoute, key)!;
    }

    /// <inheritdoc/>
    public void SaveRoute(RouteRow route)
    {
        Run("UPDATE proxy_route SET point = @point, class = @class, outcome = @outcome, done = @done WHERE id = @id",
            ("point", route.Point), ("class", route.Class), ("outcome", route.Outcome), ("done", route.Done), ("id", route.Id));
    }

    /// <inheritdoc/>
    public MapRow? FindOwn(int route, string ownId)
    {
        return One($"SELECT {MapColumns} FROM proxy_map WHERE route_id = @route AND own_id = @id", ReadMap, ("route", route), ("id", ownId));
    }

    /// <inheritdoc/>
    public MapRow? FindUpstream(int route, string upstreamId)
    {
        return One($"SELECT {MapColumns} FROM proxy_map WHERE route_id = @route AND upstream_id = @id", ReadMap, ("route", route), ("id", upstreamId));
    }

    /// <inheritdoc/>
    public MapRow? FindLocal(int route, long localId)
    {
        return One($"SELECT {MapColumns} FROM proxy_map WHERE route_id = @route AND local_id = @id", ReadMap, ("route", route), ("id", localId));
    }

    /// <inheritdoc/>
    public void SaveMap(int route, MapRow row)
    {
        Run($"INSERT INTO proxy_map (route_id, {MapColumns}) VALUES (@route, @own, @upstream, @local, @version, @seq, @told, @tag, @state, @status, @reason, @time) "
            + "ON CONFLICT (route_id, own_id) DO UPDATE SET upstream_id = excluded.upstream_id, local_id = excluded.local_id, version = excluded.version, "
            + "seq = excluded.seq, told = excluded.told, tag = excluded.tag, state = excluded.state, status = excluded.status, reason = excluded.reason, "
            + "time = excluded.time",
            ("route", route), ("own", row.OwnId), ("upstream", row.UpstreamId), ("local", row.LocalId), ("version", row.Version), ("seq", row.Seq),
            ("told", row.ReportedSeq), ("tag", row.Tag), ("state", (int)row.State), ("status", row.Status), ("reason", row.Reason), ("time", row.Time));
    }

    /// <inheritdoc/>
    public List<MapRow> ListMap(int route, MapState? state, int count = int.MaxValue, string after = "")
    {
        return All($"SELECT {MapColumns} FROM proxy_map WHERE route_id = @route AND own_id > @after AND (state = @state OR @all = 1) ORDER BY own_id LIMIT @count", ReadMap,
            ("route", route), ("after", after), ("state", (int)(state ?? 0)), ("all", state == null ? 1 : 0), ("count", count));
    }

    /// <inheritdoc/>
    public int RetryMap(int route, string? ownId)
    {
        return Run("UPDATE proxy_map SET state = 3 WHERE route_id = @route AND state = 2 AND (own_id = @id OR @all = 1)",
            ("route", route), ("id", ownId ?? ""), ("all", ownId == null ? 1 : 0));
    }

    /// <inheritdoc/>
    public List<DeviceRefusal> ListUntold(int route, int collection, int count)
    {
        return All("SELECT d.name, a.server_id, a.seq, a.was_add, a.status, a.reason FROM set_aside a JOIN replica p ON p.id = a.replica_id "
            + "JOIN device d ON d.id = p.device_id "
            + "JOIN proxy_map m ON m.route_id = @route AND m.own_id = a.server_id "
            + "WHERE a.collection_id = @collection AND a.status <> 0 AND a.seq = m.seq AND m.told <> a.seq AND m.state = 0 AND m.upstream_id IS NOT NULL "
            + "ORDER BY a.seq, d.id LIMIT @count",
            r => new DeviceRefusal(r.GetString(0), r.GetString(1), r.GetInt64(2), Bool(r, 3), r.GetInt32(4), r.GetString(5)),
            ("route", route), ("collection", collection), ("count", count));
    }

    /// <inheritdoc/>
    public string? FindTag(int route, long tag)
    {
        return One("SELECT name FROM proxy_class WHERE route_id = @route AND tag = @tag", r => r.GetString(0), ("route", route), ("tag", tag));
    }

    /// <inheritdoc/>
    public void SaveTag(int route, long tag, string name)
    {
        Run("INSERT INTO proxy_class (route_id, tag, name) VALUES (@route, @tag, @name) ON CONFLICT DO NOTHING", ("route", route), ("tag", tag), ("name", name));
    }

    /// <inheritdoc/>
    public List<string> ListTags(int route)
    {
        return All("SELECT DISTINCT name FROM proxy_class WHERE route_id = @route ORDER BY name", r => r.GetString(0), ("route", route));
    }

    /// <inheritdoc/>
    public List<(uint File, byte[] Data)> ListFiles(int route)
    {
        return All("SELECT file, data FROM proxy_file WHERE route_id = @route ORDER BY file, position", r => ((uint)r.GetInt64(0), Bytes(r, 1)!), ("route", route));
    }

    /// <inheritdoc/>
    public void AppendFile(int route, uint file, int position, byte[] data)
    {
        Run("INSERT INTO proxy_file (route_id, file, position, data) VALUES (@route, @file, @position, @data)",
            ("route", route), ("file", (long)file), ("position", position), ("data", data));
    }

    /// <inheritdoc/>
    public void DeleteFile(int route, uint file)
    {
        Run("DELETE FROM proxy_file WHERE route_id = @route AND file = @file", ("route", route), ("file", (long)file));
    }

    /// <inheritdoc/>
    public string FindVia(int device, int collection)
    {
        return One("SELECT path FROM proxy_via WHERE device_id = @device AND collection_id = @collection", r => r.GetString(0),
            ("device", device), ("collection", collection)) ?? "";
    }

    /// <inheritdoc/>
    public void SaveVia(int device, int collection, string path)
    {
        Run("INSERT INTO proxy_via (device_id, collection_id, path) VALUES (@device, @collection, @path) "
            + "ON CONFLICT (device_id, collection_id) DO UPDATE SET path = excluded.path",
            ("device", device), ("collection", collection), ("path", path));
    }

    /// <inheritdoc/>
    public List<string> ListVia(int collection)
    {
        return All("SELECT path FROM proxy_via WHERE collection_id = @collection AND path <> '' ORDER BY device_id", r => r.GetString(0), ("collection", collection));
    }

    private static RouteRow ReadRoute(DbDataReader r)
    {
        return new RouteRow
        {
            Id = r.GetInt32(0),
            Target = r.GetString(1),
            Collection = r.GetInt32(2),
            Upstream = r.GetString(3),
            Point = r.GetInt64(4),
            Class = Text(r, 5),
            Outcome = r.GetString(6),
            Done = Long(r, 7),
        };
    }

    private static MapRow ReadMap(DbDataReader r)
    {
        return new MapRow
        {
            OwnId = r.GetString(0),
            UpstreamId = Text(r, 1),
            LocalId = r.GetInt64(2),
            Version = r.GetInt64(3),
            Seq = r.GetInt64(4),
            ReportedSeq = r.GetInt64(5),
            Tag = Text(r, 6),
            State = (MapState)r.GetInt32(7),
            Status = r.GetInt32(8),
            Reason = r.GetString(9),
            Time = r.GetInt64(10),
        };
    }
}
