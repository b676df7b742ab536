/** What the routes of tenants, tokens, keys and the audit log accept and return. */
import { z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import { tenantLimitsShape } from "../../store/catalog/tenant-limits.ts";
import { ROLES } from "../../store/principals/principal.ts";

const milliseconds = z.int().openapi({ description: "Milliseconds since the epoch." });

/** A tenant's name is a label of hosts, so that it has no capitals and no `_`. Names of tenants that are there already may be otherwise. */
const newTenantNameSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, "must be 1 to 40 of a-z, 0-9 and -, and neither begin nor end with -");

const tenantLimitsSchema = z.strictObject(tenantLimitsShape).openapi("TenantLimits", {
  description: "Of all apps of the tenant together; null: as much as it likes. `spend`, `requests` and `cpuSeconds` are of a month.",
});

export const tenantLimitChangesSchema = z
  .strictObject(tenantLimitsShape)
  .partial()
  .openapi("TenantLimitChanges", { description: "What is absent stays as it is; null lifts the limit." });

const tenantShape = {
  name: z.string(),
  createdAt: milliseconds.nullable().openapi({ description: "Milliseconds since the epoch; null for `main`." }),
  apps: z.int(),
  appliances: z.int(),
  limits: tenantLimitsSchema,
};

export const tenantListSchema = z.object({ tenants: z.array(z.object(tenantShape)) }).openapi("TenantList");
export const newTenantSchema = z.strictObject({ name: newTenantNameSchema }).openapi("NewTenant");
export const madeTenantSchema = z.object(tenantShape).openapi("MadeTenant");
export const tenantSchema = z
  .object({
    ...tenantShape,
    uses: z
      .array(
        z.object({
          limit: z.enum(["spend", "requests", "cpuSeconds"]),
          used: z.number(),
          most: z.number(),
          state: z.enum(["free", "warned", "reached"]),
        }),
      )
      .openapi({ description: "How much of the limits of a month is used." }),
  })
  .openapi("Tenant");
export const removeTenantQuerySchema = z.strictObject({
  force: z
    .enum(["true", "false"])
    .default("false")
    .openapi({ description: "Whether its apps, appliances, tokens and keys are removed with it." }),
});

const roleSchema = z.enum(ROLES);

const principalShape = {
  principal: nameSchema,
  role: roleSchema,
  tenant: z.string().nullable().openapi({ description: "The tenant's name; null: it is of the whole server." }),
  apps: z.array(z.string()).nullable().openapi({ description: "The apps that it is bounded to; null: all of the tenant." }),
};

export const principalSchema = z.object(principalShape).openapi("Principal");

const credentialShape = {
  id: z.string(),
  ...principalShape,
  createdAt: milliseconds,
  expiresAt: milliseconds.nullable(),
  lastUsedAt: milliseconds.nullable().openapi({ description: "To the minute if the server was killed since; null: never." }),
};

/** Ten years. */
const LONGEST_SECONDS = 315_360_000;

export const newCredentialSchema = z
  .strictObject({
    principal: nameSchema,
    role: roleSchema,
    apps: z.array(nameSchema).min(1).max(100).nullable().default(null).openapi({ description: "null: all apps of the tenant." }),
    allTenants: z.boolean().default(false).openapi({ description: "Whether it is of the whole server, as operators always are." }),
    expiresInSeconds: z
      .int()
      .positive()
      .max(LONGEST_SECONDS)
      .nullable()
      .default(null)
      .openapi({ description: "null: it does not expire." }),
  })
  .openapi("NewCredential", { description: "`principal` is the name of who it is for, who is made with the first token or key." });

export const tokenListSchema = z.object({ tokens: z.array(z.object(credentialShape)) }).openapi("TokenList");
export const madeTokenSchema = z
  .object({ ...credentialShape, token: z.string().openapi({ description: "Shown here and never again." }) })
  .openapi("MadeToken");
export const keyListSchema = z.object({ keys: z.array(z.object(credentialShape)) }).openapi("KeyList");
export const madeKeySchema = z
  .object({
    ...credentialShape,
    secret: z.string().openapi({ description: "The secret access key; `id` is the access key id. Shown here and never again." }),
  })
  .openapi("MadeKey");

const auditLineSchema = z
  .object({
    at: z.number().openapi({ description: "Milliseconds since the epoch." }),
    principal: z.string().nullable().openapi({ description: "null: the token was not known." }),
    of: z.string().nullable().openapi({ description: "The principal's tenant; null: it is of the whole server, or not known." }),
    role: z.string().nullable(),
    address: z.string().openapi({ description: "The address at the other end of the connection, or the one that a trusted proxy saw." }),
    action: z.string().openapi({ description: "The name of the route." }),
    tenant: z.string().nullable().openapi({ description: "What it was about; null: the whole server." }),
    target: z.string(),
    result: z.string().openapi({ description: "`ok`, or the code of the error." }),
    status: z.int(),
    calls: z.int().optional().openapi({
      description:
        "How many calls the line stands for, if it is more than one: further ones without a valid token, or what the dashboard has read again and again.",
    }),
  })
  .openapi("AuditLine");

export const auditLogSchema = z.object({ lines: z.array(auditLineSchema) }).openapi("AuditLog");
export const followAuditQuerySchema = z.strictObject({
  tail: z.coerce.number<number>().int().min(0).max(10_000).default(100),
  since: z.coerce.number<number>().min(0).optional().openapi({ description: "Milliseconds since the epoch." }),
});

export const auditQuerySchema = followAuditQuerySchema.extend({
  before: z.coerce
    .number<number>()
    .min(0)
    .optional()
    .openapi({ description: "Only lines that are older, milliseconds since the epoch: for the page before one that was read." }),
  search: z.string().max(200).optional().openapi({ description: "Only lines of which a value has this text, in whatever case." }),
});

export type TenantInfo = z.infer<typeof tenantSchema>;
export type TenantLimitsInfo = z.infer<typeof tenantLimitsSchema>;
export type TenantLimitChanges = z.infer<typeof tenantLimitChangesSchema>;
export type NewCredential = z.input<typeof newCredentialSchema>;
export type CredentialInfo = z.infer<typeof tokenListSchema>["tokens"][number];
