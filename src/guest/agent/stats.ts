/**
 * Tells the host once a second how the event loop is doing, while it does anything.
 *
 * 1. An idle machine does not wake up for this: nothing is watched, and nothing told, but once more after the last invocation.
 */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import type { FrameWriter } from "../../wire/frame-writer.ts";
import { FrameType, type StatsMessage } from "../../wire/protocol.ts";

const INTERVAL_MS = 1_000;
const RESOLUTION_MS = 20;

export class Stats {
  readonly #writer: FrameWriter;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #bound = false;
  #timer: NodeJS.Timeout | null = null;
  #inFlight = 0;
  /** When it was last told, or to be told. */
  #toldAt = 0;
  #utilization = performance.eventLoopUtilization();

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  /** What is measured is told from now on, where it is for good. */
  bound(forGood: boolean): void {
    this.#bound = forGood;
  }

  begun(): void {
    this.#inFlight += 1;
    if (this.#timer === null) this.#watch();
  }

  ended(): void {
    this.#inFlight -= 1;
  }

  /** The machine was stopped meanwhile: that is no delay of the event loop's. */
  resumed(): void {
    this.#delay.reset();
    this.#toldAt = performance.now();
    this.#utilization = performance.eventLoopUtilization();
  }

  #watch(): void {
    this.#delay.enable();
    this.#toldAt = performance.now();
    this.#timer = setInterval(() => this.#send(), INTERVAL_MS).unref();
  }

  #send(): void {
    const now = performance.now();
    const stats = this.#measure(now - this.#toldAt - INTERVAL_MS);
    this.#toldAt = now;
    if (this.#bound) this.#writer.json(FrameType.Stats, 0, stats);
    this.#delay.reset();
    if (this.#inFlight > 0) return;
    clearInterval(this.#timer!);
    this.#timer = null;
    this.#delay.disable();
  }

  /** @param late ms that it comes after its time */
  #measure(late: number): StatsMessage {
    const { user, system } = figureOf(() => process.cpuUsage(), { user: 0, system: 0 });
    const utilization = performance.eventLoopUtilization();
    const { utilization: loopUtilization } = performance.eventLoopUtilization(utilization, this.#utilization);
    this.#utilization = utilization;
    return allFigures({
      cpuMs: (user + system) / 1_000,
      loopDelayMeanMs: this.#delayOf(this.#delay.mean, late),
      loopDelayMaxMs: this.#delayOf(this.#delay.max, late),
      loopUtilization,
      heapUsedBytes: getHeapStatistics().used_heap_size,
      // Garbage on OSv: no more than there is.
      rssBytes: Math.max(
        0,
        Math.min(
          figureOf(() => process.memoryUsage.rss(), 0),
          totalmem(),
        ),
      ),
      inFlight: this.#inFlight,
    });
  }

  /**
   * The histogram's figures contain its own interval. It is empty where the loop is so busy that its timer had no two turns since the
   * last reset: then this report's own delay stands in.
   */
  #delayOf(nanoseconds: number, late: number): number {
    return Math.max(0, this.#delay.count === 0 ? late : nanoseconds / 1e6 - RESOLUTION_MS);
  }
}

/** Some kernels have no such figure, and Node then throws: the host, which has its own, must not go without the others for that. */
function figureOf<T>(read: () => T, none: T): T {
  try {
    return read();
  } catch {
    return none;
  }
}

/** The app's code may have put its own functions in the place of Node's: what is no figure then must not go to the host as one. */
function allFigures(stats: StatsMessage): StatsMessage {
  for (const [name, value] of Object.entries(stats) as [keyof StatsMessage, number][])
    stats[name] = Number.isFinite(value) && value >= 0 ? value : 0;
  return stats;
}
