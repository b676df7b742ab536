import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { Segment } from "../object.ts";

/** Content that was just written: in a file that is on the disk, or small and in memory. Of no bytes: no segments. */
export interface NewContent {
  segments: Segment[];
  /** Of the only segment's file, if it is small. */
  bytes?: Uint8Array | undefined;
  /** Whether the segments are of files that other objects have already. */
  isShared?: boolean | undefined;
}

/** Counts who has which content file. */
export interface FileTable {
  /** Throws "no-such-object" if the content is shared and those who had it have let go of it. @param key of the object, for the error */
  use(content: NewContent, key: string): void;
  /** A file that nobody has any more is garbage from now on. */
  release(segments: readonly Segment[]): void;
  /** Of a file that is kept here; undefined: it is on the disk, or there is none. */
  bytesOf(file: string): Uint8Array | undefined;
}

export function createFiles(db: DatabaseSync): FileTable {
  const add = db.prepare("INSERT INTO files VALUES (?, 1, ?)");
  const share = db.prepare("UPDATE files SET uses = uses + 1 WHERE file = ?");
  const drop = db.prepare("UPDATE files SET uses = uses - 1 WHERE file = ? RETURNING uses, bytes IS NULL AS is_on_disk");
  const forget = db.prepare("DELETE FROM files WHERE file = ?");
  const waste = db.prepare("INSERT OR IGNORE INTO garbage VALUES (?)");
  const read = db.prepare("SELECT bytes FROM files WHERE file = ?");
  return {
    use({ segments, bytes, isShared = false }, key) {
      for (const { file } of segments)
        if (!isShared) add.run(file, bytes ?? null);
        else if (share.run(file).changes === 0) throw new MayflyError("no-such-object", { key });
    },
    release(segments) {
      for (const { file } of segments) {
        const row = drop.get(file);
        if (row === undefined || Number(row["uses"]) > 0) continue;
        forget.run(file);
        if (row["is_on_disk"] === 1) waste.run(file);
      }
    },
    bytesOf(file) {
      const bytes = read.get(file)?.["bytes"];
      return bytes instanceof Uint8Array ? bytes : undefined;
    },
  };
}
