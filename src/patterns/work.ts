/**
 * How much work the comparison of events with patterns takes, so that no event and no pattern that somebody sends keeps the server busy for long. A unit is about the comparison of
 * two numbers.
 */

/** That patterns and events which are compared together would take more work than they may. */
export class TooMuchWork extends Error {
  constructor() {
    super("the comparison of the event with its patterns takes too much work");
  }
}

/** About 10 ms. Three hundred rules with fifty values each, and an event of as many fields, take a hundredth of it. */
const MOST = 2_000_000;

export class Work {
  #left: number;
  /** By object of the event: its names with points. Alternatives of a pattern look at the same object again and again. */
  readonly #deeper = new Map<object, string[]>();

  constructor(most: number = MOST) {
    this.#left = most;
  }

  /** Throws TooMuchWork. */
  take(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw new TooMuchWork();
  }

  /** The names of an object's fields that have points. */
  deeperIn(object: object): readonly string[] {
    let names = this.#deeper.get(object);
    if (names === undefined) {
      const all = Object.keys(object);
      this.take(all.length);
      names = all.filter((name) => name.includes("."));
      this.#deeper.set(object, names);
    }
    return names;
  }
}
