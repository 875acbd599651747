-- 用印: who may use a company's seals, and every use. Times are Unix milliseconds, UTC.

CREATE TABLE seal_grant (
  number             BIGINT PRIMARY KEY,
  position           BIGINT NOT NULL UNIQUE,
  credit_code        TEXT COLLATE "C" NOT NULL,
  caller             TEXT COLLATE "C" NOT NULL,
  kinds              TEXT    NOT NULL,
  uses               TEXT    NOT NULL,
  reference          TEXT    NOT NULL,
  until_time         BIGINT NOT NULL,
  granted_by         TEXT    NOT NULL,
  grant_request      TEXT COLLATE "C" NOT NULL,
  granted_time       BIGINT NOT NULL,
  -- 0 and empty while it was not withdrawn.
  withdrawn_position BIGINT NOT NULL,
  withdrawn_time     BIGINT NOT NULL,
  withdrawn_by       TEXT    NOT NULL,
  withdraw_request   TEXT COLLATE "C" NOT NULL,
  withdraw_reason    TEXT    NOT NULL,
  use_count          BIGINT NOT NULL
);
CREATE INDEX seal_grant_by_holder ON seal_grant (credit_code, number);

-- What was signed, never the document. The signature itself stands in the reply of the request.
CREATE TABLE seal_use (
  position      BIGINT PRIMARY KEY,
  grant_number  BIGINT NOT NULL REFERENCES seal_grant (number),
  set_id        BIGINT NOT NULL REFERENCES issued_set (id),
  credit_code   TEXT COLLATE "C" NOT NULL,
  seal_code     TEXT COLLATE "C" NOT NULL,
  kind          BIGINT NOT NULL,
  purpose       TEXT    NOT NULL,
  caller        TEXT COLLATE "C" NOT NULL,
  request_id    TEXT COLLATE "C" NOT NULL,
  recorded_time BIGINT NOT NULL,
  signed_time   BIGINT NOT NULL,
  title         TEXT    NOT NULL,
  digest        BYTEA    NOT NULL,
  data_hash     BYTEA    NOT NULL,
  property_info TEXT    NOT NULL,
  pages         TEXT    NOT NULL,
  -- Time of the time stamp; 0 without one.
  stamped_time  BIGINT NOT NULL,
  UNIQUE (caller, request_id)
);
CREATE INDEX seal_use_by_holder ON seal_use (credit_code, position);
CREATE INDEX seal_use_by_grant ON seal_use (grant_number);
