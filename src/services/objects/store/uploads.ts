import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../../base/errors/error.ts";
import type { Checksum, ChecksumType, Algorithm } from "../checksums/checksum.ts";
import { etagOfParts } from "../checksums/digests.ts";
import { checksumOfParts } from "../checksums/of-parts.ts";
import { assertConditions } from "../conditions.ts";
import type { Author, Conditions, ObjectAbout, ObjectLimits, Segment } from "../object.ts";
import type { BucketTable, BucketRow } from "./buckets.ts";
import type { FileTable, NewContent } from "./files.ts";
import { uploadOf } from "./list.ts";
import type { UsedTable } from "./used.ts";
import type { Versions } from "./versions.ts";

/** What is known of an object before its content. */
export interface UploadAbout {
  object: ObjectAbout;
  /** Of its parts, and how the whole's is made of them. */
  checksum?: { algorithm: Algorithm; type: ChecksumType } | undefined;
  /** Whether its client asked for the checksum. */
  isAsked?: boolean | undefined;
  initiator: string;
  /** Of the principal; undefined: nobody said who it is. */
  initiatorName?: string | undefined;
}

export interface Upload {
  upload: string;
  key: string;
  startedAt: number;
  about: UploadAbout;
}

export interface NewPart {
  bucket: string;
  key: string;
  upload: string;
  number: number;
  content: NewContent;
  size: number;
  etag: string;
  /** Base64, of the upload's algorithm. */
  checksum?: string | undefined;
}

export interface StoredPart {
  number: number;
  size: number;
  etag: string;
  modifiedAt: number;
  checksum: string | undefined;
}

export interface Completion {
  bucket: string;
  key: string;
  upload: string;
  /** The parts that the object is of, as the client names them. */
  parts: { number: number; etag: string; checksum?: string | undefined }[];
  /** The version's id, if the bucket is versioned. */
  id: string;
  conditions?: Conditions | undefined;
  /** Of the whole, as the client knows it. */
  size?: number | undefined;
  checksum?: Checksum | undefined;
  /** The fewest bytes of a part that is not the last. */
  leastPart: number;
  author?: Author | undefined;
}

export interface Completed {
  version: string | undefined;
  etag: string;
  size: number;
  checksum: Checksum | undefined;
}

interface Parts {
  buckets: BucketTable;
  files: FileTable;
  used: UsedTable;
  versions: Versions;
}

export function uploadOperations(db: DatabaseSync, { buckets, files, used, versions }: Parts) {
  const insert = db.prepare("INSERT INTO uploads (upload, bucket, key, started_at, about) VALUES (?, ?, ?, ?, ?)");
  const read = db.prepare("SELECT * FROM uploads WHERE upload = ? AND bucket = ? AND key = ?");
  const remove = db.prepare("DELETE FROM uploads WHERE upload = ?");
  const insertPart = db.prepare("INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)");
  const readPart = db.prepare("SELECT * FROM parts WHERE upload = ? AND number = ?");
  const removePart = db.prepare("DELETE FROM parts WHERE upload = ? AND number = ?");
  const page = db.prepare("SELECT * FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?");
  const all = db.prepare("SELECT * FROM parts WHERE upload = ? ORDER BY number");

  const hasVersions = db.prepare("SELECT 1 FROM versions WHERE bucket = ? LIMIT 1");
  const uploadsOf = db.prepare("SELECT upload FROM uploads WHERE bucket = ?");
  const removeBucket = db.prepare("DELETE FROM buckets WHERE bucket = ?");

  /** Throws "no-such-bucket" and "no-such-upload". */
  function find(name: string, key: string, upload: string): { bucket: BucketRow; upload: Upload; isCrossed: boolean } {
    const bucket = buckets.find(name);
    const row = read.get(upload, bucket.bucket, key);
    if (row === undefined) throw new MayflyError("no-such-upload", { id: upload });
    return { bucket, upload: uploadOf(row) as Upload, isCrossed: row["is_crossed"] === 1 };
  }

  function discard(bucket: BucketRow, upload: string, row: Record<string, unknown>): void {
    const { number, size, segments } = partOf(row);
    removePart.run(upload, number);
    files.release(segments);
    used.add(bucket, 0, -size);
  }

  function abort(bucket: BucketRow, upload: string): void {
    for (const row of all.all(upload)) discard(bucket, upload, row);
    remove.run(upload);
  }

  return {
    /** Its uploads that have not ended go with it. Throws "no-such-bucket" and "bucket-not-empty". */
    removeBucket({ name }: { name: string }): void {
      const row = buckets.find(name);
      if (hasVersions.get(row.bucket) !== undefined) throw new MayflyError("bucket-not-empty", { name });
      for (const { upload } of uploadsOf.all(row.bucket)) abort(row, String(upload));
      removeBucket.run(row.bucket);
    },
    /** Throws "no-such-bucket". */
    startUpload(asked: { bucket: string; key: string; upload: string; about: UploadAbout; now: number }): void {
      const { bucket } = buckets.find(asked.bucket);
      insert.run(asked.upload, bucket, asked.key, asked.now, JSON.stringify(asked.about));
    },
    findUpload: ({ bucket, key, upload }: { bucket: string; key: string; upload: string }): Upload => find(bucket, key, upload).upload,
    /** A part replaces one of the same number. Throws "no-such-bucket", "no-such-upload" and "object-storage-full". */
    putPart({ part, now, most }: { part: NewPart; now: number; most: Omit<ObjectLimits, "buckets"> }): void {
      const { upload, number, content, size, etag, checksum = null } = part;
      const { bucket } = find(part.bucket, part.key, upload);
      const known = readPart.get(upload, number);
      files.use(content, part.key);
      if (known !== undefined) discard(bucket, upload, known);
      insertPart.run(upload, number, size, etag, now, checksum, JSON.stringify(content.segments));
      used.add(bucket, 0, size, most);
    },
    /** Throws "no-such-bucket" and "no-such-upload". */
    listParts(asked: { bucket: string; key: string; upload: string; after: number; most: number }): {
      upload: Upload;
      parts: StoredPart[];
    } {
      const { upload } = find(asked.bucket, asked.key, asked.upload);
      const rows = page.all(upload.upload, asked.after, asked.most);
      return { upload, parts: rows.map((row) => shown(partOf(row))) };
    },
    /** Throws "no-such-bucket" and "no-such-upload". */
    abortUpload(asked: { bucket: string; key: string; upload: string }): void {
      abort(find(asked.bucket, asked.key, asked.upload).bucket, asked.upload);
    },
    /**
     * The object is of the parts' files: nothing is copied. Throws "no-such-bucket", "no-such-upload", "part-differs", "part-too-small", "checksum-differs",
     * "object-condition", "no-such-object" and "object-changed".
     */
    completeUpload({ completion, now, most }: { completion: Completion; now: number; most: Omit<ObjectLimits, "buckets"> }): Completed {
      const { key, conditions, parts: named, leastPart, id, author } = completion;
      const { bucket, upload, isCrossed } = find(completion.bucket, key, completion.upload);
      const { object, checksum: kind } = upload.about;
      if (conditions !== undefined) {
        const current = versions.latest(bucket, key);
        const condition = conditions.ifMatch === undefined ? "If-None-Match" : "If-Match";
        assertConditions(conditions, key, current);
        if (isCrossed) throw new MayflyError("object-changed", { condition, key });
      }
      const stored = new Map(all.all(upload.upload).map((row) => [Number(row["number"]), row]));
      const taken = named.map(({ number, etag, checksum }) => {
        const row = stored.get(number);
        const part = row && partOf(row);
        const isSame = part?.etag === etag && (checksum === undefined || part.checksum === checksum);
        if (!isSame) throw new MayflyError("part-differs", { number, etag, upload: upload.upload });
        return part;
      });
      const small = taken.findIndex(({ size }, at) => size < leastPart && at < taken.length - 1);
      if (small >= 0) {
        const { size, number, etag } = taken[small]!;
        throw new MayflyError("part-too-small", { size, least: leastPart, number, etag });
      }
      const size = taken.reduce((sum, part) => sum + part.size, 0);
      if (completion.size !== undefined && completion.size !== size)
        throw new MayflyError("checksum-differs", { what: "size", given: completion.size, found: size });
      const checksum = kind === undefined ? undefined : checksumOfParts(kind, taken);
      if (
        completion.checksum !== undefined &&
        checksum !== undefined &&
        completion.checksum.value.split("-")[0] !== checksum.value.split("-")[0]
      )
        throw new MayflyError("checksum-differs", { what: checksum.algorithm, given: completion.checksum.value, found: checksum.value });
      const etag = etagOfParts(taken.map((part) => part.etag));
      const about: ObjectAbout = {
        ...object,
        checksum,
        upload: upload.upload,
        parts: taken.map((part, at) => ({ number: at + 1, size: part.size, checksum: part.checksum })),
      };
      const segments = taken.flatMap((part) => part.segments);
      const how = "CompleteMultipartUpload";
      // The object uses the files before the parts let go of them.
      const content = { segments, isShared: true };
      const version = versions.put(bucket, { bucket: bucket.name, key, id, about, content, size, etag, how, author }, now, {
        ...most,
        bytes: Infinity,
      });
      for (const row of stored.values()) discard(bucket, upload.upload, row);
      remove.run(upload.upload);
      return { version, etag, size, checksum };
    },
  };
}

interface PartRow extends StoredPart {
  segments: Segment[];
}

function partOf(row: Record<string, unknown>): PartRow {
  return {
    number: Number(row["number"]),
    size: Number(row["size"]),
    etag: String(row["etag"]),
    modifiedAt: Number(row["modified_at"]),
    checksum: typeof row["checksum"] === "string" ? row["checksum"] : undefined,
    segments: JSON.parse(String(row["segments"])) as Segment[],
  };
}

function shown({ segments: _segments, ...part }: PartRow): StoredPart {
  return part;
}
