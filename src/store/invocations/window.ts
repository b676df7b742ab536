/**
 * Which of a second's invocations are kept. It decides when an invocation ends, and makes nothing of it then: what it holds are the events themselves.
 *
 * Owns: the events of this second that are to be kept, by app.
 * 1. Of an app: the newest failures, the newest slow ones, the first others, and the slowest of the others that are left.
 * 2. Of an app at most 2 × MOST_BAD + perSecond + 1 events are held. When MOST_HELD are held of all apps, an app gets FEW more at most, so that an app with
 *    many calls takes no place from one with few.
 * 3. Of at most MOST_APPS apps anything is held.
 */
import type { InvocationEnded } from "../../telemetry/platform-event.ts";
import type { KeptAs } from "./kept-invocation.ts";

export interface WindowOptions {
  /** Of an app's invocations that neither failed nor were slow, how many are kept besides the slowest one. */
  perSecond: number;
  /** An invocation is slow if its reply began later than this after its arrival, milliseconds. */
  slowMs: number;
}

interface Chosen {
  event: InvocationEnded;
  keptAs: KeptAs;
}

export interface ChosenOfApp {
  /** Those that failed, then those that were slow. */
  bad: Chosen[];
  /** Of the others, the slowest first. */
  sample: Chosen[];
}

/** Failures, and slow invocations, of an app in a second. */
export const MOST_BAD = 100;
const MOST_HELD = 10_000;
const FEW = 5;
const MOST_APPS = 10_000;

class OfApp {
  readonly failed: InvocationEnded[] = [];
  readonly slow: InvocationEnded[] = [];
  readonly sample: InvocationEnded[] = [];
  slowest: InvocationEnded | null = null;
  slowestMs = -1;
  /** Where the next failure goes when there are MOST_BAD, and the next slow one. */
  nextFailed = 0;
  nextSlow = 0;

  get held(): number {
    return this.failed.length + this.slow.length + this.sample.length;
  }
}

export class Window {
  readonly #options: WindowOptions;
  #apps = new Map<string, OfApp>();
  #held = 0;
  #seen = 0;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  /** How many invocations ended in this second. */
  get seen(): number {
    return this.#seen;
  }

  add(event: InvocationEnded): void {
    this.#seen++;
    const of = this.#apps.get(event.app) ?? this.#begin(event.app);
    if (of === undefined) return;
    const { spans } = event;
    const ms = spans.queue + spans.start + spans.bind + spans.run;
    if (event.outcome !== "replied" || event.status >= 500) return this.#addFailed(of, event);
    if (ms >= this.#options.slowMs) return this.#addSlow(of, event);
    if (of.sample.length < this.#options.perSecond && this.#hasRoom(of)) {
      this.#held++;
      of.sample.push(event);
    } else if (ms > of.slowestMs && this.#options.perSecond > 0) {
      of.slowestMs = ms;
      of.slowest = event;
    }
  }

  /** What was chosen, by app. Nothing is held afterwards. */
  take(): Map<string, ChosenOfApp> {
    const apps = this.#apps;
    this.#apps = new Map();
    this.#held = 0;
    this.#seen = 0;
    return new Map([...apps].map(([app, of]) => [app, chosenOf(of)]));
  }

  #begin(app: string): OfApp | undefined {
    if (this.#apps.size >= MOST_APPS) return undefined;
    const of = new OfApp();
    this.#apps.set(app, of);
    return of;
  }

  #addFailed(of: OfApp, event: InvocationEnded): void {
    if (of.failed.length >= MOST_BAD) of.failed[of.nextFailed++ % MOST_BAD] = event;
    else if (this.#hasRoom(of)) {
      this.#held++;
      of.failed.push(event);
    }
  }

  #addSlow(of: OfApp, event: InvocationEnded): void {
    if (of.slow.length >= MOST_BAD) of.slow[of.nextSlow++ % MOST_BAD] = event;
    else if (this.#hasRoom(of)) {
      this.#held++;
      of.slow.push(event);
    }
  }

  #hasRoom(of: OfApp): boolean {
    return this.#held < MOST_HELD || of.held < FEW;
  }
}

function chosenOf({ failed, slow, sample, slowest }: OfApp): ChosenOfApp {
  const as = (keptAs: KeptAs) => (event: InvocationEnded) => ({ event, keptAs });
  return {
    bad: [...failed.map(as("failed")), ...slow.map(as("slow"))],
    sample: [...(slowest === null ? [] : [slowest]), ...sample].map(as("sample")),
  };
}
