/**
 * How many invocations of an app are in flight or waiting, how that moves, and what it will be one start-up time from now.
 * Level and trend of the peaks of successive windows (Holt's linear smoothing), and the variance of what was forecast.
 */

export interface Demand {
  /** In flight and waiting, now. */
  load: number;
  /** The most in this window. */
  peak: number;
  /** When this window began. */
  since: number;
  /** Of the windows' peaks. */
  level: number;
  /** Change of the level in one window. */
  trend: number;
  /** Of the peaks around what was forecast for them. */
  variance: number;
}

const LEVEL_GAIN = 0.3;
const TREND_GAIN = 0.15;
const VARIANCE_GAIN = 0.08;
/** sqrt(3) / pi: the scale of a logistic distribution of variance 1. Its tails are heavier than the normal one's, as those of demand are. */
const LOGISTIC_SCALE = 0.5513;

export function createDemand(now: number): Demand {
  return { load: 0, peak: 0, since: now, level: 0, trend: 0, variance: 0 };
}

/** One more or one less. Returns whether a window ended. @param windowMs one start-up time */
export function changeLoad(demand: Demand, by: number, now: number, windowMs: number): boolean {
  const ended = now - demand.since >= windowMs;
  if (ended) closeWindows(demand, now, windowMs);
  demand.load += by;
  if (demand.load > demand.peak) demand.peak = demand.load;
  return ended;
}

/** Closes the windows that are over: the first with its peak, those after it with a load that did not change. */
export function closeWindows(demand: Demand, now: number, windowMs: number): void {
  const windows = Math.floor((now - demand.since) / windowMs);
  if (windows < 1) return;
  observe(demand, demand.peak);
  if (windows > 1) settle(demand, windows - 1);
  demand.peak = demand.load;
  demand.since += windows * windowMs;
}

/** Invocations at once, one window ahead. */
export function expected({ load, level, trend }: Demand): number {
  return Math.max(load, level + trend);
}

/**
 * How many more there may be than expected: passed only so often that one more idle machine would cost more than the waits it saves.
 * @param worth price of the wait that is saved, over that of the idle machine (the newsvendor's ratio)
 */
export function margin(demand: Demand, worth: number): number {
  if (worth <= 1) return 0;
  // However unsteady it was: no more above what is seen than that much again.
  return Math.min(LOGISTIC_SCALE * Math.sqrt(demand.variance) * Math.log(worth), expected(demand));
}

function observe(demand: Demand, peak: number): void {
  const error = peak - (demand.level + demand.trend);
  // Like a Poisson process, until it is known better.
  if (demand.variance === 0) demand.variance = peak;
  demand.variance += VARIANCE_GAIN * (error * error - demand.variance);
  demand.level = Math.max(0, demand.level + demand.trend + LEVEL_GAIN * error);
  demand.trend += TREND_GAIN * LEVEL_GAIN * error;
}

/** So many windows in a row with the same load. */
function settle(demand: Demand, windows: number): void {
  const left = (gain: number) => (1 - gain) ** windows;
  demand.level = demand.load + (demand.level - demand.load) * left(LEVEL_GAIN);
  demand.trend *= left(LEVEL_GAIN);
  demand.variance *= left(VARIANCE_GAIN);
}
