/**
 * The fleet and the dispatcher report here what was used and served. Each entry goes to the ledger, to the app's limits, and to the
 * estimate of what its functions used.
 */
import type { Accounts, Refusal, ServedInvocation } from "./accounts.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { soon } from "../../base/clock/soon.ts";
import { createAttribution } from "./attribution.ts";
import { type AppBill, type Bill, makeAppBill, makeBill } from "./bill.ts";
import type { Ledger, Limits, UsageDelta } from "./ledger.ts";
import type { Prices } from "../../base/config/prices.ts";
import { createQuotas, type LimitUse } from "./quotas.ts";
import { createTenantAccounts, type KnownTenants, noTenants } from "./tenant-accounts.ts";
import type { TenantLimits } from "../catalog/tenant-limits.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import { meterServer } from "./server-meter.ts";
import type { UsageEntry, UsageSink } from "./usage.ts";

export interface AccountsOptions {
  ledger: Ledger;
  prices: Prices;
  clock: Clock;
  /** Receives changes of limits, and that an app nears or reaches one. */
  events: Pick<EventStream, "tell">;
  /** Default: no tenant has limits. */
  tenants?: KnownTenants;
  /** Called when a tenant nears or reaches a limit of a month. */
  tellTenant?: (tenant: string, month: string, use: LimitUse) => void;
  /** Called with each entry on the use of machines. */
  onUse?: (entry: UsageEntry) => void;
}

interface ServiceUse {
  reads: number;
  writes: number;
  /** Bytes, times the seconds for which they were kept. */
  storedByteSeconds: number;
  /** Bytes that left the host. */
  outBytes: number;
}

export interface OpenAccounts extends Accounts, UsageSink {
  /** Called when an invocation of which something was sent to a machine is over, however it ended. */
  served(invocation: ServedInvocation): void;
  /** What was done with a service that keeps something, and what that kept. @param app its id, or that of a tenant for what belongs to no app */
  serviceUsed(app: string, service: string, use: Partial<ServiceUse>): void;
  readonly prices: Prices;
  /** CPU that was spent on making a template, in microseconds. */
  templateMade(cpuUs: number): void;
  /**
   * @param month such as "2026-11" @param apps apps that get a bill even if they used nothing
   * @param isIn which apps the bill is of; the default is all, and the platform
   */
  bill(month: string, apps: readonly string[], isIn?: (app: string) => boolean): Bill;
  billOf(app: string, month: string): AppBill;
  limits(app: string): Limits;
  /** The limits of every app that has any. */
  allLimits(): { app: string; limits: Limits }[];
  /** What was used this month already counts. Throws "disk-full". */
  setLimits(app: string, limits: Limits): void;
  /** @param limits null: none */
  setTenantLimits(tenant: string, limits: TenantLimits | null): void;
  /** How much of the limits of a month the tenant has used. */
  usesOfTenant(tenant: string, limits: TenantLimits): LimitUse[];
  /** Must be called before the ledger is closed. */
  close(): void;
}

const MB = 2 ** 20;
const MINUTE_MS = 60_000;
const unlimited: Limits = { spend: null, requests: null, cpuSeconds: null };

export function createAccounts({
  ledger,
  prices,
  clock,
  events,
  tenants = noTenants,
  tellTenant = () => {},
  onUse = () => {},
}: AccountsOptions): OpenAccounts {
  const attribution = createAttribution();
  const stopMeter = meterServer(clock, (delta) => ledger.record(delta));
  const usage = (app: string, month: string) => ledger.rows({ month, app });
  const watchers: ((app: string) => void)[] = [];
  // Called back later, because the callee may be in the middle of a call to these accounts.
  const onChange = (app: string) => soon(() => watchers.forEach((changed) => changed(app)));
  const tell = (app: string, month: string, { limit, used, most, state }: LimitUse) => {
    const type = state === "reached" ? "limit-reached" : "limit-neared";
    events.tell({ type, at: clock.wall(), app, limit, month, used, most, currency: prices.currency });
  };
  const quotas = createQuotas({ limits: ledger.limits(), prices, clock, usage, tell, onChange });
  const rows = (month: string) => ledger.rows({ month });
  const ofTenants = createTenantAccounts({ tenants, prices, clock, rows, tell: tellTenant, onChange });
  const stopTurning = clock.every(MINUTE_MS, () => {
    quotas.turn();
    ofTenants.turn();
  });
  const record = (delta: UsageDelta) => {
    ledger.record(delta);
    quotas.observe(delta);
    ofTenants.observe(delta);
  };
  return {
    prices,
    record(entry: UsageEntry) {
      record(entry);
      onUse(entry);
      if (entry.kind === "run" && entry.app !== null) attribute(entry, entry.app);
    },
    served(invocation: ServedInvocation) {
      const { at, app, function: name, machine, memoryMb, slotMs } = invocation;
      const wallMs = Math.ceil(slotMs);
      const wallByteSeconds = (memoryMb * MB * wallMs) / 1_000;
      record({ at, app, kind: "calls", function: name, requests: 1, wallMs, wallByteSeconds });
      attribution.ended(machine, name);
    },
    serviceUsed(app, service, { reads = 0, writes = 0, storedByteSeconds = 0, outBytes = 0 }) {
      const of = { at: clock.wall(), app, function: service };
      if (reads > 0) record({ ...of, kind: "reads", requests: reads });
      if (writes > 0) record({ ...of, kind: "writes", requests: writes });
      if (storedByteSeconds > 0) record({ ...of, kind: "stored", byteSeconds: storedByteSeconds });
      if (outBytes > 0) record({ ...of, kind: "out", byteSeconds: outBytes });
    },
    admit: (app) => refusalOf(app),
    take: (app) => ofTenants.take(app),
    watch: (changed) => void watchers.push(changed),
    templateMade: (cpuUs) => record({ at: clock.wall(), app: null, kind: "template", cpuUs }),
    bill(month, apps, isIn) {
      const all = rows(month);
      const billed = isIn === undefined ? all : all.filter(({ app }) => app !== null && isIn(app));
      return makeBill({ month, prices, rows: billed, limits: ledger.limits(), apps });
    },
    billOf: (app, month) => makeAppBill(app, ledger.rows({ month, app }), ledger.limits().get(app), prices),
    allLimits: () => [...ledger.limits()].map(([app, limits]) => ({ app, limits })),
    limits: (app) => ledger.limits().get(app) ?? unlimited,
    setLimits(app, limits) {
      ledger.setLimits(app, limits);
      events.tell({ type: "limits-set", at: clock.wall(), app, limits });
      quotas.set(app, limits);
    },
    setTenantLimits: (tenant, limits) => ofTenants.set(tenant, limits),
    usesOfTenant: (tenant, limits) => ofTenants.uses(tenant, limits),
    close() {
      stopTurning();
      stopMeter();
    },
  };

  function attribute({ machine, cpuUs, at }: UsageEntry, app: string): void {
    for (const [name, share] of attribution.used(app, machine, cpuUs))
      ledger.record({ at, app, kind: "calls", function: name, cpuUs: share });
  }

  function refusalOf(app: string): Refusal | undefined {
    const reached = quotas.admit(app);
    return reached ? { code: "limit-reached", details: { app, ...reached } } : ofTenants.admit(app);
  }
}
