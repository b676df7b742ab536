/** Ours against the best baseline at each worth of a wait, as a table: a row for each step of the knob, a cell for each workload. */
import type { FrontierPoint, Report } from "./report.ts";

export interface PriceRow {
  waitWorth: number;
  /** By workload. */
  cells: Map<string, NonNullable<FrontierPoint["timesBest"]>>;
}

export function priceRows({ workloads }: Report): PriceRow[] {
  const rows = new Map<number, PriceRow>();
  for (const { name, frontier } of workloads) {
    for (const { waitWorth, timesBest } of frontier) {
      if (timesBest === null) continue;
      const row = rows.get(waitWorth) ?? { waitWorth, cells: new Map() };
      rows.set(waitWorth, row);
      row.cells.set(name, timesBest);
    }
  }
  return [...rows.values()];
}
