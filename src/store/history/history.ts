/**
 * What the dashboard plots: calls, errors, times, machines, memory and CPU of the last hour, day and month, of the whole server, of each tenant and of the apps that did
 * most. Nothing else depends on it: bills are the ledger's.
 *
 * Owns: what was counted since the last write, by app, and the file.
 * 1. Every STEP what was counted is added to the rows of all three spans, so that nothing has to be made up for after a kill; a kill loses the last step.
 * 2. Of one step, at most MOST_APPS apps have rows of their own: those that were called most and held most. All others are in the rows of their tenant and the server.
 * 3. Rows older than their span are removed: with a hundred apps that are always busy the file has some 50 MB, on most servers less than one.
 */
import type { Clock } from "../../base/clock/clock.ts";
import type { MachinePhase } from "../../policy/machine-facts.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import type { InvocationEnded } from "../../telemetry/platform-event.ts";
import { count } from "../../traffic/tally.ts";
import { addCounts, type Counts, noCounts } from "./counts.ts";
import { type Course, courseOf, type SpanName, SPANS } from "./spans.ts";
import { type HistoryTable, WHOLE_SERVER } from "./table.ts";

export interface HistoryParts {
  table: HistoryTable;
  events: Pick<EventStream, "listen">;
  clock: Pick<Clock, "now" | "wall" | "after">;
  /** The id of the app's tenant. */
  tenantOf: (app: string) => string | undefined;
  /** Called when something could not be stored, and not again until something was. */
  onFailure: (error: unknown) => void;
  /** Called with what was counted in each step, by the app's id; empty: of no app. */
  onStep?: (counted: ReadonlyMap<string, Counts>) => void;
}

/** What a machine is at, and whose it is. */
interface SeenMachine {
  app: string | null;
  phase: MachinePhase;
}

/** What machines used, as the accounts are told. */
interface Used {
  app: string | null;
  cpuUs: number;
  byteSeconds: number;
}

export type SeriesWanted = { kind: "server" } | { kind: "tenant"; tenant: string } | { kind: "apps"; apps: readonly string[] };

export interface History {
  used(entry: Used): void;
  /** Says how the machines that there are can be found. Until then none are counted. */
  watch(machines: () => readonly SeenMachine[]): void;
  /** What is counted and not yet stored is missing. */
  course(wanted: SeriesWanted, span: SpanName): Course;
  close(): void;
}

const STEP_MS = SPANS.hour.stepMs;
const MOST_APPS = 100;
/** Of so many apps at most it is remembered whose they are. */
const MOST_REMEMBERED = 20_000;

/** Whether a caller was told that the call went wrong: by the function, or by Mayfly, whoever's fault it was. Who went away was told nothing. */
export function hasFailed({ outcome, status }: Pick<InvocationEnded, "outcome" | "status">): boolean {
  return outcome === "replied" ? status >= 500 : outcome !== "aborted";
}

/** How long a caller waited for the beginning of the reply; null: the call failed, or nobody waited for it. */
export function waitedMs({ outcome, status, spans }: Pick<InvocationEnded, "outcome" | "status" | "spans">): number | null {
  return outcome === "replied" && status < 500 ? spans.queue + spans.start + spans.bind + spans.run : null;
}

export function createHistory({ table, events, clock, tenantOf, onFailure, onStep }: HistoryParts): History {
  /** By the app's id; empty: of no app. */
  let pending = new Map<string, Counts>();
  let since = clock.now();
  let machines: () => readonly SeenMachine[] = () => [];
  let isFailing = false;
  const tenants = new Map<string, string | undefined>();
  const of = (app: string | null) => {
    const there = pending.get(app ?? "") ?? noCounts();
    pending.set(app ?? "", there);
    return there;
  };
  const stopListening = events.listen({
    "invocation-ended"(event) {
      const { calls } = of(event.app);
      // Who went away is counted as a call that has no time.
      if (event.outcome === "aborted") calls.calls += 1;
      else count(calls, hasFailed(event) ? null : waitedMs(event));
    },
  });
  const knownTenant = (app: string) => {
    if (tenants.size > MOST_REMEMBERED) tenants.clear();
    if (!tenants.has(app)) tenants.set(app, tenantOf(app));
    return tenants.get(app);
  };
  const flush = () => {
    const now = clock.now();
    const seconds = (now - since) / 1_000;
    for (const { app, phase } of machines()) of(app).machineSeconds[phase] += seconds;
    const counted = pending;
    pending = new Map();
    since = now;
    onStep?.(counted);
    try {
      table.add(seriesOf(counted, knownTenant), clock.wall() - (seconds / 2) * 1_000, seconds);
      isFailing = false;
    } catch (error) {
      if (!isFailing) onFailure(error);
      isFailing = true;
    }
  };
  // Where a step ends, so that each has one write.
  let stop = () => {};
  const goOn = () => {
    stop = clock.after(STEP_MS - (clock.wall() % STEP_MS), () => {
      flush();
      goOn();
    });
  };
  goOn();
  return {
    used({ app, cpuUs, byteSeconds }) {
      const counts = of(app);
      counts.cpuUs += cpuUs;
      counts.byteSeconds += byteSeconds;
    },
    watch: (list) => void (machines = list),
    course(wanted, span) {
      const rows = namesOf(wanted).flatMap((series) => table.rows(span, series));
      return courseOf(span, rows, table.ran(span), clock.wall());
    },
    close() {
      stop();
      stopListening();
      machines = () => [];
      flush();
    },
  };
}

function namesOf(wanted: SeriesWanted): string[] {
  if (wanted.kind === "server") return [WHOLE_SERVER];
  return wanted.kind === "tenant" ? [`t:${wanted.tenant}`] : wanted.apps.map((app) => `a:${app}`);
}

/** The counts of each series. @param counted by the app's id; empty: of no app */
export function seriesOf(counted: ReadonlyMap<string, Counts>, tenantOf: (app: string) => string | undefined): Map<string, Counts> {
  const series = new Map<string, Counts>([[WHOLE_SERVER, noCounts()]]);
  const add = (name: string, counts: Counts) => {
    const sum = series.get(name) ?? noCounts();
    addCounts(sum, counts);
    series.set(name, sum);
  };
  const apps = [...counted].filter(([app]) => app !== "");
  for (const counts of counted.values()) add(WHOLE_SERVER, counts);
  for (const [app, counts] of apps) add(`t:${tenantOf(app) ?? ""}`, counts);
  for (const [app, counts] of busiest(apps)) add(`a:${app}`, counts);
  return series;
}

function busiest(apps: [string, Counts][]): [string, Counts][] {
  if (apps.length <= MOST_APPS) return apps;
  const byCalls = apps.toSorted(([, a], [, b]) => b.calls.calls - a.calls.calls || b.byteSeconds - a.byteSeconds);
  return byCalls.slice(0, MOST_APPS);
}
