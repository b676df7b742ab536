/** When an app is called: each is a function that gives the next time, ms, Infinity for never again. The first is counted from 0. */
import type { Random } from "./random.ts";

export type Arrivals = () => number;

/** Callers that know nothing of each other. */
export function poisson(random: Random, meanGapMs: number): Arrivals {
  let at = 0;
  return () => (at += random.exponential(meanGapMs));
}

/** Poisson whose rate goes up and down as a sine over 24 hours. */
export function diurnal(random: Random, meanGapMs: number, peakToTrough: number, phase: number): Arrivals {
  const swing = (peakToTrough - 1) / (peakToTrough + 1);
  let at = 0;
  return () => {
    // Those of the peak's rate, of which as many are kept as the hour's rate is of the peak's.
    do at += random.exponential(meanGapMs / (1 + swing));
    while (!random.chance((1 + swing * Math.sin(2 * Math.PI * (at / DAY_MS + phase))) / (1 + swing)));
    return at;
  };
}

/** Every `periodMs` from `phaseMs` on, each late by up to `jitterMs`, which is shorter than the period. */
export function timer(random: Random, periodMs: number, phaseMs: number, jitterMs: number): Arrivals {
  let round = 0;
  return () => phaseMs + periodMs * round++ + random.between(0, jitterMs);
}

/** Gaps of the given mean and coefficient of variation: 0 is a timer; up to 1 they are gamma distributed; above it calls come in clusters. */
export function renewal(random: Random, meanGapMs: number, cv: number): Arrivals {
  const gap = cv === 0 ? () => 1 : cv <= 1 ? () => random.gamma(1 / (cv * cv)) : clustered(random, cv);
  let at = meanGapMs * (random.next() - 1);
  return () => {
    do at += meanGapMs * gap();
    while (at < 0);
    return at;
  };
}

const SHORT_GAP = 0.05;

/**
 * Gaps with mean 1 that are exponential around SHORT_GAP, and now and then around a long one, so long and so seldom that mean and coefficient of variation come out
 * (a hyperexponential distribution).
 */
function clustered(random: Random, cv: number): () => number {
  const moment = (cv * cv + 1) / 2;
  const b = SHORT_GAP * SHORT_GAP - moment;
  const c = moment * SHORT_GAP - SHORT_GAP * SHORT_GAP;
  const long = (-b + Math.sqrt(b * b - 4 * (1 - SHORT_GAP) * c)) / (2 * (1 - SHORT_GAP));
  const seldom = (1 - SHORT_GAP) / (long - SHORT_GAP);
  return () => random.exponential(random.chance(seldom) ? long : SHORT_GAP);
}

/** Poisson while on, nothing while off; both last exponentially long (a Markov-modulated Poisson process of two states). */
export function onOff(random: Random, meanGapMs: number, meanOnMs: number, meanOffMs: number): Arrivals {
  let at = random.exponential(meanOffMs);
  let until = at + random.exponential(meanOnMs);
  return () => {
    for (;;) {
      at += random.exponential(meanGapMs);
      if (at < until) return at;
      at = until + random.exponential(meanOffMs);
      until = at + random.exponential(meanOnMs);
    }
  };
}

/**
 * Again and again, after about `gapMs` of quiet: `size` calls within `rampMs`, and from the time when the first of them have taken their `turnMs`, as many in
 * every `turnMs`, so that about `size` are in flight until `holdMs` are over.
 */
export function bursts(
  random: Random,
  { gapMs, size, rampMs, holdMs, turnMs }: { gapMs: number; size: number; rampMs: number; holdMs: number; turnMs: number },
): Arrivals {
  let begun = random.between(0.2, 1) * gapMs;
  let at = begun;
  let called = 0;
  return () => {
    if (called === size) at = Math.max(at, begun + turnMs);
    at += random.exponential(called < size ? rampMs / size : turnMs / size);
    if (called >= size && at > begun + holdMs) {
      begun = at = begun + holdMs + random.between(0.5, 1.5) * gapMs;
      called = 0;
    }
    called++;
    return at;
  };
}

/** Both, as one. */
export function together(a: Arrivals, b: Arrivals): Arrivals {
  let nextA = a();
  let nextB = b();
  return () => {
    const at = Math.min(nextA, nextB);
    if (at === nextA) nextA = a();
    else nextB = b();
    return at;
  };
}

const DAY_MS = 24 * 3_600_000;
