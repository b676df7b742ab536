/**
 * The Azure Functions trace of 2021 (https://github.com/Azure/AzurePublicDataset, AzureFunctionsInvocationTrace2021; CC-BY): a row for each invocation, with the time
 * of its end and its duration, s. Rows are in the order of the ends, and a workload is in the order of the beginnings. So a window of rows is kept in memory that is
 * long enough to have every row that began earlier.
 */
import { MayflyError } from "../../base/errors/error.ts";
import { add, createHeap, firstAt, firstPlace, firstSubject, removeFirst } from "../../policy/heap.ts";
import type { SimulatedApp, Workload } from "../simulator.ts";
import { CsvFile } from "./csv.ts";
import { Random } from "./random.ts";
import { assumeTheRest, type TracedApp } from "./traced-apps.ts";

/** @throws MayflyError "bad-request" where the file is not of the schema; the system's error where it cannot be read */
export function readAzure2021(file: string, seed: number): Workload {
  const csv = new CsvFile(file, ["app", "func", "end_timestamp", "duration"]);
  const { apps, beginMs, endMs, longestMs } = survey(csv);
  const assumed = assumeTheRest(apps, new Random(seed));
  const indexOf = new Map(apps.map(({ name }, index) => [name, index]));
  return new TracedWorkload(
    { apps: assumed.map(({ app }) => app), cpuShares: assumed.map(({ cpuShare }) => cpuShare), beginMs, endMs: endMs - beginMs, longestMs },
    readRows(csv, indexOf),
  );
}

interface Survey {
  apps: TracedApp[];
  /** The time at which the first invocation began, and that at which the last one ended. */
  beginMs: number;
  endMs: number;
  /** Longest time by which a row began before any row above it ended. */
  longestMs: number;
}

interface Row {
  app: number;
  endMs: number;
  durationMs: number;
}

/** Reads the whole file once, for what must be known before the first invocation. */
function survey(csv: CsvFile): Survey {
  const apps = new Map<string, { ms: number; count: number }>();
  const found = { beginMs: Infinity, endMs: 0, longestMs: 0 };
  const name = csv.column("app");
  for (const row of csv.rows()) {
    const { endMs, durationMs } = timesOf(csv, row);
    const app = apps.get(row[name]!) ?? { ms: 0, count: 0 };
    apps.set(row[name]!, { ms: app.ms + durationMs, count: app.count + 1 });
    found.endMs = Math.max(found.endMs, endMs);
    found.beginMs = Math.min(found.beginMs, endMs - durationMs);
    found.longestMs = Math.max(found.longestMs, found.endMs - (endMs - durationMs));
  }
  if (apps.size === 0) throw new MayflyError("bad-request", { what: `${csv.file} has no invocations` });
  return { ...found, apps: [...apps].map(([app, { ms, count }]) => ({ name: app, meanMs: ms / count })) };
}

function timesOf(csv: CsvFile, row: string[]): { endMs: number; durationMs: number } {
  const durationMs = csv.number(row, csv.column("duration")) * 1_000;
  return { endMs: csv.number(row, csv.column("end_timestamp")) * 1_000, durationMs };
}

function* readRows(csv: CsvFile, indexOf: ReadonlyMap<string, number>): Generator<Row> {
  const name = csv.column("app");
  for (const row of csv.rows()) yield { app: indexOf.get(row[name]!)!, ...timesOf(csv, row) };
}

interface Traced {
  apps: readonly SimulatedApp[];
  cpuShares: readonly number[];
  beginMs: number;
  endMs: number;
  longestMs: number;
}

class TracedWorkload implements Workload {
  readonly name = "Azure Functions 2021 (CPU time, memory and ceilings assumed)";
  readonly apps: readonly SimulatedApp[];
  readonly endMs: number;
  at = 0;
  app = 0;
  durationMs = 0;
  cpuMs = 0;
  readonly #traced: Traced;
  readonly #rows: Iterator<Row>;
  /** The rows that were read and not yet given, by the time at which they began. */
  readonly #window = createHeap();
  /** The latest end of the rows read so far, ms; Infinity after the last row. */
  #readToMs = -Infinity;

  constructor(traced: Traced, rows: Iterator<Row>) {
    this.apps = traced.apps;
    this.endMs = traced.endMs;
    this.#traced = traced;
    this.#rows = rows;
  }

  next(): boolean {
    while (firstAt(this.#window) > this.#readToMs - this.#traced.longestMs && this.#readToMs < Infinity) this.#read();
    if (this.#window.size === 0) return false;
    this.at = firstAt(this.#window) - this.#traced.beginMs;
    this.app = firstPlace(this.#window);
    this.durationMs = firstSubject(this.#window);
    this.cpuMs = this.durationMs * (this.#traced.cpuShares[this.app] ?? 0);
    removeFirst(this.#window);
    return true;
  }

  #read(): void {
    const { done, value } = this.#rows.next();
    if (done === true) {
      this.#readToMs = Infinity;
      return;
    }
    this.#readToMs = Math.max(this.#readToMs, value.endMs);
    add(this.#window, value.endMs - value.durationMs, value.durationMs, value.app);
  }
}
