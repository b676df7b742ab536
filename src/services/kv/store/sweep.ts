import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { Usage } from "./usage.ts";

/** Rows of one operation, so that the writes that come meanwhile do not wait long. */
const AT_ONCE = 500;

/** A store in which entries have expired. */
export interface Swept {
  app: string;
  name: string;
}

export function sweepOperations(db: DatabaseSync, usage: Usage) {
  const expired = db.prepare(
    `SELECT entry, store, key, tenant, app, name, entries.bytes + length(key) + ifnull(octet_length(metadata), 0) AS size FROM entries JOIN stores USING (store) WHERE expires_at <= ? ORDER BY expires_at LIMIT ${AT_ONCE}`,
  );
  const nextExpiry = db.prepare("SELECT min(expires_at) AS at FROM entries WHERE expires_at IS NOT NULL");
  const remove = db.prepare("DELETE FROM entries WHERE entry = ?");
  const take = db.prepare(
    "UPDATE stores SET version = version + 1, entries = entries - 1, bytes = bytes - ? WHERE store = ? RETURNING version",
  );
  const keepGone = db.prepare("INSERT INTO gone VALUES (?, ?, ?, ?)");
  const forget = db.prepare(
    `DELETE FROM gone WHERE (store, version) IN (SELECT store, version FROM gone WHERE at <= ? ORDER BY at LIMIT ${AT_ONCE}) RETURNING store, version`,
  );
  const setForgotten = db.prepare("UPDATE stores SET forgotten = max(forgotten, ?) WHERE store = ?");
  const storesOf = db.prepare("SELECT * FROM stores WHERE app = ? AND name = ifnull(?, name)");
  const sizes = db.prepare(
    `SELECT entry, bytes + length(key) + ifnull(octet_length(metadata), 0) AS size FROM entries WHERE store = ? LIMIT ${AT_ONCE}`,
  );
  const takeMany = db.prepare("UPDATE stores SET entries = entries - ?, bytes = bytes - ? WHERE store = ?");
  const forgetSome = db.prepare(
    `DELETE FROM gone WHERE (store, version) IN (SELECT store, version FROM gone WHERE store = ? LIMIT ${AT_ONCE})`,
  );
  const removeStore = db.prepare("DELETE FROM stores WHERE store = ?");

  function count(row: Record<string, SQLOutputValue>, entries: number, bytes: number): void {
    usage.count("The app", String(row["app"]), { entries: -entries, bytes: -bytes }, null);
    usage.count("The tenant", String(row["tenant"]), { entries: -entries, bytes: -bytes }, null);
  }

  return {
    /** Removes entries that have expired, and forgets what was removed until `forgetUntil`. @returns when the next entry expires; null: none does */
    sweep({ now, forgetUntil }: { now: number; forgetUntil: number }): { stores: Swept[]; nextAt: number | null } {
      const stores = new Map<number, Swept>();
      for (const row of expired.all(now)) {
        const [store, bytes] = [Number(row["store"]), Number(row["size"])];
        remove.run(row["entry"]!);
        const { version } = take.get(bytes, store)!;
        keepGone.run(store, version!, row["key"]!, now);
        count(row, 1, bytes);
        stores.set(store, { app: String(row["app"]), name: String(row["name"]) });
      }
      for (const { store, version } of forget.all(forgetUntil)) setForgotten.run(version!, store!);
      const at = nextExpiry.get()!["at"];
      return { stores: [...stores.values()], nextAt: at === null ? null : Number(at) };
    },
    /** Removes a part of a store, or of all stores of an app. @returns whether there is more */
    drop({ app, name }: { app: string; name: string | null }): boolean {
      const row = storesOf.get(app, name);
      if (row === undefined) return false;
      const store = row["store"]!;
      const rows = sizes.all(store);
      let bytes = 0;
      for (const { entry, size } of rows) {
        remove.run(entry!);
        bytes += Number(size);
      }
      takeMany.run(rows.length, bytes, store);
      count(row, rows.length, bytes);
      const isEmpty = forgetSome.run(store).changes === 0 && rows.length === 0;
      if (isEmpty) removeStore.run(store);
      return true;
    },
  };
}
