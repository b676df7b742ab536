import type { DatabaseSync } from "node:sqlite";
import { all, one, run } from "./rows.ts";

export function hostQueries(db: DatabaseSync) {
  return {
    find: one<object>(db, "SELECT 1 FROM proven_hosts WHERE app = ? AND host = ?"),
    apps: all<{ app: string }>(db, "SELECT app FROM proven_hosts WHERE host = ? ORDER BY proven_at"),
    add: run(
      db,
      "INSERT INTO proven_hosts (app, host, proven_at) VALUES (?, ?, ?) ON CONFLICT (app, host) DO UPDATE SET proven_at = excluded.proven_at",
    ),
    remove: run(db, "DELETE FROM proven_hosts WHERE app = ? AND host = ?"),
    removeAll: run(db, "DELETE FROM proven_hosts WHERE app = ?"),
  };
}
