/** Counts what happens to machines: why they are started, how long that takes, and how they end. */
import type { EventStream } from "../event-stream.ts";
import { Histogram } from "./histogram.ts";
import type { MetricFamily } from "./metric.ts";

export class MachineMetrics {
  readonly #starts = new Map<string, number>();
  readonly #drains = new Map<string, number>();
  readonly #kills = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  readonly #startDuration = new Histogram();
  readonly #bindDuration = new Histogram();

  /** Returns a function that ends the counting. */
  listen(events: Pick<EventStream, "listen">): () => void {
    return events.listen({
      "machine-started": ({ why }) => add(this.#starts, why.kind),
      "machine-draining": ({ why }) => add(this.#drains, why.kind),
      "machine-killed": ({ why }) => add(this.#kills, why.kind),
      "machine-ended": ({ exit, asked }) => (asked ? undefined : add(this.#ends, exit.reason)),
      "machine-blank": ({ startMs }) => this.#startDuration.add(startMs / 1_000),
      "machine-bound": ({ bindMs }) => this.#bindDuration.add(bindMs / 1_000),
    });
  }

  collect(): MetricFamily[] {
    const counter = (name: string, help: string, counts: Map<string, number>): MetricFamily => ({
      kind: "counter",
      name,
      unit: "{machine}",
      help,
      points: [...counts].map(([reason, value]) => ({ labels: { reason }, value })),
    });
    const histogram = (name: string, help: string, value: Histogram): MetricFamily => ({
      kind: "histogram",
      name,
      unit: "s",
      help,
      points: [{ labels: {}, histogram: value }],
    });
    return [
      counter("mayfly.machine.starts", "Machines that were started, by the policy's reason.", this.#starts),
      counter("mayfly.machine.drains", "Machines that get no new calls, by the policy's reason.", this.#drains),
      counter("mayfly.machine.kills", "Machines that were killed, by the policy's reason.", this.#kills),
      counter("mayfly.machine.failures", "Machines that ended although nobody asked for it, by how they ended.", this.#ends),
      histogram("mayfly.machine.start_duration", "From the order to start a machine until it was a blank.", this.#startDuration),
      histogram("mayfly.machine.bind_duration", "From the order to bind a blank to an app until it took calls.", this.#bindDuration),
    ];
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
