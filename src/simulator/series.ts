/** The course of a run over time, in a few hundred points. When there are too many, every second point is dropped, and from then on points are half as frequent. */
import type { Outcome } from "./simulator.ts";

export type SeriesPoint = NonNullable<Outcome["series"]>[number];

const MOST_POINTS = 512;
const FIRST_INTERVAL_MS = 125;

export class Series {
  readonly #look: () => Omit<SeriesPoint, "atSeconds">;
  #points: SeriesPoint[] = [];
  #intervalMs = FIRST_INTERVAL_MS;
  /** Time of the next point, ms. */
  nextAt = 0;

  constructor(look: () => Omit<SeriesPoint, "atSeconds">) {
    this.#look = look;
  }

  /** Adds the points up to `now`. Nothing has changed since the last call. */
  upTo(now: number): void {
    while (this.nextAt < now) {
      this.#points.push({ atSeconds: this.nextAt / 1_000, ...this.#look() });
      if (this.#points.length === MOST_POINTS) this.#thin();
      this.nextAt += this.#intervalMs;
    }
  }

  get points(): SeriesPoint[] {
    return this.#points;
  }

  #thin(): void {
    this.#points = this.#points.filter((_, i) => i % 2 === 0);
    this.#intervalMs *= 2;
    this.nextAt = (this.#points.length - 1) * this.#intervalMs;
  }
}
