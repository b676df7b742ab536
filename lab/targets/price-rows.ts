/** Cost of Mayfly's policy over that of the best baseline at each worth of a wait, as a table: a row for each step of the knob, a cell for each workload. */
import type { Spread } from "../../src/simulator/report/figures.ts";
import type { Report } from "../../src/simulator/report/report.ts";

export interface PriceRow {
  waitWorth: number;
  /** Cells by the name of the workload. */
  cells: Map<string, { policy: string; ratio: Spread }>;
}

export function priceRows({ workloads }: Report): PriceRow[] {
  const rows = new Map<number, PriceRow>();
  for (const { name, frontier } of workloads) {
    for (const { waitWorth, timesBest } of frontier) {
      if (!timesBest?.ratio) continue;
      const row = rows.get(waitWorth) ?? { waitWorth, cells: new Map() };
      rows.set(waitWorth, row);
      row.cells.set(name, { policy: timesBest.policy, ratio: timesBest.ratio });
    }
  }
  return [...rows.values()];
}
