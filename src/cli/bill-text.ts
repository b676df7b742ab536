/** Bills as text for people. */
import type { AppBillInfo, BillInfo, OneBillInfo } from "../doors/admin/schemas.ts";
import { limitNames, limitValue } from "./limit-text.ts";
import { type Column, renderTable } from "../base/terminal/table.ts";
import { bold, dim, red, yellow } from "../base/terminal/terminal.ts";
import { comparedInWords, money, secondsInWords } from "./units.ts";
import { counted } from "../base/words/counted.ts";

/** All apps, what the platform used itself, and the total. */
export function billInWords(bill: BillInfo, now: number): string {
  const { currency } = bill.prices;
  const title = `Bill for ${bill.month} (UTC)${isNow(bill.month, now) ? ", so far" : ""}; amounts in ${currency}`;
  return [bold(title), "", renderTable(columns, rowsOf(bill)), ...warningsOf(bill), "", dim(NOTE)].join("\n");
}

const NOTE =
  "BRING-UP: CPU of starting machines and binding them to the app. WALL-CLOCK PRICE: what the same invocations would cost where\n" +
  "their wall time is billed, by the memory that the app asks for. MAYFLY IS: COST beside that price. (server): Mayfly itself. (blanks): machines kept ready for any app; their CPU\n" +
  "is that of those that none took. `mayfly bill <app>` shows its functions; docs/billing.md has it all.";

interface Row {
  name: string;
  requests: number | null;
  run: number | null;
  bringUp: number | null;
  memory: number | null;
  cost: number;
  wallClock: number | null;
}

const right = "right" as const;
const orDash = (value: number | null, text: (value: number) => string) => (value === null ? "-" : text(value));
const gbSeconds = (value: number) => value.toFixed(value < 100 ? 2 : 0);

const columns: Column<Row>[] = [
  { title: "APP", cell: ({ name }) => name },
  { title: "REQUESTS", align: right, cell: ({ requests }) => orDash(requests, String) },
  { title: "CPU", align: right, cell: ({ run }) => orDash(run, secondsInWords) },
  { title: "BRING-UP", align: right, cell: ({ bringUp }) => orDash(bringUp, secondsInWords) },
  { title: "GB·S", align: right, cell: ({ memory }) => orDash(memory, gbSeconds) },
  { title: "COST", align: right, cell: ({ cost }) => money(cost) },
  { title: "WALL-CLOCK PRICE", align: right, cell: ({ wallClock }) => orDash(wallClock, money) },
  { title: "MAYFLY IS", align: right, cell: ({ wallClock, cost }) => orDash(wallClock, (price) => comparedInWords(cost, price)) },
];

function rowsOf({ apps, platform, total }: BillInfo): Row[] {
  return [...apps.map((app) => rowOf(app.app, app)), ...platform.parts.map(partRow), rowOf("total", total)];
}

/** One part of the platform's own usage. The CPU of the server and of idle machines counts as CPU, that of all other parts as BRING-UP. */
function partRow({ what, cpuSeconds, gbSeconds: memory, cost }: BillInfo["platform"]["parts"][number]): Row {
  const cpu = what === "server" || what === "idle" ? { run: cpuSeconds, bringUp: null } : { run: null, bringUp: cpuSeconds };
  return { name: `(${what})`, requests: null, ...cpu, memory, cost, wallClock: null };
}

function rowOf(name: string, figures: Omit<BillInfo["total"], never>): Row {
  const { requests, cpuRunSeconds: run, cpuBringUpSeconds: bringUp, gbSeconds: memory, cost, wallClock } = figures;
  return { name, requests, run, bringUp, memory, cost, wallClock: wallClock.cost };
}

function warningsOf({ apps, prices }: BillInfo): string[] {
  const lines = apps.flatMap((bill) => limitLines(bill, prices.currency, `${bill.app}: `, true));
  return lines.length === 0 ? [] : ["", ...lines];
}

/** The bill of one app: its lines, its functions, its limits, and what the same calls would cost at wall-clock prices. */
export function appBillInWords({ month, prices, bill }: OneBillInfo, now: number): string {
  const { currency } = prices;
  const functions = bill.functions.length === 0 ? [] : ["", renderTable(functionColumns, bill.functions), dim(ATTRIBUTION)];
  const limits = limitLines(bill, currency, "Limit of ", false);
  return [
    bold(`Bill of ${bill.app} for ${month} (UTC)${isNow(month, now) ? ", so far" : ""}; amounts in ${currency}`),
    "",
    renderTable(lineColumns, [...bill.lines, { what: "total", quantity: null, unit: "", price: null, cost: bill.cost }]),
    ...comparison(bill, currency),
    ...functions,
    ...(limits.length === 0 ? [] : ["", ...limits]),
  ].join("\n");
}

const ATTRIBUTION =
  "Requests and wall time were counted. The rest is an attribution: invocations share machines, and nobody can measure\n" +
  "each one's part. It sums to the app's figures.";

interface LineRow extends Omit<AppBillInfo["lines"][number], "what" | "quantity" | "price"> {
  what: AppBillInfo["lines"][number]["what"] | "total";
  quantity: number | null;
  price: number | null;
}

const lineNames: Record<LineRow["what"], string> = {
  "cpu-run": "CPU of functions",
  "cpu-bring-up": "CPU of bring-up",
  memory: "memory held",
  requests: "requests",
  reads: "reads of services",
  writes: "writes of services",
  stored: "kept by services",
  "object-reads": "reads of buckets",
  "object-writes": "writes of buckets",
  "object-stored": "kept by buckets",
  "object-out": "out of buckets",
  "queue-requests": "requests of queues",
  total: "total",
};

const lineColumns: Column<LineRow>[] = [
  { title: "LINE", cell: ({ what }) => lineNames[what] },
  {
    title: "QUANTITY",
    align: right,
    cell: ({ quantity, unit }) => (quantity === null ? "" : quantityInWords(quantity, unit)),
  },
  { title: "PRICE", align: right, cell: ({ price }) => (price === null ? "" : money(price)) },
  { title: "COST", align: right, cell: ({ cost }) => money(cost) },
];

function quantityInWords(quantity: number, unit: string): string {
  if (unit === "requests") return String(quantity);
  return `${quantity.toFixed(unit.startsWith("GB") && unit !== "GB·s" ? 6 : 3)} ${unit}`;
}

const functionColumns: Column<AppBillInfo["functions"][number]>[] = [
  { title: "FUNCTION", cell: (row) => row.function },
  { title: "REQUESTS", align: right, cell: ({ requests }) => String(requests) },
  { title: "WALL TIME", align: right, cell: ({ wallSeconds }) => secondsInWords(wallSeconds) },
  { title: "CPU*", align: right, cell: ({ cpuRunSeconds }) => secondsInWords(cpuRunSeconds) },
  { title: "BRING-UP*", align: right, cell: ({ cpuBringUpSeconds }) => secondsInWords(cpuBringUpSeconds) },
  { title: "GB·S*", align: right, cell: (row) => gbSeconds(row.gbSeconds) },
  { title: "COST*", align: right, cell: ({ cost }) => money(cost) },
];

function comparison({ wallClock, requests, cost }: AppBillInfo, currency: string): string[] {
  if (requests === 0 || cost === 0) return [];
  const what = `${counted(requests, "request")} of ${secondsInWords(wallClock.seconds)} in all, ${gbSeconds(wallClock.gbSeconds)} GB·s by what the app asks for`;
  return ["", `At wall-clock prices: ${money(wallClock.cost)} ${currency} (${what}). Mayfly is ${comparedInWords(cost, wallClock.cost)}.`];
}

function limitLines({ limits }: AppBillInfo, currency: string, prefix: string, onlyWarnings: boolean): string[] {
  return limits
    .filter(({ state }) => !onlyWarnings || state !== "free")
    .map(({ limit, used, most, state }) => {
      const share = `${Math.floor((100 * used) / most)} %`;
      const text = `${prefix}${limitNames[limit]}: ${limitValue(limit, used, currency)} of ${limitValue(limit, most, currency)} (${share})`;
      if (state === "reached") return red(`${text}; calls are refused until the month ends`);
      return state === "warned" ? yellow(text) : text;
    });
}

function isNow(month: string, now: number): boolean {
  return new Date(now).toISOString().startsWith(month);
}
