/** The counts of a day, which are added function by function and given back minute by minute. Only counts that are not 0 are kept, in ten bytes each. */
import type { Counts } from "./minute-counts.ts";

const MINUTE_MS = 60_000;
export const MINUTES_PER_DAY = 1_440;

export class DayCounts {
  #size = 0;
  #minutes = new Uint16Array(4_096);
  #functions = new Uint32Array(4_096);
  #counts = new Uint32Array(4_096);

  add(minute: number, index: number, count: number): void {
    if (this.#size === this.#minutes.length) this.#grow();
    this.#minutes[this.#size] = minute;
    this.#functions[this.#size] = index;
    this.#counts[this.#size++] = count;
  }

  *byMinute(startMs: number): Generator<Counts> {
    const { ends, functions, counts } = this.#sorted();
    for (let minute = 0; minute < MINUTES_PER_DAY; minute++) {
      const from = minute === 0 ? 0 : (ends[minute - 1] as number);
      const to = ends[minute] as number;
      if (from === to) continue;
      const which = { functions: functions.subarray(from, to), counts: counts.subarray(from, to) };
      yield { startMs: startMs + minute * MINUTE_MS, lengthMs: MINUTE_MS, ...which };
    }
  }

  /** Sorts the counts by their minute (a counting sort). `ends` has, for each minute, the place after its last count. */
  #sorted() {
    const ends = new Uint32Array(MINUTES_PER_DAY);
    for (let i = 0; i < this.#size; i++) ends[this.#minutes[i] as number]!++;
    for (let minute = 1; minute < MINUTES_PER_DAY; minute++) ends[minute]! += ends[minute - 1] as number;
    const places = ends.slice();
    const functions = new Uint32Array(this.#size);
    const counts = new Uint32Array(this.#size);
    for (let i = this.#size - 1; i >= 0; i--) {
      const place = --places[this.#minutes[i] as number]!;
      functions[place] = this.#functions[i] as number;
      counts[place] = this.#counts[i] as number;
    }
    return { ends, functions, counts };
  }

  #grow(): void {
    const length = this.#size * 2;
    this.#minutes = enlarged(this.#minutes, new Uint16Array(length));
    this.#functions = enlarged(this.#functions, new Uint32Array(length));
    this.#counts = enlarged(this.#counts, new Uint32Array(length));
  }
}

function enlarged<A extends Uint16Array | Uint32Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
