/**
 * The tables of queues. A message is visible if its `visible_at` is not in the future: no clock needs to run for it to become so. What is large is in `bodies`, so that a
 * receive does not write it again, and a message is moved to another queue without it.
 */
import type { Migration } from "../../../store/sqlite/migrate.ts";

export const migrations: readonly Migration[] = [
  `CREATE TABLE queues (
     queue INTEGER PRIMARY KEY AUTOINCREMENT,
     tenant TEXT NOT NULL,
     -- Empty: the tenant's own.
     app TEXT NOT NULL,
     name TEXT NOT NULL,
     removed INTEGER NOT NULL DEFAULT 0,
     settings TEXT NOT NULL,
     tags TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     changed_at INTEGER NOT NULL,
     purged_at INTEGER NOT NULL DEFAULT 0,
     messages INTEGER NOT NULL DEFAULT 0,
     bytes INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE UNIQUE INDEX queue_names ON queues (tenant, name) WHERE removed = 0;
   CREATE INDEX removed_queues ON queues (removed) WHERE removed = 1;
   CREATE TABLE owners (
     tenant TEXT NOT NULL,
     app TEXT NOT NULL,
     queues INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     PRIMARY KEY (tenant, app)
   ) STRICT, WITHOUT ROWID;
   -- The groups of FIFO queues that have messages.
   CREATE TABLE groups (
     grp INTEGER PRIMARY KEY AUTOINCREMENT,
     queue INTEGER NOT NULL,
     name TEXT NOT NULL,
     -- Groups take turns: the one with the lowest number is next.
     turn INTEGER NOT NULL,
     -- When the first message of the group is visible.
     ready_at INTEGER NOT NULL,
     UNIQUE (queue, name)
   ) STRICT;
   CREATE INDEX group_turns ON groups (queue, turn);
   CREATE INDEX groups_ready ON groups (queue, ready_at);
   CREATE TABLE messages (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     queue INTEGER NOT NULL,
     grp INTEGER,
     id TEXT NOT NULL,
     visible_at INTEGER NOT NULL,
     sent_at INTEGER NOT NULL,
     receives INTEGER NOT NULL DEFAULT 0,
     first_at INTEGER,
     body INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     -- Of a dead letter: the queue that gave it up.
     origin INTEGER
   ) STRICT;
   CREATE INDEX due ON messages (queue, visible_at, seq);
   CREATE INDEX in_group ON messages (grp, seq) WHERE grp IS NOT NULL;
   CREATE INDEX aged ON messages (queue, sent_at);
   CREATE TABLE bodies (
     body INTEGER PRIMARY KEY AUTOINCREMENT,
     text TEXT NOT NULL,
     -- JSON: attributes, the group's name, the deduplication id, the sender, the trace.
     about TEXT NOT NULL
   ) STRICT;
   CREATE TABLE dedups (
     queue INTEGER NOT NULL,
     -- The name of the group, if ids count within groups.
     scope TEXT NOT NULL,
     key TEXT NOT NULL,
     id TEXT NOT NULL,
     seq INTEGER NOT NULL,
     until INTEGER NOT NULL,
     PRIMARY KEY (queue, scope, key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX dedups_until ON dedups (until);
   CREATE TABLE moves (
     move INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     tenant TEXT NOT NULL,
     queue INTEGER NOT NULL,
     source TEXT NOT NULL,
     target TEXT,
     per_second INTEGER,
     state TEXT NOT NULL,
     moved INTEGER NOT NULL DEFAULT 0,
     total INTEGER NOT NULL,
     -- Messages that come later are not moved.
     last_seq INTEGER NOT NULL,
     started_at INTEGER NOT NULL,
     why TEXT
   ) STRICT;
   CREATE INDEX moves_of ON moves (queue, move);
   CREATE INDEX moves_running ON moves (state) WHERE state = 'running';`,
  // Groups of queues that are no FIFO queues: their messages have no order, and groups take turns.
  `ALTER TABLE groups ADD COLUMN loose INTEGER NOT NULL DEFAULT 0;
   CREATE INDEX due_in_group ON messages (grp, visible_at, seq) WHERE grp IS NOT NULL;
   CREATE INDEX due_alone ON messages (queue, visible_at, seq) WHERE grp IS NULL;`,
  // Those in flight are counted beside any number of delayed ones; and each message counts for what its rows take, too.
  `CREATE INDEX in_flight ON messages (queue, visible_at) WHERE receives > 0;
   UPDATE owners SET bytes = bytes + 512 * (
     SELECT ifnull(sum(messages), 0) FROM queues WHERE queues.tenant = owners.tenant AND queues.app = owners.app
   );`,
  // A change of a message writes fewer pages: what is counted is in memory (counts.ts), each message has one of the two indexes by when it is visible, and short texts are in the message's own row.
  `DROP INDEX due;
   CREATE INDEX due_grouped ON messages (queue, visible_at, seq) WHERE grp IS NOT NULL;
   DROP INDEX aged;
   CREATE INDEX aged ON messages (queue, sent_at, bytes);
   -- Both are null if they are in bodies.
   ALTER TABLE messages ADD COLUMN text TEXT;
   ALTER TABLE messages ADD COLUMN about TEXT;
   DROP TABLE owners;
   ALTER TABLE queues DROP COLUMN messages;
   ALTER TABLE queues DROP COLUMN bytes;`,
];
