/**
 * A binary heap of (time, id) as plain data, since it is part of a policy's state. Entries are not removed from its middle: who takes one
 * out checks it.
 */

export interface DueHeap {
  at: number[];
  ids: number[];
}

export function createDueHeap(): DueHeap {
  return { at: [], ids: [] };
}

/** Infinity where it is empty. */
export function nextDue({ at }: DueHeap): number {
  return at.length === 0 ? Infinity : (at[0] as number);
}

export function addDue({ at, ids }: DueHeap, time: number, id: number): void {
  let hole = at.length;
  at.push(time);
  ids.push(id);
  while (hole > 0) {
    const above = (hole - 1) >>> 1;
    if ((at[above] as number) <= time) break;
    at[hole] = at[above] as number;
    ids[hole] = ids[above] as number;
    hole = above;
  }
  at[hole] = time;
  ids[hole] = id;
}

/** The id of the earliest entry, which is taken out. The heap must not be empty. */
export function takeDue(heap: DueHeap): number {
  const { at, ids } = heap;
  const first = ids[0] as number;
  const time = at.pop() as number;
  const id = ids.pop() as number;
  if (at.length > 0) sink(heap, time, id);
  return first;
}

function sink({ at, ids }: DueHeap, time: number, id: number): void {
  let hole = 0;
  for (let below = 1; below < at.length; below = 2 * hole + 1) {
    if (below + 1 < at.length && (at[below + 1] as number) < (at[below] as number)) below++;
    if ((at[below] as number) >= time) break;
    at[hole] = at[below] as number;
    ids[hole] = ids[below] as number;
    hole = below;
  }
  at[hole] = time;
  ids[hole] = id;
}
