/** The deltas that are not stored yet, summed per minute, app, kind and function. */
import type { Amounts, UsageDelta, UsageKind } from "./ledger.ts";
import { startOfMonth } from "./month.ts";

/** The most sums that are kept apart by minutes. Beyond that, deltas are summed over whole months, of which there are few. */
const MOST = 10_000;
const MINUTE_MS = 60_000;

export interface Entry extends Amounts {
  minute: number;
  /** Empty for the platform itself. */
  app: string;
  kind: UsageKind;
  function: string;
}

export interface Pending {
  add(delta: UsageDelta): void;
  entries(): Entry[];
  size(): number;
  clear(): void;
}

export function createPending(): Pending {
  const sums = new Map<string, Entry>();
  return {
    add(delta) {
      const minute = minuteOf(sums.size < MOST ? delta.at : startOfMonth(delta.at));
      const key = `${minute} ${delta.kind} ${delta.app ?? ""} ${delta.function ?? ""}`;
      const sum = sums.get(key);
      if (sum !== undefined) addTo(sum, delta);
      else sums.set(key, addTo(emptyEntry(minute, delta), delta));
    },
    entries: () => [...sums.values()],
    size: () => sums.size,
    clear: () => sums.clear(),
  };
}

/** Minutes since the epoch. @param at milliseconds since the epoch */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS);
}

/** Milliseconds since the epoch. @param minute minutes since the epoch */
export function startOfMinute(minute: number): number {
  return minute * MINUTE_MS;
}

function emptyEntry(minute: number, { app, kind, function: name = "" }: UsageDelta): Entry {
  return { minute, app: app ?? "", kind, function: name, cpuUs: 0, byteSeconds: 0, requests: 0, wallMs: 0, wallByteSeconds: 0 };
}

function addTo(sum: Entry, { cpuUs = 0, byteSeconds = 0, requests = 0, wallMs = 0, wallByteSeconds = 0 }: UsageDelta): Entry {
  sum.cpuUs += cpuUs;
  sum.byteSeconds += byteSeconds;
  sum.requests += requests;
  sum.wallMs += wallMs;
  sum.wallByteSeconds += wallByteSeconds;
  return sum;
}
