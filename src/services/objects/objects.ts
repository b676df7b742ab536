/**
 * The contract of the object store. Behind it are a SQLite file for the index and files for the content: objects-over.ts.
 *
 * 1. What a promise resolved with is on the disk, content and index, and survives a power cut. A write whose promise is open is there whole or not at all.
 * 2. A reader gets the content of one version from its first byte to its last, whatever is written or removed meanwhile.
 * 3. Content is streamed both ways. No object is in memory, except those of a few kilobytes.
 * 4. Names are the caller's: whether somebody may do a thing is the door's question.
 */
import type { Algorithm, Checksum } from "./checksums/checksum.ts";
import type { FinishedDigests } from "./checksums/digests.ts";
import type { ByteRange, Pieces } from "./content/outgoing.ts";
import type { AskedEncryption, Author, Bucket, BucketSettings, Conditions, Encryption, ObjectAbout, Versioning } from "./object.ts";
import type { BucketPage, InBucket, NewBucket } from "./store/buckets.ts";
import type { Listed, ListQuery, UploadsQuery, VersionsQuery } from "./store/list.ts";
import type { StoredVersion } from "./store/rows.ts";
import type { Completed, Completion, StoredPart, Upload, UploadAbout } from "./store/uploads.ts";
import type { Used } from "./store/used.ts";
import type { Change, Found, Removal, Removed } from "./store/versions.ts";

export interface Objects {
  /** Returns the bucket that has the name; `isNew` is false if it had it before, whose ever it is. Rejects with "object-storage-full". */
  createBucket(bucket: NewBucket): Promise<{ bucket: Bucket; isNew: boolean }>;
  /** Null: there is none. */
  bucket(name: string): Promise<Bucket | null>;
  /** The tenant's, in the order of their names. */
  buckets(tenant: string, page: BucketPage): Promise<Bucket[]>;
  /** Rejects with "no-such-bucket" and "bucket-not-empty". */
  removeBucket(name: string): Promise<void>;
  /** Removes all buckets of a tenant with all that is in them, whatever protects it. */
  removeOf(tenant: string): Promise<void>;
  /** As removeOf(), of buckets that are the own of apps which are not there any more. */
  removeOfApps(isThere: (app: string) => boolean): Promise<void>;
  /** Changes the settings that are named; null takes one away. Rejects with "no-such-bucket". */
  setBucket(name: string, settings: BucketSettings, versioning?: Versioning): Promise<void>;
  /** What a tenant has. */
  used(tenant: string): Promise<Used>;
  /** What is in a bucket, with the parts of its uploads. Rejects with "no-such-bucket". */
  inBucket(name: string): Promise<InBucket>;

  /** Rejects with "no-such-bucket", "object-condition", "no-such-object", "object-storage-full", "body-too-large", and what `source` and `check` throw. */
  put(object: PutObject, source: AsyncIterable<Uint8Array>): Promise<Stored>;
  /** A delete marker is found like any version. Rejects with "no-such-bucket" and "no-such-object". */
  head(bucket: string, key: string, version?: string): Promise<Found>;
  /** The version of that number, which no other one ever has; null: there is none any more. Rejects with "no-such-bucket". */
  versionAt(bucket: string, seq: number): Promise<StoredVersion | null>;
  /**
   * As head(), with the content. `release` is called by everybody who got a result, once. What the server has encrypted is read like what it has not. Rejects with "object-key-needed"
   * and "object-key-wrong", too, if the object is encrypted with a customer's key, and what `customerKey` throws.
   * @param customerKey called with what was found, before its content is opened; returns the customer's key, if the reader has one
   */
  read(bucket: string, key: string, version?: string, customerKey?: (found: Found) => Buffer | undefined): Promise<ReadObject>;
  /**
   * The copy has the same files: no content is copied, unless what was not encrypted is to be. It is read if another checksum is wanted than is known. What was encrypted stays so.
   * Rejects like put().
   */
  copy(from: CopySource, object: CopiedObject): Promise<Stored>;
  /** What there is not is removed well. Rejects with "no-such-bucket", "object-condition", "no-such-object" and "object-protected". */
  remove(removal: Omit<Removal, "id">): Promise<Removed>;
  /** Rejects with "no-such-bucket", "no-such-object" and "object-protected". */
  change(changed: ChangedObject): Promise<{ version: string | undefined }>;
  /** In the order of keys by their bytes. Rejects with "no-such-bucket". */
  list(query: ListQuery): Promise<Listed<StoredVersion>>;
  /** As list(); of a key, the newest first. */
  listVersions(query: VersionsQuery): Promise<Listed<StoredVersion> & { nextVersion: string | null }>;

  /** Returns the upload's id. Rejects with "no-such-bucket". @param encrypt all of its parts; left out: as the bucket says */
  startUpload(bucket: string, key: string, about: UploadAbout, encrypt?: AskedEncryption): Promise<string>;
  /** Rejects with "no-such-bucket" and "no-such-upload". */
  upload(bucket: string, key: string, upload: string): Promise<Upload>;
  /** A part replaces one of the same number. Rejects like put(), and with "no-such-upload". */
  putPart(part: PutPart, source: AsyncIterable<Uint8Array>): Promise<Stored>;
  copyPart(from: CopySource, part: Omit<PutPart, "check" | "most">): Promise<Stored>;
  listParts(bucket: string, key: string, upload: string, after: number, most: number): Promise<{ upload: Upload; parts: StoredPart[] }>;
  /** As list(); of a key, the oldest first. Rejects with "no-such-upload" if `afterUpload` is one of another key. */
  listUploads(query: UploadsQuery): Promise<Listed<Upload> & { nextUpload: string | null }>;
  abortUpload(bucket: string, key: string, upload: string): Promise<void>;
  /** Rejects with "no-such-upload", "part-differs", "part-too-small", "checksum-differs", "object-changed", and like put(). */
  completeUpload(completion: Omit<Completion, "id">): Promise<Completed>;
}

export interface PutObject {
  bucket: string;
  key: string;
  /** Its checksum and parts are those of the content, whatever it says. */
  about: ObjectAbout;
  /** The checksum that is kept with the object. */
  algorithm?: Algorithm | undefined;
  /** More that are computed, for `check`. */
  also?: readonly Algorithm[] | undefined;
  /** Called before anything is kept, with what the content was; it may throw. */
  check?: ((digests: FinishedDigests, size: number) => void) | undefined;
  /** The most bytes. */
  most: number;
  conditions?: Conditions | undefined;
  /** Left out: as the bucket says. */
  encrypt?: AskedEncryption | undefined;
  /** For notifications: Put or Post. */
  how: string;
  author?: Author | undefined;
}

interface PutPart {
  bucket: string;
  key: string;
  upload: string;
  number: number;
  algorithm?: Algorithm | undefined;
  also?: readonly Algorithm[] | undefined;
  check?: ((digests: FinishedDigests, size: number) => void) | undefined;
  most: number;
  /** As its upload. */
  encrypt?: AskedEncryption | undefined;
}

export interface CopySource {
  object: ReadObject;
  /** Left out: all of it. */
  range?: ByteRange | undefined;
}

type CopiedObject = Pick<PutObject, "bucket" | "key" | "about" | "algorithm" | "conditions" | "author" | "encrypt">;

export interface Stored {
  version: string | undefined;
  /** MD5 of the content, or random digits if it is encrypted with a customer's key, as on AWS. */
  etag: string;
  size: number;
  checksum: Checksum | undefined;
  modifiedAt: number;
  encryption: Encryption | undefined;
}

export interface ReadObject {
  found: Found;
  /** The content, or some of it. Read at most once at a time. Throws "state-damaged". */
  content(range?: ByteRange, pieces?: Pieces): AsyncIterable<Uint8Array>;
  release: () => void;
}

interface ChangedObject {
  bucket: string;
  key: string;
  version?: string | undefined;
  change: Change;
  /** Whether a retention of mode GOVERNANCE may be shortened. */
  bypasses?: boolean | undefined;
  /** For notifications, such as "ObjectTagging:Put". */
  event?: string | undefined;
  author?: Author | undefined;
}
