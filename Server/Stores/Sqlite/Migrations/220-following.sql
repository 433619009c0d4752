-- Lines of the fleet are followed by the number of the look that made them.
ALTER TABLE device_state ADD COLUMN look INTEGER NOT NULL DEFAULT 0;
CREATE INDEX device_state_look ON device_state (look);
INSERT INTO counter (name, value) VALUES ('look', 0);
