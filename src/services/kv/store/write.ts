import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { PutWrite, Store, Write, Written } from "../kv.ts";
import type { Entries, Found, Limits, Sums } from "./entries.ts";

export interface WriteRequest {
  store: Store;
  writes: readonly Write[];
  /** Wall clock, ms. */
  now: number;
  most: Limits;
}

export function writeOperations(db: DatabaseSync, entries: Entries) {
  const valueOf = db.prepare("SELECT value, metadata FROM entries WHERE entry = ?");

  function put(store: number, key: Uint8Array, was: Found | undefined, sums: Sums, write: PutWrite): Written {
    const { value, metadata = null, expiresAt = null } = write;
    entries.put(store, key, was, sums, { value, metadata, expiresAt });
    return { version: sums.version };
  }

  function add(store: number, key: Uint8Array, was: Found | undefined, sums: Sums, write: Extract<Write, { kind: "add" }>): Written {
    const isThere = was !== undefined && !was.isExpired;
    if (isThere && was.structure !== undefined) throw new MayflyError("kv-no-number", { key: write.key, by: write.by });
    const old = isThere ? valueOf.get(was.entry) : undefined;
    const sum = added(old?.["value"] as Uint8Array | undefined, write.key, write.by);
    const metadata = (old?.["metadata"] as string | null | undefined) ?? null;
    const expiresAt = write.expiresAt === undefined ? ((old && was?.expiresAt) ?? null) : write.expiresAt;
    return { ...put(store, key, was, sums, { kind: "put", key: write.key, value: Buffer.from(String(sum)), metadata, expiresAt }), sum };
  }

  function removeOne(store: number, key: Uint8Array, was: Found | undefined, sums: Sums, now: number): Written {
    if (was === undefined) return { version: 0 };
    entries.remove(store, key, was, sums, now);
    return { version: was.isExpired ? 0 : sums.version };
  }

  return {
    /** Throws "kv-conflict", "kv-no-number" and "kv-full". */
    write({ store: to, writes, now, most }: WriteRequest): Written[] {
      const { store, version } = entries.storeAt(to) ?? entries.newStore(to);
      const sums: Sums = { version, entries: 0, members: 0, bytes: 0 };
      const written = writes.map((write) => {
        const key = Buffer.from(write.key);
        const was = entries.find(store, key, now);
        assertVersion(write, was);
        if (write.kind === "put") return put(store, key, was, sums, write);
        return write.kind === "add" ? add(store, key, was, sums, write) : removeOne(store, key, was, sums, now);
      });
      entries.count(store, to, sums, most);
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
