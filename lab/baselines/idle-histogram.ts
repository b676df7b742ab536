/**
 * An app's idle times in 1-minute bins up to 4 hours, and the two percentiles that the hybrid policy asks of them, each kept up at constant
 * cost.
 */

export const BIN_MS = 60_000;
const BINS = 240;
export const RANGE_MS = BINS * BIN_MS;
const HEAD = 0.05;
const TAIL = 0.99;
/** Of the last idle times, for the forecast. */
const REMEMBERED = 10;

export interface IdleHistogram {
  bins: number[];
  /** In the bins. */
  count: number;
  /** Of the squares of the bins. */
  squares: number;
  outOfRange: number;
  /** ms; the last ten, in range or not, in a ring. */
  last: number[];
  next: number;
  head: Percentile;
  tail: Percentile;
}

interface Percentile {
  bin: number;
  /** How many are in bins before it. */
  below: number;
}

export function createIdleHistogram(): IdleHistogram {
  return { bins: [], count: 0, squares: 0, outOfRange: 0, last: [], next: 0, head: { bin: 0, below: 0 }, tail: { bin: 0, below: 0 } };
}

export function addIdleTime(histogram: IdleHistogram, ms: number): void {
  histogram.last[histogram.next] = ms;
  histogram.next = (histogram.next + 1) % REMEMBERED;
  const bin = Math.floor(ms / BIN_MS);
  if (bin >= BINS) histogram.outOfRange++;
  else count(histogram, bin);
}

/** Of the bins' counts, all 240; 0 where nothing is counted. High where few bins have nearly all. */
export function variationOfBins({ count, squares }: IdleHistogram): number {
  if (count === 0) return 0;
  const mean = count / BINS;
  return Math.sqrt(Math.max(0, squares / BINS - mean * mean)) / mean;
}

/** ms. */
export function medianOfLast({ last }: IdleHistogram): number {
  const sorted = last.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}

function count(histogram: IdleHistogram, bin: number): void {
  const { bins, head, tail } = histogram;
  while (bins.length <= bin) bins.push(0);
  const before = bins[bin] as number;
  bins[bin] = before + 1;
  histogram.squares += 2 * before + 1;
  histogram.count++;
  if (bin < head.bin) head.below++;
  if (bin < tail.bin) tail.below++;
  settle(head, HEAD * histogram.count, bins);
  settle(tail, TAIL * histogram.count, bins);
}

/** Moves to the bin where the `rank`th, which is over 0, is. */
function settle(percentile: Percentile, rank: number, bins: number[]): void {
  while (percentile.below >= rank) percentile.below -= bins[--percentile.bin] as number;
  while (percentile.below + (bins[percentile.bin] as number) < rank) percentile.below += bins[percentile.bin++] as number;
}
