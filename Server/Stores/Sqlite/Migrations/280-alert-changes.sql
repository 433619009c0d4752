-- What becomes of an alert is a change, too, and is followed as the others are (kind 2).
ALTER TABLE change ADD COLUMN alert_id INTEGER;
ALTER TABLE change ADD COLUMN alert_event INTEGER; -- 0 opened, 1 closed, 2 acknowledged
