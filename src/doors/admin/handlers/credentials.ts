import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  type Actor,
  createKey,
  createToken,
  type CredentialRequest,
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

  api.openapi(routes.createToken, (context) =>
    context.json(
      told(context, context.req.valid("json"), (request) => createToken(parts, making(context), request)),
      201,
    ),
  );

  api.openapi(routes.revokeToken, (context) => {
    revokeCredential(parts, "token", listing(context), context.req.valid("param").token);
    return context.body(null, 204);
  });

  api.openapi(routes.keys, (context) => context.json({ keys: listCredentials(parts, "key", listing(context)) }, 200));

  api.openapi(routes.createKey, (context) =>
    context.json(
      told(context, context.req.valid("json"), (request) => createKey(parts, making(context), request)),
      201,
    ),
  );

  api.openapi(routes.revokeKey, (context) => {
    revokeCredential(parts, "key", listing(context), context.req.valid("param").key);
    return context.body(null, 204);
  });
}

/** The audit log says whose token or key was made or refused, with which role, and its id, by which a later line says that it was revoked. */
function told<Made extends { id: string }>(
  context: Context<ApiEnv>,
  request: CredentialRequest,
  make: (request: CredentialRequest) => Made,
): Made {
  const who = `${request.principal}/${request.role}`;
  context.set("target", who);
  const made = make(request);
  context.set("target", `${who}/${made.id}`);
  return made;
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
