/**
 * Huawei's traces (https://github.com/sir-lab/data-release, 2023 and 2025): one file for each day, with a row for each minute and a column for each function:
 * `day,time,<function>,…`. The time is in seconds. A field is the number of calls in that minute, and an empty field means none. Further files of the same layout have
 * durations. The traces do not say which functions belong together, so each function is taken as an app of its own.
 */
import { MayflyError } from "../../base/errors/error.ts";
import type { Workload } from "../simulator.ts";
import { CsvFile } from "./csv.ts";
import { type Counts, CountedWorkload } from "./minute-counts.ts";
import { draw, executionMs } from "./published.ts";
import { Random } from "./random.ts";
import { assumeTheRest } from "./traced-apps.ts";
import { spreadAround } from "./work.ts";

export interface HuaweiFiles {
  /** `requests_minute/day_….csv`, in the order of the days. */
  requests: readonly string[];
  /** `function_delay_minute/day_….csv` for the same days: mean durations. Without them, durations are drawn as for generated workloads. */
  durations: readonly string[];
  /** The unit of the trace's durations, in ms: 1 for the trace of 2023, 1,000 for that of 2025. */
  durationUnitMs: number;
}

const MINUTE_MS = 60_000;

/** @throws MayflyError "bad-request" where a file is not of the schema; the system's error where it cannot be read */
export function readHuawei({ requests, durations, durationUnitMs }: HuaweiFiles, seed: number): Workload {
  const random = new Random(seed);
  const days = requests.map((file) => new CsvFile(file, ["day", "time"]));
  const names = [...new Set(days.flatMap(namesIn))];
  const means = durations.length > 0 ? meanDurations(durations, durationUnitMs) : new Map<string, number>();
  const traced = names.map((name) => ({ name: `function ${name}`, meanMs: means.get(name) ?? draw(executionMs, random) }));
  const assumed = assumeTheRest(traced, random);
  const functions = traced.map(({ meanMs }, app) => ({ app, isTimer: false, work: spreadAround(meanMs, assumed[app]!.cpuShare) }));
  const assumptions = means.size > 0 ? "CPU time, memory and ceilings" : "durations, CPU time, memory and ceilings";
  const apps = assumed.map(({ app }) => app);
  return new CountedWorkload({ name: `Huawei (${assumptions} assumed)`, apps, functions }, readDays(days, names), random.split());
}

function namesIn(day: CsvFile): string[] {
  return day.header.filter((name) => name !== "day" && name !== "time");
}

/** The mean duration of each function, ms, over all minutes that have one. */
function meanDurations(files: readonly string[], unitMs: number): Map<string, number> {
  const sums = new Map<string, { ms: number; count: number }>();
  for (const name of files) {
    const file = new CsvFile(name, ["day", "time"]);
    const columns = namesIn(file).map((each) => [each, file.column(each)] as const);
    for (const row of file.rows())
      for (const [each, column] of columns) {
        if ((row[column] ?? "") === "") continue;
        const { ms, count } = sums.get(each) ?? { ms: 0, count: 0 };
        sums.set(each, { ms: ms + file.number(row, column) * unitMs, count: count + 1 });
      }
  }
  return new Map([...sums].map(([name, { ms, count }]) => [name, ms / count]));
}

/** The workload's time begins at the first row. */
function* readDays(days: readonly CsvFile[], names: readonly string[]): Generator<Counts> {
  const indexOf = new Map(names.map((name, index) => [name, index]));
  let beginMs: number | undefined;
  let lastMs = -Infinity;
  for (const day of days) {
    const columns = namesIn(day).map((name) => [indexOf.get(name)!, day.column(name)] as const);
    const time = day.column("time");
    for (const row of day.rows()) {
      const atMs = day.number(row, time) * 1_000;
      beginMs ??= atMs;
      if (atMs <= lastMs)
        throw new MayflyError("bad-request", {
          what: `${day.file} is not in the order of time: a row has ${row[time]} after a later time`,
        });
      lastMs = atMs;
      yield { startMs: atMs - beginMs, lengthMs: MINUTE_MS, ...countsIn(day, row, columns) };
    }
  }
}

function countsIn(day: CsvFile, row: string[], columns: readonly (readonly [index: number, column: number])[]) {
  const functions: number[] = [];
  const counts: number[] = [];
  for (const [index, column] of columns) {
    const count = day.number(row, column);
    if (count <= 0) continue;
    functions.push(index);
    counts.push(count);
  }
  return { functions, counts };
}
