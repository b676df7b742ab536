/** The tables of event buses. They are in the file of the events, so that what an event starts, at all of its targets, is stored in one transaction. */
export const busMigration = `CREATE TABLE buses (
     tenant TEXT NOT NULL,
     name TEXT NOT NULL,
     description TEXT,
     -- JSON, as all tags.
     tags TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     changed_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, name)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE rules (
     rule INTEGER PRIMARY KEY AUTOINCREMENT,
     tenant TEXT NOT NULL,
     bus TEXT NOT NULL,
     name TEXT NOT NULL,
     pattern TEXT,
     schedule TEXT,
     enabled INTEGER NOT NULL,
     description TEXT,
     role TEXT,
     tags TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     UNIQUE (tenant, bus, name)
   ) STRICT;
   CREATE TABLE targets (
     rule INTEGER NOT NULL REFERENCES rules (rule),
     id TEXT NOT NULL,
     arn TEXT NOT NULL,
     definition TEXT NOT NULL,
     PRIMARY KEY (rule, id)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX triggers_of_buses ON triggers (app) WHERE kind = 'bus';
   -- To list the events of one app beside a million of another one.
   CREATE INDEX of_lane ON events (lane, seq);`;
