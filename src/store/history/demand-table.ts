/** The rows of recorded demand, in the history's file. */
import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../sqlite/transaction.ts";
import { addDemand, coarser, type DemandCounts, type DemandSpan, DEMAND_SPAN_NAMES, DEMAND_SPANS, noDemand } from "./demand-counts.ts";

export interface DemandTable {
  /** Adds what was counted up to `at` to the rows of each span, and removes the rows that are too old, or so late that the host's clock was put back. */
  add(counted: readonly (readonly [app: string, counts: DemandCounts])[], at: number): void;
  /** The oldest first. */
  rows(span: DemandSpan, app: string): { at: number; counts: DemandCounts }[];
  /** Those that have rows, with the time of their last. */
  apps(): { app: string; at: number }[];
  remove(app: string): void;
}

export function demandTable(db: DatabaseSync): DemandTable {
  const one = db.prepare("SELECT * FROM demand WHERE span = ? AND app = ? AND at = ?");
  const all = db.prepare("SELECT * FROM demand WHERE span = ? AND app = ? ORDER BY at");
  const put = db.prepare("INSERT OR REPLACE INTO demand VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const prune = db.prepare("DELETE FROM demand WHERE span = ? AND (at < ? OR at > ?)");
  const list = db.prepare("SELECT app, max(at) AS at FROM demand GROUP BY app");
  const drop = db.prepare("DELETE FROM demand WHERE app = ?");
  const addOne = (span: DemandSpan, app: string, at: number, counts: DemandCounts) => {
    const sum = noDemand();
    const there = one.get(span, app, at);
    if (there !== undefined) addDemand(sum, countsIn(there));
    addDemand(sum, counts);
    const { ranMs, binds, machineSeconds, byteSeconds, cpuUs } = sum;
    put.run(
      span,
      app,
      at,
      textOf(sum.arrivals, at / 1_000),
      textOf(sum.ran),
      textOf(sum.waited),
      ranMs,
      binds,
      machineSeconds,
      byteSeconds,
      cpuUs,
    );
  };
  return {
    add(counted, at) {
      transaction(db, () => {
        for (const span of DEMAND_SPAN_NAMES) {
          const { slotMs, rowMs, keptMs } = DEMAND_SPANS[span];
          const start = Math.floor(at / rowMs) * rowMs;
          for (const [app, counts] of counted) addOne(span, app, start, coarser(counts, slotMs));
          prune.run(span, start - keptMs, start + keptMs);
        }
      });
    },
    rows: (span, app) => all.all(span, app).map((row) => ({ at: Number(row["at"]), counts: countsIn(row) })),
    apps: () => list.all().map(({ app, at }) => ({ app: String(app), at: Number(at) })),
    remove: (app) => void drop.run(app),
  };
}

function countsIn(row: Record<string, unknown>): DemandCounts {
  return {
    arrivals: mapOf(row["arrivals"], Number(row["at"]) / 1_000),
    ran: mapOf(row["ran"]),
    waited: mapOf(row["waited"]),
    ranMs: Number(row["ran_ms"]),
    binds: Number(row["binds"]),
    machineSeconds: Number(row["machine_seconds"]),
    byteSeconds: Number(row["byte_seconds"]),
    cpuUs: Number(row["cpu_us"]),
  };
}

/** Pairs of a key and a number, as JSON. @param from is taken off the keys, so that they are short */
function textOf(counts: ReadonlyMap<number, number>, from = 0): string {
  return JSON.stringify([...counts].flatMap(([key, calls]) => [key - from, calls]));
}

function mapOf(text: unknown, from = 0): Map<number, number> {
  const pairs = JSON.parse(String(text)) as number[];
  const counts = new Map<number, number>();
  for (let index = 0; index + 1 < pairs.length; index += 2) counts.set(pairs[index]! + from, pairs[index + 1]!);
  return counts;
}
