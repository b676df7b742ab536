/** Gauges of apps: their machines, calls, slots and memory now, what waits for them, and what they cost this month. */
import type { MachinePhase } from "../../policy/machine-facts.ts";
import type { AppLabels } from "./call-metrics.ts";
import type { Labels, MetricFamily, NumberPoint } from "./metric.ts";

/** What is read from other rooms whenever metrics are collected. Apps are ids. */
export interface Readings {
  machines(): readonly MachineReading[];
  /** The invocations that wait or run, by app. */
  inFlight(): readonly (readonly [app: string, calls: number])[];
  /** Events that were accepted and have not ended, by app. */
  events(): Promise<readonly { app: string; events: number }[]>;
  /** How many messages queues have. An app that is null stands for its tenant. */
  queues(): Promise<readonly QueueReading[]>;
  /** This month's cost so far, by app; null is the platform. */
  costs(): { currency: string; apps: readonly { app: string | null; cost: number }[] };
}

interface QueueReading {
  readonly tenant: string;
  readonly app: string | null;
  readonly name: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

interface MachineReading {
  readonly phase: MachinePhase;
  /** Null: it belongs to no app. */
  readonly app: string | null;
  readonly memoryBytes: number;
  readonly kind: { readonly memoryMb: number };
  readonly inFlight: number;
  readonly slots: number;
  readonly loopDelayMs: number;
}

type LabelsOf = (app: string) => AppLabels | undefined;

const MB = 2 ** 20;
const NONE: AppLabels = { tenant: "", app: "" };

/** @param most queues with counts of their own; further ones of an app are counted together, as its queue "" */
export async function appReadings(readings: Readings, labelsOf: LabelsOf, most: number): Promise<MetricFamily[]> {
  const machines = readings.machines();
  const bound = machines.filter(({ app }) => app !== null);
  const running = sums(bound.map(({ app, inFlight }) => [app!, inFlight]));
  const calls = readings.inFlight();
  const gauge = (name: string, unit: string, help: string, points: readonly NumberPoint[]): MetricFamily => ({
    kind: "gauge",
    name,
    unit,
    help,
    points,
  });
  const byApp = (values: Iterable<readonly [app: string, value: number]>) =>
    pointsOf([...sums(values)].map(([app, value]) => [labelsOf(app) ?? NONE, value]));
  const { currency, apps } = readings.costs();
  const costs = apps.map(({ app, cost }) => [{ ...((app !== null && labelsOf(app)) || NONE), currency }, cost] as const);
  return [
    gauge(
      "mayfly.machines",
      "{machine}",
      "Machines by phase; those that belong to no app have no app.",
      pointsOf(machines.map(({ app, phase }) => [{ ...((app !== null && labelsOf(app)) || NONE), phase }, 1])),
    ),
    gauge(
      "mayfly.memory.held",
      "By",
      "Memory that machines hold for themselves: what they share with others of their template is not in it.",
      byApp(machines.map(({ app, memoryBytes }) => [app ?? "", memoryBytes])),
    ),
    gauge(
      "mayfly.memory.configured",
      "By",
      "Memory that the same machines may use at most.",
      byApp(machines.map(({ app, kind }) => [app ?? "", kind.memoryMb * MB])),
    ),
    gauge("mayfly.slots", "{slot}", "How many calls an app's machines take at once.", byApp(bound.map(({ app, slots }) => [app!, slots]))),
    gauge("mayfly.calls.running", "{call}", "Calls that a machine works on.", byApp(running)),
    gauge(
      "mayfly.guest.eventloop.delay",
      "s",
      "The latest event loop of an app's machines, as the guests themselves reported it last: the mean of a second.",
      byApp(
        [...Map.groupBy(bound, ({ app }) => app!)].map(([app, own]) => [
          app,
          Math.max(...own.map(({ loopDelayMs }) => loopDelayMs)) / 1_000,
        ]),
      ),
    ),
    gauge(
      "mayfly.calls.waiting",
      "{call}",
      "Calls that wait for a slot of a machine.",
      byApp(calls.map(([app, count]) => [app, Math.max(0, count - (running.get(app) ?? 0))])),
    ),
    gauge(
      "mayfly.events.open",
      "{event}",
      "Events that wait or run.",
      byApp((await readings.events()).map(({ app, events }) => [app, events])),
    ),
    gauge(
      "mayfly.queue.messages",
      "{message}",
      "Messages in a queue: visible ones could be received now, those in flight were received and not deleted yet, delayed ones become visible later.",
      pointsOf((await readings.queues()).flatMap((queue, at) => depthOf(queue, at < most, labelsOf))),
    ),
    gauge("mayfly.cost.month", "", "Cost of this month so far; what no app used has no app.", pointsOf(costs)),
  ];
}

/** Queues of a tenant itself have its name, and no app. */
function depthOf({ tenant, app, name, visible, inFlight, delayed }: QueueReading, isOwn: boolean, labelsOf: LabelsOf) {
  const whose = app === null ? { tenant, app: "" } : labelsOf(app);
  if (whose === undefined) return [];
  const labels = { ...whose, queue: isOwn ? name : "" };
  const states = { visible, in_flight: inFlight, delayed };
  return Object.entries(states).map(([state, value]) => [{ ...labels, state }, value] as const);
}

function sums(values: Iterable<readonly [app: string, value: number]>): Map<string, number> {
  const all = new Map<string, number>();
  for (const [app, value] of values) all.set(app, (all.get(app) ?? 0) + value);
  return all;
}

/** One point for each set of labels: apps that are gone have the labels of no app together. */
function pointsOf(values: Iterable<readonly [labels: Labels | AppLabels, value: number]>): NumberPoint[] {
  const points = new Map<string, { labels: Labels; value: number }>();
  for (const [labels, value] of values) {
    const key = JSON.stringify(labels);
    const point = points.get(key);
    if (point === undefined) points.set(key, { labels: { ...labels }, value });
    else point.value += value;
  }
  return [...points.values()];
}
