/** Tenants: who owns apps, and what all apps of one may use together. */
import type { Appliances } from "../appliances/appliances.ts";
import { MayflyError } from "../base/errors/error.ts";
import { mainTenant } from "../base/ids/new-id.ts";
import { counted } from "../base/words/counted.ts";
import type { Objects } from "../services/objects/objects.ts";
import type { LambdaStore } from "../store/lambda/lambda-store.ts";
import type { Audit } from "../store/audit/audit.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { TenantLimits } from "../store/catalog/tenant-limits.ts";
import type { TenantRow } from "../store/catalog/tenants.ts";
import type { OpenAccounts } from "../store/ledger/create-accounts.ts";
import type { Logs } from "../store/logs/logs.ts";
import type { LimitUse } from "../store/ledger/quotas.ts";
import type { Principals } from "../store/principals/principal.ts";
import type { Queues } from "../services/queues/queues.ts";
import type { Overview } from "./overview.ts";
import { remove, type RemoveParts } from "./remove.ts";
import type { Serving } from "./serving.ts";

export interface TenantParts extends RemoveParts {
  logs: RemoveParts["logs"] & Pick<Logs, "limitsChanged">;
  catalog: RemoveParts["catalog"] & Pick<Catalog, "tenants" | "secretNames">;
  accounts: Pick<OpenAccounts, "setLimits" | "allLimits" | "setTenantLimits" | "usesOfTenant">;
  appliances: Pick<Appliances, "has" | "remove">;
  principals: Pick<Principals, "list" | "removeTenant">;
  audit: Pick<Audit, "forget">;
  serving: RemoveParts["serving"] & Pick<Serving, "shareChanged">;
  lambda: Pick<LambdaStore, "removeTenant">;
  objects: Pick<Objects, "removeOf">;
  queues: Pick<Queues, "removeOf">;
}

export interface ShownTenant extends Omit<TenantRow, "id"> {
  apps: number;
  appliances: number;
  limits: TenantLimits;
}

/** How much of the limits of a month is used takes a look through the ledger. */
export interface TenantInFull extends ShownTenant {
  uses: LimitUse[];
}

const unlimited = { spend: null, requests: null, cpuSeconds: null };

/** Throws "name-taken", and "bad-request" for `main`, which nobody can remove to have the name. */
export function createTenant(parts: TenantParts, name: string): ShownTenant {
  if (name === "main")
    throw new MayflyError("bad-request", { what: "the tenant main is always there: it has the apps without a tenant in their URLs" });
  return shown(parts, parts.catalog.tenants.create(name));
}

export function listTenants(parts: TenantParts): ShownTenant[] {
  return parts.catalog.tenants.list().map((row) => shown(parts, row));
}

/** @param tenant its id */
export function showTenant(parts: TenantParts, tenant: string): TenantInFull {
  const row = parts.catalog.tenants.list().find(({ id }) => id === tenant);
  if (row === undefined) throw new MayflyError("no-such-tenant", { tenant });
  const one = shown(parts, row);
  return { ...one, uses: parts.accounts.usesOfTenant(tenant, one.limits) };
}

/** A limit that is absent from `changes` stays as it is; null lifts it. What was used this month already counts. Throws "disk-full". */
export function limitTenant(
  parts: TenantParts & { overview: Pick<Overview, "sample"> },
  tenant: string,
  changes: Partial<TenantLimits>,
): TenantInFull {
  const { tenants } = parts.catalog;
  parts.overview.sample();
  const limits = { ...tenants.limits(tenant), ...changes };
  tenants.setLimits(tenant, limits);
  parts.accounts.setTenantLimits(tenant, limits);
  parts.logs.limitsChanged();
  for (const { id } of tenants.apps(tenant)) parts.serving.shareChanged(id);
  return showTenant(parts, tenant);
}

/**
 * Removes the tenant: its name and its tokens and keys first, so that nothing leads to it and nobody acts for it any more, then its functions and layers of the Lambda API, its apps with all they have,
 * its appliances with their disks, its buckets, and its limits. Bills stay, and its part of the audit log for a while. If the server is killed meanwhile, the next one goes on with it: see resumeRemovals().
 * its appliances with their disks, its queues, and its limits. Bills stay, and its part of the audit log for a while. If the server is killed meanwhile, the next one goes on with it: see resumeRemovals().
 * Rejects with "tenant-not-empty" unless `force`, and with "bad-request" for `main`.
 */
export async function removeTenant(parts: TenantParts, tenant: string, name: string, force: boolean): Promise<void> {
  if (tenant === mainTenant) throw new MayflyError("bad-request", { what: "the tenant main is always there" });
  const { catalog, principals } = parts;
  const holders = catalog.tenants.holders(tenant);
  const credentials = principals.list("token", tenant).length + principals.list("key", tenant).length;
  if (!force && holders.length + credentials > 0)
    throw new MayflyError("tenant-not-empty", { tenant: name, what: whatIsLeft(holders, credentials) });
  catalog.tenants.leave(tenant);
  await removeLeaving(parts, tenant);
}

/** Called when a server starts, with all that is needed for removals open: goes on with what a killed server had begun. */
export async function resumeRemovals(parts: TenantParts): Promise<void> {
  for (const tenant of parts.catalog.tenants.leaving()) await removeLeaving(parts, tenant);
}

async function removeLeaving(parts: TenantParts, tenant: string): Promise<void> {
  const { catalog, principals, appliances, accounts, audit, lambda } = parts;
  principals.removeTenant(tenant);
  lambda.removeTenant(tenant);
  for (const { kind, id } of catalog.tenants.holders(tenant)) {
    if (kind !== "appliance") continue;
    if (appliances.has(id)) await appliances.remove(id, true);
    catalog.names.release(id);
  }
  for (const { id, name } of catalog.tenants.apps(tenant)) {
    // An app that was never deployed, or was removed before, may still have secrets; and a killed server may have left its log.
    if (catalog.names.holder(tenant, name)?.id === id || catalog.secretNames(id).length > 0) await remove(parts, tenant, name);
    else await parts.logs.remove(id);
  }
  const own = new Set(catalog.tenants.apps(tenant).map(({ id }) => id));
  for (const { app } of accounts.allLimits()) if (own.has(app)) accounts.setLimits(app, unlimited);
  accounts.setTenantLimits(tenant, null);
  // A call that had begun before may have made some more.
  parts.lambda.removeTenant(tenant);
  await parts.objects.removeOf(tenant);
  await parts.queues.removeOf({ tenant });
  catalog.tenants.remove(tenant);
  audit.forget((id) => catalog.tenants.list().some((row) => row.id === id));
}

function whatIsLeft(holders: { kind: "app" | "appliance" }[], credentials: number): string {
  const apps = holders.filter(({ kind }) => kind === "app").length;
  const parts = [
    [apps, "app", "apps"],
    [holders.length - apps, "appliance", "appliances"],
    [credentials, "token or key", "tokens and keys"],
  ] as const;
  return parts.flatMap(([count, one, many]) => (count === 0 ? [] : [counted(count, one, many)])).join(", ");
}

function shown({ catalog: { tenants } }: TenantParts, { id, name, createdAt }: TenantRow): ShownTenant {
  const holders = tenants.holders(id);
  const apps = holders.filter(({ kind }) => kind === "app").length;
  return { name, createdAt, apps, appliances: holders.length - apps, limits: tenants.limits(id) };
}
