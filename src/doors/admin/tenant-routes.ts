/** The routes of tenants, principals and the audit log. They are part of the table in routes.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { body, errors, json, lines, none } from "./route-parts.ts";
import * as schemas from "./tenant-schemas.ts";

const tenantParams = z.object({ tenant: z.string() });

export const principal = createRoute({
  method: "get",
  path: "/v1/principal",
  summary: "Whose token the request was sent with: the name, role, tenant and apps",
  responses: { ...json(200, schemas.principalSchema), ...errors("unauthorized") },
});

export const tenants = createRoute({
  method: "get",
  path: "/v1/tenants",
  summary: "All tenants, with what their apps may use together",
  responses: { ...json(200, schemas.tenantListSchema), ...errors("unauthorized") },
});

export const createTenant = createRoute({
  method: "post",
  path: "/v1/tenants",
  summary: "Make a tenant",
  request: { body: body(schemas.newTenantSchema) },
  responses: { ...json(201, schemas.madeTenantSchema), ...errors("bad-request", "unauthorized", "name-taken", "disk-full") },
});

export const tenant = createRoute({
  method: "get",
  path: "/v1/tenants/{tenant}",
  summary: "A tenant, its limits, and how much of those of a month is used",
  request: { params: tenantParams },
  responses: { ...json(200, schemas.tenantSchema), ...errors("unauthorized") },
});

export const limitTenant = createRoute({
  method: "patch",
  path: "/v1/tenants/{tenant}/limits",
  summary: "Change some of what all apps of a tenant may use together",
  request: { params: tenantParams, body: body(schemas.tenantLimitChangesSchema) },
  responses: { ...json(200, schemas.tenantSchema), ...errors("bad-request", "unauthorized", "disk-full") },
});

export const removeTenant = createRoute({
  method: "delete",
  path: "/v1/tenants/{tenant}",
  summary: "Remove a tenant that has nothing any more, or, if forced, with all it has; its bills stay",
  request: { params: tenantParams, query: schemas.removeTenantQuerySchema },
  responses: { ...none, ...errors("bad-request", "unauthorized", "tenant-not-empty") },
});

export const tokens = createRoute({
  method: "get",
  path: "/v1/tokens",
  summary: "The tokens of the tenant's principals, or of all; never the tokens themselves",
  responses: { ...json(200, schemas.tokenListSchema), ...errors("unauthorized") },
});

export const createToken = createRoute({
  method: "post",
  path: "/v1/tokens",
  summary: "Make a token, and its principal if it is new; the reply is the only place where the token is shown",
  request: { body: body(schemas.newCredentialSchema) },
  responses: {
    ...json(201, schemas.madeTokenSchema),
    ...errors("bad-request", "unauthorized", "principal-differs", "too-many-credentials", "disk-full"),
  },
});

export const revokeToken = createRoute({
  method: "delete",
  path: "/v1/tokens/{token}",
  summary: "Revoke a token, by its id: it is refused from now on",
  request: { params: z.object({ token: z.string() }) },
  responses: { ...none, ...errors("unauthorized", "no-such-credential") },
});

export const keys = createRoute({
  method: "get",
  path: "/v1/keys",
  summary: "The key pairs of the tenant's principals, or of all; never their secrets",
  responses: { ...json(200, schemas.keyListSchema), ...errors("unauthorized") },
});

export const createKey = createRoute({
  method: "post",
  path: "/v1/keys",
  summary: "Make a key pair for Signature V4, and its principal if it is new; the reply is the only place where the secret is shown",
  request: { body: body(schemas.newCredentialSchema) },
  responses: {
    ...json(201, schemas.madeKeySchema),
    ...errors("bad-request", "unauthorized", "principal-differs", "too-many-credentials", "disk-full"),
  },
});

export const revokeKey = createRoute({
  method: "delete",
  path: "/v1/keys/{key}",
  summary: "Revoke a key pair, by its access key id: it is refused from now on",
  request: { params: z.object({ key: z.string() }) },
  responses: { ...none, ...errors("unauthorized", "no-such-credential") },
});

export const audit = createRoute({
  method: "get",
  path: "/v1/audit",
  summary: "The newest lines of the audit log, oldest first: of the tenant, or of the whole server",
  request: { query: schemas.auditQuerySchema },
  responses: { ...json(200, schemas.auditLogSchema), ...errors("bad-request", "unauthorized") },
});

export const followAudit = createRoute({
  method: "get",
  path: "/v1/audit/follow",
  summary:
    "The newest lines of the audit log, then new ones as they come: an AuditLine of JSON each; empty lines keep the connection alive",
  request: { query: schemas.followAuditQuerySchema },
  responses: { ...lines, ...errors("bad-request", "unauthorized") },
});
