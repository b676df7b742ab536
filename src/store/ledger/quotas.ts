/**
 * What each app with limits has used this month, and whether its calls are admitted.
 *
 * Owns: a sum for each such app, to which every entry of the ledger is added, so that admit() is a look-up.
 * 1. An app is refused from the entry on that takes it to a limit, until the month ends or the limit is raised. Entries of CPU and memory
 *    come with every sample of a machine, so an app can pass a limit by what it uses in one such interval at most.
 * 2. Reaching 80 % of a limit, and reaching all of it, are each told once a month, and again after a restart or a change of the limits.
 */
import type { Clock } from "../../base/clock/clock.ts";
import type { Limits, UsageDelta, UsageRow } from "./ledger.ts";
import type { LimitName } from "../../telemetry/platform-event.ts";
import { isUnlimited } from "./limit-table.ts";
import { monthOf, startOfNextMonth } from "./month.ts";
import type { Prices } from "../../base/config/prices.ts";
import { costOf, emptySums, addRow, type Sums } from "./sums.ts";

export interface QuotaOptions {
  limits: Map<string, Limits>;
  prices: Prices;
  clock: Clock;
  usage: (app: string, month: string) => UsageRow[];
  /** Called when an app nears or reaches a limit. */
  tell: (app: string, month: string, use: LimitUse) => void;
  /** Called when an app starts or stops being over a limit. */
  onChange: (app: string) => void;
}

export interface LimitUse {
  limit: LimitName;
  used: number;
  most: number;
  /** "warned" from 80 % of the limit on. */
  state: "free" | "warned" | "reached";
}

/** The limit that an app has reached, as its callers are told. */
interface Reached {
  what: string;
  /** Seconds until the month ends. */
  retryAfterS: number;
}

export interface Quotas {
  admit(app: string): Reached | undefined;
  observe(delta: UsageDelta): void;
  set(app: string, limits: Limits): void;
  /** Must be called now and then, because a month may end for apps that nobody calls. */
  turn(): void;
}

interface Account {
  limits: Limits;
  month: string;
  /** The end of `month`, in milliseconds since the epoch. */
  endsAt: number;
  sums: Sums;
  reached: string | undefined;
  told: Set<string>;
}

const WARN_AT = 0.8;

export const limitNames: Record<LimitName, string> = { spend: "spending", requests: "requests", cpuSeconds: "CPU time" };

export function createQuotas(options: QuotaOptions): Quotas {
  const { clock } = options;
  const accounts = new Map<string, Account>();
  const quotas: Quotas = {
    admit(app) {
      const account = accounts.get(app);
      if (account?.reached === undefined) return undefined;
      const now = clock.wall();
      if (now >= account.endsAt) turnMonth(account, app, options);
      if (account.reached === undefined) return undefined;
      return { what: account.reached, retryAfterS: Math.ceil((account.endsAt - now) / 1_000) };
    },
    observe(delta) {
      const account = accounts.get(delta.app ?? "");
      if (account === undefined || delta.app === null) return;
      if (delta.at >= account.endsAt) return turnMonth(account, delta.app, options);
      addRow(account.sums, delta);
      judge(account, delta.app, options);
    },
    set(app, limits) {
      const wasReached = accounts.get(app)?.reached;
      accounts.delete(app);
      if (isUnlimited(limits)) {
        if (wasReached !== undefined) options.onChange(app);
        return;
      }
      const account: Account = { limits, month: "", endsAt: 0, sums: emptySums(), reached: wasReached, told: new Set() };
      accounts.set(app, account);
      turnMonth(account, app, options);
    },
    turn() {
      for (const [app, account] of accounts) if (clock.wall() >= account.endsAt) turnMonth(account, app, options);
    },
  };
  for (const [app, limits] of options.limits) quotas.set(app, limits);
  return quotas;
}

/** How much of each limit is used, for the limits that are set. */
export function limitUses(limits: Limits, sums: Sums, prices: Prices): LimitUse[] {
  const used: Record<LimitName, number> = {
    spend: costOf(sums, prices),
    requests: sums.requests,
    cpuSeconds: (sums.runCpuUs + sums.bringUpCpuUs) / 1e6,
  };
  return (Object.keys(limitNames) as LimitName[]).flatMap((limit) => {
    const most = limits[limit];
    return most === null ? [] : [{ limit, used: used[limit], most, state: stateOf(used[limit], most) }];
  });
}

function stateOf(used: number, most: number): LimitUse["state"] {
  if (used >= most) return "reached";
  return used >= WARN_AT * most ? "warned" : "free";
}

/** Begins the present month, with the sums that the ledger already has for it. */
function turnMonth(account: Account, app: string, options: QuotaOptions): void {
  const now = options.clock.wall();
  account.month = monthOf(now);
  account.endsAt = startOfNextMonth(now);
  account.sums = emptySums();
  account.told.clear();
  for (const row of options.usage(app, account.month)) addRow(account.sums, row);
  judge(account, app, options);
}

function judge(account: Account, app: string, { prices, tell, onChange }: QuotaOptions): void {
  const before = account.reached;
  account.reached = undefined;
  for (const use of limitUses(account.limits, account.sums, prices)) {
    if (use.state === "reached") account.reached ??= limitNames[use.limit];
    tellOnce(account, app, use, tell);
  }
  if ((before === undefined) !== (account.reached === undefined)) onChange(app);
}

function tellOnce({ told, month }: Account, app: string, use: LimitUse, tell: QuotaOptions["tell"]): void {
  const key = `${use.limit} ${use.state}`;
  if (use.state === "free" || told.has(key)) return;
  told.add(key);
  tell(app, month, use);
}
