import type { DatabaseSync } from "node:sqlite";
import type { Shelf } from "./lambda-store.ts";
import type { ZipCode } from "./records.ts";

/** What the shelves of a store share. */
export interface ShelfParts {
  db: DatabaseSync;
  /** Runs work that writes, in one transaction; within another one, as a part of that. Failures of SQLite are thrown as errors of Mayfly's table. */
  write: <T>(work: () => T) => T;
  /** Likewise, on a full disk too: for removals. */
  writeByAllMeans: <T>(work: () => T) => T;
}

/** A record's own zip file, and those that it needs besides. */
interface HasZips {
  code?: ZipCode | null;
  layers?: ZipCode[];
}

export function openShelf<R extends object>({ db, write, writeByAllMeans }: ShelfParts, kind: string): Shelf<R> {
  const where = "tenant = ? AND kind = ? AND owner = ?";
  const one = db.prepare(`SELECT record FROM records WHERE ${where} AND key = ?`);
  const set = db.prepare(
    "INSERT INTO records (tenant, kind, owner, key, record) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
  );
  const drop = db.prepare(`DELETE FROM records WHERE ${where} AND key = ?`);
  const some = db.prepare(`SELECT record FROM records WHERE ${where} AND key > ? ORDER BY key LIMIT ?`);
  const every = db.prepare(`SELECT record FROM records WHERE ${where} ORDER BY key`);
  const named = db.prepare(`SELECT key FROM records WHERE ${where} ORDER BY key`);
  const clear = db.prepare(`DELETE FROM zips WHERE ${where} AND key = ?`);
  const add = db.prepare("INSERT INTO zips (tenant, kind, owner, key, digest, bytes, own) VALUES (?, ?, ?, ?, ?, ?, ?)");
  const parsed = (row: unknown) => JSON.parse((row as { record: string }).record) as R;

  function putZips(tenant: string, owner: string, key: string, { code, layers = [] }: HasZips): void {
    clear.run(tenant, kind, owner, key);
    if (code) add.run(tenant, kind, owner, key, code.digest, code.size, 1);
    for (const { digest, size } of layers) add.run(tenant, kind, owner, key, digest, size, 0);
  }

  return {
    get(tenant, owner, key) {
      const row = one.get(tenant, kind, owner, key);
      return row && parsed(row);
    },
    put(tenant, owner, key, record) {
      write(() => {
        set.run(tenant, kind, owner, key, JSON.stringify(record));
        putZips(tenant, owner, key, record);
      });
    },
    remove: (tenant, owner, key) => writeByAllMeans(() => Number(drop.run(tenant, kind, owner, key).changes) > 0),
    page: (tenant, owner, after, count) => some.all(tenant, kind, owner, after, count).map(parsed),
    all: (tenant, owner) => every.all(tenant, kind, owner).map(parsed),
    keys: (tenant, owner) => named.all(tenant, kind, owner).map((row) => (row as { key: string }).key),
  };
}
