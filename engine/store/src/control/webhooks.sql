CREATE TABLE IF NOT EXISTS webhooks (
    name TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    severity TEXT NOT NULL, -- the least severity that is sent
    rules TEXT NOT NULL, -- JSON list of rule ids; empty: all
    made_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook TEXT NOT NULL,
    alert INTEGER NOT NULL,
    step TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL, -- due, done or dead
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    ended_at INTEGER,
    error TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_at) WHERE state = 'due';
CREATE INDEX IF NOT EXISTS deliveries_state ON deliveries (state, id);
