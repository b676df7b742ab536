/**
 * The keys `isolation` and `tenantKeys` of mayfly.json: whether calls are kept apart by the tenant id that the caller names, so that a machine serves one id only.
 * docs/access.md describes them for users; src/dispatch/ carries them out.
 */
import { z } from "zod";

/** The header in which callers name the tenant id, as AWS Lambda has it. */
export const TENANT_HEADER = "x-amz-tenant-id";
/** How many tenant ids of an app may have something of their own at a time, and how many machines one id may have, if the manifest does not say. */
export const TENANT_KEYS = 1_000;

const isolation = z.enum(["none", "tenant-key"]).optional();

/** For functions, each replaces the app's. */
export const isolationKeys = { isolation };

export const appIsolationKeys = {
  isolation,
  tenantKeys: z
    .strictObject({
      /** How many tenant ids may have machines, waiting calls or a place in memory at a time. */
      most: z.int().min(1).max(10_000).optional(),
      /** How many machines one of them may have. */
      machines: z.int().min(1).max(1_000).optional(),
    })
    .optional(),
};

interface Isolating {
  isolation?: "none" | "tenant-key" | undefined;
  functions: Record<string, { isolation?: "none" | "tenant-key" | undefined }>;
}

/** Whether calls of the function are kept apart. */
export function keepsApart({ isolation: ofApp, functions }: Isolating, name: string): boolean {
  const own = Object.hasOwn(functions, name) ? functions[name]!.isolation : undefined;
  return (own ?? ofApp) === "tenant-key";
}

/** Whether calls of any of the functions are kept apart. */
export function keepsAnyApart(manifest: Isolating): boolean {
  return manifest.isolation === "tenant-key" || Object.values(manifest.functions).some((own) => own.isolation === "tenant-key");
}

/** Whether no function shares machines between tenant ids. */
export function keepsAllApart(manifest: Isolating): boolean {
  const names = Object.keys(manifest.functions);
  return names.length > 0 && names.every((name) => keepsApart(manifest, name));
}

/** AWS's rule for tenant ids. */
const TENANT_KEY = /^[a-zA-Z0-9._:/=+\-@ ]{1,256}$/;

/** Why calls for this tenant id cannot be kept apart, as a clause; undefined if they can. */
export function problemOfTenantKey(key: string | undefined): string | undefined {
  if (key === undefined) return "the request has no header X-Amz-Tenant-Id";
  return TENANT_KEY.test(key)
    ? undefined
    : "its header X-Amz-Tenant-Id is not one tenant id, 1 to 256 letters, digits, spaces and . _ : / = + - @";
}
