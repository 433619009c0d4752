-- What a device tells of what waits on it and of how long its flash lasts. The problems have other numbers since, so each line is made anew.
ALTER TABLE device_state ADD COLUMN pending_up INTEGER; -- NULL = not told
ALTER TABLE device_state ADD COLUMN flash_life INTEGER; -- days; NULL = not told
ALTER TABLE device_sample ADD COLUMN pending INTEGER;
ALTER TABLE device_sample ADD COLUMN life INTEGER;
UPDATE device_state SET next_check = 0;
