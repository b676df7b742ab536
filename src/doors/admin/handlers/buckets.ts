import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { MayflyError } from "../../../base/errors/error.ts";
import {
  authorOf,
  type BucketCaller,
  createBucket,
  findBucket,
  listBuckets,
  listObjects,
  putObject,
  readObject,
  removeBucket,
  removeObject,
  type ShownBucket,
  shown,
} from "../../../control/buckets.ts";
import type { Author, Bucket } from "../../../services/objects/object.ts";
import type { StoredVersion } from "../../../services/objects/store/rows.ts";
import { traceInHeaders } from "../../../telemetry/traces/trace-header.ts";
import { isDenied } from "../../s3/access/is-denied.ts";
import { contentStream } from "../content-stream.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, scopeOf } from "../scope.ts";

export function addBuckets(api: OpenAPIHono<ApiEnv>, { catalog, objects, clock }: Parts): void {
  const parts = { names: catalog.names, objects };

  /** Throws "forbidden" if the bucket's policy denies the operation, which is named as in AWS's policies. */
  async function bucketFor(context: Context<ApiEnv>, given: string, operation: string, key = "", version?: string): Promise<Bucket> {
    const found = await findBucket(parts, callerOf(context), given);
    context.set("target", key === "" ? found.name : `${found.name}/${key}`);
    const { principal } = scopeOf(context);
    const caller = { principal, tenant: found.tenant };
    if (isDenied({ caller, bucket: found, operation, key, version, author: authorFor(context), now: clock.wall() }))
      throw new MayflyError("forbidden", {
        principal: principal.name,
        what: "do this",
        reason: `the policy of the bucket ${found.name} denies it`,
      });
    return found;
  }

  api.openapi(routes.buckets, async (context) => {
    const { app, after, limit } = context.req.valid("query");
    const found = await listBuckets(parts, callerOf(context), { app, after, most: limit });
    return context.json({ buckets: found.map(shownBucket) }, 200);
  });

  api.openapi(routes.createBucket, async (context) => {
    const made = await createBucket(parts, callerOf(context), context.req.valid("json").name);
    context.set("target", made.name);
    return context.json(shownBucket(await shown(parts, made)), 201);
  });

  api.openapi(routes.bucket, async (context) => {
    const found = await bucketFor(context, context.req.valid("param").bucket, "HeadBucket");
    return context.json(shownBucket(await shown(parts, found)), 200);
  });

  api.openapi(routes.removeBucket, async (context) => {
    const found = await bucketFor(context, context.req.valid("param").bucket, "DeleteBucket");
    await removeBucket(parts, found, context.req.valid("query").force === "true", authorFor(context));
    return context.body(null, 204);
  });

  api.openapi(routes.objects, async (context) => {
    const found = await bucketFor(context, context.req.valid("param").bucket, "ListObjects");
    const { limit, ...query } = context.req.valid("query");
    const listed = await listObjects(parts, found, { ...query, most: limit });
    return context.json({ objects: listed.objects.map(shownObject), prefixes: listed.prefixes, next: listed.next }, 200);
  });

  api.openapi(routes.object, async (context) => {
    const { key, version } = context.req.valid("query");
    const found = await bucketFor(context, context.req.valid("param").bucket, "GetObject", key, version);
    const read = await readObject(parts, found, key, version);
    const headers = {
      // Nobody is to take it for a page of the platform's.
      "content-type": "application/octet-stream",
      "content-length": String(read.found.size),
      etag: `"${read.found.etag}"`,
      "cache-control": "no-store",
    };
    return new Response(contentStream(read, context.req.method === "HEAD", context.env.whenOver), { headers });
  });

  api.openapi(routes.putObject, async (context) => {
    const { key, type } = context.req.valid("query");
    const found = await bucketFor(context, context.req.valid("param").bucket, "PutObject", key);
    const content = context.req.raw.body ?? nothing;
    const { size, etag, version = null } = await putObject(parts, found, { key, type, author: authorFor(context) }, content);
    return context.json({ key, bytes: size, etag, version }, 200);
  });

  api.openapi(routes.removeObject, async (context) => {
    const { key } = context.req.valid("query");
    const found = await bucketFor(context, context.req.valid("param").bucket, "DeleteObject", key);
    await removeObject(parts, found, key, authorFor(context));
    return context.body(null, 204);
  });
}

/** Content of no bytes. */
const nothing: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} };

function callerOf(context: Context<ApiEnv>): BucketCaller {
  const { tenant, principal } = scopeOf(context);
  return { tenant, apps: principal.apps };
}

function authorFor(context: Context<ApiEnv>): Author {
  const { principal, tenant } = scopeOf(context);
  // Before the server listened, or in a test, there is no connection.
  return authorOf(
    principal.name,
    tenant,
    (context.env as ApiEnv["Bindings"] | undefined)?.peer ?? "",
    traceInHeaders(context.req.header()),
  );
}

function shownBucket({ createdAt, ...bucket }: ShownBucket) {
  return { ...bucket, createdAt: timeOf(createdAt) };
}

function shownObject({ key, size, etag, modifiedAt, version, about }: StoredVersion) {
  const type = about.headers["content-type"] ?? null;
  return { key, bytes: size, etag, modifiedAt: timeOf(modifiedAt), type, version: version === "null" ? null : version };
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
