CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tbl TEXT NOT NULL,
    ipc BLOB NOT NULL,
    sum INTEGER -- XXH3 of ipc: SQLite would give back a damaged page as it is
) STRICT;

-- Entries that were found damaged, out of the way so that the rest is served.
CREATE TABLE IF NOT EXISTS damaged (
    seq INTEGER PRIMARY KEY,
    tbl TEXT NOT NULL,
    ipc BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS rejected (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at INTEGER NOT NULL, -- µs since 1970, UTC
    source TEXT NOT NULL,
    profile TEXT NOT NULL,
    row_index INTEGER NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    rule TEXT NOT NULL,
    message TEXT NOT NULL,
    raw TEXT NOT NULL
) STRICT;

-- Files of the lake that are placed by other boundaries already, while a replacement is not finished.
CREATE TABLE IF NOT EXISTS placed_anew (
    tbl TEXT NOT NULL,
    path TEXT NOT NULL, -- the file with the old places
    adds TEXT NOT NULL, -- the files with the new ones: Delta's actions as JSON
    changes TEXT NOT NULL, -- what moved where, as JSON
    PRIMARY KEY (tbl, path)
) STRICT;

-- Steps of complaints that are not there yet.
CREATE TABLE IF NOT EXISTS waiting_steps (
    complaint BLOB NOT NULL, -- the complaint's identity
    at INTEGER NOT NULL, -- µs since 1970, UTC
    event TEXT NOT NULL,
    fields TEXT, -- JSON
    PRIMARY KEY (complaint, at, event)
) STRICT, WITHOUT ROWID;

-- Complaints that were erased: the hash of the identity stays, so that the same record is not taken in again. Source and id are
-- there only until every trace is gone.
CREATE TABLE IF NOT EXISTS erased (
    complaint BLOB PRIMARY KEY,
    at INTEGER NOT NULL, -- µs since 1970, UTC
    source TEXT,
    id TEXT,
    mask INTEGER NOT NULL DEFAULT 0 -- 1: the rows stay, without what tells of a person
) STRICT, WITHOUT ROWID;

-- How far back records are kept: older ones went, or are about to.
CREATE TABLE IF NOT EXISTS cutoffs (
    tbl TEXT NOT NULL,
    source TEXT NOT NULL, -- empty: every source without a line of its own
    before INTEGER NOT NULL, -- µs since 1970, UTC
    PRIMARY KEY (tbl, source)
) STRICT, WITHOUT ROWID;
