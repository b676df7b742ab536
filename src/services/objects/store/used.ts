import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { ObjectLimits } from "../object.ts";

export interface Used {
  objects: number;
  bytes: number;
}

/** A bucket by the number of its row, and whose it is. */
interface CountedBucket {
  bucket: number;
  tenant: string;
}

/** Counts what tenants have, and what is in each bucket. */
export interface UsedTable {
  of(tenant: string): Used;
  /** Throws "object-storage-full" if the tenant has more than it may have then. */
  add(bucket: CountedBucket, objects: number, bytes: number, most?: Pick<ObjectLimits, "objects" | "bytes">): void;
}

export function createUsed(db: DatabaseSync): UsedTable {
  const change = db.prepare(
    `INSERT INTO used VALUES (?, ?, ?) ON CONFLICT (tenant) DO UPDATE SET objects = objects + excluded.objects, bytes = bytes + excluded.bytes
     RETURNING objects, bytes`,
  );
  const changeBucket = db.prepare("UPDATE buckets SET objects = objects + ?, bytes = bytes + ?, changes = changes + 1 WHERE bucket = ?");
  const read = db.prepare("SELECT objects, bytes FROM used WHERE tenant = ?");
  const numbers = (row: Record<string, unknown> | undefined): Used => ({
    objects: Number(row?.["objects"] ?? 0),
    bytes: Number(row?.["bytes"] ?? 0),
  });
  return {
    of: (tenant) => numbers(read.get(tenant)),
    add({ tenant, bucket }, objects, bytes, most) {
      changeBucket.run(objects, bytes, bucket);
      const sum = numbers(change.get(tenant, objects, bytes));
      if (most === undefined) return;
      if (objects > 0 && sum.objects > most.objects) throw new MayflyError("object-storage-full", { what: `${most.objects} objects` });
      if (bytes > 0 && sum.bytes > most.bytes) throw new MayflyError("object-storage-full", { what: `${most.bytes} bytes` });
    },
  };
}
