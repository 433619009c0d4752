-- What the members of a group are to have, and how far each is.
CREATE INDEX device_place_place ON device_place (place);

CREATE TABLE group_value (
    id BIGINT PRIMARY KEY,
    place TEXT COLLATE "C" NOT NULL,               -- the group
    collection TEXT COLLATE "C" NOT NULL,          -- what each member calls the collection
    object_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,          -- number of the last edit
    value_version BIGINT NOT NULL,    -- number of the edit that the value is of: lower after one that was aborted
    class TEXT COLLATE "C",
    data BYTEA NOT NULL,
    time BIGINT NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    removed BIGINT NOT NULL DEFAULT 0, -- 1 = nothing is wanted of the members any more
    stage BIGINT NOT NULL DEFAULT 0,  -- 0 all members, 1 the first devices, 2 stopped
    good_version BIGINT,              -- while it is not for all: the value of the others; NULL = none
    good_class TEXT COLLATE "C",
    good_data BYTEA,
    told TEXT COLLATE "C" NOT NULL DEFAULT '',     -- why it stopped
    look BIGINT NOT NULL DEFAULT 1,   -- 1 = members may have to be written
    UNIQUE (place, collection, object_id)
);
CREATE INDEX group_value_work ON group_value (id) WHERE removed = 0 AND (look = 1 OR stage = 1);
INSERT INTO counter (name, value) VALUES ('group_value', 0);

CREATE TABLE group_member (
    value_id BIGINT NOT NULL,
    device_id BIGINT NOT NULL,
    version BIGINT NOT NULL,          -- of the value that was written for it; 0 = none yet
    seq BIGINT NOT NULL,              -- number of its object then
    first BIGINT NOT NULL DEFAULT 0,  -- 1 = one of the first devices of a staged edit
    before_class TEXT COLLATE "C",                 -- what a first device had
    before_data BYTEA,                  -- NULL = nothing
    left_at BIGINT,                   -- since when it is no member
    PRIMARY KEY (value_id, device_id)
);
CREATE INDEX group_member_device ON group_member (device_id);

-- A device that is to have a value of its own where its group has one.
CREATE TABLE config_override (
    device_id BIGINT NOT NULL,
    collection TEXT COLLATE "C" NOT NULL,
    object_id TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (device_id, collection, object_id)
);
