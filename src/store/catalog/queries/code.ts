import type { DatabaseSync } from "node:sqlite";
import { all, one, run } from "./rows.ts";

export type CodeQueries = ReturnType<typeof codeQueries>;

export function codeQueries(db: DatabaseSync) {
  return {
    add: run(db, "INSERT OR IGNORE INTO code (digest, bytes) VALUES (?, ?)"),
    addPart: run(db, "INSERT OR IGNORE INTO parts (code, at, bytes) VALUES (?, ?, ?)"),
    hasPart: one<object>(db, "SELECT 1 FROM parts WHERE code = ? AND at = ?"),
    part: one<{ bytes: Uint8Array }>(db, "SELECT bytes FROM parts WHERE code = ? AND at = ?"),
    bytesOfApp: one<{ bytes: number }>(
      db,
      `SELECT coalesce(sum(bytes), 0) AS bytes FROM code WHERE digest IN (
         SELECT code FROM functions WHERE revision IN (SELECT id FROM revisions WHERE app = ?))`,
    ),
    bytesInAll: one<{ bytes: number }>(
      db,
      "SELECT coalesce(sum(bytes), 0) AS bytes FROM code WHERE EXISTS (SELECT 1 FROM functions WHERE functions.code = code.digest)",
    ),
    /** Code that no function refers to. */
    unused: all<{ digest: string }>(
      db,
      "SELECT digest FROM code WHERE NOT EXISTS (SELECT 1 FROM functions WHERE functions.code = code.digest)",
    ),
    removeParts: run(db, "DELETE FROM parts WHERE rowid IN (SELECT rowid FROM parts WHERE code = ? ORDER BY at DESC LIMIT ?)"),
    remove: run(db, "DELETE FROM code WHERE digest = ?"),
  };
}
