-- 一业一证: comprehensive licences stand among the others, with a serial of their own in credit_code (the company's code and three
-- digits). A change of one permit is a change of its licence in the feed; empty where the whole is meant.
ALTER TABLE feed ADD COLUMN permit TEXT NOT NULL DEFAULT '';
CREATE INDEX feed_by_permit ON feed (set_id, position) WHERE permit <> '';

-- How many of them were recorded of this licence in all its versions: two clerks at once are told apart by it.
ALTER TABLE issued_set ADD COLUMN permit_events INTEGER NOT NULL DEFAULT 0;

-- What each version bears, for who must check or renew it; the signed manifest is what counts. Days are yyyymmdd, 0 where there is none.
CREATE TABLE permit (
  id          INTEGER PRIMARY KEY,
  set_id      INTEGER NOT NULL REFERENCES issued_set (id),
  number      TEXT    NOT NULL,
  code        TEXT    NOT NULL,
  department  TEXT    NOT NULL,
  expire_day  INTEGER NOT NULL,
  check_day   INTEGER NOT NULL,
  UNIQUE (set_id, number)
);
CREATE INDEX permit_by_check ON permit (check_day) WHERE check_day > 0;
CREATE INDEX permit_by_expiry ON permit (expire_day) WHERE expire_day > 0;
