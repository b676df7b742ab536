/** The reading operations. They change nothing, so that they can be carried out by another connection than the writing ones. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { Change, Entry, KeyPage, ListedKey, Store, StoreFigures } from "../kv.ts";
import { isAfter, keyRange } from "./key-range.ts";
import { readingCommands } from "./redis/run.ts";

type Named = Omit<Store, "tenant">;

/** Changes of one answer. */
const MOST_CHANGES = 500;

const LISTED = "key, entries.version, expires_at, entries.bytes, metadata";

export function readOperations(db: DatabaseSync) {
  const get = db.prepare(
    "SELECT entries.version, expires_at, entries.bytes, metadata, CASE WHEN entries.bytes <= ? THEN value END AS value FROM entries JOIN stores USING (store) WHERE app = ? AND name = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)",
  );
  const structureOf = db.prepare(
    "SELECT 1 FROM structures JOIN entries USING (entry) JOIN stores USING (store) WHERE app = ? AND name = ? AND key = ?",
  );
  const findStore = db.prepare("SELECT store, version, forgotten FROM stores WHERE app = ? AND name = ?");
  const list = db.prepare(
    `SELECT ${LISTED} FROM entries WHERE store = ? AND key >= ? AND key > ? AND key < ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY key LIMIT ?`,
  );
  const all = db.prepare("SELECT name, entries, bytes, version FROM stores WHERE app = ? ORDER BY name");
  const kept = db.prepare("SELECT owner, bytes FROM usage WHERE substr(owner, 1, 4) = 'app_' AND bytes > 0");
  const changed = db.prepare(
    `SELECT ${LISTED} FROM entries WHERE store = ?1 AND version > ?2 AND version <= ?3 UNION ALL SELECT key, version, NULL, NULL, NULL FROM gone WHERE store = ?1 AND version > ?2 AND version <= ?3 ORDER BY version LIMIT ${MOST_CHANGES}`,
  );

  return {
    ...readingCommands(db),
    /** Throws "kv-wrong-type" if there is a hash, a list or a set. */
    get({ app, name, key, most, now }: Named & { key: string; most: number; now: number }): Entry | null {
      const row = get.get(most, app, name, Buffer.from(key), now);
      if (row === undefined) return null;
      const value = row["value"] as Uint8Array | null;
      // The value of a structure is empty.
      if (!value?.length && structureOf.get(app, name, Buffer.from(key)) !== undefined)
        throw new MayflyError("kv-wrong-type", { store: name, key: key.slice(0, 200) });
      return { value, ...about(row) };
    },
    list({ app, name, prefix, after, most, now }: Named & { prefix: string; after: string | null; most: number; now: number }): KeyPage {
      const store = findStore.get(app, name)?.["store"];
      if (store === undefined) return { keys: [], next: null };
      const { from, to } = keyRange(prefix);
      // No key is empty, so that all keys are after the empty one.
      const rows = list.all(store, from, after === null ? EMPTY : Buffer.from(after), to, now, most + 1);
      const keys = rows.slice(0, most).map(listed);
      return { keys, next: rows.length > most ? keys.at(-1)!.key : null };
    },
    stores({ app }: { app: string }): StoreFigures[] {
      return all.all(app).map((row) => ({
        name: String(row["name"]),
        entries: Number(row["entries"]),
        bytes: Number(row["bytes"]),
        version: Number(row["version"]),
      }));
    },
    /** What every app has in all its stores, bytes. */
    kept(): [app: string, bytes: number][] {
      return kept.all().map(({ owner, bytes }) => [String(owner), Number(bytes)]);
    },
    /** @param since null: nothing, only `upTo` @returns `upTo`: the version up to which the changes are told. Throws "kv-changes-lost" */
    changes({ app, name, prefix, since }: Named & { prefix: string; since: number | null }): {
      changes: Change[];
      upTo: number;
      hasMore: boolean;
    } {
      const row = findStore.get(app, name);
      const version = Number(row?.["version"] ?? 0);
      if (row === undefined || since === null) return { changes: [], upTo: version, hasMore: false };
      // A version that the store does not have yet is of an earlier store of this name.
      if (since < Number(row["forgotten"]) || since > version) throw new MayflyError("kv-changes-lost", { store: name, since });
      const rows = changed.all(row["store"]!, since, version);
      const { from, to } = keyRange(prefix);
      const within = rows.filter(({ key }) => !isAfter(from, key as Uint8Array) && isAfter(to, key as Uint8Array));
      const hasMore = rows.length === MOST_CHANGES;
      return { changes: within.map(changeOf), upTo: hasMore ? Number(rows.at(-1)!["version"]) : version, hasMore };
    },
  };
}

export type ReadOperations = ReturnType<typeof readOperations>;

const EMPTY = Buffer.alloc(0);

function listed(row: Record<string, SQLOutputValue>): ListedKey {
  return {
    key: Buffer.from(row["key"] as Uint8Array).toString(),
    ...about(row),
  };
}

function about(row: Record<string, SQLOutputValue>): Omit<Entry, "value"> {
  return {
    bytes: Number(row["bytes"]),
    metadata: textOf(row["metadata"]),
    expiresAt: numberOf(row["expires_at"]),
    version: Number(row["version"]),
  };
}

function changeOf(row: Record<string, SQLOutputValue>): Change {
  const { key, version, ...entry } = listed(row);
  return { key, version, entry: row["bytes"] === null ? null : entry };
}

function textOf(value: SQLOutputValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function numberOf(value: SQLOutputValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}
