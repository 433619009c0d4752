-- The proxy: what it passes on, how far it is, and which object is which. DESIGN.md, chapter 13

CREATE TABLE proxy_self (one INTEGER PRIMARY KEY, name TEXT NOT NULL);

-- Targets given on the command line; those of the configuration are not kept here.
CREATE TABLE proxy_target (name TEXT PRIMARY KEY, settings TEXT NOT NULL);

-- One collection of this server and its counterpart upstream.
CREATE TABLE proxy_route (
    id INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    collection_id INTEGER NOT NULL,
    upstream TEXT NOT NULL,            -- the collection's name there
    point INTEGER NOT NULL DEFAULT 0,  -- own changes up to here were handed to the engine
    class TEXT,                        -- name#hash of most of its objects
    outcome TEXT NOT NULL DEFAULT '',  -- of the last exchange, in words
    done INTEGER,                      -- when the last one that went well ended
    UNIQUE (target, collection_id, upstream)
);
INSERT INTO counter (name, value) VALUES ('proxy_route', 0);

-- The volume of a route's store: files that are only appended to.
CREATE TABLE proxy_file (
    route_id INTEGER NOT NULL,
    file INTEGER NOT NULL,
    position INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (route_id, file, position)
);

-- The association: own object, its number in the store, the upstream's object.
CREATE TABLE proxy_map (
    route_id INTEGER NOT NULL,
    own_id TEXT NOT NULL,
    upstream_id TEXT,                  -- null until the upstream named it
    local_id INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0, -- the store's version of what both sides were last brought to
    seq INTEGER NOT NULL DEFAULT 0,    -- number of the own object's change that this is
    told INTEGER NOT NULL DEFAULT 0,   -- number of the change that the upstream was told a device refuses
    tag TEXT,                          -- ETag
    state INTEGER NOT NULL,            -- MapState
    status INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    time INTEGER NOT NULL,
    PRIMARY KEY (route_id, own_id)
);
CREATE INDEX proxy_map_upstream ON proxy_map (route_id, upstream_id);
CREATE INDEX proxy_map_local ON proxy_map (route_id, local_id);
CREATE INDEX proxy_map_state ON proxy_map (route_id, state);

-- Which class the store's tag stands for.
CREATE TABLE proxy_class (
    route_id INTEGER NOT NULL,
    tag INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (route_id, tag)
);

-- The servers that the messages of a device came through, per collection, nearest first.
CREATE TABLE proxy_via (
    device_id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (device_id, collection_id)
);
CREATE INDEX proxy_via_collection ON proxy_via (collection_id);
