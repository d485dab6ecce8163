CREATE TABLE IF NOT EXISTS rules (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL, -- JSON; empty: a rule of a file that was taken away
    changed_at INTEGER NOT NULL, -- µs since 1970, UTC
    changed_by TEXT NOT NULL
) STRICT;
