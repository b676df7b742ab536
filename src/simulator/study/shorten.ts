import type { SimulatedApp, Workload } from "../simulator.ts";

const HOUR_MS = 3_600_000;

/** Returns the first hours of the first apps of a workload. */
export function shorten(workload: Workload, hours: number, apps: number): Workload {
  return hours === Infinity && apps === Infinity ? workload : new ShortenedWorkload(workload, hours * HOUR_MS, apps);
}

class ShortenedWorkload implements Workload {
  readonly name: string;
  readonly apps: readonly SimulatedApp[];
  readonly endMs: number;
  at = 0;
  app = 0;
  durationMs = 0;
  cpuMs = 0;
  readonly #whole: Workload;
  readonly #mostMs: number;

  constructor(whole: Workload, mostMs: number, apps: number) {
    this.name = whole.name;
    this.apps = whole.apps.slice(0, apps);
    this.endMs = Math.min(mostMs, whole.endMs ?? 0);
    this.#whole = whole;
    this.#mostMs = mostMs;
  }

  next(): boolean {
    do if (!this.#whole.next() || this.#whole.at >= this.#mostMs) return false;
    while (this.#whole.app >= this.apps.length);
    this.at = this.#whole.at;
    this.app = this.#whole.app;
    this.durationMs = this.#whole.durationMs;
    this.cpuMs = this.#whole.cpuMs;
    return true;
  }
}
