CREATE TABLE IF NOT EXISTS alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL,
    subject TEXT NOT NULL, -- what tells alerts of a rule apart
    about TEXT NOT NULL, -- the subject as JSON
    severity TEXT NOT NULL,
    value REAL NOT NULL,
    level TEXT NOT NULL, -- whose turn it is: grid, community, subdistrict, district or city
    state TEXT NOT NULL, -- raised, acknowledged or resolved
    since INTEGER NOT NULL, -- µs since 1970, UTC, as all instants here
    raised_at INTEGER NOT NULL,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    escalated_at INTEGER,
    escalate_after INTEGER, -- µs until it goes a level up when nobody acknowledges it
    escalate_at INTEGER,
    resolved_at INTEGER,
    resolved_by TEXT,
    so INTEGER NOT NULL DEFAULT 1 -- the rule still says so, also when somebody resolved it
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS alerts_open ON alerts (rule, subject) WHERE state <> 'resolved';
CREATE INDEX IF NOT EXISTS alerts_so ON alerts (rule, subject) WHERE so = 1;
CREATE INDEX IF NOT EXISTS alerts_subject ON alerts (rule, subject, raised_at);
CREATE INDEX IF NOT EXISTS alerts_escalate ON alerts (escalate_at) WHERE escalate_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS alert_steps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert INTEGER NOT NULL REFERENCES alerts (id),
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    step TEXT NOT NULL, -- raised, acknowledged, escalated or resolved
    level TEXT NOT NULL,
    note TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS alert_steps_alert ON alert_steps (alert, id);
-- What is so, but not yet for as long as its rule asks.
CREATE TABLE IF NOT EXISTS alert_waiting (
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    about TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (rule, subject)
) STRICT, WITHOUT ROWID;
-- Records received up to then were judged.
CREATE TABLE IF NOT EXISTS alert_progress (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    judged_to INTEGER NOT NULL
) STRICT;
