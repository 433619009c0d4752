-- Where the answers to a device's mails go: SPEC 8.3.

ALTER TABLE device ADD COLUMN mail TEXT; -- NULL = to be taken from its first mail
