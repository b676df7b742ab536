/**
 * Reports to the host once a second how the event loop is doing, while it is busy.
 *
 * 1. An idle machine must not wake up for this. After the last invocation there is one more report, and then nothing is measured.
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
  /** The time of the last report, or at which measuring began. */
  #toldAt = 0;
  /** How long calls waited since the last report, milliseconds together, and how many they were. */
  #waitedMs = 0;
  #waits = 0;
  #utilization = performance.eventLoopUtilization();

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  /** @param forGood whether the machine is bound for good, not for a rehearsal: only then are reports sent */
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

  /** The time for which the machine was stopped must not count as delay of the event loop. */
  resumed(): void {
    this.#delay.reset();
    this.#toldAt = performance.now();
    this.#utilization = performance.eventLoopUtilization();
  }

  /** A call waited for a program that takes few calls at a time. For scaling that is the same as a call that waits for the event loop. */
  waited(ms: number): void {
    this.#waitedMs += ms;
    this.#waits += 1;
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
    this.#waitedMs = this.#waits = 0;
    if (this.#inFlight > 0) return;
    clearInterval(this.#timer!);
    this.#timer = null;
    this.#delay.disable();
  }

  /** @param late milliseconds by which this report comes late */
  #measure(late: number): StatsMessage {
    const { user, system } = figureOf(() => process.cpuUsage(), { user: 0, system: 0 });
    const utilization = performance.eventLoopUtilization();
    const { utilization: loopUtilization } = performance.eventLoopUtilization(utilization, this.#utilization);
    this.#utilization = utilization;
    return allFigures({
      cpuMs: (user + system) / 1_000,
      loopDelayMeanMs: this.#delayOf(this.#delay.mean, late) + (this.#waits === 0 ? 0 : this.#waitedMs / this.#waits),
      loopDelayMaxMs: this.#delayOf(this.#delay.max, late),
      loopUtilization,
      heapUsedBytes: getHeapStatistics().used_heap_size,
      // On OSv rss is meaningless, so it is limited to the memory that exists.
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
   * The histogram's figures contain its own interval, which is subtracted. The histogram is empty if the loop is so busy that its timer has
   * not fired twice since the last reset; then this report's own delay is used.
   */
  #delayOf(nanoseconds: number, late: number): number {
    return Math.max(0, this.#delay.count === 0 ? late : nanoseconds / 1e6 - RESOLUTION_MS);
  }
}

/** Some kernels lack a figure, and Node then throws. The host has its own figures, and must still get the others. */
function figureOf<T>(read: () => T, none: T): T {
  try {
    return read();
  } catch {
    return none;
  }
}

/** The app's code may have replaced Node's functions, so values that are not numbers must not be sent as figures. */
function allFigures(stats: StatsMessage): StatsMessage {
  for (const [name, value] of Object.entries(stats) as [keyof StatsMessage, number][])
    stats[name] = Number.isFinite(value) && value >= 0 ? value : 0;
  return stats;
}
