/**
 * Makes invocations of the counts per minute that published traces have. A count does not say at which moments of its minute the calls came. The calls of a timer
 * are spread evenly over the minute, from a moment that is drawn once for the timer. The calls of other functions fall at random moments, as those of independent
 * callers do. The invocations of one minute at a time are held in memory.
 */
import type { SimulatedApp, Workload } from "../simulator.ts";
import type { Random } from "./random.ts";
import type { Work } from "./work.ts";

export interface TracedFunction {
  /** Index in `apps`. */
  app: number;
  work: Work;
  isTimer: boolean;
}

/** The indexes of the functions that were called in a span of time, and how often each was called. */
export interface Counts {
  startMs: number;
  lengthMs: number;
  functions: ArrayLike<number>;
  counts: ArrayLike<number>;
}

/** A moment is kept together with a function's index in one number, moment in microseconds × FUNCTIONS + index, as numbers are sorted fastest. */
const FUNCTIONS = 2 ** 26;

export interface Counted {
  name: string;
  apps: readonly SimulatedApp[];
  functions: readonly TracedFunction[];
  endMs?: number;
}

export class CountedWorkload implements Workload {
  readonly name: string;
  readonly apps: readonly SimulatedApp[];
  readonly endMs: number;
  at = 0;
  app = 0;
  durationMs = 0;
  cpuMs = 0;
  readonly #functions: readonly TracedFunction[];
  readonly #minutes: Iterator<Counts>;
  readonly #random: Random;
  readonly #phases: readonly number[];
  #startMs = 0;
  #moments = new Float64Array(1_024);
  #length = 0;
  #next = 0;

  constructor({ name, apps, functions, endMs = 0 }: Counted, minutes: Iterator<Counts>, random: Random) {
    this.name = name;
    this.apps = apps;
    this.endMs = endMs;
    this.#functions = functions;
    this.#minutes = minutes;
    this.#random = random;
    this.#phases = functions.map(() => random.next());
  }

  next(): boolean {
    while (this.#next === this.#length) if (!this.#nextMinute()) return false;
    const moment = this.#moments[this.#next++] as number;
    const { app, work } = this.#functions[moment % FUNCTIONS] as TracedFunction;
    this.at = this.#startMs + Math.floor(moment / FUNCTIONS) / 1_000;
    this.app = app;
    this.durationMs = work.durationMs(this.#random);
    this.cpuMs = this.durationMs * work.cpuShare(this.#random);
    return true;
  }

  #nextMinute(): boolean {
    const { done, value: minute } = this.#minutes.next();
    if (done === true) return false;
    this.#startMs = minute.startMs;
    this.#length = this.#next = 0;
    for (let i = 0; i < minute.functions.length; i++)
      this.#spread(minute.functions[i] as number, minute.counts[i] as number, minute.lengthMs * 1_000);
    this.#moments.subarray(0, this.#length).sort();
    return true;
  }

  #spread(index: number, count: number, lengthUs: number): void {
    const phase = (this.#functions[index] as TracedFunction).isTimer ? (this.#phases[index] as number) : undefined;
    this.#reserve(count);
    for (let i = 0; i < count; i++) {
      const part = phase === undefined ? this.#random.next() : (i + phase) / count;
      this.#moments[this.#length++] = Math.floor(part * lengthUs) * FUNCTIONS + index;
    }
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#moments.length) return;
    const larger = new Float64Array(2 * (this.#length + more));
    larger.set(this.#moments.subarray(0, this.#length));
    this.#moments = larger;
  }
}
