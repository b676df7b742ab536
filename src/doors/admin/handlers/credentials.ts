import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  type Actor,
  createKey,
  createToken,
  describePrincipal,
  listCredentials,
  type Maker,
  revokeCredential,
} from "../../../control/credentials.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, chosenTenant, scopeOf } from "../scope.ts";

export function addCredentials(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.principal, (context) => context.json(describePrincipal(parts, scopeOf(context).principal), 200));

  api.openapi(routes.tokens, (context) => context.json({ tokens: listCredentials(parts, "token", listing(context)) }, 200));

  api.openapi(routes.createToken, (context) => context.json(createToken(parts, making(context), context.req.valid("json")), 201));

  api.openapi(routes.revokeToken, (context) => {
    revokeCredential(parts, "token", listing(context), context.req.valid("param").token);
    return context.body(null, 204);
  });

  api.openapi(routes.keys, (context) => context.json({ keys: listCredentials(parts, "key", listing(context)) }, 200));

  api.openapi(routes.createKey, (context) => context.json(createKey(parts, making(context), context.req.valid("json")), 201));

  api.openapi(routes.revokeKey, (context) => {
    revokeCredential(parts, "key", listing(context), context.req.valid("param").key);
    return context.body(null, 204);
  });
}

/** Who names no tenant lists and revokes those of all. */
function listing(context: Context<ApiEnv>): Actor {
  const scope = scopeOf(context);
  return { principal: scope.principal, tenant: chosenTenant(scope) };
}

/** A principal that is to be of a tenant is of `main` where the request names none. */
function making(context: Context<ApiEnv>): Maker {
  const { principal, tenant, isChosen } = scopeOf(context);
  return { principal, tenant, isChosen };
}
