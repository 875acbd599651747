-- 用印: who may use a company's seals, and every use. Times are Unix milliseconds, UTC.

CREATE TABLE seal_grant (
  number             INTEGER PRIMARY KEY,
  position           INTEGER NOT NULL UNIQUE,
  credit_code        TEXT    NOT NULL,
  caller             TEXT    NOT NULL,
  kinds              TEXT    NOT NULL,
  uses               TEXT    NOT NULL,
  reference          TEXT    NOT NULL,
  until_time         INTEGER NOT NULL,
  granted_by         TEXT    NOT NULL,
  grant_request      TEXT    NOT NULL,
  granted_time       INTEGER NOT NULL,
  -- 0 and empty while it was not withdrawn.
  withdrawn_position INTEGER NOT NULL,
  withdrawn_time     INTEGER NOT NULL,
  withdrawn_by       TEXT    NOT NULL,
  withdraw_request   TEXT    NOT NULL,
  withdraw_reason    TEXT    NOT NULL,
  use_count          INTEGER NOT NULL
);
CREATE INDEX seal_grant_by_holder ON seal_grant (credit_code, number);

-- What was signed, never the document. The signature itself stands in the reply of the request.
CREATE TABLE seal_use (
  position      INTEGER PRIMARY KEY,
  grant_number  INTEGER NOT NULL REFERENCES seal_grant (number),
  set_id        INTEGER NOT NULL REFERENCES issued_set (id),
  credit_code   TEXT    NOT NULL,
  seal_code     TEXT    NOT NULL,
  kind          INTEGER NOT NULL,
  purpose       TEXT    NOT NULL,
  caller        TEXT    NOT NULL,
  request_id    TEXT    NOT NULL,
  recorded_time INTEGER NOT NULL,
  signed_time   INTEGER NOT NULL,
  title         TEXT    NOT NULL,
  digest        BLOB    NOT NULL,
  data_hash     BLOB    NOT NULL,
  property_info TEXT    NOT NULL,
  pages         TEXT    NOT NULL,
  -- Time of the time stamp; 0 without one.
  stamped_time  INTEGER NOT NULL,
  UNIQUE (caller, request_id)
);
CREATE INDEX seal_use_by_holder ON seal_use (credit_code, position);
CREATE INDEX seal_use_by_grant ON seal_use (grant_number);
