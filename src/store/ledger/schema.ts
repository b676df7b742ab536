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
import type { Migration } from "../sqlite/migrate.ts";
import { takeOverNames } from "./take-over-names.ts";

const amounts = `
    cpu_us INTEGER NOT NULL,
    byte_seconds REAL NOT NULL,
    requests INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    wall_byte_seconds REAL NOT NULL`;

const kinds = "kind TEXT NOT NULL CHECK (kind IN ('server', 'template', 'start', 'bind', 'run', 'calls'))";

/** @param idOf the id of the app or appliance that has, or had, a name: an older Mayfly kept its ledger by names */
export function ledgerMigrations(idOf: (name: string) => string): readonly Migration[] {
  return [...byName, (db) => takeOverNames(db, idOf)];
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
