-- What is wrong for long enough to tell somebody, and the telling.
CREATE TABLE alert (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL,        -- 0 = none: of the server itself
    subject TEXT NOT NULL,             -- the device's name, or what it is about
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    began INTEGER NOT NULL,            -- when it was first seen
    opened INTEGER,                    -- when it had lasted for long enough; NULL = not yet
    ended INTEGER,                     -- since when it is not seen; NULL = it is
    closed INTEGER,                    -- when that had lasted for long enough
    acknowledged INTEGER,
    acknowledged_by TEXT,
    note TEXT
);
CREATE UNIQUE INDEX alert_live ON alert (device_id, subject, kind) WHERE closed IS NULL;
CREATE INDEX alert_opened ON alert (opened);

CREATE TABLE alert_delivery (
    id INTEGER PRIMARY KEY,
    alert_id INTEGER NOT NULL,
    subject TEXT NOT NULL,             -- those of one subject go in order
    channel TEXT NOT NULL,             -- webhook or mail
    event TEXT NOT NULL,               -- opened or closed
    made INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_try INTEGER NOT NULL,
    done INTEGER,                      -- delivered, or given up
    error TEXT
);
CREATE INDEX alert_delivery_due ON alert_delivery (next_try) WHERE done IS NULL;
CREATE INDEX alert_delivery_alert ON alert_delivery (alert_id);
INSERT INTO counter (name, value) VALUES ('alert', 0), ('alert_delivery', 0);
