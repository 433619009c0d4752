-- What a device told is remembered with the key of the reply, so also what one told that holds the key before. SPEC.md 2.3
ALTER TABLE key_row ADD COLUMN class_before TEXT;
ALTER TABLE key_row ADD COLUMN window_before BIGINT;
ALTER TABLE key_row ADD COLUMN limit_before BIGINT;
ALTER TABLE key_row ADD COLUMN conflict_before BIGINT;
UPDATE key_row SET class_before = class, window_before = window_size, limit_before = byte_limit, conflict_before = conflict;
