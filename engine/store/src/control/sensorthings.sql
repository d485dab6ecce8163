CREATE TABLE IF NOT EXISTS sensorthings (
    kind TEXT NOT NULL, -- the name of an EntityKind; 'Next' for the next number of a kind, 'Gone' for what was taken away
    id TEXT NOT NULL, -- as in a path: 7 or 'text'
    body TEXT NOT NULL, -- JSON
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
