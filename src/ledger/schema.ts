/** The ledger's one table. Append migrations, never edit one that was released. */
import type { Migration } from "../sqlite/migrate.ts";

export const ledgerMigrations: readonly Migration[] = [
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
];
