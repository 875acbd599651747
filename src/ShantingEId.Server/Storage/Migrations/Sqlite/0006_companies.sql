-- Items that stand on no licence (备案事项), and searching by name. Times are Unix milliseconds, UTC.

-- Each as it was once recorded; never changed afterwards. With the licence in force, or the one that came with it. What a company
-- files together has one revision, and one place in the feed.
CREATE TABLE filed_item (
  id             INTEGER PRIMARY KEY,
  credit_code    TEXT    NOT NULL,
  set_id         INTEGER NOT NULL REFERENCES issued_set (id),
  revision       INTEGER NOT NULL,
  kind           INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 8),
  text           TEXT    NOT NULL,
  effective_time INTEGER NOT NULL,
  recorded_time  INTEGER NOT NULL,
  reason         TEXT    NOT NULL,
  decided_by     TEXT    NOT NULL,
  actor          TEXT    NOT NULL,
  request_id     TEXT    NOT NULL,
  position       INTEGER NOT NULL,
  UNIQUE (credit_code, revision, kind)
);
CREATE INDEX filed_item_by_position ON filed_item (position);
CREATE INDEX filed_item_by_request ON filed_item (actor, request_id);

-- The name as names are compared: brackets and dots made one, as Question.Fold does. What is kept is NFC already.
ALTER TABLE issued_set ADD COLUMN search_name TEXT GENERATED ALWAYS AS (replace(replace(replace(replace(replace(replace(name, '（', '('), '）', ')'), '•', '·'), '‧', '·'), '・', '·'), '･', '·')) VIRTUAL;
CREATE INDEX set_by_search_name ON issued_set (search_name, credit_code);
DROP INDEX set_by_name;
