-- A request that was overtaken by a newer one: SPEC 5.2.

ALTER TABLE device_collection ADD COLUMN last_change INTEGER NOT NULL DEFAULT 0; -- of the newest request under previous_key
