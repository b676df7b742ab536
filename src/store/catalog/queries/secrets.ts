import type { DatabaseSync } from "node:sqlite";
import { all, one, run } from "./rows.ts";

export function secretQueries(db: DatabaseSync) {
  return {
    set: run(db, "INSERT INTO secrets (app, name, sealed) VALUES (?, ?, ?) ON CONFLICT (app, name) DO UPDATE SET sealed = excluded.sealed"),
    remove: run(db, "DELETE FROM secrets WHERE app = ? AND name = ?"),
    removeAll: run(db, "DELETE FROM secrets WHERE app = ?"),
    names: all<{ name: string }>(db, "SELECT name FROM secrets WHERE app = ? ORDER BY name"),
    find: one<{ sealed: Uint8Array }>(db, "SELECT sealed FROM secrets WHERE app = ? AND name = ?"),
    any: one<object>(db, "SELECT 1 FROM secrets UNION ALL SELECT 1 FROM signing_keys LIMIT 1"),
    signingKey: one<{ sealed: Uint8Array }>(db, "SELECT sealed FROM signing_keys WHERE app = ?"),
    setSigningKey: run(db, "INSERT INTO signing_keys (app, sealed) VALUES (?, ?) ON CONFLICT (app) DO UPDATE SET sealed = excluded.sealed"),
    removeSigningKey: run(db, "DELETE FROM signing_keys WHERE app = ?"),
  };
}
