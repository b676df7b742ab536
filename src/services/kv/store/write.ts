import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import { type KvLimits, MOST_STORES, type PutWrite, type Store, type Write, type Written } from "../kv.ts";
import type { Usage } from "./usage.ts";

export interface WriteRequest {
  store: Store;
  writes: readonly Write[];
  /** Wall clock, ms. */
  now: number;
  most: { app: KvLimits; tenant: KvLimits };
}

/** An entry as it is before a write. */
interface Found {
  entry: number;
  version: number;
  /** Of key, value and metadata. */
  size: number;
  expiresAt: number | null;
  /** Whether nobody sees it any more, though it takes its space until it is swept. */
  isExpired: boolean;
}

interface Sums {
  version: number;
  entries: number;
  bytes: number;
}

export function writeOperations(db: DatabaseSync, usage: Usage) {
  const findStore = db.prepare("SELECT store, version FROM stores WHERE app = ? AND name = ?");
  const countStores = db.prepare("SELECT count(*) AS count FROM stores WHERE app = ?");
  const insertStore = db.prepare("INSERT INTO stores (tenant, app, name) VALUES (?, ?, ?)");
  const setSums = db.prepare("UPDATE stores SET version = ?, entries = entries + ?, bytes = bytes + ? WHERE store = ?");
  const find = db.prepare(
    "SELECT entry, version, expires_at, bytes + length(key) + ifnull(octet_length(metadata), 0) AS size FROM entries WHERE store = ? AND key = ?",
  );
  const insert = db.prepare("INSERT INTO entries (store, key, version, expires_at, bytes, metadata, value) VALUES (?, ?, ?, ?, ?, ?, ?)");
  const update = db.prepare("UPDATE entries SET version = ?, expires_at = ?, bytes = ?, metadata = ?, value = ? WHERE entry = ?");
  const valueOf = db.prepare("SELECT value, metadata FROM entries WHERE entry = ?");
  const remove = db.prepare("DELETE FROM entries WHERE entry = ?");
  const keepGone = db.prepare("INSERT INTO gone VALUES (?, ?, ?, ?)");
  const unkeepGone = db.prepare("DELETE FROM gone WHERE store = ? AND key = ?");

  function storeOf({ tenant, app, name }: Store): { store: number; version: number } {
    const row = findStore.get(app, name);
    if (row !== undefined) return { store: Number(row["store"]), version: Number(row["version"]) };
    if (Number(countStores.get(app)!["count"]) >= MOST_STORES)
      throw new MayflyError("kv-full", { what: `${MOST_STORES} key-value stores`, whose: "The app" });
    return { store: Number(insertStore.run(tenant, app, name).lastInsertRowid), version: 0 };
  }

  function found(store: number, key: Uint8Array, now: number): Found | undefined {
    const row = find.get(store, key);
    if (row === undefined) return undefined;
    const expiresAt = row["expires_at"] === null ? null : Number(row["expires_at"]);
    const isExpired = expiresAt !== null && expiresAt <= now;
    return { entry: Number(row["entry"]), version: Number(row["version"]), size: Number(row["size"]), expiresAt, isExpired };
  }

  function put(store: number, key: Uint8Array, was: Found | undefined, sums: Sums, write: PutWrite): Written {
    const { value, metadata = null, expiresAt = null } = write;
    const version = ++sums.version;
    if (was === undefined) {
      insert.run(store, key, version, expiresAt, value.length, metadata, value);
      unkeepGone.run(store, key);
      sums.entries++;
    } else update.run(version, expiresAt, value.length, metadata, value, was.entry);
    sums.bytes += key.length + value.length + (metadata === null ? 0 : Buffer.byteLength(metadata)) - (was?.size ?? 0);
    return { version };
  }

  function add(store: number, key: Uint8Array, was: Found | undefined, sums: Sums, write: Extract<Write, { kind: "add" }>): Written {
    const old = was === undefined || was.isExpired ? undefined : valueOf.get(was.entry);
    const sum = added(old?.["value"] as Uint8Array | undefined, write.key, write.by);
    const metadata = (old?.["metadata"] as string | null | undefined) ?? null;
    const expiresAt = write.expiresAt === undefined ? ((old && was?.expiresAt) ?? null) : write.expiresAt;
    return { ...put(store, key, was, sums, { kind: "put", key: write.key, value: Buffer.from(String(sum)), metadata, expiresAt }), sum };
  }

  function removeOne(store: number, key: Uint8Array, was: Found | undefined, sums: Sums, now: number): Written {
    if (was === undefined) return { version: 0 };
    remove.run(was.entry);
    const version = ++sums.version;
    keepGone.run(store, version, key, now);
    sums.entries--;
    sums.bytes -= was.size;
    return { version: was.isExpired ? 0 : version };
  }

  return {
    /** Throws "kv-conflict", "kv-no-number" and "kv-full". */
    write({ store: to, writes, now, most }: WriteRequest): Written[] {
      const { store, version } = storeOf(to);
      const sums: Sums = { version, entries: 0, bytes: 0 };
      const written = writes.map((write) => {
        const key = Buffer.from(write.key);
        const was = found(store, key, now);
        assertVersion(write, was);
        if (write.kind === "put") return put(store, key, was, sums, write);
        return write.kind === "add" ? add(store, key, was, sums, write) : removeOne(store, key, was, sums, now);
      });
      setSums.run(sums.version, sums.entries, sums.bytes, store);
      usage.count("The app", to.app, sums, most.app);
      usage.count("The tenant", to.tenant, sums, most.tenant);
      return written;
    },
  };
}

function assertVersion({ key, ifVersion }: Write, was: Found | undefined): void {
  if (ifVersion === undefined) return;
  const version = was === undefined || was.isExpired ? 0 : was.version;
  if (version !== ifVersion) throw new MayflyError("kv-conflict", { key, version, wanted: ifVersion });
}

function added(value: Uint8Array | undefined, key: string, by: number): number {
  const text = value === undefined ? "0" : value.length > 20 ? "" : Buffer.from(value).toString("latin1");
  const sum = /^-?\d+$/.test(text) ? Number(text) + by : Number.NaN;
  if (!Number.isSafeInteger(sum)) throw new MayflyError("kv-no-number", { key, by });
  return sum;
}
