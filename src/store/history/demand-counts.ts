/** What is counted of an app's demand, and how finely it is kept. Pure. */

export interface DemandCounts {
  /** Calls by the second in which they arrived, since the epoch. In a row that is kept for long, the first second of a slot stands for all of it. */
  arrivals: Map<number, number>;
  /** Calls by the bucket of the time for which they had a slot, and the sum of those times. */
  ran: Map<number, number>;
  ranMs: number;
  /** Calls by the bucket of the time for which they waited. */
  waited: Map<number, number>;
  binds: number;
  machineSeconds: number;
  byteSeconds: number;
  cpuUs: number;
}

export const DEMAND_SPAN_NAMES = ["hour", "day", "week"] as const;
export type DemandSpan = (typeof DEMAND_SPAN_NAMES)[number];

interface Fineness {
  /** What one count of arrivals stands for. */
  slotMs: number;
  /** What is kept as one row. */
  rowMs: number;
  keptMs: number;
}

export const DEMAND_SPANS: Record<DemandSpan, Fineness> = {
  hour: { slotMs: 1_000, rowMs: 60_000, keptMs: 3_600_000 },
  day: { slotMs: 10_000, rowMs: 3_600_000, keptMs: 86_400_000 },
  week: { slotMs: 60_000, rowMs: 21_600_000, keptMs: 7 * 86_400_000 },
};

export function noDemand(): DemandCounts {
  return { arrivals: new Map(), ran: new Map(), ranMs: 0, waited: new Map(), binds: 0, machineSeconds: 0, byteSeconds: 0, cpuUs: 0 };
}

export function addDemand(into: DemandCounts, more: DemandCounts): void {
  for (const key of ["arrivals", "ran", "waited"] as const) addCountsOf(into[key], more[key]);
  for (const key of ["ranMs", "binds", "machineSeconds", "byteSeconds", "cpuUs"] as const) into[key] += more[key];
}

function addCountsOf(into: Map<number, number>, more: ReadonlyMap<number, number>): void {
  for (const [key, calls] of more) into.set(key, (into.get(key) ?? 0) + calls);
}

/** The same with arrivals by slots of so many milliseconds. */
export function coarser({ arrivals, ...rest }: DemandCounts, slotMs: number): DemandCounts {
  const slots = new Map<number, number>();
  for (const [second, calls] of arrivals) {
    const first = (Math.floor((second * 1_000) / slotMs) * slotMs) / 1_000;
    slots.set(first, (slots.get(first) ?? 0) + calls);
  }
  return { ...rest, arrivals: slots };
}

/** The middle of each bucket in milliseconds, and the calls in it, the shortest first. */
export function timesOf(buckets: ReadonlyMap<number, number>, width: number, leastMs: number): [ms: number, calls: number][] {
  const middle = (bucket: number) => (bucket === 0 ? 0 : Number((leastMs * Math.exp(width * (bucket - 0.5))).toPrecision(3)));
  return [...buckets].toSorted(([one], [other]) => one - other).map(([bucket, calls]) => [middle(bucket), calls]);
}
