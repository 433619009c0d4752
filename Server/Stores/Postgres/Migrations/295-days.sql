-- Readings lie by the day on which they came, so that retention drops a day instead of deleting its rows. DESIGN.md chapter 14
--
-- What is there stays where it is, as the partition of day 0, whatever its age: it is read once, to see that it may, and not
-- written. A run says the day of its readings. The partitions have keys of their own, and the whole has none: that of day 0
-- is not to be built anew.

ALTER TABLE reading RENAME TO reading_before;
ALTER TABLE reading_run ADD COLUMN day INTEGER NOT NULL DEFAULT 0; -- days since 1970

CREATE TABLE reading (
    collection_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    seq BIGINT NOT NULL,              -- number of the change that made it
    age INTEGER NOT NULL,              -- milliseconds since its run began
    data BYTEA NOT NULL
) PARTITION BY RANGE (day);

-- The partitions there are.
CREATE TABLE reading_day (
    day INTEGER PRIMARY KEY,
    until BIGINT NOT NULL,            -- all of its readings came before then
    detached INTEGER NOT NULL DEFAULT 0 -- 1 = its readings are gone, and about to be counted
);

-- Readings that went with a day and are still in the counts of their collections.
CREATE TABLE reading_gone (
    collection_id BIGINT PRIMARY KEY,
    readings BIGINT NOT NULL
);

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM reading_before) THEN
        ALTER TABLE reading_before ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE reading ATTACH PARTITION reading_before FOR VALUES FROM (0) TO (1);
        INSERT INTO reading_day (day, until) SELECT 0, GREATEST(COALESCE(MAX(time), 0), CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT)) FROM reading_run;
    ELSE
        DROP TABLE reading_before;
    END IF;
END $$;
