/**
 * An app's idle times in 1-minute bins up to 4 hours, and the two percentiles of them that the hybrid policy uses. Each new time updates them in constant
 * time.
 */

export const BIN_MS = 60_000;
const BINS = 240;
export const RANGE_MS = BINS * BIN_MS;
const HEAD = 0.05;
const TAIL = 0.99;
/** Number of the last idle times that are kept for the forecast. */
const REMEMBERED = 10;

export interface IdleHistogram {
  bins: number[];
  /** Number of times in the bins. */
  count: number;
  /** Sum of the squares of the bins' counts. */
  squares: number;
  outOfRange: number;
  /** The last ten times, in range or not, ms: a ring. */
  last: number[];
  next: number;
  head: Percentile;
  tail: Percentile;
}

interface Percentile {
  bin: number;
  /** Number of times in the bins before it. */
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

/** Coefficient of variation of the counts of all 240 bins; 0 if nothing is counted. It is high if a few bins have nearly all times. */
export function variationOfBins({ count, squares }: IdleHistogram): number {
  if (count === 0) return 0;
  const mean = count / BINS;
  return Math.sqrt(Math.max(0, squares / BINS - mean * mean)) / mean;
}

/** The median of the last ten idle times, ms. */
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

/** Moves to the bin that has the time of the given rank. @param rank above 0 */
function settle(percentile: Percentile, rank: number, bins: number[]): void {
  while (percentile.below >= rank) percentile.below -= bins[--percentile.bin] as number;
  while (percentile.below + (bins[percentile.bin] as number) < rank) percentile.below += bins[percentile.bin++] as number;
}
