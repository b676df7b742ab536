/**
 * Idle times: how long a revision, or a machine beside others, had nothing to do until it was needed again. They span milliseconds to days, so they are
 * kept by octaves. Each octave has a weight, which fades as newer times come, and its last few times as they were, so that a timer keeps its exact period
 * whatever else happens in between.
 */
import { FIRST_OCTAVE_MS, IDLE_TIME_FADE, OCTAVES, PRIOR_FROM, RECENT } from "../constants.ts";

export interface IdleTimes {
  octaves: Octave[];
  /** Weight of the next time. It grows with each, so that older times fade. */
  unit: number;
  /** Number of times recorded so far. */
  count: number;
}

interface Octave {
  weight: number;
  /** The last times, ms: a ring, of which `next` is the place of the next time; `sorted` has the same times, ascending. */
  recent: number[];
  next: number;
  sorted: number[];
}

/** Times with their weights, ascending: times that were seen, and one for each octave that is expected though none was seen there. */
export interface Sample {
  times: number[];
  weights: number[];
  /** Number of the times that were seen. */
  seen: number;
}

const PRIOR_WEIGHT = 1 / (OCTAVES - PRIOR_FROM);
const MIDDLES = Array.from({ length: OCTAVES }, (_, octave) => FIRST_OCTAVE_MS * 1.5 * 2 ** octave);
const NEVER_SEEN = { weight: 0, sorted: [] as number[] };

export function createIdleTimes(): IdleTimes {
  return { octaves: [], unit: 1, count: 0 };
}

export function recordIdleTime(times: IdleTimes, ms: number): void {
  const at = octaveOf(ms);
  while (times.octaves.length <= at) times.octaves.push({ weight: 0, recent: [], next: 0, sorted: [] });
  const octave = times.octaves[at] as Octave;
  octave.weight += times.unit;
  replace(octave, ms);
  octave.next = (octave.next + 1) % RECENT;
  times.count++;
  times.unit *= IDLE_TIME_FADE;
  if (times.unit > 1e9) rescale(times);
}

/** The known times that are longer than `elapsed` ms. */
export function timesBeyond({ octaves, unit }: IdleTimes, elapsed: number): Sample {
  const sample: Sample = { times: [], weights: [], seen: 0 };
  for (let i = octaveOf(elapsed); i < OCTAVES; i++) {
    const { sorted, weight } = octaves[i] ?? NEVER_SEEN;
    const middle = MIDDLES[i] as number;
    let expected = i >= PRIOR_FROM && middle > elapsed;
    for (let j = 0; j < sorted.length; j++) {
      const ms = sorted[j] as number;
      if (ms <= elapsed) continue;
      if (expected && ms > middle) {
        expected = false;
        add(sample, middle, unit * PRIOR_WEIGHT);
      }
      add(sample, ms, weight / sorted.length);
      sample.seen++;
    }
    if (expected) add(sample, middle, unit * PRIOR_WEIGHT);
  }
  return sample;
}

function add({ times, weights }: Sample, ms: number, weight: number): void {
  times.push(ms);
  weights.push(weight);
}

function octaveOf(ms: number): number {
  return ms < FIRST_OCTAVE_MS ? 0 : Math.min(OCTAVES - 1, Math.floor(Math.log2(ms / FIRST_OCTAVE_MS)));
}

function replace({ recent, next, sorted }: Octave, ms: number): void {
  const old = recent[next];
  if (old !== undefined) sorted.splice(sorted.indexOf(old), 1);
  recent[next] = ms;
  let place = sorted.length;
  while (place > 0 && (sorted[place - 1] as number) > ms) place--;
  sorted.splice(place, 0, ms);
}

function rescale(times: IdleTimes): void {
  for (const octave of times.octaves) octave.weight /= times.unit;
  times.unit = 1;
}
