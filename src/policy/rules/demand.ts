/**
 * A revision's demand: the number of its invocations that are in flight or waiting, and a forecast of that number for one window from now. A window is
 * one start-up time. The forecast is the level and the trend of the windows' peaks (Holt's linear smoothing), with the variance of peaks above it.
 */
import { FALL_GAIN, LOGISTIC_SCALE, ONSET_FALL, ONSET_RISE, RISE_GAIN, TREND_DAMPING, TREND_GAIN, VARIANCE_GAIN } from "../constants.ts";

export interface Demand {
  /** Invocations in flight and waiting now. */
  load: number;
  /** Waiting invocations that the present slots will serve within a window, one after the other: no machine is started for them. */
  soonServed: number;
  /** Highest number of invocations at once in this window, without those in `soonServed`. */
  peak: number;
  /** When this window began, ms. */
  since: number;
  /** Smoothed peak of the windows. */
  level: number;
  /** Change of the level from one window to the next. */
  trend: number;
  /** Variance of the peaks above what was forecast for them. */
  variance: number;
  /** Smoothed peak of the first window after an idle time: how many calls come with a first one. */
  onset: number;
  /** This window is the first one after an idle time. */
  fresh: boolean;
}

/** Logarithms of the shares that are left after one window, because exp is several times as fast as a power. */
const FALL = Math.log(1 - FALL_GAIN);
const DAMPING = Math.log(TREND_DAMPING);
const FADING = Math.log(1 - VARIANCE_GAIN);

export function createDemand(now: number): Demand {
  return { load: 0, soonServed: 0, peak: 0, since: now, level: 0, trend: 0, variance: 0, onset: 0, fresh: false };
}

/** Adds `by` to the load, which may be below 0. Returns whether a window ended. @param windowMs one start-up time */
export function changeLoad(demand: Demand, by: number, now: number, windowMs: number): boolean {
  const ended = now - demand.since >= windowMs;
  if (ended) {
    closeWindows(demand, now, windowMs);
    if (demand.load === 0 && demand.peak === 0) begin(demand, now);
  }
  demand.load += by;
  const atOnce = demand.load - demand.soonServed;
  if (atOnce > demand.peak) demand.peak = atOnce;
  return ended;
}

/** Closes the windows that are over. The first one has its peak; in those after it the load did not change. */
export function closeWindows(demand: Demand, now: number, windowMs: number): void {
  const windows = Math.floor((now - demand.since) / windowMs);
  if (windows < 1) return;
  observe(demand, demand.peak);
  if (windows > 1) settle(demand, windows - 1);
  demand.peak = demand.load - demand.soonServed;
  demand.since += windows * windowMs;
}

/** Expected number of invocations at once, one window from now. */
export function expected({ load, soonServed, level, trend, onset, fresh }: Demand): number {
  return Math.max(load - soonServed, level + trend, fresh ? onset : 0);
}

/**
 * Slots to provide beyond the expected demand. Demand exceeds both together so seldom that one more idle machine would cost more than the waits that it
 * saves.
 * @param worth cost of a saved wait, divided by the cost of the idle machine that saves it (the newsvendor's ratio)
 */
export function margin(demand: Demand, worth: number): number {
  if (worth <= 1) return 0;
  // The margin is at most as large as the expected demand, however unsteady demand was.
  return Math.min(LOGISTIC_SCALE * Math.sqrt(demand.variance) * Math.log(worth), expected(demand));
}

/** Begins the first window after an idle time. */
function begin(demand: Demand, now: number): void {
  demand.since = now;
  demand.fresh = true;
}

function observe(demand: Demand, peak: number): void {
  const error = peak - (demand.level + demand.trend);
  const excess = Math.max(0, demand.fresh ? peak - demand.onset : error);
  if (demand.fresh) demand.onset += (excess > 0 ? ONSET_RISE : ONSET_FALL) * (peak - demand.onset);
  demand.fresh = false;
  // Only peaks above the forecast count, and twice: peaks below it make nobody wait.
  demand.variance += VARIANCE_GAIN * (2 * excess * excess - demand.variance);
  const gain = error > 0 ? RISE_GAIN : FALL_GAIN;
  demand.level = Math.max(0, demand.level + demand.trend + gain * error);
  demand.trend = TREND_DAMPING * (demand.trend + TREND_GAIN * gain * error);
}

/** Takes in a number of windows in which the load did not change. */
function settle(demand: Demand, windows: number): void {
  const load = demand.load - demand.soonServed;
  demand.level = load + (demand.level - load) * Math.exp(windows * FALL);
  demand.trend *= Math.exp(windows * DAMPING);
  demand.variance *= Math.exp(windows * FADING);
}
