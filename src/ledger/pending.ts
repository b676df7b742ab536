/** The deltas that are not stored yet, summed per app, machine and kind. */
import type { UsageDelta } from "./ledger.ts";

/** Sums kept apart, at most. */
const MOST = 10_000;
/** Stands for machines that are summed together. */
const SEVERAL = "several";

export type Entry = Required<UsageDelta>;

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
      const { at, app, kind = app === null ? "bring-up" : "run", cpuUs = 0, byteSeconds = 0, requests = 0 } = delta;
      const machine = sums.size < MOST ? delta.machine : SEVERAL;
      const key = `${kind} ${machine} ${app}`;
      const sum = sums.get(key);
      if (sum) addTo(sum, { at, cpuUs, byteSeconds, requests });
      else sums.set(key, { at, app, machine, kind, cpuUs, byteSeconds, requests });
    },
    entries: () => [...sums.values()],
    size: () => sums.size,
    clear: () => sums.clear(),
  };
}

function addTo(sum: Entry, more: Pick<Entry, "at" | "cpuUs" | "byteSeconds" | "requests">): void {
  sum.at = more.at;
  sum.cpuUs += more.cpuUs;
  sum.byteSeconds += more.byteSeconds;
  sum.requests += more.requests;
}
