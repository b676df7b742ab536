import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import { assertConditions } from "../conditions.ts";
import type { Author, Conditions, ObjectAbout, ObjectLimits, ObjectVersion, Tags } from "../object.ts";
import { assertRemovable } from "../protection.ts";
import type { BucketRow, BucketTable } from "./buckets.ts";
import type { FileTable, NewContent } from "./files.ts";
import type { NoticeTable } from "./notices.ts";
import { type StoredVersion, versionOf } from "./rows.ts";
import type { UsedTable } from "./used.ts";

export interface NewObject {
  bucket: string;
  key: string;
  /** The version's id, if the bucket is versioned. */
  id: string;
  about: ObjectAbout;
  content: NewContent;
  size: number;
  etag: string;
  conditions?: Conditions | undefined;
  /** For notifications: Put, Post, Copy or CompleteMultipartUpload. */
  how: string;
  author?: Author | undefined;
}

export interface Removal {
  bucket: string;
  key: string;
  /** Undefined: the object, which leaves a delete marker in a versioned bucket. */
  version?: string | undefined;
  /** Of the delete marker. */
  id: string;
  conditions?: Conditions | undefined;
  /** Whether versions may be removed that are protected in mode GOVERNANCE. */
  bypasses?: boolean | undefined;
  /** Only if this is still the latest version: for what removes by what it saw before. */
  onlyIfLatest?: string | undefined;
  /** Of the lifecycle's own removals. */
  how?: string | undefined;
  author?: Author | undefined;
}

export interface Removed {
  /** Of what was removed, or of the delete marker that was made; undefined in a bucket that was never versioned. */
  version: string | undefined;
  isMarker: boolean;
}

/** What of a version may change while its content stays. Null takes it away. */
export interface Change {
  tags?: Tags | null;
  acl?: unknown;
  retention?: ObjectAbout["retention"] | null;
  legalHold?: boolean;
}

export interface Found extends StoredVersion {
  /** The content, if it is small and was asked for. */
  bytes: Uint8Array | undefined;
  /** Whether the bucket has versions. */
  isVersioned: boolean;
}

export interface VersionParts {
  buckets: BucketTable;
  files: FileTable;
  used: UsedTable;
  notices: NoticeTable;
}

/** Stores what nobody has refused. Returns the version's id, or undefined in a bucket that was never versioned. */
type PutVersion = (bucket: BucketRow, object: NewObject, now: number, most: Omit<ObjectLimits, "buckets">) => string | undefined;

const NULL = "null";

function versionStatements(db: DatabaseSync) {
  return {
    latest: db.prepare("SELECT * FROM versions WHERE bucket = ? AND key = ? AND is_latest = 1"),
    one: db.prepare("SELECT * FROM versions WHERE bucket = ? AND key = ? AND version = ?"),
    at: db.prepare("SELECT * FROM versions WHERE seq = ? AND bucket = ?"),
    insert: db.prepare(
      `INSERT INTO versions (bucket, key, version, is_latest, is_marker, modified_at, size, etag, about, segments) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
    ),
    supersede: db.prepare("UPDATE versions SET is_latest = 0 WHERE bucket = ? AND key = ? AND is_latest = 1"),
    promote: db.prepare(
      "UPDATE versions SET is_latest = 1 WHERE seq = (SELECT seq FROM versions WHERE bucket = ? AND key = ? ORDER BY seq DESC LIMIT 1)",
    ),
    some: db.prepare("SELECT * FROM versions WHERE bucket = ? LIMIT ?"),
    remove: db.prepare("DELETE FROM versions WHERE seq = ?"),
    about: db.prepare("UPDATE versions SET about = ? WHERE seq = ?"),
    cross: db.prepare("UPDATE uploads SET is_crossed = 1 WHERE bucket = ? AND key = ?"),
  };
}

export function createVersions(db: DatabaseSync, { files, used, notices }: Omit<VersionParts, "buckets">) {
  const sql = versionStatements(db);

  function latest({ bucket }: BucketRow, key: string): StoredVersion | undefined {
    const row = sql.latest.get(bucket, key);
    return row === undefined ? undefined : versionOf(row);
  }

  function one({ bucket }: BucketRow, key: string, version: string): StoredVersion | undefined {
    const row = sql.one.get(bucket, key, version);
    return row === undefined ? undefined : versionOf(row);
  }

  function take(bucket: BucketRow, found: StoredVersion): void {
    sql.remove.run(found.seq);
    files.release(found.segments);
    used.add(bucket, found.isMarker ? 0 : -1, -found.size);
  }

  /** Makes room for a version that becomes the latest. */
  function supersede(bucket: BucketRow, key: string): void {
    if (bucket.versioning !== "enabled") {
      const found = one(bucket, key, NULL);
      if (found !== undefined) take(bucket, found);
    }
    if (bucket.versioning !== "off") sql.supersede.run(bucket.bucket, key);
  }

  const put: PutVersion = (bucket, object, now, most) => {
    const { key, about, content, size, etag, conditions, how, author } = object;
    if (conditions !== undefined) assertConditions(conditions, key, latest(bucket, key));
    // Before the version that is replaced lets go of its files: a copy of an object onto itself has the same.
    files.use(content, key);
    supersede(bucket, key);
    sql.cross.run(bucket.bucket, key);
    const version = bucket.versioning === "enabled" ? object.id : NULL;
    sql.insert.run(bucket.bucket, key, version, 0, now, size, etag, JSON.stringify(about), JSON.stringify(content.segments));
    used.add(bucket, 1, size, most);
    const told = bucket.versioning === "off" ? undefined : version;
    notices.tell(bucket, { event: `ObjectCreated:${how}`, key, size, etag, version: told, author }, now, most);
    return told;
  };

  function mark(bucket: BucketRow, key: string, id: string, owner: string, now: number): string {
    supersede(bucket, key);
    const version = bucket.versioning === "enabled" ? id : NULL;
    const about: ObjectAbout = { headers: {}, metadata: {}, owner };
    sql.insert.run(bucket.bucket, key, version, 1, now, 0, "", JSON.stringify(about), "[]");
    used.add(bucket, 0, 0);
    return version;
  }

  function remove(bucket: BucketRow, removal: Removal, now: number): Removed {
    const { key, version, conditions, how, author, id } = removal;
    const family = how ?? "ObjectRemoved";
    const tell = (event: string, found?: ObjectVersion, of?: string) =>
      notices.tell(bucket, { event, key, size: found?.size ?? 0, etag: found?.etag ?? "", version: of, author }, now);
    if (version !== undefined) {
      const found = one(bucket, key, version);
      if (found === undefined) return { version, isMarker: false };
      assertConditions(conditions, key, found);
      assertRemovable(found, removal.bypasses === true, now);
      take(bucket, found);
      if (found.isLatest) sql.promote.run(bucket.bucket, key);
      tell(`${family}:Delete`, found, version);
      return { version, isMarker: found.isMarker };
    }
    const current = latest(bucket, key);
    if (removal.onlyIfLatest !== undefined && current?.version !== removal.onlyIfLatest) return { version: undefined, isMarker: false };
    if (conditions !== undefined && current !== undefined) assertConditions(conditions, key, current);
    sql.cross.run(bucket.bucket, key);
    if (bucket.versioning === "off") {
      if (current === undefined) return { version: undefined, isMarker: false };
      take(bucket, current);
      tell(`${family}:Delete`);
      return { version: undefined, isMarker: false };
    }
    const made = mark(bucket, key, id, bucket.tenant, now);
    tell(`${family}:DeleteMarkerCreated`, undefined, made);
    return { version: made, isMarker: true };
  }

  return { latest, one, put, remove, take };
}

export type Versions = ReturnType<typeof createVersions>;

export function versionOperations(db: DatabaseSync, versions: Versions, { buckets, files, notices }: VersionParts) {
  const sql = versionStatements(db);

  /** Throws "no-such-object". */
  function find(bucket: BucketRow, key: string, version: string | undefined): StoredVersion {
    const found = version === undefined ? versions.latest(bucket, key) : versions.one(bucket, key, version);
    if (found === undefined) throw new MayflyError("no-such-object", { key, ...(version !== undefined && { version }) });
    return found;
  }

  return {
    /** Throws "no-such-bucket", "object-condition", "no-such-object" and "object-storage-full". */
    put({ object, now, most }: { object: NewObject; now: number; most: Omit<ObjectLimits, "buckets"> }): string | undefined {
      return versions.put(buckets.find(object.bucket), object, now, most);
    },
    /** Null: there is none of this number any more. Throws "no-such-bucket". */
    versionAt({ bucket, seq }: { bucket: string; seq: number }): StoredVersion | null {
      const row = sql.at.get(seq, buckets.find(bucket).bucket);
      return row === undefined ? null : versionOf(row);
    },
    /** Of content that is kept in the index; null: there is none of this name. */
    bytes: ({ file }: { file: string }): Uint8Array | null => files.bytesOf(file) ?? null,
    /** A delete marker is found like any version. Throws "no-such-bucket" and "no-such-object". */
    get({
      bucket: name,
      key,
      version,
      wantsBytes,
    }: {
      bucket: string;
      key: string;
      version?: string | undefined;
      wantsBytes: boolean;
    }): Found {
      const bucket = buckets.find(name);
      const found = find(bucket, key, version);
      const [first] = found.segments;
      const bytes = wantsBytes && first !== undefined && found.segments.length === 1 ? files.bytesOf(first.file) : undefined;
      return { ...found, bytes, isVersioned: bucket.versioning !== "off" };
    },
    /** What there is not is removed well. Throws "no-such-bucket", "object-condition", "no-such-object" and "object-protected". */
    remove({ removal, now }: { removal: Removal; now: number }): Removed {
      return versions.remove(buckets.find(removal.bucket), removal, now);
    },
    /** Removes versions, whatever protects them, and tells nobody: their tenant is being removed. Returns how many there were. */
    clear({ name, most }: { name: string; most: number }): number {
      const bucket = buckets.find(name);
      const found = sql.some.all(bucket.bucket, most).map(versionOf);
      for (const version of found) versions.take(bucket, version);
      return found.length;
    },
    /** Returns the version's id. Throws "no-such-bucket", "no-such-object" and "object-protected". */
    change(asked: {
      bucket: string;
      key: string;
      version?: string | undefined;
      change: Change;
      bypasses?: boolean;
      event?: string | undefined;
      author?: Author | undefined;
      now: number;
    }): { version: string | undefined } {
      const { change, now } = asked;
      const bucket = buckets.find(asked.bucket);
      const found = find(bucket, asked.key, asked.version);
      if (found.isMarker) throw new MayflyError("no-such-object", { key: asked.key });
      const { until = 0, mode } = found.about.retention ?? {};
      const isShorter = change.retention !== undefined && ((change.retention?.until ?? 0) < until || change.retention?.mode !== mode);
      if (isShorter) assertRemovable({ ...found, about: { ...found.about, legalHold: false } }, asked.bypasses === true, now);
      const about = Object.fromEntries(Object.entries({ ...found.about, ...change }).filter(([, value]) => value !== null));
      sql.about.run(JSON.stringify(about), found.seq);
      const version = bucket.versioning === "off" ? undefined : found.version;
      const { key, size, etag } = found;
      if (asked.event !== undefined) notices.tell(bucket, { event: asked.event, key, size, etag, version, author: asked.author }, now);
      return { version };
    },
  };
}
