import type { DatabaseSync } from "node:sqlite";
import { rulesFor } from "../notification.ts";
import type { Notice } from "../object.ts";
import type { BucketRow } from "./buckets.ts";

type Told = Pick<Notice, "event" | "key" | "size" | "etag" | "version" | "author">;

/** Keeps what is to be told of changes. A notice is stored by the transaction of its change, so that none is lost and none is told of what did not happen. */
export interface NoticeTable {
  tell(bucket: BucketRow, told: Told, now: number): void;
}

export function createNotices(db: DatabaseSync): NoticeTable {
  const insert = db.prepare("INSERT INTO notices (at, notice) VALUES (?, ?)");
  return {
    tell({ name, tenant, region, settings }, told, now) {
      const rules = [...(settings.notification ?? []), ...(settings.triggers ?? [])];
      for (const { id, target } of rulesFor(rules, told.event, told.key))
        insert.run(now, JSON.stringify({ ...told, rule: id, target, bucket: name, tenant, region }));
    },
  };
}

export function noticeOperations(db: DatabaseSync) {
  const read = db.prepare("SELECT seq, at, notice FROM notices WHERE seq > ? ORDER BY seq LIMIT ?");
  const remove = db.prepare("DELETE FROM notices WHERE seq = ?");
  return {
    /** The oldest first. */
    notices({ after, most }: { after: number; most: number }): Notice[] {
      return read
        .all(after, most)
        .map(({ seq, at, notice }) => Object.assign(JSON.parse(String(notice)) as Notice, { seq: Number(seq), at: Number(at) }));
    },
    noticed({ seqs }: { seqs: readonly number[] }): void {
      for (const seq of seqs) remove.run(seq);
    },
  };
}
