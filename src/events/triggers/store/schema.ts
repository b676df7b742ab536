/** The tables of triggers. They are in the file of the events, so that a trigger's next time and the event of its last one are stored in one transaction. */
export const triggerMigration = `CREATE TABLE triggers (
     trigger INTEGER PRIMARY KEY AUTOINCREMENT,
     app TEXT NOT NULL,
     owner TEXT NOT NULL,
     name TEXT NOT NULL,
     target TEXT NOT NULL,
     kind TEXT NOT NULL,
     -- JSON; null: it does not fire by itself.
     timing TEXT,
     definition TEXT NOT NULL,
     paused INTEGER NOT NULL DEFAULT 0,
     anchor INTEGER NOT NULL,
     due_at INTEGER,
     fires_at INTEGER,
     refusals INTEGER NOT NULL DEFAULT 0,
     last_at INTEGER,
     last_event TEXT,
     why TEXT,
     fired INTEGER NOT NULL DEFAULT 0,
     missed INTEGER NOT NULL DEFAULT 0,
     UNIQUE (app, owner, name)
   ) STRICT;
   CREATE INDEX triggers_due ON triggers (fires_at) WHERE fires_at IS NOT NULL AND paused = 0;
   -- Of which revision the triggers of the manifest are.
   CREATE TABLE trigger_apps (app TEXT PRIMARY KEY, revision TEXT NOT NULL) STRICT, WITHOUT ROWID;`;

/** Up to where what a trigger follows has become events. */
export const markMigration = "ALTER TABLE triggers ADD COLUMN mark INTEGER";
