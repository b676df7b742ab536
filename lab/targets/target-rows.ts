/** The targets as a table: a row for each target and reading, a cell for each workload. */
import type { Report, Verdict } from "../../src/simulator/report/report.ts";
import { targets } from "./targets.ts";
import { twoDigits } from "../../src/simulator/report/words.ts";

export interface TargetRow {
  title: string;
  /** Cells by the name of the workload. */
  cells: Map<string, { text: string; verdict: Verdict }>;
}

export function targetRows({ workloads }: Report): TargetRow[] {
  const rows = new Map<string, TargetRow>();
  for (const { name, verdicts } of workloads) {
    for (const verdict of verdicts) {
      const title = rowTitle(verdict);
      const row = rows.get(title) ?? { title, cells: new Map() };
      rows.set(title, row);
      row.cells.set(name, { text: cellText(verdict), verdict });
    }
  }
  return [...rows.values()];
}

export function rowTitle({ target, reading }: Verdict): string {
  const { title } = targets[target];
  return reading === "cold-or-bind" ? `${title} or binds` : title;
}

/** Text of a cell. A verdict without a ratio is reached if both policies have 0. */
function cellText({ ratio, reached }: Verdict): string {
  const amount = ratio === null ? (reached ? "0" : "–") : twoDigits(ratio.median);
  return `${amount} ${reached ? "✓" : "✗"}`;
}
