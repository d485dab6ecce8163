CREATE TABLE IF NOT EXISTS api_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    feeds TEXT NOT NULL, -- JSON array of source names; an empty one means every feed
    requests_per_second INTEGER, -- NULL: the server's setting
    body_bytes INTEGER, -- NULL: the server's setting
    created_at INTEGER NOT NULL, -- µs since 1970, UTC
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS api_secret (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    api_key INTEGER NOT NULL REFERENCES api_key (id),
    hash BLOB NOT NULL, -- SHA-256 of the secret's 32 random bytes as text
    is_session INTEGER NOT NULL, -- 1: made by a browser that signed in
    expires_at INTEGER
) STRICT;
