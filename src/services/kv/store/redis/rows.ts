/** The statements of commands: on entries and stores, on members of hashes and sets, and on items of lists. */
import { hash } from "node:crypto";
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { Store } from "../../kv.ts";
import type { Sums } from "../entries.ts";
import { FLUSHED } from "../sweep.ts";

export interface Member {
  field: Uint8Array;
  value: Uint8Array;
}

interface ScannedKey {
  entry: number;
  key: Uint8Array;
  /** Null: it is a text. */
  kind: number | null;
}

export type Rows = ReturnType<typeof createRows>;

/** Members are in the order of 48 bits of their fields' digests. */
export const DIGESTS = 2 ** 48;

function digestOf(field: Uint8Array): number {
  return hash("sha1", field, "buffer").readUIntBE(0, 6);
}

/** A statement that both threads have, whether or not they use it. */
export function createRows(db: DatabaseSync) {
  const value = db.prepare("SELECT value, metadata FROM entries WHERE entry = ?");
  const metadata = db.prepare("SELECT metadata FROM entries WHERE entry = ?");
  const setExpiry = db.prepare("UPDATE entries SET version = ?, expires_at = ? WHERE entry = ?");
  const setBytes = db.prepare("UPDATE entries SET version = ?, bytes = ? WHERE entry = ?");
  const rename = db.prepare("UPDATE entries SET version = ?, key = ? WHERE entry = ?");
  const countKeys = db.prepare("SELECT entries FROM stores WHERE store = ?");
  const scan = db.prepare(
    "SELECT entry, key, CASE WHEN octet_length(value) = 0 THEN (SELECT kind FROM structures WHERE structures.entry = entries.entry) END AS kind FROM entries WHERE store = ? AND entry > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY entry LIMIT ?",
  );
  const highest = db.prepare("SELECT min(entry) AS low, max(entry) AS high FROM entries WHERE store = ?");
  const sums = db.prepare("SELECT entries, members, bytes FROM stores WHERE store = ?");
  const hide = db.prepare(`UPDATE stores SET tenant = '${FLUSHED}', app = '${FLUSHED}', name = store WHERE store = ?`);
  const makeStore = db.prepare("INSERT INTO stores (tenant, app, name, version, forgotten) VALUES (?1, ?2, ?3, ?4, ?4)");

  const member = db.prepare("SELECT value FROM members WHERE structure = ? AND digest = ? AND field = ?");
  const memberBytes = db.prepare("SELECT octet_length(value) AS bytes FROM members WHERE structure = ? AND digest = ? AND field = ?");
  const putMember = db.prepare(
    "INSERT INTO members VALUES (?, ?, ?, ?) ON CONFLICT (structure, digest, field) DO UPDATE SET value = excluded.value",
  );
  const removeMember = db.prepare("DELETE FROM members WHERE structure = ? AND digest = ? AND field = ?");
  const members = db.prepare("SELECT field, value FROM members WHERE structure = ? ORDER BY digest, field");
  const membersFrom = db.prepare(
    "SELECT digest, field, value FROM members WHERE structure = ? AND digest >= ? ORDER BY digest, field LIMIT ?",
  );
  const membersAt = db.prepare("SELECT field, value FROM members WHERE structure = ? AND digest = ? AND field > ? ORDER BY field");
  const memberAt = db.prepare("SELECT field, value FROM members WHERE structure = ? ORDER BY digest, field LIMIT 1 OFFSET ?");

  const item = db.prepare("SELECT value FROM items WHERE structure = ? AND place = ?");
  const itemBytes = db.prepare("SELECT octet_length(value) AS bytes FROM items WHERE structure = ? AND place = ?");
  const itemsUp = db.prepare("SELECT place, value FROM items WHERE structure = ? AND place BETWEEN ? AND ? ORDER BY place");
  const itemsDown = db.prepare("SELECT place, value FROM items WHERE structure = ? AND place BETWEEN ? AND ? ORDER BY place DESC");
  const putItem = db.prepare("INSERT OR REPLACE INTO items VALUES (?, ?, ?)");
  const sumOfItems = db.prepare(
    "SELECT ifnull(sum(octet_length(value)), 0) AS bytes FROM items WHERE structure = ? AND place BETWEEN ? AND ?",
  );
  const removeItems = db.prepare("DELETE FROM items WHERE structure = ? AND place BETWEEN ? AND ?");

  return {
    valueOf(entry: number, isWhole = true): { value: Uint8Array; metadata: string | null } {
      const row = (isWhole ? value : metadata).get(entry)!;
      return { value: (row["value"] as Uint8Array | undefined) ?? NOTHING, metadata: row["metadata"] as string | null };
    },
    setExpiry: (entry: number, version: number, at: number | null) => void setExpiry.run(version, at, entry),
    setBytes: (entry: number, version: number, bytes: number) => void setBytes.run(version, bytes, entry),
    rename: (entry: number, version: number, key: Uint8Array) => void rename.run(version, key, entry),
    /** Those that have expired and were not swept included. */
    keys: (store: number) => Number(countKeys.get(store)!["entries"]),
    /** Keys whose entries have higher numbers than `after`, in their order. */
    scan: (store: number, after: number, now: number, count: number) => scan.all(store, after, now, count).map(scanned),
    /** The lowest and the highest number of the store's entries; undefined: it has none. */
    ends(store: number): [low: number, high: number] | undefined {
      const row = highest.get(store)!;
      return row["low"] === null ? undefined : [Number(row["low"]), Number(row["high"])];
    },
    /** Gives what is in a store to nobody, and makes another one of its name. */
    flush(store: number, { tenant, app, name }: Store, version: number): { store: number; had: Omit<Sums, "version"> } {
      const row = sums.get(store)!;
      hide.run(store);
      const had = { entries: Number(row["entries"]), members: Number(row["members"]), bytes: Number(row["bytes"]) };
      return { store: Number(makeStore.run(tenant, app, name, version).lastInsertRowid), had };
    },

    member(structure: number, field: Uint8Array): Uint8Array | undefined {
      return member.get(structure, digestOf(field), field)?.["value"] as Uint8Array | undefined;
    },
    /** Of its value; undefined: there is no such member. */
    memberBytes(structure: number, field: Uint8Array): number | undefined {
      return memberBytes.get(structure, digestOf(field), field)?.["bytes"] as number | undefined;
    },
    putMember: (structure: number, field: Uint8Array, to: Uint8Array) => void putMember.run(structure, digestOf(field), field, to),
    removeMember: (structure: number, field: Uint8Array) => void removeMember.run(structure, digestOf(field), field),
    members: (structure: number) => members.iterate(structure) as Iterable<unknown> as Iterable<Member>,
    /** Members from a digest on, about `count` of them, and the digest with which they go on; null: there are no more. */
    membersFrom(structure: number, digest: number, count: number): { found: Member[]; next: number | null } {
      const found = membersFrom.all(structure, digest, count) as unknown as (Member & { digest: number })[];
      const last = found.at(-1);
      if (last === undefined || found.length < count) return { found, next: null };
      const rest = membersAt.all(structure, last.digest, last.field) as unknown as Member[];
      return { found: [...found, ...rest], next: last.digest + 1 };
    },
    /** The one at a place in the order, which takes as long as there are members before it. */
    memberAt: (structure: number, place: number) => memberAt.get(structure, place) as unknown as Member,

    item: (structure: number, place: number) => item.get(structure, place)?.["value"] as Uint8Array | undefined,
    itemBytes: (structure: number, place: number) => Number(itemBytes.get(structure, place)!["bytes"]),
    items: (structure: number, from: number, to: number, isDown = false) =>
      (isDown ? itemsDown : itemsUp).iterate(structure, from, to) as Iterable<unknown> as Iterable<{ place: number; value: Uint8Array }>,
    putItem: (structure: number, place: number, to: Uint8Array) => void putItem.run(structure, place, to),
    sumOfItems: (structure: number, from: number, to: number) => Number(sumOfItems.get(structure, from, to)!["bytes"]),
    removeItems: (structure: number, from: number, to: number) => void removeItems.run(structure, from, to),
  };
}

const NOTHING = Buffer.alloc(0);

function scanned(row: Record<string, SQLOutputValue>): ScannedKey {
  return { entry: Number(row["entry"]), key: row["key"] as Uint8Array, kind: row["kind"] as number | null };
}
