/**
 * The tables of events. An event is a row of `events` from its acceptance to its end; then it is a row of `ended`, and of `dead` if it was given up. What is large is in
 * `payloads`, so that a change of an event's state does not write it again.
 */
import type { Migration } from "../../store/sqlite/migrate.ts";
import { markMigration, triggerMigration } from "../triggers/store/schema.ts";
import { busMigration } from "../bus/store/schema.ts";
import { scheduleCountMigration, schedulerMigration } from "../scheduler/store/schema.ts";

/** An event's state, as it is stored. */
export const State = { waiting: 0, delayed: 1, held: 2, running: 3 } as const;

export const migrations: readonly Migration[] = [
  `CREATE TABLE lanes (
     lane INTEGER PRIMARY KEY,
     performer TEXT NOT NULL,
     app TEXT NOT NULL,
     target TEXT NOT NULL,
     -- Events that have not ended, and the bytes of their payloads.
     events INTEGER NOT NULL DEFAULT 0,
     bytes INTEGER NOT NULL DEFAULT 0,
     paused INTEGER NOT NULL DEFAULT 0,
     UNIQUE (app, performer, target)
   ) STRICT;
   CREATE TABLE events (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     lane INTEGER NOT NULL REFERENCES lanes (lane),
     state INTEGER NOT NULL,
     priority INTEGER NOT NULL,
     order_key TEXT,
     due_at INTEGER NOT NULL,
     accepted_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL,
     failures INTEGER NOT NULL DEFAULT 0,
     refusals INTEGER NOT NULL DEFAULT 0,
     -- Why it was not done yet, after an attempt.
     last TEXT,
     bytes INTEGER NOT NULL,
     source TEXT NOT NULL,
     -- JSON: what the performer needs, the trace, the rule of retries and the destinations.
     about TEXT NOT NULL
   ) STRICT;
   CREATE INDEX waiting ON events (lane, priority DESC, seq) WHERE state = ${State.waiting};
   CREATE INDEX delayed ON events (due_at) WHERE state = ${State.delayed};
   CREATE INDEX in_order ON events (lane, order_key, seq) WHERE order_key IS NOT NULL;
   CREATE INDEX running ON events (seq) WHERE state = ${State.running};
   CREATE TABLE payloads (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
   CREATE TABLE keys (
     lane INTEGER NOT NULL,
     key TEXT NOT NULL,
     id TEXT NOT NULL,
     until INTEGER NOT NULL,
     PRIMARY KEY (lane, key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX keys_until ON keys (until);
   CREATE TABLE ended (
     seq INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     lane INTEGER NOT NULL,
     outcome TEXT NOT NULL,
     why TEXT,
     attempts INTEGER NOT NULL,
     accepted_at INTEGER NOT NULL,
     ended_at INTEGER NOT NULL,
     source TEXT NOT NULL,
     result BLOB
   ) STRICT;
   CREATE INDEX ended_at ON ended (ended_at);
   CREATE INDEX ended_of ON ended (lane, seq);
   CREATE TABLE dead (
     seq INTEGER PRIMARY KEY,
     lane INTEGER NOT NULL,
     order_key TEXT,
     priority INTEGER NOT NULL,
     about TEXT NOT NULL,
     payload BLOB NOT NULL
   ) STRICT;
   CREATE INDEX dead_of ON dead (lane, seq);`,
  triggerMigration,
  markMigration,
  busMigration,
  schedulerMigration,
  // What all lanes of an app have together: it is looked at for each event, and an app may have as many lanes as it likes.
  `CREATE TABLE held (
     app TEXT PRIMARY KEY,
     events INTEGER NOT NULL,
     bytes INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   INSERT INTO held SELECT app, sum(events), sum(bytes) FROM lanes GROUP BY app;`,
  scheduleCountMigration,
];
