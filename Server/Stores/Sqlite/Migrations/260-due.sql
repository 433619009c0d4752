-- What may be due to whom, for other processes on this file: a row for each device and collection, its number the newest. [Engine/DueSignal.cs]
CREATE TABLE due_note (
    kind INTEGER NOT NULL,             -- 0 a device, 1 a collection
    id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX due_note_seq ON due_note (seq);
