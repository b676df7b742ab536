/** The routes of key-value stores. They are part of the table in routes.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import * as schemas from "./kv-schemas.ts";
import { body, errors, json, none } from "./route-parts.ts";

export const keyValueStores = createRoute({
  method: "get",
  path: "/v1/apps/{app}/kv",
  summary: "An app's key-value stores, with what is in them",
  request: { params: z.object({ app: nameSchema }) },
  responses: { ...json(200, schemas.storeListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const keyValues = createRoute({
  method: "get",
  path: "/v1/apps/{app}/kv/{store}/keys",
  summary: "The keys of a store, in their order",
  request: { params: schemas.storeParamsSchema, query: schemas.keyListQuerySchema },
  responses: { ...json(200, schemas.keyListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const keyValue = createRoute({
  method: "get",
  path: "/v1/apps/{app}/kv/{store}/value",
  summary: "The value of a key",
  request: { params: schemas.storeParamsSchema, query: schemas.keyQuerySchema },
  responses: { ...json(200, schemas.entrySchema), ...errors("bad-request", "unauthorized", "no-such-app", "no-such-key") },
});

export const putKeyValue = createRoute({
  method: "put",
  path: "/v1/apps/{app}/kv/{store}/value",
  summary: "Put a value under a key: answered when it is on the disk",
  request: { params: schemas.storeParamsSchema, query: schemas.keyQuerySchema, body: body(schemas.newEntrySchema) },
  responses: {
    ...json(200, schemas.writtenSchema),
    ...errors("bad-request", "unauthorized", "no-such-app", "kv-conflict", "kv-full", "kv-too-large", "store-busy", "disk-full"),
  },
});

export const removeKeyValue = createRoute({
  method: "delete",
  path: "/v1/apps/{app}/kv/{store}/value",
  summary: "Remove a key, whether or not it is there",
  request: { params: schemas.storeParamsSchema, query: schemas.keyQuerySchema },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "store-busy") },
});

export const removeKeyValueStore = createRoute({
  method: "delete",
  path: "/v1/apps/{app}/kv/{store}",
  summary: "Remove a store with all that is in it",
  request: { params: schemas.storeParamsSchema },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "store-busy") },
});
