/**
 * What is to happen, soonest first; what is due at the same time, in the order in which it was added. A heap of four children a node on
 * typed arrays: one entry comes and goes for each invocation, without a garbage collector.
 */
export class EventHeap {
  size = 0;
  /** The heap: times, and where the rest of each entry is. */
  #at = new Float64Array(1_024);
  #slot = new Int32Array(1_024);
  /** The rest, by slot. In `#slot` from `size` on are those that are free. */
  #order = new Float64Array(1_024);
  #subject = new Float64Array(1_024);
  #place = new Int32Array(1_024);
  #added = 0;

  constructor() {
    this.#slot.forEach((_, i, slots) => (slots[i] = i));
  }

  /** ms; Infinity where nothing is to happen. */
  get nextAt(): number {
    return this.size === 0 ? Infinity : (this.#at[0] as number);
  }

  /** The two numbers that were added with the soonest. */
  get nextSubject(): number {
    return this.#subject[this.#slot[0] as number] as number;
  }

  get nextPlace(): number {
    return this.#place[this.#slot[0] as number] as number;
  }

  add(at: number, subject: number, place: number): void {
    if (this.size === this.#at.length) this.#grow();
    const slot = this.#slot[this.size] as number;
    this.#fill(slot, subject, place);
    this.#rise(this.size++, at, slot);
  }

  removeNext(): void {
    const freed = this.#slot[0] as number;
    const last = --this.size;
    const slot = this.#slot[last] as number;
    this.#slot[last] = freed;
    if (last > 0) this.#sink(this.#at[last] as number, slot);
  }

  /** The soonest goes, another comes: cheaper than one after the other. */
  replaceNext(at: number, subject: number, place: number): void {
    const slot = this.#slot[0] as number;
    this.#fill(slot, subject, place);
    this.#sink(at, slot);
  }

  #fill(slot: number, subject: number, place: number): void {
    this.#order[slot] = this.#added++;
    this.#subject[slot] = subject;
    this.#place[slot] = place;
  }

  /** Puts one that came last where it belongs, from `hole` up. */
  #rise(hole: number, at: number, slot: number): void {
    const ats = this.#at;
    const slots = this.#slot;
    while (hole > 0) {
      const above = (hole - 1) >>> 2;
      if ((ats[above] as number) <= at) break;
      ats[hole] = ats[above] as number;
      slots[hole] = slots[above] as number;
      hole = above;
    }
    ats[hole] = at;
    slots[hole] = slot;
  }

  /** Puts one where it belongs, from the top down, where nothing is any more. */
  #sink(at: number, slot: number): void {
    const { size } = this;
    const ats = this.#at;
    const slots = this.#slot;
    const orders = this.#order;
    let hole = 0;
    for (let first = 1; first < size; first = 4 * hole + 1) {
      let least = first;
      let leastAt = ats[first] as number;
      const end = first + 4 < size ? first + 4 : size;
      for (let each = first + 1; each < end; each++) {
        const its = ats[each] as number;
        if (its > leastAt || (its === leastAt && (orders[slots[each]!] as number) > (orders[slots[least]!] as number))) continue;
        least = each;
        leastAt = its;
      }
      if (leastAt > at || (leastAt === at && (orders[slots[least]!] as number) > (orders[slot] as number))) break;
      ats[hole] = leastAt;
      slots[hole] = slots[least] as number;
      hole = least;
    }
    ats[hole] = at;
    slots[hole] = slot;
  }

  #grow(): void {
    const { length } = this.#at;
    this.#at = enlarged(this.#at, new Float64Array(2 * length));
    this.#slot = enlarged(this.#slot, new Int32Array(2 * length));
    this.#order = enlarged(this.#order, new Float64Array(2 * length));
    this.#subject = enlarged(this.#subject, new Float64Array(2 * length));
    this.#place = enlarged(this.#place, new Int32Array(2 * length));
    for (let i = length; i < 2 * length; i++) this.#slot[i] = i;
  }
}

function enlarged<A extends Float64Array | Int32Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
