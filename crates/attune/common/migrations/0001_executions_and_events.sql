CREATE TABLE executions (
    id               TEXT    NOT NULL PRIMARY KEY,
    action           TEXT    NOT NULL,
    runner           TEXT    NOT NULL,
    parameters       TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    attempt          INTEGER NOT NULL DEFAULT 0,
    worker           TEXT,
    lease_ms         INTEGER NOT NULL DEFAULT 0,
    lease_expires_ms INTEGER,
    exit_code        INTEGER,
    stdout           TEXT    NOT NULL DEFAULT '',
    stderr           TEXT    NOT NULL DEFAULT '',
    result           TEXT,
    error            TEXT,
    created_ms       INTEGER NOT NULL,
    started_ms       INTEGER,
    finished_ms      INTEGER
) STRICT;

CREATE INDEX executions_by_status ON executions (status, id);
CREATE INDEX executions_by_lease ON executions (lease_expires_ms) WHERE lease_expires_ms IS NOT NULL;

CREATE TABLE events (
    id         TEXT    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    payload    TEXT    NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX events_by_kind ON events (kind, id);
