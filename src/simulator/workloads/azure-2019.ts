/**
 * The Azure Functions trace of 2019 (https://github.com/Azure/AzurePublicDataset, AzureFunctionsDataset2019; CC-BY): a row for each function and day
 * with its calls in each minute; percentiles of its durations, ms; memory of its app, MB. The reader holds those counts of one day that are not 0 in memory.
 */
import type { Workload } from "../simulator.ts";
import { CsvFile } from "./csv.ts";
import { DayCounts, MINUTES_PER_DAY } from "./day-counts.ts";
import { type Counts, CountedWorkload, type TracedFunction } from "./minute-counts.ts";
import { draw, executionMs } from "./published.ts";
import { Random } from "./random.ts";
import { assumeTheRest, type TracedApp } from "./traced-apps.ts";
import { spreadAround } from "./work.ts";

/** Each list has one file for each day, in the order of the days. Functions that `durations` lacks and apps that `memory` lacks get drawn values, as in generated workloads. */
export interface Azure2019Files {
  invocations: readonly string[];
  durations: readonly string[];
  memory: readonly string[];
}

/** A function as the files have it. */
interface Row {
  key: string;
  /** The app's index in the order in which the files name apps first. */
  app: number;
  isTimer: boolean;
}

interface Durations {
  meanMs: number;
  durationMs(random: Random): number;
}

const DAY_MS = MINUTES_PER_DAY * 60_000;
const PERCENTILES = [0, 1, 25, 50, 75, 99, 100];

/** @throws MayflyError "bad-request" where a file is not of the schema; the system's error where it cannot be read */
export function readAzure2019(files: Azure2019Files, seed: number): Workload {
  const random = new Random(seed);
  const days = files.invocations.map((file) => new CsvFile(file, ["HashOwner", "HashApp", "HashFunction", "Trigger", "1"]));
  const { rows, apps } = listFunctions(days);
  const known = readDurations(files.durations);
  const durations = rows.map(({ key }) => known.get(key) ?? spreadAround(draw(executionMs, random), 0));
  const assumed = assumeTheRest(describeApps(apps, rows, durations, readMemory(files.memory)), random);
  const functions = rows.map(({ app, isTimer }, i): TracedFunction => {
    const { cpuShare } = assumed[app]!;
    return { app, isTimer, work: { ...durations[i]!, cpuShare: () => cpuShare } };
  });
  const simulated = assumed.map(({ app }) => app);
  const name = "Azure Functions 2019 (CPU time and ceilings assumed)";
  return new CountedWorkload({ name, apps: simulated, functions, endMs: days.length * DAY_MS }, readDays(days, rows), random.split());
}

function listFunctions(days: readonly CsvFile[]): { rows: Row[]; apps: string[] } {
  const rows = new Map<string, Row>();
  const apps = new Map<string, number>();
  for (const day of days) {
    const trigger = day.column("Trigger");
    const [keyOf, appOf] = keys(day);
    for (const row of day.rows()) {
      const key = keyOf(row);
      if (!apps.has(appOf(row))) apps.set(appOf(row), apps.size);
      if (!rows.has(key)) rows.set(key, { key, app: apps.get(appOf(row))!, isTimer: row[trigger] === "timer" });
    }
  }
  return { rows: [...rows.values()], apps: [...apps.keys()] };
}

/** Returns two functions that make a key of a row: the key of its function and the key of its app. */
function keys(file: CsvFile): [(row: string[]) => string, (row: string[]) => string] {
  const [owner, app, fn] = [file.column("HashOwner"), file.column("HashApp"), file.column("HashFunction")];
  return [(row) => `${row[owner]} ${row[app]} ${row[fn]}`, (row) => `${row[owner]} ${row[app]}`];
}

function describeApps(
  apps: readonly string[],
  rows: readonly Row[],
  durations: readonly Durations[],
  memory: ReadonlyMap<string, number>,
): TracedApp[] {
  const traced = apps.map((name): TracedApp => ({ name, meanMs: 0, memoryMb: memory.get(name) }));
  // An author chooses an app's concurrency by its longest function.
  for (const [i, { app }] of rows.entries()) traced[app]!.meanMs = Math.max(traced[app]!.meanMs, durations[i]!.meanMs);
  return traced;
}

/** The durations of each function, from the first day that has them. */
function readDurations(files: readonly string[]): Map<string, Durations> {
  const durations = new Map<string, Durations>();
  for (const name of files) {
    const file = new CsvFile(name, ["HashFunction", "Average", ...PERCENTILES.map((each) => `percentile_Average_${each}`)]);
    const columns = PERCENTILES.map((each) => file.column(`percentile_Average_${each}`));
    const average = file.column("Average");
    const [keyOf] = keys(file);
    for (const row of file.rows()) {
      if (durations.has(keyOf(row))) continue;
      const values = columns.map((column) => file.number(row, column));
      durations.set(keyOf(row), { meanMs: file.number(row, average), durationMs: (random) => between(values, 100 * random.next()) });
    }
  }
  return durations;
}

/** The value at a percentile (0 to 100), interpolated linearly between the two percentiles of the trace beside it. */
function between(values: readonly number[], percentile: number): number {
  const above = Math.max(
    1,
    PERCENTILES.findIndex((each) => percentile < each),
  );
  const [low, high] = [PERCENTILES[above - 1]!, PERCENTILES[above]!];
  return values[above - 1]! + ((values[above]! - values[above - 1]!) * (percentile - low)) / (high - low);
}

/** The average memory of each app, MB: the largest of its days and rows. */
function readMemory(files: readonly string[]): Map<string, number> {
  const memory = new Map<string, number>();
  for (const name of files) {
    const file = new CsvFile(name, ["HashOwner", "HashApp", "AverageAllocatedMb"]);
    const column = file.column("AverageAllocatedMb");
    const [, appOf] = keys(file);
    for (const row of file.rows()) memory.set(appOf(row), Math.max(memory.get(appOf(row)) ?? 0, file.number(row, column)));
  }
  return memory;
}

function* readDays(days: readonly CsvFile[], rows: readonly Row[]): Generator<Counts> {
  const indexOf = new Map(rows.map(({ key }, index) => [key, index]));
  for (const [i, day] of days.entries()) {
    const counts = new DayCounts();
    const first = day.column("1");
    const [keyOf] = keys(day);
    for (const row of day.rows()) {
      const index = indexOf.get(keyOf(row)) as number;
      for (let minute = 0; minute < MINUTES_PER_DAY; minute++) {
        const count = row[first + minute] === "0" ? 0 : day.number(row, first + minute);
        if (count > 0) counts.add(minute, index, count);
      }
    }
    yield* counts.byMinute(i * DAY_MS);
  }
}
