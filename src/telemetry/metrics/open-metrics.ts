/** Opens the metrics of a server: what counts, and what is read when somebody asks for them. */
import type { EventStream } from "../event-stream.ts";
import { type Readings, appReadings } from "./app-readings.ts";
import { type AppLabels, CallMetrics } from "./call-metrics.ts";
import { HostMetrics } from "./host-metrics.ts";
import { MachineMetrics } from "./machine-metrics.ts";
import type { MetricFamily } from "./metric.ts";
import { prometheusText } from "./prometheus-text.ts";
import { ServerMetrics } from "./server-metrics.ts";
import { type MachineUsage, UsageMetrics } from "./usage-metrics.ts";

export interface MetricsOptions {
  events: Pick<EventStream, "listen">;
  /** How an app is called; undefined if there is none of that id. */
  labelsOf: (app: string) => AppLabels | undefined;
  /** Functions, and apps, with counts of their own: see call-metrics.ts. */
  most: number;
  /** What is known of the server, such as its version. */
  info: Readonly<Record<string, string>>;
}

export interface Metrics {
  /** Takes note of what a machine used. */
  used(usage: MachineUsage): void;
  /** Takes note of bytes that a machine's channel carried. @param app null: the machine belonged to none */
  carried(app: string | null, toMachine: number, fromMachine: number): void;
  /** What is read from the dispatcher and others, which are made later than this; without it, nothing is. */
  readFrom(readings: Readings): void;
  /** Adds families of others, such as those of the export itself. */
  add(collect: () => readonly MetricFamily[]): void;
  /** Those who ask at the same time share one look: what is counted from one look to the next would otherwise be counted twice. */
  collect(): Promise<MetricFamily[]>;
  /** The same in Prometheus's text format. */
  text(): Promise<string>;
  close(): void;
}

export function openMetrics({ events, labelsOf, most, info }: MetricsOptions): Metrics {
  const calls = new CallMetrics({ labelsOf, most });
  const machines = new MachineMetrics();
  const usage = new UsageMetrics({ labelsOf, most });
  const server = new ServerMetrics(info);
  const host = new HostMetrics();
  const ends = [calls.listen(events), machines.listen(events), usage.listen(events)];
  const further: (() => readonly MetricFamily[])[] = [];
  let readings: Readings | undefined;
  let looking: Promise<MetricFamily[]> | undefined;
  const look = async (): Promise<MetricFamily[]> => [
    ...calls.collect(),
    ...machines.collect(),
    ...usage.collect(),
    ...(readings === undefined ? [] : await appReadings(readings, labelsOf, most)),
    ...(await server.collect()),
    ...(await host.collect()),
    ...further.flatMap((each) => each()),
  ];
  const collect = () => (looking ??= look().finally(() => (looking = undefined)));
  return {
    used: (used) => usage.record(used),
    carried: (...what) => usage.carry(...what),
    readFrom: (given) => void (readings = given),
    add: (each) => void further.push(each),
    collect,
    text: async () => prometheusText(await collect()),
    close() {
      for (const end of ends) end();
      server.close();
    },
  };
}
