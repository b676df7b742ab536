import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import { afterPrefix } from "../after-prefix.ts";
import { timeOfVersion } from "../version-id.ts";
import type { BucketTable } from "./buckets.ts";
import { type StoredVersion, versionOf } from "./rows.ts";

export interface ListQuery {
  bucket: string;
  prefix: string;
  /** Keys that have it after the prefix are told once, as a common prefix. Empty: none are. */
  delimiter: string;
  /** What comes after this key, or common prefix. */
  after: string;
  most: number;
}

export interface Listed<T> {
  objects: T[];
  /** In the order of keys; each counts like an object. */
  prefixes: string[];
  /** The last key, or common prefix; null: nothing follows. */
  next: string | null;
}

export interface VersionsQuery extends ListQuery {
  /** Of the key `after`, only the versions that come after this one; undefined: none. */
  afterVersion?: string | undefined;
}

export interface UploadRow {
  upload: string;
  key: string;
  startedAt: number;
  about: unknown;
}

export interface UploadsQuery extends ListQuery {
  afterUpload?: string | undefined;
}

/**
 * Reads rows in the order of keys, and jumps over those of a common prefix, however many they are. What was read at once is one row more than may be told, so that it is
 * used up only at the end of all rows.
 */
interface Source<T> {
  /** At most `most` rows of keys from `from` on; `from` itself only if `includes`. */
  read: (from: string, includes: boolean, most: number) => T[];
  keyOf: (row: T) => string;
}

function collect<T>({ prefix, delimiter, after, most }: ListQuery, first: T[], { read, keyOf }: Source<T>): Listed<T> & { last: T | null } {
  const objects: T[] = [];
  const prefixes: string[] = [];
  let last: string | null = null;
  let lastRow: T | null = null;
  const isFull = () => objects.length + prefixes.length >= most;
  const ended = () => ({ objects, prefixes, next: null, last: null });
  const more = () => ({ objects, prefixes, next: last, last: lastRow });
  let [from, includes] = isBefore(after, prefix) ? [prefix, true] : [after, false];
  if (delimiter !== "" && after.startsWith(prefix) && after.slice(prefix.length).includes(delimiter)) {
    // A listing that ended with a common prefix goes on after all of its keys.
    const common = commonPrefix(after, prefix, delimiter)!;
    if (common === after) [from, includes] = [afterPrefix(common) ?? "", true];
  }
  let rows = first.length > 0 ? first : read(from, includes, most + 1);
  for (;;) {
    let jump: string | null | undefined;
    for (const row of rows) {
      const key = keyOf(row);
      if (!key.startsWith(prefix)) return ended();
      const common = commonPrefix(key, prefix, delimiter);
      if (isFull()) return more();
      if (common === undefined) {
        objects.push(row);
        [last, lastRow] = [key, row];
        continue;
      }
      prefixes.push(common);
      [last, lastRow] = [common, null];
      jump = afterPrefix(common);
      break;
    }
    if (jump === null || rows.length === 0) return ended();
    [from, includes] = jump === undefined ? [keyOf(rows.at(-1)!), false] : [jump, true];
    rows = read(from, includes, most + 1);
  }
}

/** By code points, as SQLite compares: JavaScript's own order is that of the halves of pairs. */
function isBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "") return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

export function listOperations(db: DatabaseSync, buckets: BucketTable) {
  const currentFrom = db.prepare(
    "SELECT * FROM versions WHERE bucket = ? AND is_latest = 1 AND is_marker = 0 AND key >= ? AND (? OR key > ?) ORDER BY key LIMIT ?",
  );
  const versionsFrom = db.prepare("SELECT * FROM versions WHERE bucket = ? AND key >= ? AND (? OR key > ?) ORDER BY key, seq DESC LIMIT ?");
  const notAfter = db.prepare("SELECT * FROM versions WHERE bucket = ? AND key = ? AND modified_at <= ? ORDER BY seq DESC LIMIT ?");
  const uploadKey = db.prepare("SELECT key FROM uploads WHERE upload = ?");
  const olderThan = db.prepare("SELECT * FROM versions WHERE bucket = ? AND key = ? AND seq < ? ORDER BY seq DESC LIMIT ?");
  const seqOf = db.prepare("SELECT seq FROM versions WHERE bucket = ? AND key = ? AND version = ?");
  const uploadsFrom = db.prepare("SELECT * FROM uploads WHERE bucket = ? AND key >= ? AND (? OR key > ?) ORDER BY key, upload LIMIT ?");
  const uploadsAfter = db.prepare("SELECT * FROM uploads WHERE bucket = ? AND key = ? AND upload > ? ORDER BY upload LIMIT ?");
  return {
    /** In the order of keys by their bytes in UTF-8. Throws "no-such-bucket". */
    list(query: ListQuery): Listed<StoredVersion> {
      const { bucket } = buckets.find(query.bucket);
      if (query.most === 0) return nothing();
      const { last: _row, ...listed } = collect(query, [], {
        read: (from, includes, most) => currentFrom.all(bucket, from, Number(includes), from, most).map(versionOf),
        keyOf: ({ key }) => key,
      });
      return listed;
    },
    /** As list(), of a key the newest first. */
    listVersions(query: VersionsQuery): Listed<StoredVersion> & { nextVersion: string | null } {
      const { bucket } = buckets.find(query.bucket);
      if (query.most === 0) return { ...nothing<StoredVersion>(), nextVersion: null };
      const seq = query.afterVersion === undefined ? undefined : seqOf.get(bucket, query.after, query.afterVersion)?.["seq"];
      // A version that was removed since the last page is placed by the time that its id has.
      const at = query.afterVersion === undefined || seq !== undefined ? undefined : timeOfVersion(query.afterVersion);
      const older = () => olderThan.all(bucket, query.after, seq as number, query.most + 1).map(versionOf);
      const earlier = () => notAfter.all(bucket, query.after, at!, query.most + 1).map(versionOf);
      const rest = seq !== undefined ? older() : at === undefined ? [] : earlier();
      const { last, ...listed } = collect(query, rest, {
        read: (from, includes, most) => versionsFrom.all(bucket, from, Number(includes), from, most).map(versionOf),
        keyOf: ({ key }) => key,
      });
      return { ...listed, nextVersion: last?.version ?? null };
    },
    /** As list(), of a key the oldest first. Throws "no-such-upload" if `afterUpload` is one of another key. */
    listUploads(query: UploadsQuery): Listed<UploadRow> & { nextUpload: string | null } {
      const { bucket } = buckets.find(query.bucket);
      if (query.most === 0) return { ...nothing<UploadRow>(), nextUpload: null };
      const { afterUpload } = query;
      const its = afterUpload === undefined ? undefined : uploadKey.get(afterUpload)?.["key"];
      if (its !== undefined && its !== query.after) throw new MayflyError("no-such-upload", { id: afterUpload! });
      const rest = afterUpload === undefined ? [] : uploadsAfter.all(bucket, query.after, afterUpload, query.most + 1).map(uploadOf);
      const { last, ...listed } = collect(query, rest, {
        read: (from, includes, most) => uploadsFrom.all(bucket, from, Number(includes), from, most).map(uploadOf),
        keyOf: ({ key }) => key,
      });
      return { ...listed, nextUpload: last?.upload ?? null };
    },
  };
}

function nothing<T>(): Listed<T> {
  return { objects: [], prefixes: [], next: null };
}

export function uploadOf(row: Record<string, unknown>): UploadRow {
  return {
    upload: String(row["upload"]),
    key: String(row["key"]),
    startedAt: Number(row["started_at"]),
    about: JSON.parse(String(row["about"])),
  };
}
