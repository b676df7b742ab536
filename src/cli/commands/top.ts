import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import type { Client } from "../../doors/admin/client.ts";
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { bold, dim, harmless } from "../../base/terminal/terminal.ts";
import { type ConnectionOptions, connect, withConnectionOptions } from "../connection.ts";
import { parseCount } from "../parse.ts";
import { type AppFigures, type FunctionFigures, type TopFigures, topFigures } from "../top-figures.ts";
import { bytesInWords, millisecondsInWords, money } from "../units.ts";
import { asJson } from "../as-json.ts";

interface TopOptions extends ConnectionOptions {
  every: number;
  by: "app" | "function";
  once?: true;
  json?: true;
}

export function define(command: Command): void {
  withConnectionOptions(command)
    .option("--every <seconds>", "seconds between two looks", parseCount(1, 3_600), 2)
    .addOption(new Option("--by <what>", "a row for each app, or for each function").choices(["app", "function"]).default("app"))
    .option("--once", "print one look and end, as is done where the output is no terminal")
    .addHelpText(
      "after",
      "\nCALLS, ERRORS and COLD are per second; COLD waited for a machine's start or bind. P50, P99: from the arrival to the head of the reply, to a\nbucket's width. RUN, WAIT: calls that run, and that wait for a machine. CPU: CPUs on average. MONTH: what was spent this month.\nWith --json: a line for each look. q ends it.\n\nExample:\n  mayfly top --every 5",
    )
    .action(top);
}

async function top(options: TopOptions): Promise<void> {
  const { client } = await connect(options);
  const live = options.once !== true && options.json !== true && process.stdout.isTTY;
  const ended = live ? onKey() : undefined;
  const isOver = () => ended?.aborted === true;
  let before = await look(client);
  for (;;) {
    await sleep(options.every * 1_000, undefined, { ...(ended && { signal: ended }) }).catch(() => undefined);
    if (isOver()) return;
    const after = await look(client);
    const figures = topFigures(before.families, after.families, (after.at - before.at) / 1_000);
    before = after;
    if (options.json) console.log(asJson("top", figures));
    else print(figures, options, live);
    if (options.once === true || (!live && options.json !== true)) return;
  }
}

async function look(client: Client) {
  const families = await client.metricFamilies();
  return { families, at: performance.now() };
}

/** Aborted by q and Ctrl-C. */
function onKey(): AbortSignal | undefined {
  const { stdin } = process;
  if (!stdin.isTTY) return undefined;
  const ended = new AbortController();
  stdin.setRawMode(true);
  // A key of this terminal's user, of whom nothing is read but this.
  // oxlint-disable-next-line mayfly/guarded-listeners
  stdin.on("data", (key: Buffer) => {
    if (!["q", "Q", "\u0003", "\u0004"].includes(key.toString())) return;
    stdin.setRawMode(false);
    stdin.pause();
    ended.abort();
  });
  return ended.signal;
}

/** @param live whether it replaces what is on the screen */
function print(figures: TopFigures, { by }: TopOptions, live: boolean): void {
  const head = headLines(figures);
  const rows = live ? Math.max(1, (process.stdout.rows ?? 24) - head.length - 3) : Infinity;
  const table =
    by === "app" ? renderTable(appColumns, figures.apps.slice(0, rows)) : renderTable(functionColumns, figures.functions.slice(0, rows));
  const isEmpty = figures.apps.length === 0;
  const text = [...head, "", isEmpty ? dim("No app was called, or has a machine.") : table].join("\n");
  console.log(live ? `\u001B[H\u001B[J${text}` : text);
}

function headLines({ seconds, all, running, waiting, machines, heldBytes, cpus, month, currency }: TopFigures): string[] {
  const phases = Object.entries(machines).map(([phase, count]) => `${count} ${phase}`);
  return [
    `${bold("calls")} ${rate(all.calls)}/s, ${rate(all.errors)}/s failed, p50 ${waited(all.p50)}, p99 ${waited(all.p99)}; ${running} run, ${waiting} wait   ${dim(`(${seconds.toFixed(1)} s)`)}`,
    `${bold("machines")} ${phases.join(", ") || "none"}; ${bytesInWords(heldBytes)} held, ${cpus.toFixed(2)} CPUs; ${money(month)} ${currency} this month`,
  ];
}

const callColumns: Column<AppFigures | FunctionFigures>[] = [
  { title: "CALLS", align: "right", cell: ({ calls }) => rate(calls) },
  { title: "ERRORS", align: "right", cell: ({ errors }) => rate(errors) },
  { title: "COLD", align: "right", cell: ({ cold }) => rate(cold) },
  { title: "P50", align: "right", cell: ({ p50 }) => waited(p50) },
  { title: "P99", align: "right", cell: ({ p99 }) => waited(p99) },
];

const appColumns: Column<AppFigures>[] = [
  { title: "APP", cell: ({ app }) => harmless(app) },
  ...callColumns,
  { title: "RUN", align: "right", cell: ({ running }) => String(running) },
  { title: "WAIT", align: "right", cell: ({ waiting }) => String(waiting) },
  { title: "MACHINES", align: "right", cell: ({ machines }) => String(machines) },
  { title: "MEMORY", align: "right", cell: ({ heldBytes }) => bytesInWords(heldBytes) },
  { title: "CPU", align: "right", cell: ({ cpus }) => cpus.toFixed(2) },
  { title: "MONTH", align: "right", cell: ({ month }) => money(month) },
];

const functionColumns: Column<FunctionFigures>[] = [
  { title: "APP", cell: ({ app }) => harmless(app) },
  { title: "FUNCTION", cell: ({ function: name }) => (name === "" ? "(others)" : harmless(name)) },
  ...callColumns,
];

function rate(perSecond: number): string {
  return perSecond === 0 ? "0" : perSecond.toFixed(perSecond < 10 ? 1 : 0);
}

function waited(ms: number | null): string {
  return ms === null ? "-" : millisecondsInWords(ms);
}
