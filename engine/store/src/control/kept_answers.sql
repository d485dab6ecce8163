-- Answers of requests that carried an Idempotency-Key, so that the same request is answered the same again.
CREATE TABLE IF NOT EXISTS kept_answers (
    caller TEXT NOT NULL,
    name TEXT NOT NULL, -- the Idempotency-Key
    request BLOB NOT NULL, -- SHA-256 of what was asked
    status INTEGER NOT NULL,
    headers TEXT NOT NULL, -- JSON list of name and value
    body BLOB NOT NULL,
    at INTEGER NOT NULL, -- µs since 1970, UTC
    PRIMARY KEY (caller, name)
) STRICT;
CREATE INDEX IF NOT EXISTS kept_answers_at ON kept_answers (at);
