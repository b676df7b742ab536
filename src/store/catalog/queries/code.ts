import type { DatabaseSync } from "node:sqlite";
import { filesDiskBytes } from "../../../images/guest-layout.ts";
import { PART_BYTES } from "../revision-digest.ts";
import { all, one, run } from "./rows.ts";

export type CodeQueries = ReturnType<typeof codeQueries>;

/**
 * The bytes of code, for sums. No more are counted than its parts can have, so that one row whose number of bytes the disk has damaged does not
 * fill the quota of all apps.
 */
const size = `(max(0, min(bytes, ${PART_BYTES} * (SELECT count(*) FROM parts WHERE parts.code = code.digest))) + max(0, min(stored, ${filesDiskBytes})))`;

export function codeQueries(db: DatabaseSync) {
  return {
    add: run(
      db,
      "INSERT INTO code (digest, bytes) VALUES (?, ?) ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes WHERE bytes <> excluded.bytes",
    ),
    addLarge: run(
      db,
      "INSERT INTO code (digest, bytes, stored) VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes, stored = excluded.stored",
    ),
    large: all<{ digest: string }>(db, "SELECT digest FROM code WHERE stored > 0"),
    setPart: run(db, "INSERT INTO parts (code, at, bytes) VALUES (?, ?, ?) ON CONFLICT (code, at) DO UPDATE SET bytes = excluded.bytes"),
    /** Whether the code has a part at this place or after it. */
    hasPartFrom: one<object>(db, "SELECT 1 FROM parts WHERE code = ? AND at >= ? LIMIT 1"),
    removePartsFrom: run(db, "DELETE FROM parts WHERE code = ? AND at >= ?"),
    part: one<{ bytes: Uint8Array }>(db, "SELECT bytes FROM parts WHERE code = ? AND at = ?"),
    bytesOfApp: one<{ bytes: number }>(
      db,
      `SELECT coalesce(sum(${size}), 0) AS bytes FROM code WHERE digest IN (
         SELECT code FROM functions WHERE revision IN (SELECT id FROM revisions WHERE app = ?))`,
    ),
    bytesOfTenant: one<{ bytes: number }>(
      db,
      `SELECT coalesce(sum(${size}), 0) AS bytes FROM code WHERE digest IN (
         SELECT code FROM functions WHERE revision IN (
           SELECT revisions.id FROM revisions JOIN apps ON apps.id = revisions.app WHERE apps.tenant = ?))`,
    ),
    bytesInAll: one<{ bytes: number }>(
      db,
      `SELECT coalesce(sum(${size}), 0) AS bytes FROM code WHERE EXISTS (SELECT 1 FROM functions WHERE functions.code = code.digest)`,
    ),
    /** Code that no function refers to. */
    unused: all<{ digest: string; stored: number }>(
      db,
      "SELECT digest, stored FROM code WHERE NOT EXISTS (SELECT 1 FROM functions WHERE functions.code = code.digest)",
    ),
    removeParts: run(db, "DELETE FROM parts WHERE rowid IN (SELECT rowid FROM parts WHERE code = ? ORDER BY at DESC LIMIT ?)"),
    remove: run(db, "DELETE FROM code WHERE digest = ?"),
  };
}
