-- Who may use REST, and what they changed.
CREATE TABLE access_token (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    role INTEGER NOT NULL,             -- 1 read, 2 configure, 3 administer
    hash BLOB NOT NULL UNIQUE,         -- SHA-256 of the token
    created INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires INTEGER,
    revoked INTEGER,
    last_used INTEGER
);
CREATE UNIQUE INDEX access_token_name ON access_token (name) WHERE revoked IS NULL;

CREATE TABLE session (
    hash BLOB PRIMARY KEY,             -- SHA-256 of the cookie or the link's code
    token_id INTEGER NOT NULL,         -- 0 = the admin token
    token_check BLOB,
    link INTEGER NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('access_token', 0), ('audit', 0);
