/**
 * Tells the host once a second how the event loop is doing.
 *
 * 1. An idle machine wakes up for nothing but this: the loop's delay is watched only while invocations are in flight.
 */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import type { FrameWriter } from "../wire/frame-writer.ts";
import { FrameType, type StatsMessage } from "../wire/protocol.ts";

const INTERVAL_MS = 1_000;
const RESOLUTION_MS = 20;

export class Stats {
  readonly #writer: FrameWriter;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #watching = false;
  #started = false;
  #inFlight = 0;
  #utilization = performance.eventLoopUtilization();

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  /** From Bind on. */
  start(): void {
    this.#started = true;
    this.#watch();
    setInterval(() => this.#send(), INTERVAL_MS).unref();
  }

  begun(): void {
    this.#inFlight += 1;
    if (!this.#watching) this.#watch();
  }

  ended(): void {
    this.#inFlight -= 1;
  }

  #watch(): void {
    if (!this.#started) return;
    this.#watching = true;
    this.#delay.enable();
  }

  #send(): void {
    this.#writer.json(FrameType.Stats, 0, this.#measure());
    this.#delay.reset();
    if (this.#inFlight > 0) return;
    this.#watching = false;
    this.#delay.disable();
  }

  #measure(): StatsMessage {
    const { user, system } = process.cpuUsage();
    const utilization = performance.eventLoopUtilization();
    const { utilization: loopUtilization } = performance.eventLoopUtilization(utilization, this.#utilization);
    this.#utilization = utilization;
    return {
      cpuMs: (user + system) / 1_000,
      loopDelayMeanMs: this.#late(this.#delay.mean),
      loopDelayMaxMs: this.#late(this.#delay.max),
      loopUtilization,
      heapUsedBytes: getHeapStatistics().used_heap_size,
      // Garbage on OSv: no more than there is.
      rssBytes: Math.max(0, Math.min(process.memoryUsage.rss(), totalmem())),
      inFlight: this.#inFlight,
    };
  }

  /** The histogram's figures contain its own interval. */
  #late(nanoseconds: number): number {
    return this.#delay.count === 0 ? 0 : Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  }
}
