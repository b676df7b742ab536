/** What a bucket and an object are, as data. Times are wall clock, in milliseconds since the epoch. */
import type { Checksum } from "./checksums/checksum.ts";
import type { KeyCheck } from "./encryption/data-keys.ts";

/** A bucket as it was made, with its settings. */
export interface Bucket {
  /** Unique on the server, as S3's are in the world. */
  name: string;
  /** The name that the bucket's policy has for it, where a door shows the bucket under another name. The store keeps none. */
  nameInPolicy?: string;
  /** The tenant's id. */
  tenant: string;
  region: string;
  createdAt: number;
  /** `off` until it is switched on for the first time. */
  versioning: Versioning;
  settings: BucketSettings;
}

export type Versioning = "off" | "enabled" | "suspended";

/** The settings that somebody has set, by their names, as a door has put them: JSON. Those that the service itself acts upon have types here. */
export interface BucketSettings {
  /** Its objects may be protected; then it is versioned for good. */
  lock?: { defaultMode?: LockMode; defaultMs?: number; /** If the default was given in years. */ defaultYears?: number };
  lifecycle?: LifecycleRule[];
  notification?: NotificationRule[];
  /** As `notification`, of those that the platform itself tells. */
  triggers?: NotificationRule[];
  /** What is encrypted that nobody asks it for, and what is not let in. */
  encryption?: BucketEncryption;
  /** The id of the app whose own it is; it goes with the app. */
  app?: string;
  [name: string]: unknown;
}

export interface BucketEncryption {
  /** Of objects whose client asks for no encryption. Left out: they are kept as they come. */
  algorithm?: "AES256";
  /** Kept and shown; it means something with AWS's key management service only. */
  hasBucketKey?: boolean;
  /** Whether new objects may not be encrypted with keys of customers; undefined: nobody has said. */
  blocksCustomerKeys?: boolean;
}

export type LockMode = "GOVERNANCE" | "COMPLIANCE";

/** What happens to objects with time. A rule is for the objects that its filter fits. */
export interface LifecycleRule {
  id: string;
  isEnabled: boolean;
  filter: ObjectFilter;
  /** Whether its prefix was given without a filter, as older clients do. */
  isPlain?: boolean;
  /** Of the current version: after days, or from a day on. */
  expiration?: { days?: number; date?: number; expiredMarkers?: boolean };
  /** Of a version that is not current any more, after days, apart from the newest `keep` of them. */
  noncurrent?: { days: number; keep: number };
  abortUploadsDays?: number;
}

export interface ObjectFilter {
  prefix?: string;
  tags?: Tags;
  /** Bytes; both are excluded. */
  above?: number;
  below?: number;
}

/** Where changes of objects are told. */
export interface NotificationRule {
  id: string;
  /** For example "s3:ObjectCreated:*". */
  events: string[];
  prefix: string;
  suffix: string;
  /** What the door knows the receiver by. */
  target: string;
}

export type Tags = Record<string, string>;

/** Bytes of a content file. */
export interface Segment {
  file: string;
  /** Where they begin and how many they are, before they were encrypted. */
  offset: number;
  size: number;
  /** The key of the file's content, sealed. Left out: it is not encrypted. */
  key?: string;
}

/** Whose key an object's content is encrypted with: the server's, or one of its customer, who sends it with each request. */
export type Encryption = { by: "server" } | ({ by: "customer" } & KeyCheck);

/** How new content is to be encrypted. */
export type AskedEncryption = { by: "server" } | { by: "customer"; /** 32 bytes; they are kept nowhere. */ key: Buffer };

/** A part of an object that was uploaded in parts. */
interface ObjectPart {
  number: number;
  size: number;
  checksum?: string | undefined;
}

/** What is kept of an object besides its content. */
export interface ObjectAbout {
  /** Those of HTTP that are sent with the content, such as content-type. Names in lower case. */
  headers: Record<string, string>;
  /** Of the user. Names in lower case. */
  metadata: Record<string, string>;
  /** The tenant's id. */
  owner: string;
  storageClass?: string | undefined;
  /** The store's own word; undefined: it is not encrypted. */
  encryption?: Encryption | undefined;
  checksum?: Checksum | undefined;
  parts?: ObjectPart[] | undefined;
  /** The id of the upload that it was completed from: a client that lost the answer completes it again. */
  upload?: string | undefined;
  tags?: Tags | undefined;
  /** As the door has put it. */
  acl?: unknown;
  /** Until then the version cannot be removed. */
  retention?: { mode: LockMode; until: number } | undefined;
  legalHold?: boolean | undefined;
  [name: string]: unknown;
}

export interface ObjectVersion {
  key: string;
  /** "null" is the id of a version that was written while the bucket was not versioned. */
  version: string;
  isLatest: boolean;
  /** A delete marker has no content. */
  isMarker: boolean;
  modifiedAt: number;
  size: number;
  /** Without quotes. */
  etag: string;
  about: ObjectAbout;
}

/** What must be true of the object that a write replaces or removes. An entity tag without quotes, or `*` for any. */
export interface Conditions {
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
  ifSize?: number | undefined;
  /** In whole seconds. */
  ifModifiedAt?: number | undefined;
}

/** Who changes something, for those who are told of it. */
export interface Author {
  principal: string;
  /** The principal's; left out: nobody has signed the request. */
  tenant?: string | undefined;
  peer: string;
  request: string;
  /** The trace that the request belongs to, by W3C's two headers; left out: it names none. What the change starts belongs to it. */
  trace?: { traceparent: string; tracestate: string } | undefined;
}

/** What a tenant may have. */
export interface ObjectLimits {
  bytes: number;
  objects: number;
  buckets: number;
  /** Changes that wait to be told to their receivers. Left out: 100,000. */
  notices?: number;
}

/** A change that is to be told. */
export interface Notice {
  seq: number;
  at: number;
  /** For example "ObjectCreated:Put". */
  event: string;
  rule: string;
  target: string;
  bucket: string;
  tenant: string;
  region: string;
  key: string;
  size: number;
  etag: string;
  /** Undefined if the bucket was never versioned. */
  version: string | undefined;
  author: Author | undefined;
}
