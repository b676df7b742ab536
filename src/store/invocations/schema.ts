import type { Migration } from "../sqlite/migrate.ts";

/** A row for each invocation that is kept. `kept_as` is its place in KEPT_AS; `source` is empty where nothing says what called the function. */
export const invocationMigrations: readonly Migration[] = [
  `CREATE TABLE invocations (
    app TEXT NOT NULL,
    kept_as INTEGER NOT NULL,
    at INTEGER NOT NULL,
    invocation TEXT NOT NULL,
    function TEXT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    source_name TEXT,
    attempt INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT,
    status INTEGER NOT NULL,
    queue_ms REAL NOT NULL,
    start_ms REAL NOT NULL,
    bind_ms REAL NOT NULL,
    run_ms REAL NOT NULL,
    slot_ms REAL,
    machine TEXT,
    memory_mb REAL NOT NULL,
    revision TEXT NOT NULL,
    branch TEXT,
    request_bytes INTEGER NOT NULL,
    reply_bytes INTEGER NOT NULL,
    traceparent TEXT NOT NULL
  ) STRICT;
  CREATE INDEX invocations_by_time ON invocations (app, kept_as, at);
  CREATE INDEX invocations_by_id ON invocations (app, invocation)`,
];
