import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import type { Client } from "../../doors/admin/client.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { cutOff, widthOf, wrapped } from "../../base/terminal/fit.ts";
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
    .option("--once", "print one look and end, as is done where the output is no terminal, or one that cannot go back (TERM=dumb)")
    .addHelpText(
      "after",
      "\nCALLS, ERRORS and COLD are per second; COLD waited for a machine's start or bind. P50, P99: from the arrival to the head of the reply, to a\nbucket's width. RUN, WAIT: calls that run, and that wait for a machine. CPU: CPUs on average. MONTH: what was spent this month.\nWith --json: a line for each look. q ends it.\n\nExample:\n  mayfly top --every 5",
    )
    .action(top);
}

async function top(options: TopOptions): Promise<void> {
  const { client } = await connect(options);
  const live = options.once !== true && options.json !== true && process.stdout.isTTY && process.env.TERM !== "dumb";
  const ended = live ? onKey() : undefined;
  const isOver = () => ended?.aborted === true;
  let before = await look(client);
  const screen = live ? openScreen(options.every) : undefined;
  for (;;) {
    await sleep(options.every * 1_000, undefined, { ...(ended && { signal: ended }) }).catch(() => undefined);
    if (isOver()) return screen?.close();
    const after = await look(client);
    const figures = topFigures(before.families, after.families, (after.at - before.at) / 1_000);
    before = after;
    if (options.json) console.log(asJson("top", figures));
    else if (screen !== undefined) screen.show((columns, rows) => screenOf(figures, options, columns, rows));
    else console.log([...headLines(figures), "", tableOf(figures, options)].join("\n"));
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

type Draw = (columns: number, rows: number) => readonly string[];

/** Draws on the terminal, again when its size changes. */
function openScreen(everyS: number) {
  const { stdout } = process;
  let draw: Draw = (columns) => [cutOff(dim(`The first figures come in ${everyS} s.`), columns)];
  const redraw = () => void stdout.write(`\u001B[H\u001B[J${draw(stdout.columns || 80, stdout.rows || 24).join("\n")}\n`);
  const onResize = guarded(redraw, () => undefined); // the next look draws again
  stdout.on("resize", onResize);
  redraw();
  return {
    show(next: Draw) {
      draw = next;
      redraw();
    },
    close: () => void stdout.off("resize", onResize),
  };
}

/** Lines that the terminal wrapped would push the first ones off the screen. */
function screenOf(figures: TopFigures, options: TopOptions, columns: number, rows: number): string[] {
  const head = headLines(figures).flatMap((line) => wrapped(line, columns));
  // The empty line, the table's titles, and the line of the cursor.
  const table = tableOf(figures, options, Math.max(1, rows - head.length - 3), columns);
  return [...head, "", ...table.split("\n").map((line) => cutOff(line, columns))].slice(0, Math.max(1, rows - 1));
}

function tableOf({ apps, functions }: TopFigures, { by }: TopOptions, most = Infinity, width = Infinity): string {
  if (apps.length === 0) return dim("No app was called, or has a machine.");
  return by === "app" ? fitting(appColumns, apps.slice(0, most), width) : fitting(functionColumns, functions.slice(0, most), width);
}

/** The most important columns come first: the last ones are left out if they have no room. A number that is cut off would be another number. */
function fitting<Row>(columns: readonly Column<Row>[], rows: Row[], width: number): string {
  const text = renderTable([...columns], rows);
  const widest = Math.max(...text.split("\n").map(widthOf));
  return widest <= width || columns.length === 1 ? text : fitting(columns.slice(0, -1), rows, width);
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
