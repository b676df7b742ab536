/**
 * How many invocations of a revision are in flight or waiting, how that moves, and what it will be one start-up time from now.
 * Level and trend of the peaks of successive windows (Holt's linear smoothing), and the variance of what was forecast.
 */
import { FALL_GAIN, LOGISTIC_SCALE, ONSET_FALL, ONSET_RISE, RISE_GAIN, TREND_DAMPING, TREND_GAIN, VARIANCE_GAIN } from "../constants.ts";

export interface Demand {
  /** In flight and waiting, now. */
  load: number;
  /** Of those that wait: how many the slots that there are will serve within a window, one after the other. */
  inTurn: number;
  /** The most in this window. */
  peak: number;
  /** When this window began. */
  since: number;
  /** Of the windows' peaks. */
  level: number;
  /** Change of the level in one window. */
  trend: number;
  /** Of the peaks above what was forecast for them. */
  variance: number;
  /** Peak of the first window after idling, smoothed: what a first call tells of those that follow it. */
  onset: number;
  /** This window is such a first one. */
  fresh: boolean;
}

/** Of what is left after a window, the logarithm: exp is several times as fast as a power. */
const FALL = Math.log(1 - FALL_GAIN);
const DAMPING = Math.log(TREND_DAMPING);
const FADING = Math.log(1 - VARIANCE_GAIN);

export function createDemand(now: number): Demand {
  return { load: 0, inTurn: 0, peak: 0, since: now, level: 0, trend: 0, variance: 0, onset: 0, fresh: false };
}

/** One more or one less. Returns whether a window ended. @param windowMs one start-up time */
export function changeLoad(demand: Demand, by: number, now: number, windowMs: number): boolean {
  const ended = now - demand.since >= windowMs;
  if (ended) {
    closeWindows(demand, now, windowMs);
    if (demand.load === 0 && demand.peak === 0) begin(demand, now);
  }
  demand.load += by;
  const atOnce = demand.load - demand.inTurn;
  if (atOnce > demand.peak) demand.peak = atOnce;
  return ended;
}

/** Closes the windows that are over: the first with its peak, those after it with a load that did not change. */
export function closeWindows(demand: Demand, now: number, windowMs: number): void {
  const windows = Math.floor((now - demand.since) / windowMs);
  if (windows < 1) return;
  observe(demand, demand.peak);
  if (windows > 1) settle(demand, windows - 1);
  demand.peak = demand.load - demand.inTurn;
  demand.since += windows * windowMs;
}

/** Invocations at once, one window ahead. */
export function expected({ load, inTurn, level, trend, onset, fresh }: Demand): number {
  return Math.max(load - inTurn, level + trend, fresh ? onset : 0);
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

/** The first window after a time without any. */
function begin(demand: Demand, now: number): void {
  demand.since = now;
  demand.fresh = true;
}

function observe(demand: Demand, peak: number): void {
  const error = peak - (demand.level + demand.trend);
  const missed = Math.max(0, demand.fresh ? peak - demand.onset : error);
  if (demand.fresh) demand.onset += (missed > 0 ? ONSET_RISE : ONSET_FALL) * (peak - demand.onset);
  demand.fresh = false;
  // Only what was more than forecast counts, twice: what was less makes nobody wait.
  demand.variance += VARIANCE_GAIN * (2 * missed * missed - demand.variance);
  const gain = error > 0 ? RISE_GAIN : FALL_GAIN;
  demand.level = Math.max(0, demand.level + demand.trend + gain * error);
  demand.trend = TREND_DAMPING * (demand.trend + TREND_GAIN * gain * error);
}

/** So many windows in a row with the same load. */
function settle(demand: Demand, windows: number): void {
  const load = demand.load - demand.inTurn;
  demand.level = load + (demand.level - load) * Math.exp(windows * FALL);
  demand.trend *= Math.exp(windows * DAMPING);
  demand.variance *= Math.exp(windows * FADING);
}
