/**
 * Counts in each minute, as published traces have them, made into invocations. The counts say nothing of when in the minute:
 * a timer's are spread evenly from a moment that is its own, always the same; the others' fall anywhere, as those of callers do who know nothing
 * of each other. Memory is that of one minute's invocations.
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

/** The functions, by their index, that were called in a stretch of time, and how often. */
export interface Counts {
  startMs: number;
  lengthMs: number;
  functions: ArrayLike<number>;
  counts: ArrayLike<number>;
}

/** A moment and a function in one number, to be sorted quickly: microseconds above, the function's index below. */
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
