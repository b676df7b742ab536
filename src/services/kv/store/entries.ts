/** The entries of stores, for all operations that change them: each change gets the store's next version, and the sums of the store are kept with it. */
import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import { type KvLimits, MOST_STORES, type Store } from "../kv.ts";
import { structureRows, type StructureRow, type StructureRows } from "./structures.ts";
import type { Usage } from "./usage.ts";

/** An entry as it is before a change. */
export interface Found {
  entry: number;
  version: number;
  /** Of the value, or of all members. */
  bytes: number;
  /** Of key, value and metadata. */
  size: number;
  expiresAt: number | null;
  /** Whether nobody sees it any more, though it takes its space until it is swept. */
  isExpired: boolean;
  /** Undefined: it is a value. */
  structure: StructureRow | undefined;
}

/** How a store changes in an operation. */
export interface Sums {
  version: number;
  entries: number;
  members: number;
  bytes: number;
}

export interface Value {
  value: Uint8Array;
  metadata: string | null;
  expiresAt: number | null;
}

export interface Limits {
  app: KvLimits;
  tenant: KvLimits;
}

export type Entries = ReturnType<typeof createEntries>;

export function createEntries(db: DatabaseSync, usage: Usage) {
  const structures: StructureRows = structureRows(db);
  const findStore = db.prepare("SELECT store, version FROM stores WHERE app = ? AND name = ?");
  const countStores = db.prepare("SELECT count(*) AS count FROM stores WHERE app = ?");
  const insertStore = db.prepare("INSERT INTO stores (tenant, app, name) VALUES (?, ?, ?)");
  const setSums = db.prepare(
    "UPDATE stores SET version = ?, entries = entries + ?, members = members + ?, bytes = bytes + ? WHERE store = ?",
  );
  // The length of a value is known without its pages, so that a large one costs nothing here.
  const find = db.prepare(
    "SELECT entry, version, expires_at, bytes, bytes + length(key) + ifnull(octet_length(metadata), 0) AS size, octet_length(value) AS length FROM entries WHERE store = ? AND key = ?",
  );
  const insert = db.prepare("INSERT INTO entries (store, key, version, expires_at, bytes, metadata, value) VALUES (?, ?, ?, ?, ?, ?, ?)");
  const update = db.prepare("UPDATE entries SET version = ?, expires_at = ?, bytes = ?, metadata = ?, value = ? WHERE entry = ?");
  const remove = db.prepare("DELETE FROM entries WHERE entry = ?");
  const keepGone = db.prepare("INSERT INTO gone VALUES (?, ?, ?, ?)");
  const unkeepGone = db.prepare("DELETE FROM gone WHERE store = ? AND key = ?");

  function drop({ structure }: Found, sums: Sums): void {
    if (structure === undefined) return;
    structures.leave(structure);
    sums.members -= structure.members;
  }

  return {
    structures,
    /** Undefined: there is none of that name. */
    storeAt({ app, name }: Pick<Store, "app" | "name">): { store: number; version: number } | undefined {
      const row = findStore.get(app, name);
      return row === undefined ? undefined : { store: Number(row["store"]), version: Number(row["version"]) };
    },
    /** Throws "kv-full" if there would be too many. */
    newStore({ tenant, app, name }: Store, version = 0): { store: number; version: number } {
      if (Number(countStores.get(app)!["count"]) >= MOST_STORES)
        throw new MayflyError("kv-full", { what: `${MOST_STORES} key-value stores`, whose: "The app" });
      return { store: Number(insertStore.run(tenant, app, name).lastInsertRowid), version };
    },
    find(store: number, key: Uint8Array, now: number): Found | undefined {
      const row = find.get(store, key);
      if (row === undefined) return undefined;
      const expiresAt = row["expires_at"] === null ? null : Number(row["expires_at"]);
      const entry = Number(row["entry"]);
      return {
        entry,
        version: Number(row["version"]),
        bytes: Number(row["bytes"]),
        size: Number(row["size"]),
        expiresAt,
        isExpired: expiresAt !== null && expiresAt <= now,
        structure: row["length"] === 0 ? structures.of(entry) : undefined,
      };
    },
    /** Returns the entry's number. Its version is that of the sums. */
    put(store: number, key: Uint8Array, was: Found | undefined, sums: Sums, { value, metadata, expiresAt }: Value): number {
      const version = ++sums.version;
      sums.bytes += key.length + value.length + (metadata === null ? 0 : Buffer.byteLength(metadata)) - (was?.size ?? 0);
      if (was === undefined) {
        const { lastInsertRowid } = insert.run(store, key, version, expiresAt, value.length, metadata, value);
        unkeepGone.run(store, key);
        sums.entries++;
        return Number(lastInsertRowid);
      }
      drop(was, sums);
      update.run(version, expiresAt, value.length, metadata, value, was.entry);
      return was.entry;
    },
    /** It is known for a while that it was there. */
    remove(store: number, key: Uint8Array, was: Found, sums: Sums, now: number): void {
      drop(was, sums);
      remove.run(was.entry);
      keepGone.run(store, ++sums.version, key, now);
      sums.entries--;
      sums.bytes -= was.size;
    },
    /** Stores the sums. Throws "kv-full" if the app or the tenant would have more than it may. */
    count(store: number, { app, tenant }: Pick<Store, "app" | "tenant">, { version, entries, members, bytes }: Sums, most: Limits): void {
      setSums.run(version, entries, members, bytes, store);
      const more = { entries: entries + members, bytes };
      usage.count("The app", app, more, most.app);
      usage.count("The tenant", tenant, more, most.tenant);
    },
    /** Counts off what is in no store any more. */
    uncount({ app, tenant }: Pick<Store, "app" | "tenant">, { entries, members, bytes }: Omit<Sums, "version">): void {
      const less = { entries: -entries - members, bytes: -bytes };
      usage.count("The app", app, less, null);
      usage.count("The tenant", tenant, less, null);
    },
    keepGone: (store: number, version: number, key: Uint8Array, now: number) => void keepGone.run(store, version, key, now),
    unkeepGone: (store: number, key: Uint8Array) => void unkeepGone.run(store, key),
  };
}
