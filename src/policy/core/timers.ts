/** Timers of machines and revisions. An entry is never removed before it is due: its machine or revision may have nothing to do then. */
import { add, createHeap, firstAt, firstSubject, removeFirst, type Heap } from "../heap.ts";

/** The subject of an entry is a machine's id, or minus a revision's number: one number, because a timer is set on the hot path. */
export type Timers = Heap;

export const createTimers = createHeap;

/** When the first timer is due, ms; Infinity: there is none. */
export const earliest = firstAt;

export function addTimer(timers: Timers, at: number, who: number): void {
  add(timers, at, who, 0);
}

/** Removes the timer that is due first and returns its subject. There must be one. */
export function takeEarliest(timers: Timers): number {
  const who = firstSubject(timers);
  removeFirst(timers);
  return who;
}
