-- A company's whole life: versions that take each other's place, now or at a later time, and states at any instant.

-- When a set takes force (milliseconds; issue_time has whole seconds), and when the register was told.
ALTER TABLE issued_set ADD COLUMN start_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE issued_set ADD COLUMN start_recorded INTEGER NOT NULL DEFAULT 0;
UPDATE issued_set SET start_time = issue_time, start_recorded = issue_time;
CREATE INDEX set_by_start ON issued_set (credit_code, start_time, version);

-- The name on its face, for searching by former names. Sets from before this column are filled in at the first start.
ALTER TABLE issued_set ADD COLUMN name TEXT NOT NULL DEFAULT '';
CREATE INDEX set_by_name ON issued_set (name);

-- Two clerks at once: one open set (in force or paused) for each company, whatever the program does.
DROP INDEX one_active_set;
CREATE UNIQUE INDEX one_open_set ON issued_set (credit_code) WHERE state IN (1, 4);

-- Reasons stand with each state in the feed; issued_set keeps which state is the newest.
ALTER TABLE issued_set DROP COLUMN state_reason;
ALTER TABLE issued_set DROP COLUMN state_decided_by;

-- The licence that took its place.
ALTER TABLE feed ADD COLUMN state_successor TEXT NOT NULL DEFAULT '';
CREATE INDEX feed_by_set ON feed (set_id, position);

-- The set with which another seal took this one's place.
ALTER TABLE seal ADD COLUMN replaced_by INTEGER REFERENCES issued_set (id);
CREATE INDEX seal_by_replacement ON seal (replaced_by) WHERE replaced_by IS NOT NULL;
