-- The register. Times are Unix milliseconds, UTC. Rowid tables with unique indexes: four times faster to read than text
-- primary keys with 1 KB rows in the tree.

CREATE TABLE issued_set (
  id               INTEGER PRIMARY KEY,
  license_id       TEXT    NOT NULL UNIQUE,
  credit_code      TEXT    NOT NULL,
  version          INTEGER NOT NULL,
  issue_time       INTEGER NOT NULL,
  manifest         BLOB    NOT NULL,
  manifest_digest  BLOB    NOT NULL UNIQUE,
  license_code     TEXT    NOT NULL,
  typed_code       TEXT    NOT NULL UNIQUE,
  status_list      INTEGER NOT NULL,
  status_index     INTEGER NOT NULL,
  state            INTEGER NOT NULL,
  state_effective  INTEGER NOT NULL,
  state_recorded   INTEGER NOT NULL,
  state_reason     TEXT    NOT NULL,
  state_decided_by TEXT    NOT NULL,
  UNIQUE (credit_code, version),
  UNIQUE (status_list, status_index)
);

-- Two clerks at once: one set in force for each company, whatever the program does.
CREATE UNIQUE INDEX one_active_set ON issued_set (credit_code) WHERE state = 1;

CREATE TABLE seal (
  id          INTEGER PRIMARY KEY,
  set_id      INTEGER NOT NULL REFERENCES issued_set (id),
  kind        INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
  seal_code   TEXT    NOT NULL UNIQUE,
  ses_seal    BLOB    NOT NULL,
  certificate BLOB    NOT NULL,
  sealed_key  BLOB    NOT NULL,
  UNIQUE (set_id, kind)
);

-- Answers by request id: a retry receives the same bytes.
CREATE TABLE reply (
  id             INTEGER PRIMARY KEY,
  actor          TEXT NOT NULL,
  request_id     TEXT NOT NULL,
  content_digest BLOB NOT NULL,
  reply          BLOB NOT NULL,
  UNIQUE (actor, request_id)
);

-- Changes in commit order, for everyone who follows the register.
CREATE TABLE feed (
  position      INTEGER PRIMARY KEY AUTOINCREMENT,
  set_id        INTEGER NOT NULL REFERENCES issued_set (id),
  state         INTEGER NOT NULL,
  recorded_time INTEGER NOT NULL
);

-- Who did what, in the same transaction as the deed.
CREATE TABLE act (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  actor         TEXT    NOT NULL,
  request_id    TEXT    NOT NULL,
  deed          TEXT    NOT NULL,
  set_id        INTEGER NOT NULL REFERENCES issued_set (id),
  recorded_time INTEGER NOT NULL
);

-- Running numbers set aside in blocks; never lowered.
CREATE TABLE counter (
  id   INTEGER PRIMARY KEY,
  name TEXT    NOT NULL UNIQUE,
  next INTEGER NOT NULL
);
