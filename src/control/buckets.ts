/** Buckets, as users see and change them by the management API. What is in them is read and written by S3's protocol, too. */
import { randomUUID } from "node:crypto";
import { MayflyError } from "../base/errors/error.ts";
import type { Author, Bucket } from "../services/objects/object.ts";
import type { Objects, ReadObject, Stored } from "../services/objects/objects.ts";
import type { Listed } from "../services/objects/store/list.ts";
import type { StoredVersion } from "../services/objects/store/rows.ts";
import type { Used } from "../services/objects/store/used.ts";
import type { Names } from "../store/catalog/catalog.ts";
import { appIdOf } from "./names.ts";
import { ownBucketName } from "./own-buckets.ts";
import type { Seen } from "./seen.ts";

export interface BucketParts {
  names: Pick<Names, "holder" | "nameOf">;
  objects: Objects;
}

/** Who asks: a tenant's id, and the apps that the caller is bounded to. */
export interface BucketCaller {
  tenant: string;
  apps: Seen["apps"];
}

export interface ShownBucket extends Pick<Bucket, "name" | "createdAt" | "versioning">, Used {
  /** The name of the app that it belongs to. An app that is gone has none. */
  app: string | null;
  /** What the app calls it; null: it belongs to none. */
  called: string | null;
}

const REGION = "us-east-1";
const PAGE = 1_000;
/** Of one object, bytes. */
const MOST_BYTES = 5 * 2 ** 30;
const USUAL_TYPE = "application/octet-stream";

/** In the order of their names. @param query.after those whose names come after this one */
export async function listBuckets(
  parts: BucketParts,
  caller: BucketCaller,
  query: { app?: string | undefined; after?: string | undefined; most: number },
): Promise<ShownBucket[]> {
  const only = query.app === undefined ? caller.apps : [appOf(parts, caller, query.app)];
  const found: Bucket[] = [];
  for (let after: string | undefined = query.after ?? ""; after !== undefined && found.length < query.most;) {
    const page: Bucket[] = await parts.objects.buckets(caller.tenant, { prefix: "", after, most: PAGE });
    found.push(...page.filter((bucket) => isFor(bucket, only)));
    after = page.length < PAGE ? undefined : page.at(-1)!.name;
  }
  return Promise.all(found.slice(0, query.most).map((bucket) => shown(parts, bucket)));
}

/**
 * @param given the name of a bucket, or `<app>:<name>` with the name that an app has for its own
 * Rejects with "no-such-bucket", also for one that is not for the caller, and with "no-such-app".
 */
export async function findBucket(parts: BucketParts, caller: BucketCaller, given: string): Promise<Bucket> {
  const [first = "", own] = given.split(":");
  const bucket = await parts.objects.bucket(own === undefined ? first : ownBucketName(appOf(parts, caller, first), own));
  if (bucket === null || bucket.tenant !== caller.tenant || !isFor(bucket, caller.apps))
    throw new MayflyError("no-such-bucket", { name: given });
  return bucket;
}

export async function shown({ names, objects }: BucketParts, { name, settings, createdAt, versioning }: Bucket): Promise<ShownBucket> {
  const { app } = settings;
  const { objects: count, bytes } = await objects.inBucket(name);
  return {
    name,
    createdAt,
    versioning,
    objects: count,
    bytes,
    app: (app && names.nameOf(app)?.name) ?? null,
    called: app === undefined ? null : calledBy(app, name),
  };
}

/** Rejects with "bad-request" if the caller is bounded to some apps, with "bucket-taken" and "object-storage-full". */
export async function createBucket({ objects }: BucketParts, { tenant, apps }: BucketCaller, name: string): Promise<Bucket> {
  if (apps !== null) throw new MayflyError("bad-request", { what: "the buckets of an app are made by the bindings of its mayfly.json" });
  const settings = { ownership: "BucketOwnerEnforced" };
  const { bucket } = await objects.createBucket({ name, tenant, region: REGION, isLocked: false, settings });
  if (bucket.tenant !== tenant) throw new MayflyError("bucket-taken", { name });
  return bucket;
}

/** Rejects with "bad-request" if it belongs to an app, with "bucket-not-empty"; with `force`, which removes what is in it, with "object-protected". */
export async function removeBucket({ objects }: BucketParts, { name, settings }: Bucket, force: boolean, author: Author): Promise<void> {
  if (settings.app !== undefined) throw new MayflyError("bad-request", { what: "the bucket belongs to an app, and goes with it" });
  if (force) await clear(objects, name, author);
  await objects.removeBucket(name);
}

async function clear(objects: Objects, name: string, author: Author): Promise<void> {
  const query = { bucket: name, prefix: "", delimiter: "", after: "", most: PAGE };
  for (let { objects: found } = await objects.listVersions(query); found.length > 0; { objects: found } = await objects.listVersions(query))
    for (const { key, version } of found) await objects.remove({ bucket: name, key, version, author });
}

/** @param query.after what comes after this key or common prefix */
export function listObjects(
  { objects }: BucketParts,
  { name }: Bucket,
  query: { prefix: string; delimiter: string; after: string; most: number },
): Promise<Listed<StoredVersion>> {
  return objects.list({ bucket: name, ...query });
}

/** Rejects with "no-such-object". `release` of the result must be called. */
export async function readObject(
  { objects }: BucketParts,
  { name }: Bucket,
  key: string,
  version: string | undefined,
): Promise<ReadObject> {
  const read = await objects.read(name, key, version);
  if (!read.found.isMarker) return read;
  read.release();
  throw new MayflyError("no-such-object", { key });
}

/** Rejects with "object-storage-full", "body-too-large" and what `source` throws. */
export function putObject(
  { objects }: BucketParts,
  { name, tenant }: Bucket,
  { key, type = USUAL_TYPE, author }: { key: string; type?: string | undefined; author: Author },
  source: AsyncIterable<Uint8Array>,
): Promise<Stored> {
  const about = { headers: { "content-type": type }, metadata: {}, owner: tenant };
  return objects.put({ bucket: name, key, about, algorithm: "CRC64NVME", most: MOST_BYTES, how: "Put", author }, source);
}

/** A bucket with versions keeps what is there, behind a delete marker. */
export async function removeObject({ objects }: BucketParts, { name }: Bucket, key: string, author: Author): Promise<void> {
  await objects.remove({ bucket: name, key, author });
}

export function authorOf(principal: string, tenant: string, peer: string, trace: Author["trace"]): Author {
  return { principal, tenant, peer, trace, request: randomUUID().replaceAll("-", "").slice(0, 16).toUpperCase() };
}

function isFor({ settings: { app } }: Bucket, apps: Seen["apps"]): boolean {
  return apps === null || (app !== undefined && apps.includes(app));
}

function calledBy(app: string, name: string): string | null {
  const own = name.slice(0, name.lastIndexOf("-"));
  return ownBucketName(app, own) === name ? own : null;
}

/** Throws "no-such-app", also for an app that the caller is not bounded to. */
function appOf({ names }: BucketParts, { tenant, apps }: BucketCaller, app: string): string {
  const id = appIdOf(names, tenant, app);
  if (apps !== null && !apps.includes(id)) throw new MayflyError("no-such-app", { app });
  return id;
}
