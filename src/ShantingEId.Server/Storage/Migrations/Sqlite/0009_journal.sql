-- Where the register stands in its journal (登记日志), which lies outside the database: number and digest of the last transaction
-- there, and which life of the register this is; each restore begins a new one. Negative while a restore is under way.
ALTER TABLE feed_head ADD COLUMN journal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed_head ADD COLUMN journal_digest BLOB NOT NULL DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';
ALTER TABLE feed_head ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;

-- Keys, callers and rules that were put into force, and which two people approved them; the newest counts.
CREATE TABLE deployment (
  id            INTEGER PRIMARY KEY,
  content       BLOB    NOT NULL,
  approved_by   TEXT    NOT NULL,
  recorded_time INTEGER NOT NULL
);
