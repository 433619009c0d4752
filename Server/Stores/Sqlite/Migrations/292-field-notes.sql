-- What an operator says of the fields of a class: it counts for each version of the class.
CREATE TABLE field_note (
    class TEXT NOT NULL,
    field TEXT NOT NULL,
    label TEXT,
    unit TEXT,
    least REAL,
    most REAL,
    time INTEGER NOT NULL,
    who TEXT NOT NULL,
    PRIMARY KEY (class, field)
) WITHOUT ROWID;
