/** Rhythms in which an app is called. A rhythm is a function that gives the time of the next call, in ms from the beginning of the workload. */
import type { Random } from "./random.ts";

/** Infinity: no call comes any more. */
export type Arrivals = () => number;

/** A Poisson process: the calls of many callers that know nothing of each other. */
export function poisson(random: Random, meanGapMs: number): Arrivals {
  let at = 0;
  return () => (at += random.exponential(meanGapMs));
}

/** A Poisson process whose rate follows a sine over 24 hours. @param phase shifts the sine, in days */
export function diurnal(random: Random, meanGapMs: number, peakToTrough: number, phase: number): Arrivals {
  const swing = (peakToTrough - 1) / (peakToTrough + 1);
  let at = 0;
  return () => {
    // Times are drawn at the rate of the peak. Each is kept with the probability that the rate at that time has of the peak's (thinning).
    do at += random.exponential(meanGapMs / (1 + swing));
    while (!random.chance((1 + swing * Math.sin(2 * Math.PI * (at / DAY_MS + phase))) / (1 + swing)));
    return at;
  };
}

/** A call every `periodMs` from `phaseMs` on, each late by up to `jitterMs`. The jitter must be shorter than the period. */
export function timer(random: Random, periodMs: number, phaseMs: number, jitterMs: number): Arrivals {
  let round = 0;
  return () => phaseMs + periodMs * round++ + random.between(0, jitterMs);
}

/**
 * Calls whose gaps have the given mean and coefficient of variation. With 0, all gaps are equal, as those of a timer; up to 1, gaps are gamma distributed; above 1,
 * calls come in clusters.
 */
export function renewal(random: Random, meanGapMs: number, cv: number): Arrivals {
  const gap = cv === 0 ? () => 1 : cv <= 1 ? () => random.gamma(1 / (cv * cv)) : clustered(random, cv);
  let at = meanGapMs * (random.next() - 1);
  return () => {
    do at += meanGapMs * gap();
    while (at < 0);
    return at;
  };
}

/** Mean gap within a cluster, as a share of the mean of all gaps. */
const SHORT_GAP = 0.05;

/**
 * Gaps with mean 1 of a hyperexponential distribution: most are exponential around SHORT_GAP, and a few are exponential around a long mean. The long mean and
 * the share of long gaps are those with which all gaps together have mean 1 and the coefficient of variation `cv`.
 */
function clustered(random: Random, cv: number): () => number {
  const moment = (cv * cv + 1) / 2;
  const b = SHORT_GAP * SHORT_GAP - moment;
  const c = moment * SHORT_GAP - SHORT_GAP * SHORT_GAP;
  const long = (-b + Math.sqrt(b * b - 4 * (1 - SHORT_GAP) * c)) / (2 * (1 - SHORT_GAP));
  const seldom = (1 - SHORT_GAP) / (long - SHORT_GAP);
  return () => random.exponential(random.chance(seldom) ? long : SHORT_GAP);
}

/** A Poisson process while on, no calls while off. The lengths of both states are exponentially distributed (a Markov-modulated Poisson process of two states). */
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
 * Bursts of calls, with about `gapMs` of quiet between them. A burst begins with `size` calls within `rampMs`. When the first of these have ended, `callMs` after the
 * burst's begin, `size` calls come in every `callMs`, so that about `size` calls are in flight until `holdMs` after the begin.
 *
 * @param callMs how long each call takes
 */
export function bursts(
  random: Random,
  { gapMs, size, rampMs, holdMs, callMs }: { gapMs: number; size: number; rampMs: number; holdMs: number; callMs: number },
): Arrivals {
  let begun = random.between(0.2, 1) * gapMs;
  let at = begun;
  let called = 0;
  return () => {
    if (called === size) at = Math.max(at, begun + callMs);
    at += random.exponential(called < size ? rampMs / size : callMs / size);
    if (called >= size && at > begun + holdMs) {
      begun = at = begun + holdMs + random.between(0.5, 1.5) * gapMs;
      called = 0;
    }
    called++;
    return at;
  };
}

/** The calls of both rhythms, in the order of time. */
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
