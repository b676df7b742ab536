/** The rows of the history's file. */
import type { DatabaseSync } from "node:sqlite";
import { MACHINE_PHASES } from "../../policy/machine-facts.ts";
import { transaction } from "../sqlite/transaction.ts";
import { addCounts, type Counts, forPhases, noCounts } from "./counts.ts";
import { type Row, SPAN_NAMES, type SpanName, SPANS, startOfStep } from "./spans.ts";

export interface HistoryTable {
  /** Adds what was counted in `seconds` around `at` to the rows of each span, and removes the rows that are too old, or so late that the host's clock was put back. */
  add(series: ReadonlyMap<string, Counts>, at: number, seconds: number): void;
  rows(span: SpanName, series: string): Row[];
  /** For how many seconds of each step a server counted, by when the step began: it adds something to the series of the whole server in each. */
  ran(span: SpanName): Map<number, number>;
}

export const WHOLE_SERVER = "";

export function historyTable(db: DatabaseSync): HistoryTable {
  const one = db.prepare("SELECT * FROM steps WHERE span = ? AND series = ? AND at = ?");
  const all = db.prepare("SELECT * FROM steps WHERE span = ? AND series = ? ORDER BY at");
  const starts = db.prepare("SELECT at, seconds FROM steps WHERE span = ? AND series = ?");
  const put = db.prepare("INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const prune = db.prepare("DELETE FROM steps WHERE span = ? AND (at < ? OR at > ?)");
  const addOne = (span: SpanName, series: string, at: number, seconds: number, counts: Counts) => {
    const sum = noCounts();
    const there = one.get(span, series, at);
    if (there !== undefined) addCounts(sum, countsIn(there));
    addCounts(sum, counts);
    const { calls, failed, times } = sum.calls;
    const phases = JSON.stringify(MACHINE_PHASES.map((phase) => sum.machineSeconds[phase]));
    put.run(
      span,
      series,
      at,
      seconds + Number(there?.["seconds"] ?? 0),
      calls,
      failed,
      JSON.stringify(pairsOf(times)),
      sum.cpuUs,
      sum.byteSeconds,
      phases,
    );
  };
  return {
    add(series, at, seconds) {
      transaction(db, () => {
        for (const span of SPAN_NAMES) {
          const start = startOfStep(at, SPANS[span]);
          for (const [name, counts] of series) addOne(span, name, start, seconds, counts);
          prune.run(span, start - SPANS[span].keptMs, start + SPANS[span].keptMs);
        }
      });
    },
    rows: (span, series) => all.all(span, series).map((row) => ({ at: Number(row["at"]), counts: countsIn(row) })),
    ran: (span) => new Map(starts.all(span, WHOLE_SERVER).map((row) => [Number(row["at"]), Number(row["seconds"])])),
  };
}

function countsIn(row: Record<string, unknown>): Counts {
  const seconds = JSON.parse(String(row["machine_seconds"])) as number[];
  return {
    calls: { calls: Number(row["calls"]), failed: Number(row["failed"]), times: timesOf(JSON.parse(String(row["times"])) as number[]) },
    cpuUs: Number(row["cpu_us"]),
    byteSeconds: Number(row["byte_seconds"]),
    machineSeconds: forPhases((phase) => seconds[MACHINE_PHASES.indexOf(phase)] ?? 0),
  };
}

/** Most buckets are empty: only the others are stored, each with its number. */
function pairsOf(times: readonly number[]): number[] {
  return times.flatMap((calls, bucket) => (calls === 0 ? [] : [bucket, calls]));
}

function timesOf(pairs: readonly number[]): number[] {
  const times: number[] = [];
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    while (times.length < pairs[index]!) times.push(0);
    times.push(pairs[index + 1]!);
  }
  return times;
}
