/**
 * Types of what Mayfly gives to functions in Node: `import type { KVNamespace } from "mayfly/types"`. There is nothing to import at run time: the objects are in `env`.
 */

/** A SQL database, in the shape of Cloudflare's D1. Errors have a `code` such as "sql-error". */
export interface D1Database {
  prepare(sql: string): D1PreparedStatement;
  /** Statements that are done in one transaction: all of them, or none. */
  batch<Row = Record<string, unknown>>(statements: D1PreparedStatement[]): Promise<D1Result<Row>[]>;
  /** Statements without parameters, one after the other, each by itself. */
  exec(script: string): Promise<{ duration: number }>;
  /** The database itself: there is one copy, so that every read sees what was written last. */
  withSession(constraint?: string): D1Database;
  /** Always null. */
  getBookmark(): string | null;
}

export interface D1PreparedStatement {
  bind(...values: unknown[]): D1PreparedStatement;
  first<Value = unknown>(column: string): Promise<Value | null>;
  first<Row = Record<string, unknown>>(): Promise<Row | null>;
  all<Row = Record<string, unknown>>(): Promise<D1Result<Row>>;
  run<Row = Record<string, unknown>>(): Promise<D1Result<Row>>;
  raw<Row = unknown[]>(options: { columnNames: true }): Promise<[string[], ...Row[]]>;
  raw<Row = unknown[]>(options?: { columnNames?: false }): Promise<Row[]>;
}

export interface D1Result<Row = Record<string, unknown>> {
  success: true;
  results: Row[];
  meta: { duration: number; changes: number; last_row_id: number; changed_db: boolean; size_after: number };
}

/** A key-value store, in the shape of Cloudflare's, with `increment`, `batch` and versions besides. @typeParam Key what keys are, if not any text */
export interface KVNamespace<Key extends string = string> {
  /** Null if there is no such key. */
  get(key: Key, options?: "text" | KVGetOptions<"text"> | KVGetOptions<undefined>): Promise<string | null>;
  get<Value = unknown>(key: Key, options: "json" | KVGetOptions<"json">): Promise<Value | null>;
  get(key: Key, options: "arrayBuffer" | KVGetOptions<"arrayBuffer">): Promise<ArrayBuffer | null>;
  get(key: Key, options: "stream" | KVGetOptions<"stream">): Promise<ReadableStream<Uint8Array> | null>;
  get(keys: Key[], options?: "text" | KVGetOptions<"text"> | KVGetOptions<undefined>): Promise<Map<string, string | null>>;
  get<Value = unknown>(keys: Key[], options: "json" | KVGetOptions<"json">): Promise<Map<string, Value | null>>;

  getWithMetadata<Metadata = unknown>(
    key: Key,
    options?: "text" | KVGetOptions<"text"> | KVGetOptions<undefined>,
  ): Promise<KVGetWithMetadataResult<string, Metadata>>;
  getWithMetadata<Value = unknown, Metadata = unknown>(
    key: Key,
    options: "json" | KVGetOptions<"json">,
  ): Promise<KVGetWithMetadataResult<Value, Metadata>>;
  getWithMetadata<Metadata = unknown>(
    key: Key,
    options: "arrayBuffer" | KVGetOptions<"arrayBuffer">,
  ): Promise<KVGetWithMetadataResult<ArrayBuffer, Metadata>>;
  getWithMetadata<Metadata = unknown>(
    key: Key,
    options: "stream" | KVGetOptions<"stream">,
  ): Promise<KVGetWithMetadataResult<ReadableStream<Uint8Array>, Metadata>>;

  /** Resolves when the value is on the disk. Rejects with an Error whose `code` is "kv-conflict", "kv-full", "kv-too-large" … */
  put(key: Key, value: string | ArrayBuffer | ArrayBufferView | ReadableStream, options?: KVPutOptions): Promise<{ version: number }>;
  /** Resolves also if there is no such key. */
  delete(key: Key, options?: { ifVersion?: number }): Promise<void>;
  /** In the order of the keys' bytes in UTF-8. */
  list<Metadata = unknown>(options?: KVListOptions): Promise<KVListResult<Metadata, Key>>;
  /** Adds to a whole number, 0 if there is no such key, and returns the sum. */
  increment(key: Key, by?: number, options?: Pick<KVPutOptions, "expiration" | "expirationTtl">): Promise<number>;
  /** Writes that are all made, or none of them. `value` is that of a counter. */
  batch(writes: readonly KVWrite<Key>[]): Promise<{ version: number; value?: number }[]>;
}

/** A bucket, in the shape of Cloudflare's R2Bucket. */
export interface R2Bucket {
  /** Null if there is no such object. */
  head(key: string, options?: R2KeyOptions): Promise<R2Object | null>;
  /** Null if there is no such object; without a body if the conditions of `onlyIf` are not met. */
  get(key: string, options?: R2GetOptions): Promise<R2ObjectBody | R2Object | null>;
  /** Resolves when the object is on the disk; with null if the conditions of `onlyIf` are not met. A stream is read to its end first. */
  put(key: string, value: R2Content | null, options?: R2PutOptions): Promise<R2Object | null>;
  /** Resolves also if there is no such object. */
  delete(keys: string | readonly string[]): Promise<void>;
  /** In the order of the keys' bytes in UTF-8. */
  list(options?: R2ListOptions): Promise<R2Objects>;
  /** Begins an upload in parts. What was not completed stays, and counts as used, until it is aborted. */
  createMultipartUpload(key: string, options?: R2About & R2KeyOptions): Promise<R2MultipartUpload>;
  /** One that another invocation has begun. */
  resumeMultipartUpload(key: string, uploadId: string): R2MultipartUpload;
}

/** What encrypts an object with a key of the app's own, which the host does not keep. Each call that writes or reads the object needs the same key. */
export interface R2KeyOptions {
  /** 64 hexadecimal digits, or 32 bytes. */
  ssecKey?: string | ArrayBuffer | ArrayBufferView;
}

export interface R2GetOptions extends R2KeyOptions {
  range?: R2Range | Headers;
  onlyIf?: R2Conditional | Headers;
}

/** An object's content. Streams are read to their end first. */
type R2Content = string | ArrayBuffer | ArrayBufferView | Blob | ReadableStream;

export interface R2MultipartUpload {
  readonly key: string;
  readonly uploadId: string;
  /** Every part but the last has at least 5 MiB. @param partNumber 1 to 10,000 */
  uploadPart(partNumber: number, value: R2Content, options?: R2KeyOptions): Promise<R2UploadedPart>;
  abort(): Promise<void>;
  /** Makes the object of these parts, and removes the others. */
  complete(uploadedParts: readonly R2UploadedPart[]): Promise<R2Object>;
}

export interface R2UploadedPart {
  partNumber: number;
  etag: string;
}

export interface R2ListOptions {
  prefix?: string;
  delimiter?: string;
  cursor?: string;
  startAfter?: string;
  /** At most 1,000, which is the default. */
  limit?: number;
  /** Objects are without their metadata otherwise. With it, each of them is one request more. */
  include?: readonly ("httpMetadata" | "customMetadata")[];
}

export interface R2Object {
  key: string;
  /** Empty: the bucket keeps no versions. */
  version: string;
  size: number;
  etag: string;
  httpEtag: string;
  uploaded: Date;
  httpMetadata: R2HTTPMetadata;
  customMetadata: Record<string, string>;
  /** Of a get that asked for a part. */
  range?: { offset: number; length: number };
  checksums: R2Checksums;
  storageClass: R2StorageClass;
  /** In hexadecimal digits; only of an object that is encrypted with a key of the app's own. */
  ssecKeyMd5?: string;
  writeHttpMetadata(headers: Headers): void;
}

export interface R2ObjectBody extends R2Object {
  readonly body: ReadableStream<Uint8Array>;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array>;
  text(): Promise<string>;
  json<Value = unknown>(): Promise<Value>;
  blob(): Promise<Blob>;
}

export interface R2Checksums {
  /** Of what was put in one piece, and is not encrypted with a key of the app's own. */
  md5?: ArrayBuffer;
  /** These two, if the object was put with them. */
  sha1?: ArrayBuffer;
  sha256?: ArrayBuffer;
  /** In hexadecimal digits. */
  toJSON(): Record<string, string>;
}

/** Kept and shown; all content is stored alike. */
type R2StorageClass = "Standard" | "InfrequentAccess";

export interface R2HTTPMetadata {
  contentType?: string;
  contentLanguage?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  cacheControl?: string;
  cacheExpiry?: Date;
}

export interface R2Range {
  offset?: number;
  length?: number;
  suffix?: number;
}

export interface R2Conditional {
  etagMatches?: string;
  etagDoesNotMatch?: string;
  uploadedBefore?: Date;
  uploadedAfter?: Date;
}

export interface R2About {
  httpMetadata?: R2HTTPMetadata | Headers;
  customMetadata?: Record<string, string>;
  storageClass?: R2StorageClass;
}

export interface R2PutOptions extends R2About, R2KeyOptions {
  /** Of conditions, those on the ETag. */
  onlyIf?: Pick<R2Conditional, "etagMatches" | "etagDoesNotMatch"> | Headers;
  /** Hexadecimal digits, or bytes: the put is refused if the content has another digest. At most one of them. */
  md5?: string | ArrayBuffer | ArrayBufferView;
  sha1?: string | ArrayBuffer | ArrayBufferView;
  sha256?: string | ArrayBuffer | ArrayBufferView;
}

export interface R2Objects {
  objects: R2Object[];
  truncated: boolean;
  cursor?: string;
  delimitedPrefixes: string[];
}

/** A queue, in the shape of Cloudflare's, with what FIFO queues need besides. @typeParam Body what its messages are */
export interface Queue<Body = unknown> {
  /** Resolves when the message is on the disk. Rejects with an Error whose `code` is SQS's, such as "OverLimit". */
  send(body: Body, options?: QueueSendOptions): Promise<{ id: string }>;
  /** Resolves when all messages are on the disk. */
  sendBatch(messages: Iterable<QueueSendMessage<Body>>, options?: Pick<QueueSendOptions, "delaySeconds">): Promise<{ ids: string[] }>;
}

export interface QueueSendOptions {
  /** Default: json. */
  contentType?: "json" | "text" | "bytes";
  /** Seconds for which nobody gets the message, up to 900. */
  delaySeconds?: number;
  /** Of a FIFO queue: the group within which messages keep their order. */
  group?: string;
  /** Of a FIFO queue: of messages with the same id in 5 minutes, only the first is kept. Default: the text's hash. */
  dedupId?: string;
}

export interface QueueSendMessage<Body = unknown> extends QueueSendOptions {
  body: Body;
}

/** What `queue(batch, env, ctx)` gets, if a function has a trigger of a queue. */
export interface MessageBatch<Body = unknown> {
  readonly queue: string;
  readonly messages: readonly Message<Body>[];
  ackAll(): void;
  retryAll(options?: { delaySeconds?: number }): void;
}

export interface Message<Body = unknown> {
  readonly id: string;
  readonly timestamp: Date;
  readonly body: Body;
  /** How often it was received, this time included. */
  readonly attempts: number;
  /** Of a FIFO queue. */
  readonly group: string | undefined;
  /** It is done, also if the handler throws afterwards. */
  ack(): void;
  /** It comes again when the queue's visibility time is over, or after `delaySeconds`, up to 12 hours. */
  retry(options?: { delaySeconds?: number }): void;
}

export interface KVGetOptions<Type> {
  type?: Type;
  /** Taken, and of no effect: nothing is cached. */
  cacheTtl?: number;
}

export interface KVGetWithMetadataResult<Value, Metadata> {
  value: Value | null;
  metadata: Metadata | null;
  cacheStatus: null;
  /** Null if there is no such key. */
  version: number | null;
}

export interface KVPutOptions {
  /** Seconds since 1970. */
  expiration?: number;
  /** Seconds from now, at least 1. */
  expirationTtl?: number;
  /** What JSON can hold, at most 1,024 bytes of it. */
  metadata?: unknown;
  /** Put only if the entry has this version; 0: only if there is none. */
  ifVersion?: number;
}

export interface KVListOptions {
  prefix?: string | null;
  /** At most 1,000, which is the default. */
  limit?: number;
  cursor?: string | null;
}

export type KVListResult<Metadata, Key extends string = string> = {
  keys: { name: Key; expiration?: number; metadata?: Metadata; version: number; bytes: number }[];
  cacheStatus: null;
} & ({ list_complete: false; cursor: string } | { list_complete: true });

export type KVWrite<Key extends string = string> =
  | { put: Key; value: string; base64?: boolean; metadata?: unknown; expiration?: number; expirationTtl?: number; ifVersion?: number }
  | { delete: Key; ifVersion?: number }
  | { increment: Key; by?: number; expiration?: number; expirationTtl?: number; ifVersion?: number };
