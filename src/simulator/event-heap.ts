/**
 * What is to happen, soonest first; what is due at the same time, in the order in which it was added. A binary heap on
 * typed arrays: one push and one pop for each invocation, without a garbage collector.
 */
export class EventHeap {
  size = 0;
  #at = new Float64Array(1_024);
  #order = new Float64Array(1_024);
  #subject = new Float64Array(1_024);
  #place = new Int32Array(1_024);
  #added = 0;

  /** ms; Infinity where nothing is to happen. */
  get nextAt(): number {
    return this.size === 0 ? Infinity : (this.#at[0] as number);
  }

  /** The two numbers that were added with the soonest. */
  get nextSubject(): number {
    return this.#subject[0] as number;
  }

  get nextPlace(): number {
    return this.#place[0] as number;
  }

  add(at: number, subject: number, place: number): void {
    if (this.size === this.#at.length) this.#grow();
    const order = this.#added++;
    let hole = this.size++;
    while (hole > 0) {
      const above = (hole - 1) >>> 1;
      if ((this.#at[above] as number) <= at) break;
      this.#move(above, hole);
      hole = above;
    }
    this.#put(hole, at, order, subject, place);
  }

  removeNext(): void {
    const last = --this.size;
    this.#sink(this.#at[last] as number, this.#order[last] as number, this.#subject[last] as number, this.#place[last] as number);
  }

  /** The soonest goes, another comes: cheaper than one after the other. */
  replaceNext(at: number, subject: number, place: number): void {
    this.#sink(at, this.#added++, subject, place);
  }

  /** Finds a place for one, from the top, where none is any more. */
  #sink(at: number, order: number, subject: number, place: number): void {
    const { size } = this;
    let hole = 0;
    for (let below = 1; below < size; below = 2 * hole + 1) {
      if (below + 1 < size && this.#isBefore(below + 1, this.#at[below] as number, this.#order[below] as number)) below++;
      if (!this.#isBefore(below, at, order)) break;
      this.#move(below, hole);
      hole = below;
    }
    this.#put(hole, at, order, subject, place);
  }

  #isBefore(index: number, at: number, order: number): boolean {
    const its = this.#at[index] as number;
    return its < at || (its === at && (this.#order[index] as number) < order);
  }

  #put(index: number, at: number, order: number, subject: number, place: number): void {
    this.#at[index] = at;
    this.#order[index] = order;
    this.#subject[index] = subject;
    this.#place[index] = place;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#at[from] as number, this.#order[from] as number, this.#subject[from] as number, this.#place[from] as number);
  }

  #grow(): void {
    const twice = <A extends Float64Array | Int32Array>(old: A, larger: A) => {
      larger.set(old);
      return larger;
    };
    const length = this.#at.length * 2;
    this.#at = twice(this.#at, new Float64Array(length));
    this.#order = twice(this.#order, new Float64Array(length));
    this.#subject = twice(this.#subject, new Float64Array(length));
    this.#place = twice(this.#place, new Int32Array(length));
  }
}
