/**
 * The tables of principals.db. Append migrations; never edit one that was released.
 * | table | what |
 * | --- | --- |
 * | principals | who calls: a name, a role, the tenant's id (empty: of the whole server), and ids of apps as JSON (null: all) |
 * | tokens | the SHA-256 of each token. The token itself is nowhere |
 * | keys | key pairs; `sealed` is the secret, encrypted for the key's id, because a signature can be checked only with the secret itself |
 */
import type { Migration } from "../sqlite/migrate.ts";

export const principalMigrations: readonly Migration[] = [
  `
  CREATE TABLE principals (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    apps TEXT,
    UNIQUE (tenant, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    digest TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tokens_by_principal ON tokens (principal);

  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX keys_by_principal ON keys (principal);
  `,
];
