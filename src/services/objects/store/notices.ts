import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import { rulesFor } from "../notification.ts";
import type { Notice, ObjectLimits } from "../object.ts";
import type { BucketRow } from "./buckets.ts";

type Told = Pick<Notice, "event" | "key" | "size" | "etag" | "version" | "author">;

/** Keeps what is to be told of changes. A notice is stored by the transaction of its change, so that none is lost and none is told of what did not happen. */
export interface NoticeTable {
  /** Throws "object-storage-full" if too many wait of the tenant, and the object is a new one: one that is removed makes no more of them than were put. */
  tell(bucket: BucketRow, told: Told, now: number, most?: Pick<ObjectLimits, "notices">): void;
}

/** Of a tenant. */
const MOST = 100_000;

export function createNotices(db: DatabaseSync): NoticeTable {
  const insert = db.prepare("INSERT INTO notices (at, notice) VALUES (?, ?)");
  const count = db.prepare(
    "INSERT INTO untold VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET notices = notices + excluded.notices RETURNING notices",
  );
  return {
    tell({ name, tenant, region, settings }, told, now, { notices: most = MOST } = {}) {
      const rules = [...(settings.notification ?? []), ...(settings.triggers ?? [])];
      const asked = rulesFor(rules, told.event, told.key);
      if (asked.length === 0) return;
      for (const { id, target } of asked) insert.run(now, JSON.stringify({ ...told, rule: id, target, bucket: name, tenant, region }));
      const waiting = Number(count.get(tenant, asked.length)!["notices"]);
      if (waiting > most && told.event.startsWith("ObjectCreated:"))
        throw new MayflyError("object-storage-full", { what: `${most} changes that their receivers have not taken` });
    },
  };
}

export function noticeOperations(db: DatabaseSync) {
  const read = db.prepare("SELECT seq, at, notice FROM notices WHERE seq > ? ORDER BY seq LIMIT ?");
  const remove = db.prepare("DELETE FROM notices WHERE seq = ? RETURNING notice ->> '$.tenant' AS tenant");
  const discount = db.prepare("UPDATE untold SET notices = notices - 1 WHERE tenant = ?");
  return {
    /** The oldest first. */
    notices({ after, most }: { after: number; most: number }): Notice[] {
      return read
        .all(after, most)
        .map(({ seq, at, notice }) => Object.assign(JSON.parse(String(notice)) as Notice, { seq: Number(seq), at: Number(at) }));
    },
    noticed({ seqs }: { seqs: readonly number[] }): void {
      for (const seq of seqs) {
        const tenant = remove.get(seq)?.["tenant"];
        if (tenant !== undefined) discount.run(tenant);
      }
    },
  };
}
