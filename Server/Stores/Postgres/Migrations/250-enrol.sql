-- Two tokens for a while, codes that give a board its token, boards and notes, devices that were deleted. SPEC 8.5

ALTER TABLE device ADD COLUMN old_token_hash BYTEA;  -- taken beside token_hash until that is first used
ALTER TABLE device ADD COLUMN old_until BIGINT;    -- and no longer than this
ALTER TABLE device ADD COLUMN fresh INTEGER NOT NULL DEFAULT 0; -- token_hash was not used yet, and its first use ends something
ALTER TABLE device ADD COLUMN retired BIGINT;      -- deleted; what it sent is kept
CREATE INDEX device_old_token ON device (old_token_hash) WHERE old_token_hash IS NOT NULL;

CREATE TABLE claim (
    hash BYTEA PRIMARY KEY,             -- SHA-256 of the code
    device_id BIGINT NOT NULL,
    salt BYTEA NOT NULL,                -- the token is made from this and the code; empty once the token was used
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    given BIGINT,                     -- when it first gave the token
    used BIGINT                       -- when the token was first used
);
CREATE INDEX claim_device ON claim (device_id);

ALTER TABLE device_place ADD COLUMN board TEXT COLLATE "C" NOT NULL DEFAULT ''; -- folder of board-configs
ALTER TABLE device_place ADD COLUMN note TEXT COLLATE "C" NOT NULL DEFAULT '';
