import type { OpenAPIHono } from "@hono/zod-openapi";
import { entryAt, keysIn, type KvParts, putEntry, removeEntry, removeStore, type StoreNames, storesOfApp } from "../../../control/kv.ts";
import { traceInHeaders } from "../../../telemetry/traces/trace-header.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";

export function addKv(api: OpenAPIHono<ApiEnv>, { catalog, kv, clock }: Parts): void {
  const parts: KvParts = { names: catalog.names, kv };
  const where = (tenant: string, { app, store }: Omit<StoreNames, "tenant">): StoreNames => ({ tenant, app, store });

  api.openapi(routes.keyValueStores, async (context) => {
    const stores = await storesOfApp(parts, tenantOf(context), context.req.valid("param").app);
    return context.json({ stores }, 200);
  });

  api.openapi(routes.keyValues, async (context) => {
    const { prefix, limit, cursor } = context.req.valid("query");
    const after = cursor === undefined ? {} : { after: Buffer.from(cursor, "base64url").toString() };
    const page = await keysIn(parts, where(tenantOf(context), context.req.valid("param")), { prefix, most: limit, ...after });
    const keys = page.keys.map(({ expiresAt, metadata, ...key }) => ({
      ...key,
      expiration: secondsOf(expiresAt),
      metadata: parsed(metadata),
    }));
    return context.json({ keys, cursor: page.next === null ? null : Buffer.from(page.next).toString("base64url") }, 200);
  });

  api.openapi(routes.keyValue, async (context) => {
    const { key } = context.req.valid("query");
    const { value, version, expiresAt, metadata } = await entryAt(parts, where(tenantOf(context), context.req.valid("param")), key);
    return context.json({ key, ...shown(value), version, expiration: secondsOf(expiresAt), metadata: parsed(metadata) }, 200);
  });

  api.openapi(routes.putKeyValue, async (context) => {
    const { value, base64, metadata, expirationTtl, ifVersion } = context.req.valid("json");
    const entry = {
      key: context.req.valid("query").key,
      value: Buffer.from(value, base64 ? "base64" : "utf8"),
      metadata: metadata === undefined || metadata === null ? null : JSON.stringify(metadata),
      expiresAt: expirationTtl === undefined ? null : clock.wall() + 1_000 * expirationTtl,
      ifVersion,
    };
    const trace = traceInHeaders(context.req.header());
    const version = await putEntry(parts, where(tenantOf(context), context.req.valid("param")), entry, trace);
    return context.json({ version }, 200);
  });

  api.openapi(routes.removeKeyValue, async (context) => {
    const trace = traceInHeaders(context.req.header());
    await removeEntry(parts, where(tenantOf(context), context.req.valid("param")), context.req.valid("query").key, trace);
    return context.body(null, 204);
  });

  api.openapi(routes.removeKeyValueStore, async (context) => {
    await removeStore(parts, where(tenantOf(context), context.req.valid("param")));
    return context.body(null, 204);
  });
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function shown(value: Uint8Array): { value: string; base64: boolean } {
  try {
    return { value: utf8.decode(value), base64: false };
  } catch {
    return { value: Buffer.from(value).toString("base64"), base64: true };
  }
}

function parsed(metadata: string | null): unknown {
  return metadata === null ? null : JSON.parse(metadata);
}

function secondsOf(expiresAt: number | null): number | null {
  return expiresAt === null ? null : Math.ceil(expiresAt / 1_000);
}
