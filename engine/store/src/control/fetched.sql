-- Up to when a feed was fetched.
CREATE TABLE IF NOT EXISTS fetched_until (
    feed TEXT PRIMARY KEY,
    until INTEGER NOT NULL -- µs since 1970, UTC
) STRICT;
-- Files of watched folders that were read.
CREATE TABLE IF NOT EXISTS fetched_file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL, -- bytes
    content TEXT NOT NULL, -- 128-bit XXH3, hexadecimal
    at INTEGER NOT NULL, -- µs since 1970, UTC
    source TEXT NOT NULL,
    error TEXT, -- why it was not read to its end
    summary TEXT NOT NULL, -- JSON, as `citybrain import` prints it
    UNIQUE (folder, name, size, content)
) STRICT;
