-- What the members of a group are to have, and how far each is.
CREATE INDEX device_place_place ON device_place (place);

CREATE TABLE group_value (
    id INTEGER PRIMARY KEY,
    place TEXT NOT NULL,               -- the group
    collection TEXT NOT NULL,          -- what each member calls the collection
    object_id TEXT NOT NULL,
    version INTEGER NOT NULL,          -- number of the last edit
    value_version INTEGER NOT NULL,    -- number of the edit that the value is of: lower after one that was aborted
    class TEXT,
    data BLOB NOT NULL,
    time INTEGER NOT NULL,
    who TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0, -- 1 = nothing is wanted of the members any more
    stage INTEGER NOT NULL DEFAULT 0,  -- 0 all members, 1 the first devices, 2 stopped
    good_version INTEGER,              -- while it is not for all: the value of the others; NULL = none
    good_class TEXT,
    good_data BLOB,
    told TEXT NOT NULL DEFAULT '',     -- why it stopped
    look INTEGER NOT NULL DEFAULT 1,   -- 1 = members may have to be written
    UNIQUE (place, collection, object_id)
);
CREATE INDEX group_value_work ON group_value (id) WHERE removed = 0 AND (look = 1 OR stage = 1);
INSERT INTO counter (name, value) VALUES ('group_value', 0);

CREATE TABLE group_member (
    value_id INTEGER NOT NULL,
    device_id INTEGER NOT NULL,
    version INTEGER NOT NULL,          -- of the value that was written for it; 0 = none yet
    seq INTEGER NOT NULL,              -- number of its object then
    first INTEGER NOT NULL DEFAULT 0,  -- 1 = one of the first devices of a staged edit
    before_class TEXT,                 -- what a first device had
    before_data BLOB,                  -- NULL = nothing
    left_at INTEGER,                   -- since when it is no member
    PRIMARY KEY (value_id, device_id)
) WITHOUT ROWID;
CREATE INDEX group_member_device ON group_member (device_id);

-- A device that is to have a value of its own where its group has one.
CREATE TABLE config_override (
    device_id INTEGER NOT NULL,
    collection TEXT NOT NULL,
    object_id TEXT NOT NULL,
    time INTEGER NOT NULL,
    who TEXT NOT NULL,
    PRIMARY KEY (device_id, collection, object_id)
) WITHOUT ROWID;
