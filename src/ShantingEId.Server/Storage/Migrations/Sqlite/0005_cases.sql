-- The cases of the one window. A step stands as its newest event left it, so there is no table of steps that could say otherwise.

CREATE TABLE case_file (
  id             INTEGER PRIMARY KEY,
  case_id        TEXT    NOT NULL UNIQUE,
  progress_code  TEXT    NOT NULL UNIQUE,
  credit_code    TEXT    NOT NULL,
  opened_by      TEXT    NOT NULL,
  open_request   TEXT    NOT NULL,
  content_digest BLOB    NOT NULL,
  open_time      INTEGER NOT NULL,
  facts          TEXT    NOT NULL,
  facts_revision INTEGER NOT NULL,
  findings       TEXT    NOT NULL,
  license_id     TEXT    NOT NULL,
  state          INTEGER NOT NULL,
  version        INTEGER NOT NULL,
  UNIQUE (opened_by, open_request)
);
CREATE INDEX case_by_holder ON case_file (credit_code);

-- Two applications at once: one case that goes on for each company, whatever the program does.
CREATE UNIQUE INDEX one_running_case ON case_file (credit_code) WHERE state = 1;

-- What happened to steps, in commit order; open_time and deadline (a day number) are 0 where there is none. "newest" is 1 for the event
-- a step stands at.
CREATE TABLE case_event (
  position           INTEGER PRIMARY KEY,
  case_row           INTEGER NOT NULL REFERENCES case_file (id),
  kind               INTEGER NOT NULL,
  state              INTEGER NOT NULL,
  state_time         INTEGER NOT NULL,
  open_time          INTEGER NOT NULL,
  deadline           INTEGER NOT NULL,
  reason             TEXT    NOT NULL,
  evidence_text      TEXT    NOT NULL,
  evidence_reference TEXT    NOT NULL,
  actor              TEXT    NOT NULL,
  asked_by           TEXT    NOT NULL,
  request_id         TEXT    NOT NULL,
  newest             INTEGER NOT NULL
);
CREATE INDEX case_event_by_case ON case_event (case_row, position);
CREATE UNIQUE INDEX one_newest_event ON case_event (case_row, kind) WHERE newest = 1;
CREATE INDEX step_due ON case_event (deadline) WHERE newest = 1 AND state IN (2, 3, 8);
CREATE INDEX case_event_by_request ON case_event (asked_by, request_id);
