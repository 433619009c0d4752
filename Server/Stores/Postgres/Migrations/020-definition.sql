-- A definition belongs to the device that told it: name#hash has 24 bits, which somebody who wants to finds twice.
CREATE TABLE definition (
    device_id BIGINT NOT NULL,        -- who told it; 0 = the application
    wire_name TEXT COLLATE "C" NOT NULL,           -- name#hash
    name TEXT COLLATE "C" NOT NULL,
    definition TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (device_id, wire_name)
);

-- Who told the old ones is not known: each goes to the devices that wrote or named its class, and, for what the
-- application wrote, to the devices of that collection.
INSERT INTO definition (device_id, wire_name, name, definition, time)
SELECT DISTINCT used.device_id, class.wire_name, class.name, class.definition, class.time
FROM class JOIN (
    SELECT p.device_id, k.class FROM key_row k JOIN replica p ON p.id = k.replica_id
    UNION SELECT last_device, class FROM object WHERE writer <> 0
    UNION SELECT d.device_id, o.class FROM object o JOIN device_collection d ON d.collection_id = o.collection_id WHERE o.writer = 0
    UNION SELECT device_id, class FROM loser
) used ON used.class = class.wire_name;

DROP TABLE class;
