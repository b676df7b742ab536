import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { KvLimits } from "../kv.ts";

/** What an app or a tenant has in all its stores. */
export interface Usage {
  /** Throws "kv-full" if it would have more than it may. What makes less of it is taken even then. */
  count(whose: string, owner: string, more: KvLimits, most: KvLimits | null): void;
}

export function createUsage(db: DatabaseSync): Usage {
  const change = db.prepare(
    "INSERT INTO usage VALUES (?1, ?2, ?3) ON CONFLICT (owner) DO UPDATE SET entries = entries + ?2, bytes = bytes + ?3 RETURNING entries, bytes",
  );
  return {
    count(whose, owner, { entries, bytes }, most) {
      if (entries === 0 && bytes === 0) return;
      const row = change.get(owner, entries, bytes)!;
      if (most === null) return;
      if (entries > 0 && Number(row["entries"]) > most.entries)
        throw new MayflyError("kv-full", { whose, what: `${most.entries} entries` });
      if (bytes > 0 && Number(row["bytes"]) > most.bytes) throw new MayflyError("kv-full", { whose, what: `${most.bytes} bytes` });
    },
  };
}
