-- 简易注销. Times are Unix milliseconds, UTC.

CREATE TABLE deregistration (
  id                   INTEGER PRIMARY KEY,
  number               TEXT    NOT NULL UNIQUE,
  credit_code          TEXT    NOT NULL,
  set_id               INTEGER NOT NULL REFERENCES issued_set (id),
  company_name         TEXT    NOT NULL,
  published            INTEGER NOT NULL,
  applicant            TEXT    NOT NULL,
  commitment_digest    BLOB    NOT NULL,
  commitment_reference TEXT    NOT NULL,
  investors            INTEGER NOT NULL,
  confirms_itself      INTEGER NOT NULL,
  state                INTEGER NOT NULL,
  revision             INTEGER NOT NULL,
  applied_time         INTEGER NOT NULL,
  period_end           INTEGER NOT NULL,
  confirm_until        INTEGER NOT NULL,
  cancel_until         INTEGER NOT NULL,
  mend_until           INTEGER NOT NULL,
  remark               TEXT    NOT NULL,
  updated_time         INTEGER NOT NULL,
  position             INTEGER NOT NULL
);

-- Two clerks at once: one under way for each company, whatever the program does. 1 published, 3 returned.
CREATE UNIQUE INDEX one_open_deregistration ON deregistration (credit_code) WHERE state IN (1, 3);
CREATE INDEX deregistration_by_holder ON deregistration (credit_code, number);
CREATE INDEX deregistration_by_position ON deregistration (position);

CREATE TABLE objection (
  id                INTEGER PRIMARY KEY,
  deregistration_id INTEGER NOT NULL REFERENCES deregistration (id),
  number            INTEGER NOT NULL,
  caller            TEXT    NOT NULL,
  objector          TEXT    NOT NULL,
  ground            INTEGER NOT NULL,
  reason            TEXT    NOT NULL,
  raised_time       INTEGER NOT NULL,
  withdrawn_time    INTEGER NOT NULL,
  UNIQUE (deregistration_id, number)
);

-- What happened, each with its place in the feed; the log of who did what.
CREATE TABLE deregistration_event (
  position          INTEGER PRIMARY KEY,
  deregistration_id INTEGER NOT NULL REFERENCES deregistration (id),
  revision          INTEGER NOT NULL,
  act               INTEGER NOT NULL,
  actor             TEXT    NOT NULL,
  request_id        TEXT    NOT NULL,
  recorded_time     INTEGER NOT NULL,
  remark            TEXT    NOT NULL,
  UNIQUE (deregistration_id, revision)
);
