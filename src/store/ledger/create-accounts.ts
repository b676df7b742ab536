/**
 * Where the fleet and the dispatcher tell what was used and served. Each entry goes to the ledger, to the app's limits, and to the
 * estimate of what its functions used.
 */
import type { Accounts, Refusal, ServedInvocation } from "./accounts.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { createAttribution } from "./attribution.ts";
import { type AppBill, type Bill, makeAppBill, makeBill } from "./bill.ts";
import type { Ledger, Limits, UsageDelta } from "./ledger.ts";
import type { Prices } from "../../base/config/prices.ts";
import { createQuotas } from "./quotas.ts";
import { meterServer } from "./server-meter.ts";
import type { UsageEntry, UsageSink } from "./usage.ts";

export interface AccountsOptions {
  ledger: Ledger;
  prices: Prices;
  clock: Clock;
  /** An app nears a limit or has reached it: a sentence for its log and the server's. */
  tell: (app: string, text: string) => void;
}

export interface OpenAccounts extends Accounts, UsageSink {
  /** An invocation of which something was sent to a machine is over, however it went. */
  served(invocation: ServedInvocation): void;
  readonly prices: Prices;
  /** CPU, in microseconds, that was spent on making a template. */
  templateMade(cpuUs: number): void;
  /** @param month such as "2026-11" @param apps of these there is a bill even if they used nothing */
  bill(month: string, apps: readonly string[]): Bill;
  billOf(app: string, month: string): AppBill;
  limits(app: string): Limits;
  /** By name. */
  allLimits(): { app: string; limits: Limits }[];
  /** Counts what was used this month already. Throws "disk-full". */
  setLimits(app: string, limits: Limits): void;
  /** Before the ledger's. */
  close(): void;
}

const MB = 2 ** 20;
const MINUTE_MS = 60_000;
const unlimited: Limits = { spend: null, requests: null, cpuSeconds: null };

export function createAccounts({ ledger, prices, clock, tell }: AccountsOptions): OpenAccounts {
  const attribution = createAttribution();
  const stopMeter = meterServer(clock, (delta) => ledger.record(delta));
  const usage = (app: string, month: string) => ledger.rows({ month, app });
  const watchers: ((app: string) => void)[] = [];
  // Later: whoever is told may be in the midst of telling us.
  const onChange = (app: string) => queueMicrotask(() => watchers.forEach((changed) => changed(app)));
  const quotas = createQuotas({ limits: ledger.limits(), prices, clock, usage, tell, onChange });
  const stopTurning = clock.every(MINUTE_MS, () => quotas.turn());
  const record = (delta: UsageDelta) => {
    ledger.record(delta);
    quotas.observe(delta);
  };
  return {
    prices,
    record(entry: UsageEntry) {
      record(entry);
      if (entry.kind === "run" && entry.app !== null) attribute(entry, entry.app);
    },
    served(invocation: ServedInvocation) {
      const { app, function: name, machine, memoryMb, ms } = invocation;
      const wallMs = Math.ceil(ms);
      const wallByteSeconds = (memoryMb * MB * wallMs) / 1_000;
      record({ at: clock.wall(), app, kind: "calls", function: name, requests: 1, wallMs, wallByteSeconds });
      attribution.ended(machine, name);
    },
    admit: (app) => refusalOf(app),
    watch: (changed) => void watchers.push(changed),
    templateMade: (cpuUs) => record({ at: clock.wall(), app: null, kind: "template", cpuUs }),
    bill: (month, apps) => makeBill({ month, prices, rows: ledger.rows({ month }), limits: ledger.limits(), apps }),
    billOf: (app, month) => makeAppBill(app, ledger.rows({ month, app }), ledger.limits().get(app), prices),
    allLimits: () => [...ledger.limits()].map(([app, limits]) => ({ app, limits })),
    limits: (app) => ledger.limits().get(app) ?? unlimited,
    setLimits(app, limits) {
      ledger.setLimits(app, limits);
      quotas.set(app, limits);
    },
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
    return reached && { code: "limit-reached", details: { app, ...reached } };
  }
}
