/** A workload of many apps, each called in its own rhythm. A heap has the time of each app's next call. */
import { add, createHeap, firstAt, firstPlace, replaceFirst } from "../../policy/heap.ts";
import type { SimulatedApp, Workload } from "../simulator.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Random } from "./random.ts";
import type { AppWithWork } from "./work.ts";

export interface GeneratedApp extends AppWithWork {
  arrivals: Arrivals;
  /** The random numbers that the app's durations and CPU times are drawn from. */
  random: Random;
}

export class GeneratedWorkload implements Workload {
  readonly name: string;
  readonly apps: readonly SimulatedApp[];
  readonly endMs: number;
  at = 0;
  app = 0;
  durationMs = 0;
  cpuMs = 0;
  readonly #generated: readonly GeneratedApp[];
  readonly #next = createHeap();

  /** @param endMs the workload's length: no call arrives at this time or later */
  constructor(name: string, generated: readonly GeneratedApp[], endMs: number) {
    this.name = name;
    this.apps = generated.map(({ app }) => app);
    this.endMs = endMs;
    this.#generated = generated;
    generated.forEach(({ arrivals }, index) => add(this.#next, arrivals(), 0, index));
  }

  next(): boolean {
    const at = firstAt(this.#next);
    if (at >= this.endMs) return false;
    const index = firstPlace(this.#next);
    const { arrivals, work, random } = this.#generated[index] as GeneratedApp;
    replaceFirst(this.#next, arrivals(), 0, index);
    this.at = at;
    this.app = index;
    this.durationMs = work.durationMs(random);
    this.cpuMs = this.durationMs * work.cpuShare(random);
    return true;
  }
}
