import type { DatabaseSync } from "node:sqlite";
import type { BucketSettings } from "../object.ts";
import { type StoredVersion, versionOf } from "./rows.ts";

/** A version as the lifecycle sees it. */
export interface AgingVersion extends StoredVersion {
  /** When the next newer version of the key was written; undefined for the latest one. */
  replacedAt: number | undefined;
  /** How many versions of the key are newer than this one, without the latest. */
  newer: number;
  /** Whether the key has no other version. */
  isAlone: boolean;
}

export interface AgingUpload {
  upload: string;
  key: string;
  startedAt: number;
}

export function upkeepOperations(db: DatabaseSync) {
  const garbage = db.prepare("SELECT file FROM garbage WHERE file > ? ORDER BY file LIMIT ?");
  const removeGarbage = db.prepare("DELETE FROM garbage WHERE file = ?");
  const known = db.prepare("SELECT 1 FROM files WHERE file = ? UNION ALL SELECT 1 FROM garbage WHERE file = ?");
  const mark = db.prepare("INSERT OR REPLACE INTO marks VALUES (?, ?)");
  const marked = db.prepare("SELECT value FROM marks WHERE name = ?");
  const buckets = db.prepare(
    "SELECT bucket, name, settings FROM buckets WHERE name > ? AND settings LIKE '%\"lifecycle\":%' ORDER BY name LIMIT 1",
  );
  const keys = db.prepare("SELECT DISTINCT key FROM versions WHERE bucket = ? AND key > ? ORDER BY key LIMIT ?");
  const ofKey = db.prepare("SELECT * FROM versions WHERE bucket = ? AND key = ? ORDER BY seq DESC");
  const uploads = db.prepare("SELECT upload, key, started_at FROM uploads WHERE bucket = ? ORDER BY key, upload LIMIT ?");
  return {
    /** Files that nobody has any more, and that are to be removed from the disk. */
    garbage: ({ after, most }: { after: string; most: number }): string[] => garbage.all(after, most).map(({ file }) => String(file)),
    collected({ files }: { files: readonly string[] }): void {
      for (const file of files) removeGarbage.run(file);
    },
    /** Those of the files that the tables know nothing of. */
    unknown: ({ files }: { files: readonly string[] }): string[] => files.filter((file) => known.get(file, file) === undefined),
    /** Null: it was never set. */
    mark: ({ name }: { name: string }): string | null => {
      const value = marked.get(name)?.["value"];
      return value === undefined ? null : String(value);
    },
    setMark({ name, value }: { name: string; value: string }): void {
      mark.run(name, value);
    },
    /** The next bucket, in the order of names, that has rules of what happens with time. */
    nextAging({ after }: { after: string }): { name: string; rules: NonNullable<BucketSettings["lifecycle"]> } | null {
      const row = buckets.get(after);
      if (row === undefined) return null;
      return { name: String(row["name"]), rules: (JSON.parse(String(row["settings"])) as BucketSettings).lifecycle ?? [] };
    },
    /** All versions of some keys, and the last of these keys; null: there are no more. */
    aging({ bucket, after, most }: { bucket: string; after: string; most: number }): { versions: AgingVersion[]; next: string | null } {
      const number = numberOf(db, bucket);
      const names = keys.all(number, after, most).map(({ key }) => String(key));
      const versions = names.flatMap((key) => aged(ofKey.all(number, key).map(versionOf)));
      return { versions, next: names.at(-1) ?? null };
    },
    agingUploads({ bucket, most }: { bucket: string; most: number }): AgingUpload[] {
      return uploads
        .all(numberOf(db, bucket), most)
        .map((row) => ({ upload: String(row["upload"]), key: String(row["key"]), startedAt: Number(row["started_at"]) }));
    },
  };
}

/** @param versions of a key, the newest first */
function aged(versions: StoredVersion[]): AgingVersion[] {
  return versions.map((version, at) =>
    Object.assign(version, {
      replacedAt: versions[at - 1]?.modifiedAt,
      newer: Math.max(0, at - 1),
      isAlone: versions.length === 1,
    }),
  );
}

function numberOf(db: DatabaseSync, bucket: string): number {
  return Number(db.prepare("SELECT bucket FROM buckets WHERE name = ?").get(bucket)?.["bucket"] ?? -1);
}
