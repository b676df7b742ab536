/** The catalog's tables. Append migrations, never edit one that was released. */
import type { Migration } from "../sqlite/migrate.ts";

export const catalogMigrations: readonly Migration[] = [
  `
  CREATE TABLE versions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL,
    id TEXT NOT NULL,
    manifest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (app, id)
  ) STRICT;

  CREATE TABLE apps (
    app TEXT PRIMARY KEY,
    live TEXT NOT NULL,
    FOREIGN KEY (app, live) REFERENCES versions (app, id) DEFERRABLE INITIALLY DEFERRED
  ) STRICT;

  CREATE TABLE bundles (
    app TEXT NOT NULL,
    version TEXT NOT NULL,
    function TEXT NOT NULL,
    format TEXT NOT NULL,
    code BLOB NOT NULL,
    PRIMARY KEY (app, version, function),
    FOREIGN KEY (app, version) REFERENCES versions (app, id) ON DELETE CASCADE
  ) STRICT;

  CREATE TABLE secrets (
    app TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (app, name)
  ) STRICT;
  `,
  `
  ALTER TABLE versions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE versions SET bytes = (
    SELECT coalesce(sum(length(code)), 0) FROM bundles WHERE bundles.app = versions.app AND bundles.version = versions.id);
  `,
];
