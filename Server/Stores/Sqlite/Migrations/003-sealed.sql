-- Sealed messages: SPEC 8.2.

ALTER TABLE device ADD COLUMN seal_key BLOB; -- NULL = none are taken

CREATE TABLE sealed_number (
    device_id INTEGER NOT NULL,
    store_id TEXT NOT NULL,
    number INTEGER NOT NULL,           -- highest accepted
    answered INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (device_id, store_id)
) WITHOUT ROWID;
