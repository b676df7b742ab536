/** Removes what nobody sees any more, a part at a time, so that the writes that come meanwhile do not wait long. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { Usage } from "./usage.ts";

/** Rows of one operation. */
const AT_ONCE = 500;
/** Members of structures of one operation. */
const MEMBERS_AT_ONCE = 2_000;
/** Of key, value and metadata; and how many members there are, of which the bytes of the value are the sum. */
const SIZE =
  "entries.bytes + length(key) + ifnull(octet_length(metadata), 0) AS size, CASE WHEN octet_length(value) = 0 THEN (SELECT members FROM structures WHERE structures.entry = entries.entry) END AS members";

/** A store in which entries have expired. */
export interface Swept {
  app: string;
  name: string;
}

export function sweepOperations(db: DatabaseSync, usage: Usage) {
  const expired = db.prepare(
    `SELECT entry, store, key, tenant, app, name, ${SIZE} FROM entries JOIN stores USING (store) WHERE expires_at <= ? ORDER BY expires_at LIMIT ${AT_ONCE}`,
  );
  const nextExpiry = db.prepare("SELECT min(expires_at) AS at FROM entries WHERE expires_at IS NOT NULL");
  const remove = db.prepare("DELETE FROM entries WHERE entry = ?");
  const leave = db.prepare("UPDATE structures SET entry = NULL WHERE entry = ?");
  const take = db.prepare(
    "UPDATE stores SET version = version + 1, entries = entries - 1, members = members - ?, bytes = bytes - ? WHERE store = ? RETURNING version",
  );
  const keepGone = db.prepare("INSERT INTO gone VALUES (?, ?, ?, ?)");
  const forget = db.prepare(
    `DELETE FROM gone WHERE (store, version) IN (SELECT store, version FROM gone WHERE at <= ? ORDER BY at LIMIT ${AT_ONCE}) RETURNING store, version`,
  );
  const setForgotten = db.prepare("UPDATE stores SET forgotten = max(forgotten, ?) WHERE store = ?");
  const storesOf = db.prepare("SELECT * FROM stores WHERE app = ? AND name = ifnull(?, name)");
  const sizes = db.prepare(`SELECT entry, ${SIZE} FROM entries WHERE store = ? LIMIT ${AT_ONCE}`);
  const takeMany = db.prepare("UPDATE stores SET entries = entries - ?, members = members - ?, bytes = bytes - ? WHERE store = ?");
  const forgetSome = db.prepare(
    `DELETE FROM gone WHERE (store, version) IN (SELECT store, version FROM gone WHERE store = ? LIMIT ${AT_ONCE})`,
  );
  const removeStore = db.prepare("DELETE FROM stores WHERE store = ?");
  const left = db.prepare("SELECT structure FROM structures WHERE entry IS NULL LIMIT 1");
  const removeRows = [
    "members WHERE (structure, digest, field) IN (SELECT structure, digest, field FROM members",
    "items WHERE (structure, place) IN (SELECT structure, place FROM items",
  ].map((rows) => db.prepare(`DELETE FROM ${rows} WHERE structure = ? LIMIT ${MEMBERS_AT_ONCE})`));
  const removeStructure = db.prepare("DELETE FROM structures WHERE structure = ?");

  /** What was flushed has been counted off already, and belongs to nobody. */
  function count(row: Record<string, SQLOutputValue>, entries: number, bytes: number): void {
    if (row["app"] === FLUSHED) return;
    usage.count("The app", String(row["app"]), { entries: -entries, bytes: -bytes }, null);
    usage.count("The tenant", String(row["tenant"]), { entries: -entries, bytes: -bytes }, null);
  }

  function removeEntry({ entry, members }: Record<string, SQLOutputValue>): number {
    if (members !== null) leave.run(entry!);
    remove.run(entry!);
    return Number(members);
  }

  /** Removes a part of a store, or of all stores of an app. Returns whether there is more. */
  function drop({ app, name }: { app: string; name: string | null }): boolean {
    const row = storesOf.get(app, name);
    if (row === undefined) return false;
    const store = row["store"]!;
    const rows = sizes.all(store);
    let [bytes, members] = [0, 0];
    for (const each of rows) {
      members += removeEntry(each);
      bytes += Number(each["size"]);
    }
    takeMany.run(rows.length, members, bytes, store);
    count(row, rows.length + members, bytes);
    const isEmpty = forgetSome.run(store).changes === 0 && rows.length === 0;
    if (isEmpty) removeStore.run(store);
    return true;
  }

  /** Removes some members of a structure that no entry has. Returns whether there may be more to do. */
  function dropMembers(): boolean {
    const structure = left.get()?.["structure"];
    if (structure === undefined) return false;
    const removed = removeRows.reduce((sum, statement) => sum + Number(statement.run(structure).changes), 0);
    if (removed === 0) removeStructure.run(structure);
    return true;
  }

  return {
    /**
     * Removes entries that have expired, members of structures that were removed, and what was flushed, and forgets what was removed until `forgetUntil`.
     * @returns when the next entry expires, null: none does; and whether there is more to do now
     */
    sweep({ now, forgetUntil }: { now: number; forgetUntil: number }): { stores: Swept[]; nextAt: number | null; hasMore: boolean } {
      const stores = new Map<number, Swept>();
      for (const row of expired.all(now)) {
        const [store, bytes] = [Number(row["store"]), Number(row["size"])];
        const members = removeEntry(row);
        const { version } = take.get(members, bytes, store)!;
        keepGone.run(store, version!, row["key"]!, now);
        count(row, 1 + members, bytes);
        stores.set(store, { app: String(row["app"]), name: String(row["name"]) });
      }
      for (const { store, version } of forget.all(forgetUntil)) setForgotten.run(version!, store!);
      const at = nextExpiry.get()!["at"];
      const hasMore = dropMembers() || drop({ app: FLUSHED, name: null });
      return { stores: [...stores.values()], nextAt: at === null ? null : Number(at), hasMore };
    },
    drop,
  };
}

/** The app of stores whose content was flushed: none, so that nobody reaches them until they are removed. */
export const FLUSHED = "";
