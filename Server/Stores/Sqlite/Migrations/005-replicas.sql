-- Who a key row belongs to, and which life of the database a key is of: SPEC 5.2.

-- Every start of a server begins another one, so a database that was put back is in one that nobody has seen.
CREATE TABLE incarnation (number INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, time INTEGER NOT NULL);
INSERT INTO counter (name, value) VALUES ('incarnation', 0);

-- One store of a device. What was kept of a device is from now on kept of its replicas.
CREATE TABLE replica (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL,
    store_id TEXT NOT NULL,            -- '' = it told none
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    came_from TEXT,                    -- the store it was one with
    why TEXT NOT NULL,
    migrated INTEGER NOT NULL DEFAULT 0, -- takes the id of the store that goes on with it
    UNIQUE (device_id, store_id)
);
INSERT INTO replica (id, device_id, store_id, first_seen, last_seen, why, migrated)
SELECT id, id, '', created, COALESCE(last_seen, created), '', 1 FROM device
WHERE EXISTS (SELECT 1 FROM device_collection k WHERE k.device_id = device.id AND k.n > 0);
INSERT INTO counter (name, value) SELECT 'replica', COALESCE(MAX(id), 0) FROM device;

CREATE TABLE key_row (
    replica_id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    n INTEGER NOT NULL,
    epoch TEXT,
    sync_key TEXT,
    previous_key TEXT,
    from_point INTEGER NOT NULL,
    to_point INTEGER NOT NULL,
    reset_seq INTEGER NOT NULL,
    known_seq INTEGER NOT NULL,
    request_hash BLOB,
    reply BLOB,
    reply_commands INTEGER NOT NULL,
    class TEXT,
    window_size INTEGER,
    byte_limit INTEGER,
    conflict INTEGER,
    repeats INTEGER NOT NULL,
    shrunk INTEGER NOT NULL,
    alone_id TEXT,
    alone_count INTEGER NOT NULL,
    applied BLOB,                      -- changes applied since the key was last acknowledged, 8 bytes each
    asked_over INTEGER NOT NULL,       -- it was told to start over: 1 key not known, 2 the database went back
    acknowledged INTEGER NOT NULL,     -- it is known to hold sync_key
    last_change INTEGER NOT NULL,      -- of the newest request under previous_key
    starts TEXT NOT NULL DEFAULT '',   -- numbers of the last starts, comma-separated
    start_n INTEGER NOT NULL DEFAULT 0, -- number of the first reply to the last start
    live_n INTEGER NOT NULL DEFAULT 0, -- from here to start_n - 1: keys held at the last start
    old_key_n INTEGER NOT NULL DEFAULT 0, -- n when a key since replaced was last seen
    recovering INTEGER NOT NULL DEFAULT 0, -- in a pass in which its values are newer than the database
    PRIMARY KEY (replica_id, collection_id)
);
CREATE INDEX key_row_collection ON key_row (collection_id);
INSERT INTO key_row (replica_id, collection_id, n, sync_key, previous_key, from_point, to_point, reset_seq, known_seq, request_hash, reply,
    reply_commands, class, window_size, byte_limit, conflict, repeats, shrunk, alone_id, alone_count, applied, asked_over, acknowledged, last_change)
SELECT device_id, collection_id, n, sync_key, previous_key, from_point, to_point, reset_seq, known_seq, request_hash, reply,
    reply_commands, class, window_size, byte_limit, conflict, repeats, shrunk, alone_id, alone_count, applied, asked_over, acknowledged, last_change
FROM device_collection WHERE n > 0;

-- Keys of a replica from number first_n on have this epoch.
CREATE TABLE key_epoch (
    replica_id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    first_n INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    PRIMARY KEY (replica_id, collection_id, first_n)
) WITHOUT ROWID;

-- What a device was granted is all that is left of the old key row.
CREATE TABLE granted (
    device_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    collection_id INTEGER NOT NULL,
    PRIMARY KEY (device_id, name)
) WITHOUT ROWID;
INSERT INTO granted (device_id, name, collection_id) SELECT device_id, name, collection_id FROM device_collection;
DROP TABLE device_collection;
ALTER TABLE granted RENAME TO device_collection;
CREATE INDEX device_collection_collection ON device_collection (collection_id);

ALTER TABLE due RENAME COLUMN device_id TO replica_id;
ALTER TABLE set_aside RENAME COLUMN device_id TO replica_id;
ALTER TABLE upload RENAME COLUMN device_id TO replica_id;
ALTER TABLE upload_part RENAME COLUMN device_id TO replica_id;

ALTER TABLE collection ADD COLUMN outbox INTEGER NOT NULL DEFAULT 0; -- readings, which do not count as objects
