/**
 * The ledger's tables. Append migrations; never edit one that was released. `app` is the id of an app or an appliance; empty for the
 * platform itself.
 * | table | what |
 * | --- | --- |
 * | entries | the ledger: a row for each minute, app, kind and function in which anything was used. Never changed |
 * | open_minutes | what is stored of minutes that are not over; a row moves to entries when its minute is over |
 * | months | the sums of both, kept in the same transactions, so that a bill reads a few rows |
 * | limits | what apps may use in a month |
 */
import type { DatabaseSync } from "node:sqlite";
import { MigratedAlready, type Migration } from "../sqlite/migrate.ts";
import { takeOverNames } from "./take-over-names.ts";

const amounts = `
    cpu_us INTEGER NOT NULL,
    byte_seconds REAL NOT NULL,
    requests INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    wall_byte_seconds REAL NOT NULL`;

const kindsOf = (more: string) => `kind TEXT NOT NULL CHECK (kind IN ('server', 'template', 'start', 'bind', 'run', 'calls'${more}))`;
const kinds = kindsOf("");

/** @param idOf the id of the app or appliance that has, or had, a name: an older Mayfly kept its ledger by names */
export function ledgerMigrations(idOf: (name: string) => string): readonly Migration[] {
  return [...byName, (db) => takeOverNames(db, idOf), allowUsesOfServices, allowBytesOut];
}

const byName = [
  `
  CREATE TABLE usage (
    at INTEGER NOT NULL,
    app TEXT,
    machine TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('run', 'bring-up', 'blank')),
    cpu_us REAL NOT NULL,
    byte_seconds REAL NOT NULL,
    requests INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX usage_by_app ON usage (app, at);

  CREATE TRIGGER usage_is_never_changed BEFORE UPDATE ON usage BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;
  CREATE TRIGGER usage_is_never_deleted BEFORE DELETE ON usage BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;
  `,
  // An empty name stands for the platform and stays empty.
  `
  CREATE TABLE entries (
    minute INTEGER NOT NULL,
    app TEXT NOT NULL,
    ${kinds},
    function TEXT NOT NULL,
    ${amounts}
  ) STRICT;

  CREATE TABLE open_minutes (
    minute INTEGER NOT NULL,
    app TEXT NOT NULL,
    ${kinds},
    function TEXT NOT NULL,
    ${amounts},
    PRIMARY KEY (minute, app, kind, function)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE months (
    month TEXT NOT NULL,
    app TEXT NOT NULL,
    ${kinds},
    function TEXT NOT NULL,
    ${amounts},
    PRIMARY KEY (month, app, kind, function)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE limits (
    app TEXT PRIMARY KEY,
    spend REAL,
    requests INTEGER,
    cpu_seconds REAL
  ) STRICT, WITHOUT ROWID;

  INSERT INTO entries
  SELECT at / 60000, ifnull(app, ''), iif(kind = 'run', 'run', 'start'), '', CAST(round(sum(cpu_us)) AS INTEGER), sum(byte_seconds), 0, 0, 0.0
  FROM usage GROUP BY 1, 2, 3;
  INSERT INTO entries
  SELECT at / 60000, ifnull(app, ''), 'calls', '', 0, 0.0, sum(requests), 0, 0.0
  FROM usage GROUP BY 1, 2 HAVING sum(requests) > 0;
  INSERT INTO months
  SELECT strftime('%Y-%m', minute * 60, 'unixepoch'), app, kind, function,
    sum(cpu_us), sum(byte_seconds), sum(requests), sum(wall_ms), sum(wall_byte_seconds)
  FROM entries GROUP BY 1, 2, 3, 4;
  DROP TABLE usage;

  CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;
  CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;
  `,
];

const allowUsesOfServices = allowing(["reads", "writes", "stored"]);
const allowBytesOut = allowing(["reads", "writes", "stored", "out"]);

/** The migration throws MigratedAlready if it was done before. @param more kinds; the last one is new */
function allowing(more: readonly string[]): (db: DatabaseSync) => void {
  const kind = (name: string) => `'${name}'`;
  return (db) => {
    const { sql } = db.prepare("SELECT sql FROM sqlite_master WHERE name = 'entries'").get() ?? {};
    if (String(sql).includes(kind(more.at(-1)!))) throw new MigratedAlready(`the table of entries takes rows of the kind ${more.at(-1)}`);
    db.exec(tablesOf(kindsOf(`, ${more.map(kind).join(", ")}`)));
  };
}

/** What a table checks cannot be changed, so that the tables are made anew. */
function tablesOf(allKinds: string): string {
  return `
  DROP TRIGGER entries_are_never_changed;
  DROP TRIGGER entries_are_never_deleted;
  ALTER TABLE entries RENAME TO old_entries;
  ALTER TABLE open_minutes RENAME TO old_minutes;
  ALTER TABLE months RENAME TO old_months;

  CREATE TABLE entries (
    minute INTEGER NOT NULL,
    app TEXT NOT NULL,
    ${allKinds},
    function TEXT NOT NULL,
    ${amounts}
  ) STRICT;

  CREATE TABLE open_minutes (
    minute INTEGER NOT NULL,
    app TEXT NOT NULL,
    ${allKinds},
    function TEXT NOT NULL,
    ${amounts},
    PRIMARY KEY (minute, app, kind, function)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE months (
    month TEXT NOT NULL,
    app TEXT NOT NULL,
    ${allKinds},
    function TEXT NOT NULL,
    ${amounts},
    PRIMARY KEY (month, app, kind, function)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO entries SELECT * FROM old_entries;
  INSERT INTO open_minutes SELECT * FROM old_minutes;
  INSERT INTO months SELECT * FROM old_months;
  DROP TABLE old_entries;
  DROP TABLE old_minutes;
  DROP TABLE old_months;
  CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;
  CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries BEGIN SELECT RAISE (ABORT, 'the ledger is append-only'); END;
`;
}
