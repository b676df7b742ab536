/**
 * The demand of apps: when calls arrived, how long they ran, how long they waited, and what their machines used. The simulator asks what other rules would have made of it.
 *
 * Owns: what was counted since the last write, by app, and which apps have a recording.
 * 1. At most MOST_APPS apps have one, each of at most some 60 KB. Where all places are taken, an app of a tenant that has fewer gets the place of one of the tenant that has most.
 * 2. Arrivals are counts: by the second for an hour, by 10 seconds for a day, by the minute for a week. Nothing of a call itself is kept.
 * 3. A kill loses the last minute.
 */
import type { Clock } from "../../base/clock/clock.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import type { Counts } from "./counts.ts";
import { addDemand, type DemandCounts, type DemandSpan, DEMAND_SPANS, noDemand, timesOf } from "./demand-counts.ts";
import type { DemandTable } from "./demand-table.ts";

/** What an app's callers did, and what was measured then. */
export interface Demand {
  span: DemandSpan;
  /** What one number of `arrivals` stands for. */
  slotMs: number;
  /** When the first slot began, milliseconds since the epoch. */
  from: number;
  /** Calls that arrived, for each slot up to now. */
  arrivals: number[];
  /** How long calls had a slot of a machine: milliseconds to a tenth, and the number of calls. */
  ran: [ms: number, calls: number][];
  ranMeanMs: number;
  /** How long calls waited for a slot. */
  waited: [ms: number, calls: number][];
  /** Machines that were bound to the app. */
  binds: number;
  /** Of machines that were bound to it. */
  machineSeconds: number;
  gbSeconds: number;
  cpuSeconds: number;
}

export interface DemandParts {
  table: DemandTable;
  events: Pick<EventStream, "listen">;
  clock: Pick<Clock, "wall" | "every">;
  tenantOf: (app: string) => string | undefined;
  onFailure: (error: unknown) => void;
}

export interface DemandRecording {
  /** What was counted in a step of the history. */
  step(counted: ReadonlyMap<string, Counts>): void;
  /** What is kept of the app; null: nothing. */
  of(app: string, span: DemandSpan): Demand | null;
  /** How long starts and binds of machines took lately, milliseconds; null: there were none since the server started. */
  machines(): { startMs: number | null; bindMs: number | null };
  close(): void;
}

const MOST_APPS = 200;
const FLUSH_MS = 60_000;
/** Of apps that were removed, so many are known: their last calls and machines end later, and are nobody's demand. */
const MOST_GONE = 1_000;
/** The weight of the newest of the durations of starts and binds in their average. */
const NEWEST = 0.1;

export function recordDemand({ table, events, clock, tenantOf, onFailure }: DemandParts): DemandRecording {
  let pending = new Map<string, DemandCounts>();
  const gone = new Set<string>();
  const places = new Map(table.apps().map(({ app, at }) => [app, { tenant: tenantOf(app) ?? "", at }]));
  const measured: { startMs: number | null; bindMs: number | null } = { startMs: null, bindMs: null };
  let isFailing = false;
  const countsOf = (app: string) => {
    const there = pending.get(app) ?? noDemand();
    pending.set(app, there);
    return there;
  };
  const stopListening = events.listen({
    "invocation-ended"({ app, at, revision, spans, slotMs }) {
      // What was refused before it waited for anything asked nothing of machines.
      if (revision === "") return;
      const waitedMs = spans.queue + spans.start + spans.bind;
      countCall(countsOf(app), { arrivedAt: at - waitedMs - (slotMs ?? 0), waitedMs, ranMs: slotMs });
    },
    "machine-blank": ({ startMs }) => void (measured.startMs = averaged(measured.startMs, startMs)),
    "machine-bound"({ app, bindMs }) {
      measured.bindMs = averaged(measured.bindMs, bindMs);
      countsOf(app).binds++;
    },
    "app-removed"({ app }) {
      pending.delete(app);
      gone.add(app);
      if (gone.size > MOST_GONE) gone.delete(gone.values().next().value!);
      places.delete(app);
      table.remove(app);
    },
  });
  const flush = () => {
    const counted = pending;
    pending = new Map();
    try {
      const now = clock.wall();
      const refused = new Set<string>();
      for (const app of gone) counted.delete(app);
      for (const app of counted.keys()) admit(app, now, refused);
      table.add(
        [...counted].filter(([app]) => places.has(app)),
        now,
      );
      isFailing = false;
    } catch (error) {
      if (!isFailing) onFailure(error);
      isFailing = true;
    }
  };
  /** @param refused tenants that get no place now: to find that out for each of 10,000 apps would stop the event loop for half a second */
  const admit = (app: string, now: number, refused: Set<string>) => {
    const there = places.get(app);
    if (there !== undefined) {
      there.at = now;
      return;
    }
    const tenant = tenantOf(app) ?? "";
    if (refused.has(tenant)) return;
    const loser = places.size < MOST_APPS ? undefined : whoLosesTo(tenant, places, now);
    if (loser === null) {
      refused.add(tenant);
      return;
    }
    if (loser !== undefined) {
      places.delete(loser);
      table.remove(loser);
    }
    places.set(app, { tenant, at: now });
  };
  const stop = clock.every(FLUSH_MS, flush);
  return {
    step(counted) {
      for (const [app, { cpuUs, byteSeconds, machineSeconds }] of counted) {
        if (app === "") continue;
        const counts = countsOf(app);
        counts.cpuUs += cpuUs;
        counts.byteSeconds += byteSeconds;
        counts.machineSeconds += machineSeconds.bound + machineSeconds.draining + machineSeconds.binding;
      }
    },
    of: (app, span) => demandOf(span, table.rows(span, app), pending.get(app), clock.wall()),
    machines: () => ({ ...measured }),
    close() {
      stop();
      stopListening();
      flush();
    },
  };
}

const HOUR_MS = 3_600_000;

/**
 * Which app gives its place to a new one of the tenant: the one that was called longest ago, of the tenant that has most places if that has more, and else of its own, if nobody
 * called it for an hour. undefined is never returned where all places are taken. @returns null: none
 */
export function whoLosesTo(tenant: string, places: ReadonlyMap<string, { tenant: string; at: number }>, now: number): string | null {
  const byTenant = Map.groupBy(places, ([, place]) => place.tenant);
  const own = byTenant.get(tenant)?.length ?? 0;
  const [most] = [...byTenant].toSorted(([, one], [, other]) => other.length - one.length);
  const isOther = most !== undefined && most[1].length > own + 1;
  const from = isOther ? most[1] : (byTenant.get(tenant) ?? []);
  const [oldest] = from.toSorted(([, one], [, other]) => one.at - other.at);
  if (oldest === undefined) return null;
  return isOther || oldest[1].at < now - HOUR_MS ? oldest[0] : null;
}

interface CallSeen {
  /** Milliseconds since the epoch. */
  arrivedAt: number;
  waitedMs: number;
  /** null: it got no slot. */
  ranMs: number | null;
}

function countCall(counts: DemandCounts, { arrivedAt, waitedMs, ranMs }: CallSeen): void {
  const second = Math.floor(arrivedAt / 1_000);
  counts.arrivals.set(second, (counts.arrivals.get(second) ?? 0) + 1);
  addTime(counts.waited, waitedMs);
  if (ranMs === null) return;
  addTime(counts.ran, ranMs);
  counts.ranMs += ranMs;
}

function addTime(times: Map<number, number>, ms: number): void {
  const bucket = bucketOf(ms);
  times.set(bucket, (times.get(bucket) ?? 0) + 1);
}

/** Buckets are a fifth wide; what is shorter than 0.1 ms is in the first one. */
const WIDTH = Math.log(1.2);
const LEAST_MS = 0.1;
const MOST_BUCKETS = 120;

export function bucketOf(ms: number): number {
  return ms <= LEAST_MS ? 0 : Math.min(MOST_BUCKETS, 1 + Math.floor(Math.log(ms / LEAST_MS) / WIDTH));
}

function averaged(before: number | null, ms: number): number {
  return before === null ? ms : before + NEWEST * (ms - before);
}

function demandOf(
  span: DemandSpan,
  rows: readonly { at: number; counts: DemandCounts }[],
  pending: DemandCounts | undefined,
  now: number,
): Demand | null {
  const { slotMs, rowMs, keptMs } = DEMAND_SPANS[span];
  // Whole rows, as the table removes them, so that all sums are of the same time. What was written before the server was down for long is still there at its start.
  const since = Math.floor(now / rowMs) * rowMs - keptMs;
  const kept = rows.filter(({ at }) => at >= since);
  const all = [...kept.map(({ counts }) => counts), ...(pending === undefined ? [] : [pending])];
  if (all.length === 0) return null;
  const sum = noDemand();
  for (const counts of all) addDemand(sum, counts);
  const seconds = sum.arrivals.keys().toArray();
  const first = Math.min(
    kept[0]?.at ?? now,
    seconds.reduce((least, one) => Math.min(least, one * 1_000), now),
  );
  const from = Math.floor(Math.max(first, since) / slotMs) * slotMs;
  const arrivals = Array.from({ length: Math.floor((now - from) / slotMs) + 1 }, () => 0);
  for (const [second, calls] of sum.arrivals) {
    const slot = Math.floor((second * 1_000 - from) / slotMs);
    if (slot >= 0 && slot < arrivals.length) arrivals[slot]! += calls;
  }
  const { ran, ranMs, waited, binds, machineSeconds, byteSeconds, cpuUs } = sum;
  const runs = ran.values().reduce((calls, some) => calls + some, 0);
  return {
    span,
    slotMs,
    from,
    arrivals,
    ran: timesOf(ran, WIDTH, LEAST_MS),
    ranMeanMs: runs === 0 ? 0 : ranMs / runs,
    waited: timesOf(waited, WIDTH, LEAST_MS),
    binds,
    machineSeconds,
    gbSeconds: Math.max(0, byteSeconds) / 2 ** 30,
    cpuSeconds: Math.max(0, cpuUs) / 1e6,
  };
}
