-- The feed in commit order, for everyone who follows the register; and who looked up whom.

-- The newest position. Taken inside the transaction, last of all, and held until it ends: positions rise in commit order.
CREATE TABLE feed_head (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  position INTEGER NOT NULL
);
INSERT INTO feed_head (id, position) SELECT 1, coalesce(max(position), 0) FROM feed;

-- The state as of the change: the set's own state may have moved on.
ALTER TABLE feed ADD COLUMN state_effective INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN state_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE feed ADD COLUMN state_decided_by TEXT NOT NULL DEFAULT '';
UPDATE feed SET state_effective = recorded_time WHERE state = 1;
UPDATE feed SET
  state_effective = (SELECT s.state_effective FROM issued_set s WHERE s.id = feed.set_id),
  state_reason = (SELECT s.state_reason FROM issued_set s WHERE s.id = feed.set_id),
  state_decided_by = (SELECT s.state_decided_by FROM issued_set s WHERE s.id = feed.set_id)
WHERE state <> 1;

-- Place of the change a reply belongs to; what is older than this column was seen by everyone long ago.
ALTER TABLE reply ADD COLUMN position INTEGER NOT NULL DEFAULT 0;

-- What was done to a set.
CREATE INDEX act_by_set ON act (set_id);

-- Look-ups, taken in from the ledgers of the replicas.
CREATE TABLE lookup (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  ledger    TEXT    NOT NULL,
  tick      INTEGER NOT NULL,
  place     INTEGER NOT NULL,
  time      INTEGER NOT NULL,
  holder    TEXT    NOT NULL,
  caller    TEXT    NOT NULL,
  purpose   TEXT    NOT NULL,
  method    TEXT    NOT NULL,
  verdict   INTEGER NOT NULL,
  reason    TEXT    NOT NULL,
  reference TEXT    NOT NULL
);
CREATE INDEX lookup_by_holder ON lookup (holder, id);

-- How far each ledger has been taken in.
CREATE TABLE ledger (
  name         TEXT    PRIMARY KEY,
  through_tick INTEGER NOT NULL,
  through_time INTEGER NOT NULL
);
