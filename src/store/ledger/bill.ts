/** Prices a month's rows of the ledger: a bill for each app, what the platform used itself, and the total. Pure. */
import type { Limits, UsageKind, UsageRow } from "./ledger.ts";
import type { Prices } from "../../base/config/prices.ts";
import { type LimitUse, limitUses } from "./quotas.ts";
import { splitExactly } from "./split.ts";
import { addRow, costOf, emptySums, GB, gbMonths, type Sums, wallClockCostOf } from "./sums.ts";

export interface Bill {
  /** A month in UTC, for example "2026-11". */
  month: string;
  prices: Prices;
  /** In the order of their ids. */
  apps: AppBill[];
  /** What was used by no app. */
  platform: PlatformBill;
  total: Figures & { wallClock: WallClock };
}

interface Figures {
  /** CPU of functions. */
  cpuRunSeconds: number;
  /** CPU of starts and binds. */
  cpuBringUpSeconds: number;
  /** A GB is 2^30 bytes. */
  gbSeconds: number;
  requests: number;
  cost: number;
}

export interface AppBill extends Figures {
  app: string;
  lines: Line[];
  wallClock: WallClock;
  /** In the order of cost, the highest first. Requests and wall time were counted; the rest is an estimate that sums to the app's figures. */
  functions: FunctionShare[];
  limits: LimitUse[];
}

type ServiceLine = "reads" | "writes" | "stored" | "object-reads" | "object-writes" | "object-stored" | "object-out" | "queue-requests";

interface Line {
  /** Those from reads on are of services that keep something, and are there if the app has used one. */
  what: "cpu-run" | "cpu-bring-up" | "memory" | "requests" | ServiceLine;
  quantity: number;
  unit: "s" | "GB·s" | "requests" | "GB·months" | "GB";
  price: number;
  cost: number;
}

/** The price of the same invocations if their wall time were billed. */
interface WallClock {
  /** The wall time of all invocations together, each rounded up to a millisecond. */
  seconds: number;
  gbSeconds: number;
  cost: number;
}

interface FunctionShare extends Figures {
  function: string;
  wallSeconds: number;
}

/** Here cpuRunSeconds is the CPU of Mayfly's own process. */
interface PlatformBill extends Figures {
  parts: PlatformPart[];
}

interface PlatformPart {
  /**
   * blanks: the memory of machines that belong to no app yet, and the CPU of those that no app ever took. idle: what apps' idle machines
   * used because the platform keeps, stops and wakes them.
   */
  what: "server" | "templates" | "blanks" | "idle";
  cpuSeconds: number;
  gbSeconds: number;
  cost: number;
}

export interface BillInput {
  month: string;
  prices: Prices;
  rows: readonly UsageRow[];
  limits: ReadonlyMap<string, Limits>;
  /** Apps that get a bill even if they used nothing. */
  apps: readonly string[];
}

export function makeBill({ month, prices, rows, limits, apps }: BillInput): Bill {
  const byApp = Map.groupBy(rows, ({ app }) => app);
  const names = [...new Set([...apps, ...byApp.keys()])].filter((app) => app !== null).toSorted();
  const total = sumsOf(rows);
  return {
    month,
    prices,
    apps: names.map((app) => makeAppBill(app, byApp.get(app) ?? [], limits.get(app), prices)),
    platform: platformBill(byApp.get(null) ?? [], prices),
    total: { ...figuresOf(total, prices), wallClock: wallClockOf(total, prices) },
  };
}

function sumsOf(rows: readonly UsageRow[]): Sums {
  const sums = emptySums();
  for (const row of rows) addRow(sums, row);
  return sums;
}

function platformBill(rows: readonly UsageRow[], prices: Prices): PlatformBill {
  const part = (what: PlatformPart["what"], kind: UsageKind): PlatformPart => {
    const { cpuRunSeconds, cpuBringUpSeconds, gbSeconds, cost } = figuresOf(sumsOf(rows.filter((row) => row.kind === kind)), prices);
    return { what, cpuSeconds: cpuRunSeconds + cpuBringUpSeconds, gbSeconds, cost };
  };
  const parts = [part("server", "server"), part("templates", "template"), part("blanks", "start"), part("idle", "run")];
  return { ...figuresOf(sumsOf(rows), prices), parts };
}

export function makeAppBill(app: string, rows: readonly UsageRow[], limits: Limits | undefined, prices: Prices): AppBill {
  const sums = sumsOf(rows);
  const figures = figuresOf(sums, prices);
  return {
    app,
    ...figures,
    lines: linesOf(figures, sums, prices),
    wallClock: wallClockOf(sums, prices),
    functions: sharesOf(
      rows.filter(({ kind }) => kind === "calls"),
      sums,
      prices,
    ),
    limits: limits === undefined ? [] : limitUses(limits, sums, prices),
  };
}

function figuresOf(sums: Sums, prices: Prices): Figures {
  return {
    cpuRunSeconds: sums.runCpuUs / 1e6,
    cpuBringUpSeconds: sums.bringUpCpuUs / 1e6,
    gbSeconds: sums.byteSeconds / GB,
    requests: sums.requests,
    cost: costOf(sums, prices),
  };
}

function linesOf(figures: Figures, sums: Sums, prices: Prices): Line[] {
  const { cpuRunSeconds, cpuBringUpSeconds, gbSeconds, requests } = figures;
  const line = (what: Line["what"], quantity: number, unit: Line["unit"], price: number) => ({
    what,
    quantity,
    unit,
    price,
    cost: quantity * price,
  });
  return [
    line("cpu-run", cpuRunSeconds, "s", prices.vcpuSecond),
    line("cpu-bring-up", cpuBringUpSeconds, "s", prices.vcpuSecond),
    line("memory", gbSeconds, "GB·s", prices.gbSecond),
    line("requests", requests, "requests", prices.request),
    ...[
      line("reads", sums.reads, "requests", prices.read),
      line("writes", sums.writes, "requests", prices.write),
      line("stored", gbMonths(sums.storedByteSeconds), "GB·months", prices.storedGbMonth),
      line("object-reads", sums.objectReads, "requests", prices.objectRead),
      line("object-writes", sums.objectWrites, "requests", prices.objectWrite),
      line("object-stored", gbMonths(sums.objectByteSeconds), "GB·months", prices.objectGbMonth),
      line("object-out", sums.objectOutBytes / GB, "GB", prices.objectOutGb),
      line("queue-requests", sums.queueRequests, "requests", prices.queueRequest),
    ].filter(({ quantity }) => quantity > 0),
  ];
}

function wallClockOf(sums: Sums, prices: Prices): WallClock {
  return { seconds: sums.wallMs / 1_000, gbSeconds: sums.wallByteSeconds / GB, cost: wallClockCostOf(sums, prices) };
}

/**
 * CPU of functions is split by the estimates that were made sample by sample; CPU of bring-up and memory are split by the functions' time
 * in flight.
 */
function sharesOf(calls: readonly UsageRow[], sums: Sums, prices: Prices): FunctionShare[] {
  const inFlight = calls.map(({ wallByteSeconds }) => wallByteSeconds);
  const estimates = calls.map(({ cpuUs }) => cpuUs);
  const run = splitExactly(sums.runCpuUs, estimates.some((cpuUs) => cpuUs > 0) ? estimates : inFlight);
  const bringUp = splitExactly(sums.bringUpCpuUs, inFlight);
  const memory = splitExactly(Math.round(sums.byteSeconds), inFlight);
  const shares = calls.map(({ function: name, requests, wallMs }, at) => {
    const share = { ...emptySums(), runCpuUs: run[at]!, bringUpCpuUs: bringUp[at]!, byteSeconds: memory[at]!, requests };
    return { function: name, ...figuresOf(share, prices), wallSeconds: wallMs / 1_000 };
  });
  return shares.toSorted((a, b) => b.cost - a.cost);
}
