-- What is wrong for long enough to tell somebody, and the telling.
CREATE TABLE alert (
    id BIGINT PRIMARY KEY,
    device_id BIGINT NOT NULL,        -- 0 = none: of the server itself
    subject TEXT COLLATE "C" NOT NULL,             -- the device's name, or what it is about
    kind TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    began BIGINT NOT NULL,            -- when it was first seen
    opened BIGINT,                    -- when it had lasted for long enough; NULL = not yet
    ended BIGINT,                     -- since when it is not seen; NULL = it is
    closed BIGINT,                    -- when that had lasted for long enough
    acknowledged BIGINT,
    acknowledged_by TEXT COLLATE "C",
    note TEXT COLLATE "C"
);
CREATE UNIQUE INDEX alert_live ON alert (device_id, subject, kind) WHERE closed IS NULL;
CREATE INDEX alert_opened ON alert (opened);

CREATE TABLE alert_delivery (
    id BIGINT PRIMARY KEY,
    alert_id BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,             -- those of one subject go in order
    channel TEXT COLLATE "C" NOT NULL,             -- webhook or mail
    event TEXT COLLATE "C" NOT NULL,               -- opened or closed
    made BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    next_try BIGINT NOT NULL,
    done BIGINT,                      -- delivered, or given up
    error TEXT COLLATE "C"
);
CREATE INDEX alert_delivery_due ON alert_delivery (next_try) WHERE done IS NULL;
CREATE INDEX alert_delivery_alert ON alert_delivery (alert_id);
INSERT INTO counter (name, value) VALUES ('alert', 0), ('alert_delivery', 0);
