-- Readings are a log: a narrow row each, and a row a run of them that says what they have in common. SPEC 5.4, DESIGN.md chapter 14

CREATE TABLE reading (
    collection_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,              -- number of the change that made it
    age INTEGER NOT NULL,              -- milliseconds since its run began
    data BLOB NOT NULL,
    PRIMARY KEY (collection_id, seq)
) WITHOUT ROWID;

-- What was taken: kept when the readings are gone.
CREATE TABLE reading_run (
    collection_id INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    prefix TEXT NOT NULL,              -- of the ids, before their number
    first_number INTEGER NOT NULL,     -- the number of an id counts up with the number of the change
    device_id INTEGER NOT NULL,
    replica_id INTEGER NOT NULL,
    class TEXT,
    time INTEGER NOT NULL,
    PRIMARY KEY (collection_id, first_seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX reading_run_id ON reading_run (collection_id, prefix, first_number);

-- Readings kept as objects, as they came: of outboxes, and of collections that were never asked for what is in them, since
-- version 0.1 did not note which are outboxes. A run ends where either number jumps.
CREATE TABLE moved AS
SELECT m.collection_id, m.device_id, m.client_id, m.server_id, o.seq, o.writer, o.class, o.data, o.created,
    SUBSTR(m.server_id, 1, LENGTH(m.server_id) - LENGTH(m.client_id) + 4) AS prefix, CAST(SUBSTR(m.client_id, 5) AS INTEGER) AS number,
    o.created / 2147483647 AS era          -- so that an age has 4 bytes
FROM id_map m
JOIN object o ON o.collection_id = m.collection_id AND o.server_id = m.server_id
JOIN collection c ON c.id = m.collection_id
WHERE o.deleted = 0 AND o.seq = o.created_seq AND o.writer <> 0 AND o.last_device = m.device_id AND o.version IS NULL AND m.version IS NULL
    AND LENGTH(o.data) <= 4096
    AND m.client_id GLOB '[-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][0-9]*' AND SUBSTR(m.client_id, 5) NOT GLOB '*[^0-9]*'
    AND LENGTH(m.client_id) <= 22 AND (SUBSTR(m.client_id, 5, 1) <> '0' OR LENGTH(m.client_id) = 5)
    AND m.server_id = CASE WHEN SUBSTR(c.scope, 1, 6) = 'group:' THEN m.device_id || '-' ELSE '' END || m.client_id
    AND (c.outbox = 1 OR NOT EXISTS (SELECT 1 FROM key_row k WHERE k.collection_id = c.id AND k.to_point > 0))
    AND NOT EXISTS (SELECT 1 FROM due d WHERE d.collection_id = o.collection_id AND d.server_id = o.server_id)
    AND NOT EXISTS (SELECT 1 FROM set_aside a WHERE a.collection_id = o.collection_id AND a.server_id = o.server_id);
CREATE UNIQUE INDEX moved_seq ON moved (collection_id, seq);
CREATE UNIQUE INDEX moved_id ON moved (device_id, collection_id, client_id);

CREATE TABLE island AS
SELECT collection_id, seq, seq - ROW_NUMBER() OVER (PARTITION BY collection_id, prefix, writer, class, era, number - seq ORDER BY seq) AS place FROM moved;
CREATE UNIQUE INDEX island_seq ON island (collection_id, seq);

INSERT INTO reading_run (collection_id, first_seq, last_seq, prefix, first_number, device_id, replica_id, class, time)
SELECT m.collection_id, MIN(m.seq), MAX(m.seq), m.prefix, MIN(m.number), m.device_id, m.writer, m.class, MIN(m.created)
FROM moved m JOIN island i ON i.collection_id = m.collection_id AND i.seq = m.seq
GROUP BY m.collection_id, m.prefix, m.device_id, m.writer, m.class, m.era, m.number - m.seq, i.place;

INSERT INTO reading (collection_id, seq, age, data)
SELECT m.collection_id, m.seq, m.created - r.time, m.data FROM moved m
JOIN reading_run r ON r.collection_id = m.collection_id
    AND r.first_seq = (SELECT MAX(first_seq) FROM reading_run WHERE collection_id = m.collection_id AND first_seq <= m.seq);

DELETE FROM object WHERE EXISTS (SELECT 1 FROM moved m WHERE m.collection_id = object.collection_id AND m.seq = object.seq);
DELETE FROM id_map WHERE EXISTS (SELECT 1 FROM moved m
    WHERE m.device_id = id_map.device_id AND m.collection_id = id_map.collection_id AND m.client_id = id_map.client_id);
DROP TABLE island;
DROP TABLE moved;
