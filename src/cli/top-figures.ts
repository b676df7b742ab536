/** What happened between two looks at a server's metrics, for `mayfly top`. Pure. */
import type { MetricFamilyInfo } from "../doors/admin/metric-schemas.ts";

export interface TopFigures {
  /** Seconds between the two looks. */
  seconds: number;
  all: CallFigures;
  running: number;
  waiting: number;
  /** By phase. */
  machines: Record<string, number>;
  heldBytes: number;
  /** CPUs that machines used on average. */
  cpus: number;
  month: number;
  currency: string;
  /** The busiest first. */
  apps: AppFigures[];
  functions: FunctionFigures[];
}

/** Per second, and milliseconds; null: no call ended. */
interface CallFigures {
  calls: number;
  errors: number;
  cold: number;
  p50: number | null;
  p99: number | null;
}

export interface AppFigures extends CallFigures {
  /** As in URLs: with its tenant, unless that is `main`. */
  app: string;
  running: number;
  waiting: number;
  machines: number;
  heldBytes: number;
  cpus: number;
  month: number;
}

export interface FunctionFigures extends CallFigures {
  app: string;
  /** Empty: those that have no counts of their own. */
  function: string;
}

type Labels = Record<string, string>;
type Families = readonly MetricFamilyInfo[];

interface Counts {
  bounds: readonly number[];
  counts: number[];
}

export function topFigures(before: Families, after: Families, seconds: number): TopFigures {
  const growth = (name: string, labels: Labels) => Math.max(0, sumOf(after, name, labels) - sumOf(before, name, labels));
  const calls = (labels: Labels): CallFigures => {
    const durations = growthOf(before, after, "faas.invoke_duration", labels);
    const errors = growth("faas.errors", labels);
    return {
      calls: (growth("faas.invocations", labels) + errors) / seconds,
      errors: errors / seconds,
      cold: growth("faas.coldstarts", labels) / seconds,
      p50: quantile(durations, 0.5),
      p99: quantile(durations, 0.99),
    };
  };
  const appOf = (labels: Labels): AppFigures => ({
    app: nameOf(labels),
    ...calls(labels),
    running: sumOf(after, "mayfly.calls.running", labels),
    waiting: sumOf(after, "mayfly.calls.waiting", labels),
    machines: sumOf(after, "mayfly.machines", labels),
    heldBytes: sumOf(after, "mayfly.memory.held", labels),
    cpus: growth("mayfly.cpu.time", labels) / seconds,
    month: sumOf(after, "mayfly.cost.month", labels),
  });
  const functionOf = (labels: Labels): FunctionFigures => ({
    app: nameOf(labels),
    function: labels["function"]!,
    ...calls(labels),
  });
  const apps = distinct(after, ["tenant", "app"]).map(appOf);
  const functions = distinct(after, ["tenant", "app", "function"]).map(functionOf);
  return {
    seconds,
    all: calls({}),
    running: sumOf(after, "mayfly.calls.running", {}),
    waiting: sumOf(after, "mayfly.calls.waiting", {}),
    machines: byLabel(after, "mayfly.machines", "phase"),
    heldBytes: sumOf(after, "mayfly.memory.held", {}),
    cpus: growth("mayfly.cpu.time", {}) / seconds,
    month: sumOf(after, "mayfly.cost.month", {}),
    currency: pointsOf(after, "mayfly.cost.month", {})[0]?.labels["currency"] ?? "",
    apps: apps.toSorted((one, other) => other.calls - one.calls || other.machines - one.machines || one.app.localeCompare(other.app)),
    functions: functions.toSorted((one, other) => other.calls - one.calls || one.app.localeCompare(other.app)),
  };
}

function pointsOf(families: Families, name: string, labels: Labels) {
  const points = families.find((family) => family.name === name)?.points ?? [];
  return points.filter((point) => Object.entries(labels).every(([label, value]) => point.labels[label] === value));
}

function sumOf(families: Families, name: string, labels: Labels): number {
  return pointsOf(families, name, labels).reduce((sum, { value = 0 }) => sum + value, 0);
}

function byLabel(families: Families, name: string, label: string): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { labels, value = 0 } of pointsOf(families, name, {})) {
    const key = labels[label] ?? "";
    sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return Object.fromEntries(sums);
}

/** Every combination of these labels that a point has, without those of no app. */
function distinct(families: Families, names: readonly string[]): Labels[] {
  const found = new Map<string, Labels>();
  for (const { points } of families)
    for (const { labels } of points) {
      if (names.some((name) => labels[name] === undefined) || labels["app"] === "") continue;
      const chosen = Object.fromEntries(names.map((name) => [name, labels[name]!]));
      found.set(JSON.stringify(chosen), chosen);
    }
  return [...found.values()];
}

function nameOf({ tenant, app }: Labels): string {
  return tenant === "main" ? app! : `@${tenant}/${app}`;
}

/** A server that was started again counts from nothing: then all of it is new. */
function growthOf(before: Families, after: Families, name: string, labels: Labels): Counts {
  const [old, now] = [before, after].map((families) => countsOf(families, name, labels)) as [Counts, Counts];
  const grown = now.counts.map((count, at) => count - (old.counts[at] ?? 0));
  return { bounds: now.bounds, counts: grown.some((count) => count < 0) ? now.counts : grown };
}

function countsOf(families: Families, name: string, labels: Labels): Counts {
  const sum: Counts = { bounds: [], counts: [] };
  for (const { histogram } of pointsOf(families, name, labels)) {
    if (histogram === undefined) continue;
    sum.bounds = histogram.bounds;
    sum.counts = histogram.counts.map((count, at) => count + (sum.counts[at] ?? 0));
  }
  return sum;
}

/** In milliseconds, as if the values of a bucket were spread evenly in it. Beyond the last bound, that bound. */
function quantile({ bounds, counts }: Counts, share: number): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  let left = share * all;
  for (const [at, count] of counts.entries()) {
    const upper = bounds[at];
    if (upper === undefined) break;
    if (left <= count) {
      const lower = at === 0 ? 0 : bounds[at - 1]!;
      return (lower + ((upper - lower) * left) / count) * 1_000;
    }
    left -= count;
  }
  return bounds.at(-1)! * 1_000;
}
