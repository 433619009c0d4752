-- Who a key row belongs to, and which life of the database a key is of: SPEC 5.2.

-- Every start of a server begins another one, so a database that was put back is in one that nobody has seen.
CREATE TABLE incarnation (number BIGINT PRIMARY KEY, code TEXT COLLATE "C" NOT NULL UNIQUE, time BIGINT NOT NULL);
INSERT INTO counter (name, value) VALUES ('incarnation', 0);

-- One store of a device. What was kept of a device is from now on kept of its replicas.
CREATE TABLE replica (
    id BIGINT PRIMARY KEY,
    device_id BIGINT NOT NULL,
    store_id TEXT COLLATE "C" NOT NULL,            -- '' = it told none
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    came_from TEXT COLLATE "C",                    -- the store it was one with
    why TEXT COLLATE "C" NOT NULL,
    migrated BIGINT NOT NULL DEFAULT 0, -- takes the id of the store that goes on with it
    UNIQUE (device_id, store_id)
);
INSERT INTO replica (id, device_id, store_id, first_seen, last_seen, why, migrated)
SELECT id, id, '', created, COALESCE(last_seen, created), '', 1 FROM device
WHERE EXISTS (SELECT 1 FROM device_collection k WHERE k.device_id = device.id AND k.n > 0);
INSERT INTO counter (name, value) SELECT 'replica', COALESCE(MAX(id), 0) FROM device;

CREATE TABLE key_row (
    replica_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    n BIGINT NOT NULL,
    epoch TEXT COLLATE "C",
    sync_key TEXT COLLATE "C",
    previous_key TEXT COLLATE "C",
    from_point BIGINT NOT NULL,
    to_point BIGINT NOT NULL,
    reset_seq BIGINT NOT NULL,
    known_seq BIGINT NOT NULL,
    request_hash BYTEA,
    reply BYTEA,
    reply_commands BIGINT NOT NULL,
    class TEXT COLLATE "C",
    window_size BIGINT,
    byte_limit BIGINT,
    conflict BIGINT,
    repeats BIGINT NOT NULL,
    shrunk BIGINT NOT NULL,
    alone_id TEXT COLLATE "C",
    alone_count BIGINT NOT NULL,
    applied BYTEA,                      -- changes applied since the key was last acknowledged, 8 bytes each
    asked_over BIGINT NOT NULL,       -- it was told to start over: 1 key not known, 2 the database went back
    acknowledged BIGINT NOT NULL,     -- it is known to hold sync_key
    last_change BIGINT NOT NULL,      -- of the newest request under previous_key
    starts TEXT COLLATE "C" NOT NULL DEFAULT '',   -- numbers of the last starts, comma-separated
    start_n BIGINT NOT NULL DEFAULT 0, -- number of the first reply to the last start
    live_n BIGINT NOT NULL DEFAULT 0, -- from here to start_n - 1: keys held at the last start
    old_key_n BIGINT NOT NULL DEFAULT 0, -- n when a key since replaced was last seen
    recovering BIGINT NOT NULL DEFAULT 0, -- in a pass in which its values are newer than the database
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
    replica_id BIGINT NOT NULL,
    collection_id BIGINT NOT NULL,
    first_n BIGINT NOT NULL,
    epoch TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (replica_id, collection_id, first_n)
);

-- What a device was granted is all that is left of the old key row.
CREATE TABLE granted (
    device_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    collection_id BIGINT NOT NULL,
    PRIMARY KEY (device_id, name)
);
INSERT INTO granted (device_id, name, collection_id) SELECT device_id, name, collection_id FROM device_collection;
DROP TABLE device_collection;
ALTER TABLE granted RENAME TO device_collection;
CREATE INDEX device_collection_collection ON device_collection (collection_id);

ALTER TABLE due RENAME COLUMN device_id TO replica_id;
ALTER TABLE set_aside RENAME COLUMN device_id TO replica_id;
ALTER TABLE upload RENAME COLUMN device_id TO replica_id;
ALTER TABLE upload_part RENAME COLUMN device_id TO replica_id;

ALTER TABLE collection ADD COLUMN outbox BIGINT NOT NULL DEFAULT 0; -- readings, which do not count as objects
