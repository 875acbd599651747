-- 加注件: copies of licences for one receiver and one use, fetched once. Of the download id only the SM3 is kept; download_time is 0 and
-- document_digest empty while a copy was not fetched. The document itself stands in the reply that handed it out.
CREATE TABLE license_copy (
  id               INTEGER PRIMARY KEY,
  number           TEXT    NOT NULL UNIQUE,
  set_id           INTEGER NOT NULL REFERENCES issued_set (id),
  credit_code      TEXT    NOT NULL,
  maker            TEXT    NOT NULL,
  receiver         TEXT    NOT NULL,
  receiver_title   TEXT    NOT NULL,
  purpose          TEXT    NOT NULL,
  form             INTEGER NOT NULL,
  download_digest  BLOB    NOT NULL UNIQUE,
  actor            TEXT    NOT NULL,
  request_id       TEXT    NOT NULL,
  created_time     INTEGER NOT NULL,
  expire_time      INTEGER NOT NULL,
  download_time    INTEGER NOT NULL,
  download_request TEXT    NOT NULL,
  document_digest  BLOB    NOT NULL
);
CREATE INDEX license_copy_by_holder ON license_copy (credit_code, number);
