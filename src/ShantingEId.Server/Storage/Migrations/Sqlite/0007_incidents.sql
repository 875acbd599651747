-- 批量处置: frozen lists of sets to which one act is done. Times are Unix milliseconds, UTC.

CREATE TABLE incident (
  id            INTEGER PRIMARY KEY,
  number        TEXT    NOT NULL UNIQUE,
  act           INTEGER NOT NULL,
  query         TEXT    NOT NULL,
  reason        TEXT    NOT NULL,
  decided_by    TEXT    NOT NULL,
  set_count     INTEGER NOT NULL,
  digest        BLOB    NOT NULL,
  prepared_by   TEXT    NOT NULL,
  prepared_time INTEGER NOT NULL,
  approved_by   TEXT    NOT NULL,
  approved_time INTEGER NOT NULL,
  ended_time    INTEGER NOT NULL,
  state         INTEGER NOT NULL,
  revision      INTEGER NOT NULL,
  remark        TEXT    NOT NULL,
  -- How far the list was worked off, in sets; rate in sets per 1,000 seconds.
  next          INTEGER NOT NULL,
  done          INTEGER NOT NULL,
  skipped       INTEGER NOT NULL,
  failed        INTEGER NOT NULL,
  rate          INTEGER NOT NULL,
  -- Which process works on it, and its sign of life.
  worker        TEXT    NOT NULL,
  beat          INTEGER NOT NULL
);
CREATE INDEX running_incident ON incident (number) WHERE state = 2;

-- The list, 500 licences to a page: it is frozen, so nothing of it is ever written again.
CREATE TABLE incident_page (
  id           INTEGER PRIMARY KEY,
  incident_row INTEGER NOT NULL REFERENCES incident (id),
  first        INTEGER NOT NULL,
  licences     TEXT    NOT NULL,
  UNIQUE (incident_row, first)
);

-- What was skipped (2) or failed (3); everything else before "next" was done.
CREATE TABLE incident_undone (
  id           INTEGER PRIMARY KEY,
  incident_row INTEGER NOT NULL REFERENCES incident (id),
  ordinal      INTEGER NOT NULL,
  license_id   TEXT    NOT NULL,
  outcome      INTEGER NOT NULL,
  reason       TEXT    NOT NULL,
  message      TEXT    NOT NULL,
  UNIQUE (incident_row, ordinal)
);

-- Who did what to it.
CREATE TABLE incident_event (
  id            INTEGER PRIMARY KEY,
  incident_row  INTEGER NOT NULL REFERENCES incident (id),
  revision      INTEGER NOT NULL,
  deed          INTEGER NOT NULL,
  actor         TEXT    NOT NULL,
  request_id    TEXT    NOT NULL,
  recorded_time INTEGER NOT NULL,
  remark        TEXT    NOT NULL,
  UNIQUE (incident_row, revision)
);
