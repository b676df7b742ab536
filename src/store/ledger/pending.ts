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

/**
 * An invocation adds a delta, so that adding makes no text: the sums are found by the app and the function, whose few sums of different minutes and kinds
 * are then compared, the latest first.
 */
export function createPending(): Pending {
  const apps = new Map<string, Map<string, Entry[]>>();
  let size = 0;
  const sumsOf = (app: string, name: string): Entry[] => {
    const functions = apps.get(app) ?? new Map<string, Entry[]>();
    const sums = functions.get(name) ?? [];
    if (sums.length > 0) return sums;
    apps.set(app, functions.set(name, sums));
    return sums;
  };
  return {
    add(delta) {
      const minute = minuteOf(size < MOST ? delta.at : startOfMonth(delta.at));
      const { app, kind, function: name = "" } = delta;
      const sums = sumsOf(app ?? "", name);
      for (let at = sums.length - 1; at >= 0; at--) {
        const sum = sums[at]!;
        if (sum.minute !== minute || sum.kind !== kind) continue;
        addTo(sum, delta);
        return;
      }
      sums.push(addTo(emptyEntry(minute, delta), delta));
      size += 1;
    },
    entries: () => [...apps.values()].flatMap((functions) => [...functions.values()].flat()),
    size: () => size,
    clear() {
      apps.clear();
      size = 0;
    },
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
