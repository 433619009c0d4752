-- The form of 0.1 in PostgreSQL: times are milliseconds since 1970, booleans 0 or 1; text is compared by its bytes, as in SQLite.


CREATE TABLE counter (name TEXT COLLATE "C" PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counter (name, value) VALUES ('device', 0), ('collection', 0);

CREATE TABLE device (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    token_hash BYTEA NOT NULL,          -- SHA-256 of the bearer token
    created BIGINT NOT NULL,
    revoked BIGINT,
    last_seen BIGINT,
    last_command BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX device_token ON device (token_hash);

CREATE TABLE collection (
    id BIGINT PRIMARY KEY,
    scope TEXT COLLATE "C" NOT NULL,               -- 'device:7' = private, 'group:site' = shared
    name TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL DEFAULT 0,    -- number of the last change
    live BIGINT NOT NULL DEFAULT 0,   -- objects not deleted
    UNIQUE (scope, name)
);

-- The key row: SPEC 5.2.
CREATE TABLE device_collection (
    device_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    collection_id BIGINT NOT NULL,
    n BIGINT NOT NULL DEFAULT 0,
    sync_key TEXT COLLATE "C",
    previous_key TEXT COLLATE "C",
    from_point BIGINT NOT NULL DEFAULT 0,
    to_point BIGINT NOT NULL DEFAULT 0,
    reset_seq BIGINT NOT NULL DEFAULT 0,
    known_seq BIGINT NOT NULL DEFAULT 0,
    request_hash BYTEA,
    reply BYTEA,
    reply_commands BIGINT NOT NULL DEFAULT 0,
    class TEXT COLLATE "C",
    window_size BIGINT,
    byte_limit BIGINT,
    conflict BIGINT,
    repeats BIGINT NOT NULL DEFAULT 0,
    shrunk BIGINT NOT NULL DEFAULT 0,
    alone_id TEXT COLLATE "C",
    alone_count BIGINT NOT NULL DEFAULT 0,
    applied BYTEA,                      -- changes applied since the key was last acknowledged, 8 bytes each
    asked_over BIGINT NOT NULL DEFAULT 0, -- the device was told to start over
    acknowledged BIGINT NOT NULL DEFAULT 0, -- the device is known to hold sync_key
    PRIMARY KEY (device_id, name)
);
CREATE INDEX device_collection_collection ON device_collection (collection_id);

CREATE TABLE object (
    collection_id BIGINT NOT NULL,
    server_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    created_seq BIGINT NOT NULL,
    class TEXT COLLATE "C",
    data BYTEA,
    deleted BIGINT NOT NULL,
    writer BIGINT NOT NULL,           -- a device, or 0 for the application
    last_device BIGINT NOT NULL,
    last_device_sum BIGINT NOT NULL,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (collection_id, server_id)
);
CREATE UNIQUE INDEX object_feed ON object (collection_id, seq);

-- Kept for ever: SPEC 5.4.
CREATE TABLE id_map (
    device_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    client_id TEXT COLLATE "C" NOT NULL,
    server_id TEXT COLLATE "C" NOT NULL,
    sum BIGINT NOT NULL,              -- of what the Add brought
    length BIGINT NOT NULL,
    crc BIGINT NOT NULL,
    PRIMARY KEY (device_id, collection_id, client_id)
);

CREATE TABLE due (
    device_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    server_id TEXT COLLATE "C" NOT NULL,
    kind BIGINT NOT NULL,             -- 0 send, 1 drop, 2 fetch
    was_add BIGINT NOT NULL,
    sent BIGINT,                      -- number of the reply that holds it
    PRIMARY KEY (device_id, collection_id, server_id, kind)
);

CREATE TABLE set_aside (
    device_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    server_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,              -- of the value refused
    was_add BIGINT NOT NULL,          -- the device never held the object
    status BIGINT NOT NULL,           -- 0: the device dropped its copy
    reason TEXT COLLATE "C" NOT NULL,
    class TEXT COLLATE "C",                        -- the device's for the collection, then
    time BIGINT NOT NULL,
    sent BIGINT,                      -- number of the reply that holds a newer value
    PRIMARY KEY (device_id, collection_id, server_id)
);

CREATE TABLE loser (
    device_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    server_id TEXT COLLATE "C" NOT NULL,
    sum BIGINT NOT NULL,
    from_device BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    class TEXT COLLATE "C",
    data BYTEA,
    time BIGINT NOT NULL,
    PRIMARY KEY (device_id, collection_id, server_id, sum, from_device)
);

CREATE TABLE refusal (
    device_id BIGINT NOT NULL,
    collection TEXT COLLATE "C" NOT NULL,
    by_server BIGINT NOT NULL,
    object_id TEXT COLLATE "C" NOT NULL,           -- '' = the message or the collection
    status BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    times BIGINT NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (device_id, collection, by_server, object_id)
);

CREATE TABLE class (
    wire_name TEXT COLLATE "C" PRIMARY KEY,        -- name#hash
    name TEXT COLLATE "C" NOT NULL,
    definition TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL
);

CREATE TABLE device_info (
    device_id BIGINT NOT NULL,
    class TEXT COLLATE "C" NOT NULL,
    data BYTEA NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (device_id, class)
);

CREATE TABLE device_command (
    device_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    class TEXT COLLATE "C" NOT NULL,
    data BYTEA NOT NULL,
    created BIGINT NOT NULL,
    done BIGINT,
    status BIGINT,
    reason TEXT COLLATE "C",
    PRIMARY KEY (device_id, id)
);

CREATE TABLE upload (
    device_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    object_key TEXT COLLATE "C" NOT NULL,          -- 'a:' + ClientId or 'c:' + ServerId
    total BIGINT NOT NULL,
    crc BIGINT NOT NULL,
    held BIGINT NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (device_id, collection_id, object_key)
);

CREATE TABLE upload_part (
    device_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    object_key TEXT COLLATE "C" NOT NULL,
    start BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (device_id, collection_id, object_key, start)
);

-- The proxy: what it passes on, how far it is, and which object is which. DESIGN.md, chapter 13

CREATE TABLE proxy_self (one BIGINT PRIMARY KEY, name TEXT COLLATE "C" NOT NULL);

-- Targets given on the command line; those of the configuration are not kept here.
CREATE TABLE proxy_target (name TEXT COLLATE "C" PRIMARY KEY, settings TEXT COLLATE "C" NOT NULL);

-- One collection of this server and its counterpart upstream.
CREATE TABLE proxy_route (
    id BIGINT PRIMARY KEY,
    target TEXT COLLATE "C" NOT NULL,
    collection_id BIGINT NOT NULL,
    upstream TEXT COLLATE "C" NOT NULL,            -- the collection's name there
    point BIGINT NOT NULL DEFAULT 0,  -- own changes up to here were handed to the engine
    class TEXT COLLATE "C",                        -- name#hash of most of its objects
    outcome TEXT COLLATE "C" NOT NULL DEFAULT '',  -- of the last exchange, in words
    done BIGINT,                      -- when the last one that went well ended
    UNIQUE (target, collection_id, upstream)
);
INSERT INTO counter (name, value) VALUES ('proxy_route', 0);

-- The volume of a route's store: files that are only appended to.
CREATE TABLE proxy_file (
    route_id BIGINT NOT NULL,
    file BIGINT NOT NULL,
    position BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (route_id, file, position)
);

-- The association: own object, its number in the store, the upstream's object.
CREATE TABLE proxy_map (
    route_id BIGINT NOT NULL,
    own_id TEXT COLLATE "C" NOT NULL,
    upstream_id TEXT COLLATE "C",                  -- null until the upstream named it
    local_id BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 0, -- the store's version of what both sides were last brought to
    seq BIGINT NOT NULL DEFAULT 0,    -- number of the own object's change that this is
    told BIGINT NOT NULL DEFAULT 0,   -- number of the change that the upstream was told a device refuses
    tag TEXT COLLATE "C",                          -- ETag
    state BIGINT NOT NULL,            -- MapState
    status BIGINT NOT NULL DEFAULT 0,
    reason TEXT COLLATE "C" NOT NULL DEFAULT '',
    time BIGINT NOT NULL,
    PRIMARY KEY (route_id, own_id)
);
CREATE INDEX proxy_map_upstream ON proxy_map (route_id, upstream_id);
CREATE INDEX proxy_map_local ON proxy_map (route_id, local_id);
CREATE INDEX proxy_map_state ON proxy_map (route_id, state);

-- Which class the store's tag stands for.
CREATE TABLE proxy_class (
    route_id BIGINT NOT NULL,
    tag BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (route_id, tag)
);

-- The servers that the messages of a device came through, per collection, nearest first.
CREATE TABLE proxy_via (
    device_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (device_id, collection_id)
);
CREATE INDEX proxy_via_collection ON proxy_via (collection_id);

-- Sealed messages: SPEC 8.2.

ALTER TABLE device ADD COLUMN seal_key BYTEA; -- NULL = none are taken

CREATE TABLE sealed_number (
    device_id BIGINT NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,           -- highest accepted
    answered BIGINT NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (device_id, store_id)
);

-- A request that was overtaken by a newer one: SPEC 5.2.

ALTER TABLE device_collection ADD COLUMN last_change BIGINT NOT NULL DEFAULT 0; -- of the newest request under previous_key

