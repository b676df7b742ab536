/** The report as text for a terminal: what was assumed, a table for each workload, and the laboratory's verdict on all of them. */
import { type Column, renderTable } from "../../base/terminal/table.ts";
import { bold } from "../../base/terminal/terminal.ts";
import type { FigureName } from "./figures.ts";
import type { FrontierPoint, PolicyResult, Report, WorkloadResult } from "./report.ts";
import { amountInWords, percentInWords, twoDigits, waitInWords } from "./words.ts";
import { counted } from "../../base/words/counted.ts";

export interface TextOptions {
  /** Whether to show, for each workload, a table of our policy at each step of its knob. */
  frontier: boolean;
  /** Text that follows the tables. */
  verdict: string[];
}

export function reportInText(report: Report, { frontier, verdict }: TextOptions): string {
  const parts = report.workloads.flatMap((workload) => [
    `${bold(workload.name)} ${heading(workload)}`,
    renderTable(policyColumns, workload.policies),
    ...(frontier && workload.frontier.length > 0 ? [renderTable(frontierColumns, workload.frontier)] : []),
  ]);
  return [assumptions(report), ...parts, ...verdict].join("\n\n");
}

export function assumptions({ machine, worth, seeds }: Report): string {
  const count = seeds.length === 1 ? `Seed ${seeds[0]}` : `Medians of seeds ${seeds.join(", ")}`;
  return `${count}. Machines "${machine.name}": start ${waitInWords(machine.startMs)}, bind ${waitInWords(machine.bindMs)}. Cost in GB-seconds: memory, ${twoDigits(worth.cpu)} for a second of bring-up CPU, ${worth.wait} for a second of a caller's wait.`;
}

export function heading({ description, apps, seconds, invocations, live, policies }: WorkloadResult): string {
  const size = `${counted(apps, "app")}, ${twoDigits(seconds / 3_600)} h, ${amountInWords(invocations.median)} invocations`;
  const ours = policies.find(({ kind }) => kind === "ours");
  const replayed = live === null || ours === undefined ? "" : `; ${live.starts} starts live, ${ours.figures.starts.median} simulated`;
  return `(${description}): ${size}${replayed}`;
}

export interface FigureColumn<Row> {
  title: string;
  text: (row: Row) => string;
}

type WithFigures = Pick<PolicyResult, "figures">;

const figure =
  (name: FigureName, inWords: (value: number) => string) =>
  ({ figures }: WithFigures) =>
    inWords(figures[name].median);

const numbers: FigureColumn<WithFigures>[] = [
  { title: "COLD", text: figure("coldRate", percentInWords) },
  { title: "BIND", text: figure("bindRate", percentInWords) },
  { title: "SLOT", text: figure("slotWaitRate", percentInWords) },
  { title: "P50 WAIT", text: figure("waitP50Ms", waitInWords) },
  { title: "P99 WAIT", text: figure("waitP99Ms", waitInWords) },
  { title: "P99 DELAY", text: figure("delayP99Ms", waitInWords) },
  { title: "IDLE MACHINE-S", text: figure("idleMachineSeconds", amountInWords) },
  { title: "IDLE GB-S", text: figure("idleGbSeconds", amountInWords) },
  { title: "BLANK GB-S", text: figure("blankGbSeconds", amountInWords) },
  { title: "ALL GB-S", text: figure("gbSeconds", amountInWords) },
];

/** Used by the page, too. */
export const policyFigures: FigureColumn<PolicyResult>[] = [
  ...numbers,
  { title: "COST", text: figure("cost", amountInWords) },
  { title: "× ORACLE", text: ({ timesOracle }) => (timesOracle === null ? "" : twoDigits(timesOracle.median)) },
];

const frontierFigures: FigureColumn<FrontierPoint>[] = [
  ...numbers,
  { title: "COST WITHOUT WAITS", text: ({ resourceCost }) => amountInWords(resourceCost.median) },
  { title: "× ORACLE", text: ({ timesOracle }) => (timesOracle === null ? "" : twoDigits(timesOracle.median)) },
];

const policyColumns: Column<PolicyResult>[] = [{ title: "POLICY", cell: ({ policy }) => policy }, ...policyFigures.map(toTheRight)];

const frontierColumns: Column<FrontierPoint>[] = [
  { title: "WAIT WORTH", cell: ({ waitWorth }) => amountInWords(waitWorth) },
  ...frontierFigures.map(toTheRight),
];

function toTheRight<Row>({ title, text }: FigureColumn<Row>): Column<Row> {
  return { title, align: "right", cell: text };
}
