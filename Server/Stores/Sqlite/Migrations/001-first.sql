-- Times are milliseconds since 1970, booleans 0 or 1, numbers of devices and collections come from counter rows.

CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('device', 0), ('collection', 0);

CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    token_hash BLOB NOT NULL,          -- SHA-256 of the bearer token
    created INTEGER NOT NULL,
    revoked INTEGER,
    last_seen INTEGER,
    last_command INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX device_token ON device (token_hash);

CREATE TABLE collection (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,               -- 'device:7' = private, 'group:site' = shared
    name TEXT NOT NULL,
    seq INTEGER NOT NULL DEFAULT 0,    -- number of the last change
    live INTEGER NOT NULL DEFAULT 0,   -- objects not deleted
    UNIQUE (scope, name)
);

-- The key row: SPEC 5.2.
CREATE TABLE device_collection (
    device_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    collection_id INTEGER NOT NULL,
    n INTEGER NOT NULL DEFAULT 0,
    sync_key TEXT,
    previous_key TEXT,
    from_point INTEGER NOT NULL DEFAULT 0,
    to_point INTEGER NOT NULL DEFAULT 0,
    reset_seq INTEGER NOT NULL DEFAULT 0,
    known_seq INTEGER NOT NULL DEFAULT 0,
    request_hash BLOB,
    reply BLOB,
    reply_commands INTEGER NOT NULL DEFAULT 0,
    class TEXT,
    window_size INTEGER,
    byte_limit INTEGER,
    conflict INTEGER,
    repeats INTEGER NOT NULL DEFAULT 0,
    shrunk INTEGER NOT NULL DEFAULT 0,
    alone_id TEXT,
    alone_count INTEGER NOT NULL DEFAULT 0,
    applied BLOB,                      -- changes applied since the key was last acknowledged, 8 bytes each
    asked_over INTEGER NOT NULL DEFAULT 0, -- the device was told to start over
    acknowledged INTEGER NOT NULL DEFAULT 0, -- the device is known to hold sync_key
    PRIMARY KEY (device_id, name)
);
CREATE INDEX device_collection_collection ON device_collection (collection_id);

CREATE TABLE object (
    collection_id INTEGER NOT NULL,
    server_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    created_seq INTEGER NOT NULL,
    class TEXT,
    data BLOB,
    deleted INTEGER NOT NULL,
    writer INTEGER NOT NULL,           -- a device, or 0 for the application
    last_device INTEGER NOT NULL,
    last_device_sum INTEGER NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (collection_id, server_id)
);
CREATE UNIQUE INDEX object_feed ON object (collection_id, seq);

-- Kept for ever: SPEC 5.4.
CREATE TABLE id_map (
    device_id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    server_id TEXT NOT NULL,
    sum INTEGER NOT NULL,              -- of what the Add brought
    length INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (device_id, collection_id, client_id)
) WITHOUT ROWID;

CREATE TABLE due (
    device_id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    server_id TEXT NOT NULL,
    kind INTEGER NOT NULL,             -- 0 send, 1 drop, 2 fetch
    was_add INTEGER NOT NULL,
    sent INTEGER,                      -- number of the reply that holds it
    PRIMARY KEY (device_id, collection_id, server_id, kind)
) WITHOUT ROWID;

CREATE TABLE set_aside (
    device_id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    server_id TEXT NOT NULL,
    seq INTEGER NOT NULL,              -- of the value refused
    was_add INTEGER NOT NULL,          -- the device never held the object
    status INTEGER NOT NULL,           -- 0: the device dropped its copy
    reason TEXT NOT NULL,
    class TEXT,                        -- the device's for the collection, then
    time INTEGER NOT NULL,
    sent INTEGER,                      -- number of the reply that holds a newer value
    PRIMARY KEY (device_id, collection_id, server_id)
) WITHOUT ROWID;

CREATE TABLE loser (
    device_id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    server_id TEXT NOT NULL,
    sum INTEGER NOT NULL,
    from_device INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    class TEXT,
    data BLOB,
    time INTEGER NOT NULL,
    PRIMARY KEY (device_id, collection_id, server_id, sum, from_device)
);

CREATE TABLE refusal (
    device_id INTEGER NOT NULL,
    collection TEXT NOT NULL,
    by_server INTEGER NOT NULL,
    object_id TEXT NOT NULL,           -- '' = the message or the collection
    status INTEGER NOT NULL,
    reason TEXT NOT NULL,
    times INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (device_id, collection, by_server, object_id)
) WITHOUT ROWID;

CREATE TABLE class (
    wire_name TEXT PRIMARY KEY,        -- name#hash
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    time INTEGER NOT NULL
);

CREATE TABLE device_info (
    device_id INTEGER NOT NULL,
    class TEXT NOT NULL,
    data BLOB NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (device_id, class)
);

CREATE TABLE device_command (
    device_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    class TEXT NOT NULL,
    data BLOB NOT NULL,
    created INTEGER NOT NULL,
    done INTEGER,
    status INTEGER,
    reason TEXT,
    PRIMARY KEY (device_id, id)
);

CREATE TABLE upload (
    device_id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    object_key TEXT NOT NULL,          -- 'a:' + ClientId or 'c:' + ServerId
    total INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    held INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (device_id, collection_id, object_key)
) WITHOUT ROWID;

CREATE TABLE upload_part (
    device_id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    object_key TEXT NOT NULL,
    start INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (device_id, collection_id, object_key, start)
);
