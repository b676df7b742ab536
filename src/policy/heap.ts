/**
 * Entries by their times, earliest first; entries of the same time come in the order in which they were added. Each node of the heap has four children.
 * Entries lie in arrays of numbers, because in the simulator one comes and goes for each invocation: none of them is an object to collect. The heap is
 * plain data, as it is part of the policy's state: structuredClone copies it whole.
 */
export interface Heap {
  size: number;
  /** Number of entries that were ever added. */
  added: number;
  /** Times as a heap, ms, and the slot that has the rest of each entry. From `size` on `slot` has the free slots. */
  at: Float64Array;
  slot: Int32Array;
  /** For each slot: the number of entries that were added before its entry, and the two numbers that were added with the time. */
  order: Float64Array;
  subject: Float64Array;
  place: Int32Array;
}

const FIRST_LENGTH = 64;

export function createHeap(): Heap {
  const numbers = () => new Float64Array(FIRST_LENGTH);
  const slot = Int32Array.from({ length: FIRST_LENGTH }, (_, index) => index);
  return { size: 0, added: 0, at: numbers(), slot, order: numbers(), subject: numbers(), place: new Int32Array(FIRST_LENGTH) };
}

/** Time of the first entry, ms; Infinity: there is none. */
export function firstAt({ size, at }: Heap): number {
  return size === 0 ? Infinity : (at[0] as number);
}

/** The first of the two numbers that were added with the first entry. */
export function firstSubject({ subject, slot }: Heap): number {
  return subject[slot[0] as number] as number;
}

/** The second of them. */
export function firstPlace({ place, slot }: Heap): number {
  return place[slot[0] as number] as number;
}

export function add(heap: Heap, at: number, subject: number, place: number): void {
  if (heap.size === heap.at.length) grow(heap);
  const slot = heap.slot[heap.size] as number;
  fill(heap, slot, subject, place);
  rise(heap, heap.size++, at, slot);
}

/** Removes the first entry. There must be one. */
export function removeFirst(heap: Heap): void {
  const freed = heap.slot[0] as number;
  const last = --heap.size;
  const slot = heap.slot[last] as number;
  heap.slot[last] = freed;
  if (last > 0) sink(heap, heap.at[last] as number, slot);
}

/** Removes the first entry and adds another one. That is cheaper than one after the other. */
export function replaceFirst(heap: Heap, at: number, subject: number, place: number): void {
  const slot = heap.slot[0] as number;
  fill(heap, slot, subject, place);
  sink(heap, at, slot);
}

function fill(heap: Heap, slot: number, subject: number, place: number): void {
  heap.order[slot] = heap.added++;
  heap.subject[slot] = subject;
  heap.place[slot] = place;
}

/** Puts the entry that was added last where it belongs, from `hole` up. */
function rise({ at: ats, slot: slots }: Heap, hole: number, at: number, slot: number): void {
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

/** Puts an entry where it belongs, from the top down. The first place is free. */
function sink({ size, at: ats, slot: slots, order: orders }: Heap, at: number, slot: number): void {
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

function grow(heap: Heap): void {
  const { length } = heap.at;
  heap.at = enlarged(heap.at, new Float64Array(2 * length));
  heap.slot = enlarged(heap.slot, new Int32Array(2 * length));
  heap.order = enlarged(heap.order, new Float64Array(2 * length));
  heap.subject = enlarged(heap.subject, new Float64Array(2 * length));
  heap.place = enlarged(heap.place, new Int32Array(2 * length));
  for (let index = length; index < 2 * length; index++) heap.slot[index] = index;
}

function enlarged<A extends Float64Array | Int32Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
