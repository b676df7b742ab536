/**
 * When which machine or revision is to be looked at again, earliest first: a binary heap in two arrays, as plain data. Entries
 * are never taken out early: who is looked at may have nothing to do.
 */

/** ms; later than anything, and, unlike Infinity, the same after a way through JSON. */
export const NEVER = 1e15;

export interface Timers {
  at: number[];
  /** A machine's id, or minus a revision's number. */
  who: number[];
}

export function createTimers(): Timers {
  return { at: [], who: [] };
}

/** NEVER where there is none. */
export function earliest(timers: Timers): number {
  return timers.at.length === 0 ? NEVER : (timers.at[0] as number);
}

export function addTimer({ at: times, who: whos }: Timers, at: number, who: number): void {
  let place = times.length;
  times.push(at);
  whos.push(who);
  while (place > 0) {
    const parent = (place - 1) >> 1;
    if ((times[parent] as number) <= at) break;
    times[place] = times[parent] as number;
    whos[place] = whos[parent] as number;
    place = parent;
  }
  times[place] = at;
  whos[place] = who;
}

/** Takes out the earliest; there must be one. */
export function takeEarliest({ at: times, who: whos }: Timers): number {
  const who = whos[0] as number;
  const [at, last] = [times.pop() as number, whos.pop() as number];
  if (times.length > 0) sink(times, whos, at, last);
  return who;
}

/** Puts one at the top and lets it down to where it belongs. */
function sink(times: number[], whos: number[], at: number, who: number): void {
  let place = 0;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= times.length) break;
    if (child + 1 < times.length && (times[child + 1] as number) < (times[child] as number)) child++;
    if ((times[child] as number) >= at) break;
    times[place] = times[child] as number;
    whos[place] = whos[child] as number;
    place = child;
  }
  times[place] = at;
  whos[place] = who;
}
