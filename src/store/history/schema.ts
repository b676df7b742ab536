import type { Migration } from "../sqlite/migrate.ts";

/**
 * A row for each step of each series that something happened in. `series` is empty for the whole server, `t:` and a tenant's id, or `a:` and an app's. `seconds` is how
 * long it was counted, `times` and `machine_seconds` are JSON: pairs of a bucket and its number of calls, and a number for each phase.
 *
 * In `demand`, a row for each row of a span of each app's recorded demand. `arrivals` is JSON: pairs of a second, from the row's beginning on, and its number of calls; `ran` and
 * `waited` are pairs of a bucket and its number of calls.
 */
export const historyMigrations: readonly Migration[] = [
  `CREATE TABLE steps (
    span TEXT NOT NULL,
    series TEXT NOT NULL,
    at INTEGER NOT NULL,
    seconds REAL NOT NULL,
    calls INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    times TEXT NOT NULL,
    cpu_us REAL NOT NULL,
    byte_seconds REAL NOT NULL,
    machine_seconds TEXT NOT NULL,
    PRIMARY KEY (span, series, at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX steps_by_time ON steps (span, at)`,
  `CREATE TABLE demand (
    span TEXT NOT NULL,
    app TEXT NOT NULL,
    at INTEGER NOT NULL,
    arrivals TEXT NOT NULL,
    ran TEXT NOT NULL,
    waited TEXT NOT NULL,
    ran_ms REAL NOT NULL,
    binds INTEGER NOT NULL,
    machine_seconds REAL NOT NULL,
    byte_seconds REAL NOT NULL,
    cpu_us REAL NOT NULL,
    PRIMARY KEY (span, app, at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX demand_by_time ON demand (span, at)`,
];
