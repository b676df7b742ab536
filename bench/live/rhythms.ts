/** Twenty apps, each called in its own rhythm: the same calls at the same times for every policy. */
import { Random } from "./random.ts";

export interface Rhythm {
  app: string;
  /** The query of its function, which says how long it waits and computes. */
  query: string;
  /** The times of its calls in ms from the beginning, ascending. */
  calls: number[];
}

const SEED = 20_261_122;

export function rhythms(lengthMs: number): Rhythm[] {
  const random = new Random(SEED);
  return [
    ...[3, 1, 0.5, 0.2].map((perSecond) => rhythm(`steady-${perSecond}`, "wait=50&spin=2", arrivals(random, 1_000 / perSecond, lengthMs))),
    ...[20, 30, 45, 60].map((every) => rhythm(`bursts-${every}s`, "wait=200&spin=2", bursts(random, every * 1_000, lengthMs))),
    ...[5, 10, 15, 20, 30, 60].map((every) => rhythm(`timer-${every}s`, "wait=100&spin=5", timer(random, every * 1_000, lengthMs))),
    ...[40, 60, 80, 100, 120, 150].map((mean) => rhythm(`rare-${mean}s`, "wait=50&spin=5", arrivals(random, mean * 1_000, lengthMs))),
  ];
}

/** A name that is valid for an app. */
function rhythm(name: string, query: string, calls: number[]): Rhythm {
  return { app: name.replace(".", ""), query, calls };
}

/** Arrivals of a Poisson process. */
function arrivals(random: Random, meanMs: number, lengthMs: number): number[] {
  const calls = [];
  for (let at = gap(random, meanMs); at < lengthMs; at += gap(random, meanMs)) calls.push(at);
  return calls;
}

function gap(random: Random, meanMs: number): number {
  return -Math.log(1 - random.next()) * meanMs;
}

/** Bursts of ten to sixty calls within half a second. */
function bursts(random: Random, everyMs: number, lengthMs: number): number[] {
  const calls = [];
  for (let from = random.between(0, everyMs); from < lengthMs; from += everyMs * random.between(0.7, 1.3))
    for (let i = random.between(10, 60); i > 0; i--) calls.push(from + random.between(0, 500));
  return calls.toSorted((a, b) => a - b);
}

function timer(random: Random, everyMs: number, lengthMs: number): number[] {
  const calls = [];
  for (let at = random.between(0, everyMs); at < lengthMs; at += everyMs) calls.push(at + random.between(0, 20));
  return calls;
}
