-- What an operator says of the fields of a class: it counts for each version of the class.
CREATE TABLE field_note (
    class TEXT COLLATE "C" NOT NULL,
    field TEXT COLLATE "C" NOT NULL,
    label TEXT,
    unit TEXT,
    least DOUBLE PRECISION,
    most DOUBLE PRECISION,
    time BIGINT NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (class, field)
);
