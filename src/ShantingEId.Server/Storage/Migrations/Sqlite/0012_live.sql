-- 亮码: device sessions and the codes they showed. Outside the journal: both are over before a register could be rebuilt from it, a code that a
-- rebuilt register does not know is refused, and who looked stands in the look-up ledger. Rows are taken away 30 days after their end.
-- Times are Unix milliseconds, UTC.

CREATE TABLE holder_session (
  id          INTEGER PRIMARY KEY,
  session_id  TEXT    NOT NULL UNIQUE,
  -- SM3 of the secret, which is kept nowhere.
  digest      BLOB    NOT NULL UNIQUE,
  credit_code TEXT    NOT NULL,
  app         TEXT    NOT NULL,
  request_id  TEXT    NOT NULL,
  device      TEXT    NOT NULL,
  open_time   INTEGER NOT NULL,
  expire_time INTEGER NOT NULL,
  -- 0 while it was not ended.
  end_time    INTEGER NOT NULL,
  UNIQUE (app, request_id)
);
CREATE INDEX holder_session_by_end ON holder_session (expire_time);

CREATE TABLE presentation (
  id                INTEGER PRIMARY KEY,
  token             TEXT    NOT NULL UNIQUE,
  session_id        TEXT    NOT NULL,
  credit_code       TEXT    NOT NULL,
  app               TEXT    NOT NULL,
  request_id        TEXT    NOT NULL,
  content_digest    BLOB    NOT NULL,
  scope             INTEGER NOT NULL,
  audience          TEXT    NOT NULL,
  purpose           TEXT    NOT NULL,
  code              TEXT    NOT NULL,
  assertion         BLOB    NOT NULL,
  certificate       BLOB    NOT NULL,
  issue_time        INTEGER NOT NULL,
  expire_time       INTEGER NOT NULL,
  -- 0 and empty while nobody scanned it.
  presented_time    INTEGER NOT NULL,
  presented_by      TEXT    NOT NULL,
  presented_purpose TEXT    NOT NULL,
  UNIQUE (app, request_id)
);
CREATE INDEX presentation_by_holder ON presentation (credit_code, id);
CREATE INDEX presentation_by_end ON presentation (expire_time);
