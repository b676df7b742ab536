/**
 * CPU and memory that machines used, from the entries that the ledger gets of them. The ledger's own sums are of months; these are counters
 * from the server's start on.
 */
import type { EventStream } from "../event-stream.ts";
import type { AppLabels } from "./call-metrics.ts";
import type { MetricFamily } from "./metric.ts";

/** What one machine used since its last entry: see UsageEntry of store/ledger. */
export interface MachineUsage {
  /** Null for the platform itself. */
  readonly app: string | null;
  readonly kind: "start" | "bind" | "run";
  /** Microseconds; negative if the CPU of a start moves from the platform to an app. */
  readonly cpuUs: number;
  readonly byteSeconds: number;
}

export interface UsageMetricsOptions {
  labelsOf: (app: string) => AppLabels | undefined;
  /** Apps with counts of their own. Further ones are counted together. */
  most: number;
}

interface AppUsage {
  cpuUs: Record<MachineUsage["kind"], number>;
  byteSeconds: number;
  toMachines: number;
  fromMachines: number;
}

const OTHERS = "";
const stages = ["start", "bind", "run"] as const;

export class UsageMetrics {
  readonly #options: UsageMetricsOptions;
  readonly #apps = new Map<string, AppUsage>();
  #cpuUs = 0;

  constructor(options: UsageMetricsOptions) {
    this.#options = options;
  }

  /** Returns a function that ends the dropping of apps that are removed. Their machines tell of their last seconds before they are gone. */
  listen(events: Pick<EventStream, "listen">): () => void {
    return events.listen({
      "app-removed": ({ app }) => void this.#apps.delete(app),
      "machine-ended": ({ app, appGone }) => void (app !== null && appGone && this.#apps.delete(app)),
    });
  }

  record({ app, kind, cpuUs, byteSeconds }: MachineUsage): void {
    this.#cpuUs += cpuUs;
    if (app === null) return;
    const usage = this.#usageOf(app);
    usage.cpuUs[kind] += cpuUs;
    usage.byteSeconds += byteSeconds;
  }

  /** What machines carried that belong to no app is counted as that of no app. */
  carry(app: string | null, toMachine: number, fromMachine: number): void {
    const usage = this.#usageOf(app ?? OTHERS);
    usage.toMachines += toMachine;
    usage.fromMachines += fromMachine;
  }

  #usageOf(app: string): AppUsage {
    const known = this.#apps.get(app);
    if (known !== undefined) return known;
    if (app !== OTHERS && this.#apps.size >= this.#options.most) return this.#usageOf(OTHERS);
    const made = { cpuUs: { start: 0, bind: 0, run: 0 }, byteSeconds: 0, toMachines: 0, fromMachines: 0 };
    this.#apps.set(app, made);
    return made;
  }

  collect(): MetricFamily[] {
    const all = [...this.#apps].map(([id, usage]) => ({ labels: { tenant: "", app: "", ...this.#options.labelsOf(id) }, usage }));
    return [
      {
        kind: "counter",
        name: "mayfly.cpu.time",
        unit: "s",
        help: "CPU that machines of the app used, as the host counts it: for their start, their bind, and from then on.",
        points: all.flatMap(({ labels, usage }) =>
          stages.map((stage) => ({ labels: { ...labels, stage }, value: usage.cpuUs[stage] / 1e6 })),
        ),
      },
      {
        kind: "counter",
        name: "mayfly.memory.time",
        unit: "By.s",
        help: "Memory that machines of the app held for themselves, times the seconds for which they held it.",
        points: all.map(({ labels, usage }) => ({ labels, value: usage.byteSeconds })),
      },
      {
        kind: "counter",
        name: "mayfly.channel.io",
        unit: "By",
        help: "Bytes between the server and machines, with code, calls, logs and connections to the outside: to (transmit) and from them (receive).",
        points: all.flatMap(({ labels, usage }) => [
          { labels: { ...labels, direction: "transmit" }, value: usage.toMachines },
          { labels: { ...labels, direction: "receive" }, value: usage.fromMachines },
        ]),
      },
      {
        kind: "counter",
        name: "mayfly.machines.cpu.time",
        unit: "s",
        help: "CPU that all machines used, those included that belong to no app.",
        points: [{ labels: {}, value: this.#cpuUs / 1e6 }],
      },
    ];
  }
}
