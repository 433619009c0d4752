-- Who changed what an application or an operator wrote, and what stood there before.
CREATE TABLE edit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- not of a counter row, which edits of several devices at once would wait for
    value_id INTEGER NOT NULL,         -- the group's value; 0 = an object of a collection
    collection_id INTEGER NOT NULL,    -- 0 = a group's value
    object_id TEXT NOT NULL,
    version INTEGER NOT NULL,          -- number of the change: of the object, or of the group's value
    time INTEGER NOT NULL,
    who TEXT NOT NULL,                 -- name of the token
    note TEXT NOT NULL,
    old_class TEXT,
    old_data BLOB,
    old_size INTEGER NOT NULL,         -- bytes; -1 = there was none. Of a large value the size alone is kept
    old_state TEXT NOT NULL,           -- how far the device was with it
    class TEXT,
    data BLOB,
    size INTEGER NOT NULL              -- bytes; -1 = deleted
);
CREATE INDEX edit_object ON edit (value_id, collection_id, object_id, id);
CREATE INDEX edit_time ON edit (time);
