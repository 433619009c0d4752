-- Commands are numbered by a counter, and a command of one id is told from another of that id by its mark: SPEC 7.1.
ALTER TABLE device_command ADD COLUMN mark BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device_command ADD COLUMN incarnation TEXT COLLATE "C" NOT NULL DEFAULT ''; -- in which it was given its id

-- A transfer in parts is of a value, its check sum and its version: SPEC 7.2.
ALTER TABLE upload ADD COLUMN version BIGINT;
ALTER TABLE id_map ADD COLUMN version BIGINT;
ALTER TABLE object ADD COLUMN version BIGINT;

-- Of the sealed requests accepted last of a store, 8 bytes each: a duplicate is told from another request of its number. SPEC 8.2.
ALTER TABLE sealed_number ADD COLUMN proofs BYTEA;
