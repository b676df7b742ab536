/**
 * What all apps and appliances of a tenant used together this month, and whether its calls are admitted.
 *
 * Owns: the sums of each tenant that has limits, and how many calls it may make now.
 * 1. What an app used counts for its tenant as it counts for the app: see quotas.ts, with the same precision.
 * 2. Calls per second are taken from a bucket that holds as many as are allowed in a second, one at least. A refused call takes none.
 */
import type { Clock } from "../../base/clock/clock.ts";
import type { Prices } from "../../base/config/prices.ts";
import { isId, mainTenant } from "../../base/ids/new-id.ts";
import type { TenantLimits } from "../catalog/tenant-limits.ts";
import type { Refusal } from "./accounts.ts";
import type { Limits, UsageDelta, UsageRow } from "./ledger.ts";
import { monthOf } from "./month.ts";
import { createQuotas, type LimitUse, limitUses } from "./quotas.ts";
import { addRow, emptySums } from "./sums.ts";

/** What the accounts ask of the catalog about tenants. */
export interface KnownTenants {
  allLimits(): Map<string, TenantLimits>;
  /** The tenant of an app or appliance. */
  tenantOf(id: string): string | undefined;
  apps(tenant: string): { id: string }[];
}

export const noTenants: KnownTenants = { allLimits: () => new Map(), tenantOf: () => undefined, apps: () => [] };

export interface TenantAccountsOptions {
  tenants: KnownTenants;
  prices: Prices;
  clock: Clock;
  rows: (month: string) => UsageRow[];
  /** Called when a tenant nears or reaches a limit of a month. */
  tell: (tenant: string, month: string, use: LimitUse) => void;
  /** Called for each app of a tenant that is admitted or refused from now on. */
  onChange: (app: string) => void;
}

export interface TenantAccounts {
  admit(app: string): Refusal | undefined;
  /** Counts a call that is about to be admitted. */
  take(app: string): Refusal | undefined;
  observe(delta: UsageDelta): void;
  /** @param limits null: none */
  set(tenant: string, limits: TenantLimits | null): void;
  uses(tenant: string, limits: TenantLimits): LimitUse[];
  turn(): void;
}

interface Bucket {
  perSecond: number;
  left: number;
  at: number;
}

export function createTenantAccounts(options: TenantAccountsOptions): TenantAccounts {
  const { tenants, prices, clock, rows, tell, onChange } = options;
  const buckets = new Map<string, Bucket>();
  const counted = new Set<string>();
  /** An app never moves to another tenant. */
  const tenantOfApp = new Map<string, string>();
  const usage = (tenant: string, month: string) => rows(month).filter(({ app }) => app !== null && tenantOf(app) === tenant);
  const quotas = createQuotas({
    limits: new Map(),
    prices,
    clock,
    usage,
    tell,
    onChange: (tenant) => tenants.apps(tenant).forEach(({ id }) => onChange(id)),
  });
  const accounts: TenantAccounts = {
    admit(app) {
      if (counted.size === 0) return undefined;
      const reached = quotas.admit(tenantOf(app));
      return reached && { code: "tenant-limit-reached", details: { app, ...reached } };
    },
    take(app) {
      const bucket = buckets.size === 0 ? undefined : buckets.get(tenantOf(app));
      if (bucket === undefined) return undefined;
      const retryAfterS = takeFrom(bucket, clock.now());
      return retryAfterS === 0 ? undefined : { code: "tenant-limit-reached", details: { app, what: "calls per second", retryAfterS } };
    },
    observe(delta) {
      if (counted.size > 0 && delta.app !== null) quotas.observe({ ...delta, app: tenantOf(delta.app) });
    },
    set(tenant, limits) {
      const ofMonth = limits === null ? { spend: null, requests: null, cpuSeconds: null } : monthly(limits);
      quotas.set(tenant, ofMonth);
      if (Object.values(ofMonth).some((limit) => limit !== null)) counted.add(tenant);
      else counted.delete(tenant);
      const perSecond = limits?.requestsPerSecond ?? null;
      if (perSecond === null) buckets.delete(tenant);
      else buckets.set(tenant, { perSecond, left: Math.max(1, perSecond), at: clock.now() });
    },
    uses(tenant, limits) {
      const sums = emptySums();
      for (const row of usage(tenant, monthOf(clock.wall()))) addRow(sums, row);
      return limitUses(monthly(limits), sums, prices);
    },
    turn: () => quotas.turn(),
  };
  for (const [tenant, limits] of tenants.allLimits()) accounts.set(tenant, limits);
  return accounts;

  /** What belongs to a tenant and to none of its apps is recorded under its own id. */
  function tenantOf(app: string): string {
    if (isId("tenant", app) || app === mainTenant) return app;
    let tenant = tenantOfApp.get(app);
    if (tenant === undefined) tenantOfApp.set(app, (tenant = tenants.tenantOf(app) ?? ""));
    return tenant;
  }
}

function monthly({ spend, requests, cpuSeconds }: TenantLimits): Limits {
  return { spend, requests, cpuSeconds };
}

/** Returns in how many seconds there is a call again; 0: one was taken. */
function takeFrom(bucket: Bucket, now: number): number {
  const { perSecond, left, at } = bucket;
  bucket.left = Math.min(Math.max(1, perSecond), left + ((now - at) / 1_000) * perSecond);
  bucket.at = now;
  if (bucket.left < 1 - 1e-9) return Math.max(1, Math.ceil((1 - bucket.left) / perSecond));
  bucket.left--;
  return 0;
}
