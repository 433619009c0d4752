-- Who may use REST, and what they changed.
CREATE TABLE access_token (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    role BIGINT NOT NULL,             -- 1 read, 2 configure, 3 administer
    hash BYTEA NOT NULL UNIQUE,         -- SHA-256 of the token
    created BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    expires BIGINT,
    revoked BIGINT,
    last_used BIGINT
);
CREATE UNIQUE INDEX access_token_name ON access_token (name) WHERE revoked IS NULL;

CREATE TABLE session (
    hash BYTEA PRIMARY KEY,             -- SHA-256 of the cookie or the link's code
    token_id BIGINT NOT NULL,         -- 0 = the admin token
    token_check BYTEA,
    link BIGINT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
);

CREATE TABLE audit (
    id BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL
);
INSERT INTO counter (name, value) VALUES ('access_token', 0), ('audit', 0);
