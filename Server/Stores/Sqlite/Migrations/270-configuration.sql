-- Lines of the fleet are found by how far their configuration has come; of those that there are it is taken from what they show.
ALTER TABLE device_state ADD COLUMN configuration INTEGER NOT NULL DEFAULT 0; -- 0 none, 1 applied, 2 waiting, 3 refused
UPDATE device_state SET configuration = CASE json_extract(NULLIF(summary, ''), '$.configuration')
    WHEN 'applied' THEN 1 WHEN 'waiting' THEN 2 WHEN 'refused' THEN 3 ELSE 0 END;
