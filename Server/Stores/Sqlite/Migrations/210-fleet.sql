-- What an operator sees of each device, kept beside what it is made from, so that a list of many is one walk of an index.

-- What changed, for those who follow it. A row is numbered after its commit, by whoever looks: a number given before would
-- become visible out of order where several nodes write.
CREATE TABLE change (
    id INTEGER PRIMARY KEY,
    seq INTEGER,                       -- its number; NULL = not given yet
    life TEXT,                         -- code of the incarnation that gave it
    time INTEGER,                      -- when it was given
    kind INTEGER NOT NULL,             -- 0 objects, 1 a device
    device_id INTEGER,
    collection_id INTEGER,
    above INTEGER,                     -- objects of the collection with numbers above this
    upto INTEGER                       -- and up to this
);
CREATE UNIQUE INDEX change_seq ON change (seq);
CREATE INDEX change_new ON change (id) WHERE seq IS NULL;
INSERT INTO counter (name, value) VALUES ('change', 0), ('fleet', 0);

CREATE TABLE device_place (
    device_id INTEGER PRIMARY KEY,
    place TEXT NOT NULL,               -- its group; '' = none
    every INTEGER                      -- seconds within which it is expected; NULL = as it comes
);

CREATE TABLE device_state (
    device_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    place TEXT NOT NULL DEFAULT '',
    rank INTEGER NOT NULL DEFAULT 0,   -- a bit for each problem, the worst the highest; -1 = revoked
    next_check INTEGER NOT NULL DEFAULT 0, -- when it changes of itself
    last_sync INTEGER,
    due INTEGER,
    battery REAL,
    signal INTEGER,
    flash_left INTEGER,
    dropped INTEGER NOT NULL DEFAULT 0,
    pending_down INTEGER NOT NULL DEFAULT 0,
    search TEXT NOT NULL DEFAULT '',   -- what is looked for by text, in small letters
    summary TEXT NOT NULL DEFAULT '',  -- JSON
    memory TEXT NOT NULL DEFAULT ''    -- JSON: what the next summary is made from
);
CREATE INDEX device_state_rank ON device_state (rank DESC, name);
CREATE INDEX device_state_check ON device_state (next_check);
INSERT INTO device_state (device_id, name) SELECT id, name FROM device;

-- The last rounds and an hour's last status, in rings.
CREATE TABLE device_round (
    device_id INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    time INTEGER NOT NULL,
    took INTEGER NOT NULL,             -- milliseconds at the server
    up INTEGER NOT NULL,
    down INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    bytes_up INTEGER NOT NULL,
    bytes_down INTEGER NOT NULL,
    status INTEGER NOT NULL,
    PRIMARY KEY (device_id, slot)
) WITHOUT ROWID;

CREATE TABLE device_sample (
    device_id INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    time INTEGER NOT NULL,
    battery REAL,
    signal INTEGER,
    heap INTEGER,
    flash_left INTEGER,
    clock INTEGER,
    PRIMARY KEY (device_id, slot)
) WITHOUT ROWID;
