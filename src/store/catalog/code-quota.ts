/**
 * How much code may be stored: for one app with its older revisions, for all apps of a tenant that has a limit, and for all apps together. Code that several revisions share counts
 * once. What is stored besides, the zip files of the Lambda API, counts for the tenant and for all. Manifests do not count, because parse-manifest.ts bounds each.
 */
import { MayflyError } from "../../base/errors/error.ts";
import type { Queries } from "./queries/prepare.ts";
import { parseTenantLimits } from "./tenant-limits.ts";

export interface CodeQuota {
  /** Bytes. */
  perApp: number;
  inAll: number;
  /** Bytes that are stored besides the catalog's. @param tenant null: those of all */
  besides?: (tenant: string | null) => number;
}

export const noQuota: CodeQuota = { perApp: Infinity, inAll: Infinity };

/**
 * Called within the transaction that added a revision. Removes older revisions of the app until the code fits. Throws "no-room" if the code
 * does not fit even when only the revisions that aliases name are left.
 * @param app its id @param name its name, for the error
 */
export function fitIn(queries: Queries, quota: CodeQuota, tenant: string, app: string, name: string): void {
  const { code, revisions } = queries;
  const ofApp = () => code.bytesOfApp(app)?.bytes ?? 0;
  const { codeMb, ofTenant, inAll } = usedBy(queries, quota, tenant);
  while (ofApp() > quota.perApp && revisions.pruneOldest(app) > 0);
  refuse(name, ofApp(), quota.perApp, "of one app", "the server's setting maxAppCodeMb");
  if (codeMb !== null) {
    while (ofTenant() > codeMb * MB && revisions.pruneOldest(app) > 0);
    refuse(name, ofTenant(), codeMb * MB, "of all apps of the tenant", "the tenant's limit codeMb");
  }
  while (inAll() > quota.inAll && revisions.pruneOldest(app) > 0);
  refuse(name, inAll(), quota.inAll, "of all apps together", "the server's setting maxCodeMb");
}

/** Throws "no-room" if so many bytes more, which are stored besides the catalog's, are too many. @param name of what they are for */
export function refuseMore(queries: Queries, quota: CodeQuota, tenant: string, name: string, bytes: number): void {
  const { codeMb, ofTenant, inAll } = usedBy(queries, quota, tenant);
  if (codeMb !== null) refuse(name, ofTenant() + bytes, codeMb * MB, "of all apps of the tenant", "the tenant's limit codeMb");
  refuse(name, inAll() + bytes, quota.inAll, "of all apps together", "the server's setting maxCodeMb");
}

function usedBy({ code, tenants }: Queries, { besides = () => 0 }: CodeQuota, tenant: string) {
  // Neither changes while older revisions are removed.
  const [own, all] = [besides(tenant), besides(null)];
  return {
    codeMb: parseTenantLimits(tenants.limits(tenant)?.limits ?? undefined).codeMb,
    ofTenant: () => (code.bytesOfTenant(tenant)?.bytes ?? 0) + own,
    inAll: () => (code.bytesInAll()?.bytes ?? 0) + all,
  };
}

function refuse(app: string, bytes: number, limit: number, whose: string, setting: string): void {
  if (bytes <= limit) return;
  const what = `the code ${whose} would take ${megabytes(bytes)} MB; ${megabytes(limit)} are allowed`;
  throw new MayflyError("no-room", { app, what, setting });
}

const MB = 1_048_576;

function megabytes(bytes: number): number {
  return Math.ceil(bytes / MB);
}
