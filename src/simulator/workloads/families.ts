/**
 * Generated workloads, each of a kind of demand. All are synthetic: rhythms are ours, popularity, durations and memory from what others published
 * (`published.ts`), CPU time and ceilings assumed (`work.ts`). The same seed, hours and number of apps give the same invocations.
 */
import { bursts, diurnal, onOff, poisson, renewal, timer, together, type Arrivals } from "./arrivals.ts";
import { family, type Family } from "./family.ts";
import { micro } from "./micro.ts";
import { appMemoryMb, draw, invocationsPerDay, variation } from "./published.ts";
import type { Random } from "./random.ts";
import { appWith, drawApp, type AppWithWork } from "./work.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Peak to trough of Meta's functions in a day ("XFaaS", SOSP 2023). */
const PEAK_TO_TROUGH = 4.3;
/** Calls a day of the mix's most popular app, at most: of the 0.8 % of apps beyond, each would be a run of its own. */
const MOST_PER_DAY = 500_000;
const TIMER_PERIODS_MS = [1, 2, 3, 5, 10, 15, 30, 60, 360].map((minutes) => minutes * MINUTE_MS);

const BURST = { gapMs: 5 * MINUTE_MS, size: 200, rampMs: SECOND_MS, holdMs: 10 * SECOND_MS };
const BURST_MS = [1_000, 2_000, 4_000];
/** In flight on average, at most: what is called often is quick. */
const MOST_IN_FLIGHT = 50;

export const families = {
  /** Poisson, from one call in 100 s to two a second. */
  steady: family("steady", drawApp, (random, app) => poisson(random, gapMs(random, app, 500, 100_000))),

  /** The same, with days and nights. */
  diurnal: family("diurnal", drawApp, (random, app) =>
    diurnal(random, gapMs(random, app, 500, 100_000), PEAK_TO_TROUGH, random.between(-0.1, 0.1)),
  ),

  /** From nothing (every second app) or one call in flight (the others) to 200 in flight within a second, again and again. */
  bursts: family("bursts", burstApp, burstArrivals),

  /** Every minute to every six hours, half of them on the full minute as cron does it, up to two seconds late. */
  timers: family("timers", drawApp, (random, _, index) => {
    const periodMs = TIMER_PERIODS_MS[index % TIMER_PERIODS_MS.length] as number;
    const phaseMs = random.chance(0.5) ? MINUTE_MS * Math.floor(random.between(0, periodMs / MINUTE_MS)) : random.between(0, periodMs);
    return timer(random, periodMs, phaseMs, 2 * SECOND_MS);
  }),

  /** Poisson: a call a minute, an hour or a day. */
  rare: family("rare", drawApp, (random, _, index) => poisson(random, [MINUTE_MS, HOUR_MS, DAY_MS][index % 3] as number)),

  /** On for half a minute, off for five, Poisson while on. */
  bursty: family("bursty", drawApp, (random, app) => onOff(random, gapMs(random, app, 50, 5_000), 30 * SECOND_MS, 5 * MINUTE_MS)),

  /** Calls a day and variation of the gaps as measured on Azure, in which a few apps have most of the calls and a quarter are timers. */
  mix: family("mix", drawApp, (random, app) => {
    const meanGapMs = DAY_MS / Math.min(MOST_PER_DAY, draw(invocationsPerDay, random));
    return renewal(random, atLeast(meanGapMs, app), draw(variation, random));
  }),

  /** Waits 50 ms; 100 in flight. This and the next two are for the learning of concurrency. */
  wait50: micro("wait50", 100),
  /** Computes 50 ms; as much as keeps four CPUs busy. */
  spin50: micro("spin50", 4),
  /** Every second call waits 50 ms, the others compute 50 ms; 20 in flight. */
  mix50: micro("mix50", 20),
} satisfies Record<string, Family>;

export type FamilyName = keyof typeof families;

function gapMs(random: Random, app: AppWithWork, low: number, high: number): number {
  return atLeast(random.logBetween(low, high), app);
}

function atLeast(meanGapMs: number, { work }: AppWithWork): number {
  return Math.max(meanGapMs, work.meanMs / MOST_IN_FLIGHT);
}

/** What bursts call waits for others, so that a machine has room for many. */
function burstApp(random: Random, name: string, index: number): AppWithWork {
  const meanMs = BURST_MS[index % BURST_MS.length] as number;
  const work = { meanMs, durationMs: () => meanMs, cpuShare: () => 0.005 };
  return { app: appWith(name, random.pick([10, 20, 40]), draw(appMemoryMb, random)), work };
}

function burstArrivals(random: Random, { work }: AppWithWork, index: number): Arrivals {
  const turnMs = work.meanMs;
  const some = bursts(random, { ...BURST, turnMs });
  return index % 2 === 0 ? some : together(some, poisson(random, turnMs));
}
