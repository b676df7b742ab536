/**
 * The families of generated workloads; each family is one kind of demand. All are synthetic: the rhythms are chosen here; popularity, durations and memory are drawn
 * from published distributions (`published.ts`); CPU time and ceilings are assumed (`work.ts`). The same seed, hours and number of apps give the same invocations.
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

/** The rate of calls at a day's peak divided by that at its trough, as measured for Meta's functions ("XFaaS", SOSP 2023). */
const PEAK_TO_TROUGH = 4.3;
/** The most calls a day of one app in the mix. On Azure 0.8 % of apps have more; the calls of one such app would outweigh those of all others in a run. */
const MOST_PER_DAY = 500_000;
const TIMER_PERIODS_MS = [1, 2, 3, 5, 10, 15, 30, 60, 360].map((minutes) => minutes * MINUTE_MS);

const BURST = { gapMs: 5 * MINUTE_MS, size: 200, rampMs: SECOND_MS, holdMs: 10 * SECOND_MS };
const BURST_MS = [1_000, 2_000, 4_000];
/** The most calls of one app that are in flight on average. Apps with long calls are called less often, so as not to exceed it. */
const MOST_IN_FLIGHT = 50;

export const families = {
  /** A Poisson process for each app, with a mean gap between 0.5 s and 100 s. */
  steady: family("steady", drawApp, (random, app) => poisson(random, gapMs(random, app, 500, 100_000))),

  /** Mean gaps as in `steady`, but the rate of calls rises and falls over each day. */
  diurnal: family("diurnal", drawApp, (random, app) =>
    diurnal(random, gapMs(random, app, 500, 100_000), PEAK_TO_TROUGH, random.between(-0.1, 0.1)),
  ),

  /** From no call in flight (every second app) or one (the others) to 200 in flight within a second, about every five minutes. */
  bursts: family("bursts", burstApp, burstArrivals),

  /** Timers with periods from one minute to six hours. Half of them fire on full minutes, as cron does; each call is up to two seconds late. */
  timers: family("timers", drawApp, (random, _, index) => {
    const periodMs = TIMER_PERIODS_MS[index % TIMER_PERIODS_MS.length] as number;
    const phaseMs = random.chance(0.5) ? MINUTE_MS * Math.floor(random.between(0, periodMs / MINUTE_MS)) : random.between(0, periodMs);
    return timer(random, periodMs, phaseMs, 2 * SECOND_MS);
  }),

  /** A Poisson process for each app, with one call a minute, an hour or a day on average. */
  rare: family("rare", drawApp, (random, _, index) => poisson(random, [MINUTE_MS, HOUR_MS, DAY_MS][index % 3] as number)),

  /** A Poisson process for each app that is on for half a minute and off for five minutes, on average. */
  bursty: family("bursty", drawApp, (random, app) => onOff(random, gapMs(random, app, 50, 5_000), 30 * SECOND_MS, 5 * MINUTE_MS)),

  /** Calls a day and variation of gaps as measured on Azure: a few apps have most of the calls, and about a quarter of the apps are called by timers. */
  mix: family("mix", drawApp, (random, app) => {
    const meanGapMs = DAY_MS / Math.min(MOST_PER_DAY, draw(invocationsPerDay, random));
    return renewal(random, atLeast(meanGapMs, app), draw(variation, random));
  }),

  /** Each call waits for 50 ms; 100 are in flight on average. This family and the next two show how slots are learned. */
  wait50: micro("wait50", 100),
  /** Each call computes for 50 ms; there are as many as keep four CPUs busy. */
  spin50: micro("spin50", 4),
  /** Half of the calls wait for 50 ms, the others compute for 50 ms; 20 are in flight on average. */
  mix50: micro("mix50", 20),
} satisfies Record<string, Family>;

export type FamilyName = keyof typeof families;

function gapMs(random: Random, app: AppWithWork, low: number, high: number): number {
  return atLeast(random.logBetween(low, high), app);
}

function atLeast(meanGapMs: number, { work }: AppWithWork): number {
  return Math.max(meanGapMs, work.meanMs / MOST_IN_FLIGHT);
}

/** An app whose calls wait for others nearly all the time, so that a machine has slots for many. */
function burstApp(random: Random, name: string, index: number): AppWithWork {
  const meanMs = BURST_MS[index % BURST_MS.length] as number;
  const work = { meanMs, durationMs: () => meanMs, cpuShare: () => 0.005 };
  return { app: appWith(name, random.pick([10, 20, 40]), draw(appMemoryMb, random)), work };
}

function burstArrivals(random: Random, { work }: AppWithWork, index: number): Arrivals {
  const callMs = work.meanMs;
  const some = bursts(random, { ...BURST, callMs });
  return index % 2 === 0 ? some : together(some, poisson(random, callMs));
}
