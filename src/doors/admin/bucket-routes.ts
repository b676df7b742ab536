/** The routes of buckets. They are part of the table in routes.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import * as schemas from "./bucket-schemas.ts";
import { body, content, errors, json, none } from "./route-parts.ts";

const params = schemas.bucketParamsSchema;

export const buckets = createRoute({
  method: "get",
  path: "/v1/buckets",
  summary: "The buckets that the caller may use, in the order of their names",
  request: { query: schemas.bucketListQuerySchema },
  responses: { ...json(200, schemas.bucketListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const createBucket = createRoute({
  method: "post",
  path: "/v1/buckets",
  summary: "Make a bucket of the tenant's own; one that is there is left as it is",
  request: { body: body(schemas.newBucketSchema) },
  responses: {
    ...json(201, schemas.bucketSchema),
    ...errors("bad-request", "unauthorized", "bucket-taken", "object-storage-full", "store-busy", "disk-full"),
  },
});

export const bucket = createRoute({
  method: "get",
  path: "/v1/buckets/{bucket}",
  summary: "A bucket, with how much is in it",
  request: { params },
  responses: { ...json(200, schemas.bucketSchema), ...errors("bad-request", "unauthorized", "no-such-app", "no-such-bucket") },
});

export const removeBucket = createRoute({
  method: "delete",
  path: "/v1/buckets/{bucket}",
  summary: "Remove a bucket that is empty; with force, all that is in it",
  request: { params, query: schemas.removeBucketQuerySchema },
  responses: {
    ...none,
    ...errors("bad-request", "unauthorized", "no-such-app", "no-such-bucket", "bucket-not-empty", "object-protected", "store-busy"),
  },
});

export const objects = createRoute({
  method: "get",
  path: "/v1/buckets/{bucket}/objects",
  summary: "The objects of a bucket, in the order of their keys",
  request: { params, query: schemas.objectListQuerySchema },
  responses: { ...json(200, schemas.objectListSchema), ...errors("bad-request", "unauthorized", "no-such-app", "no-such-bucket") },
});

export const object = createRoute({
  method: "get",
  path: "/v1/buckets/{bucket}/object",
  summary: "The content of an object",
  request: { params, query: schemas.objectQuerySchema },
  responses: {
    ...content("The bytes of the object"),
    ...errors("bad-request", "object-key-needed", "unauthorized", "no-such-app", "no-such-bucket", "no-such-object"),
  },
});

export const putObject = createRoute({
  method: "put",
  path: "/v1/buckets/{bucket}/object",
  summary: "Put an object, whose content is the body: answered when it is on the disk",
  request: {
    params,
    query: schemas.putObjectQuerySchema,
    body: { required: true, content: { "application/octet-stream": { schema: z.any() } } },
  },
  responses: {
    ...json(200, schemas.storedObjectSchema),
    ...errors(
      "bad-request",
      "unauthorized",
      "no-such-app",
      "no-such-bucket",
      "body-too-large",
      "object-storage-full",
      "store-busy",
      "disk-full",
    ),
  },
});

export const removeObject = createRoute({
  method: "delete",
  path: "/v1/buckets/{bucket}/object",
  summary: "Remove an object, whether or not it is there; a bucket with versions keeps it behind a delete marker",
  request: { params, query: schemas.removeObjectQuerySchema },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "no-such-bucket", "object-protected", "store-busy") },
});
