/** What the server's own process uses, and how late its event loop is. */
import { readdir } from "node:fs/promises";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { MetricFamily } from "./metric.ts";
import { single } from "./metric.ts";

const NANOSECONDS = 1e9;
/** Milliseconds between two looks at how late the event loop is. */
const LOOK_MS = 20;

export class ServerMetrics {
  readonly #info: Readonly<Record<string, string>>;
  /** Begun with the first look, because it wakes the process time and again. */
  #delay: ReturnType<typeof monitorEventLoopDelay> | undefined;
  #busy = performance.eventLoopUtilization();

  /** @param info what is known of the server, such as its version */
  constructor(info: Readonly<Record<string, string>>) {
    this.#info = info;
  }

  close(): void {
    this.#delay?.disable();
  }

  async collect(): Promise<MetricFamily[]> {
    const cpu = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    return [
      {
        kind: "gauge",
        name: "mayfly.server.info",
        unit: "",
        help: "Always 1; the labels say what runs.",
        points: [{ labels: this.#info, value: 1 }],
      },
      {
        kind: "counter",
        name: "process.cpu.time",
        unit: "s",
        help: "CPU of the server's own process.",
        points: [
          { labels: { "cpu.mode": "user" }, value: cpu.user / 1e6 },
          { labels: { "cpu.mode": "system" }, value: cpu.system / 1e6 },
        ],
      },
      single("gauge", "process.memory.usage", "By", "Memory of the server's own process that is not swapped out.", rss),
      single("gauge", "v8js.memory.heap.used", "By", "Of it, the objects of JavaScript.", heapUsed),
      single("gauge", "process.open_file_descriptors", "", "Open files and sockets of the server's process.", await descriptors()),
      single("gauge", "process.uptime", "s", "Since the worker's start.", process.uptime()),
      ...this.#loop(),
    ];
  }

  #loop(): MetricFamily[] {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#busy);
    this.#busy = now;
    const share = "Share of the time since the last look in which the server's event loop was busy.";
    const busy = single("gauge", "nodejs.eventloop.utilization", "1", share, utilization);
    if (this.#delay === undefined) {
      this.#delay = monitorEventLoopDelay({ resolution: LOOK_MS });
      this.#delay.enable();
      return [busy];
    }
    const late = (name: string, which: string, ns: number) =>
      single(
        "gauge",
        `nodejs.eventloop.delay.${name}`,
        "s",
        `How late timers of the server came since the last look: ${which}.`,
        seconds(ns),
      );
    const families = [
      busy,
      late("p50", "the median", this.#delay.percentile(50)),
      late("p99", "one in a hundred came later", this.#delay.percentile(99)),
      late("max", "the latest", this.#delay.max),
    ];
    this.#delay.reset();
    return families;
  }
}

/** What is measured includes the pause between two looks. */
function seconds(ns: number): number {
  return Math.max(0, ns / NANOSECONDS - LOOK_MS / 1_000);
}

async function descriptors(): Promise<number> {
  return (await readdir("/proc/self/fd").catch(() => [])).length;
}
