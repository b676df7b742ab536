/** The record of CPU and memory used, and of requests served. It only grows. */
import type { Prices } from "./prices.ts";

/** bring-up: from start to ready. blank: ready, and nobody's. run: bound to an app. */
type UsageKind = "run" | "bring-up" | "blank";

/** What one machine used since its last entry, from the host's accounting. */
export interface UsageDelta {
  /** Milliseconds since the epoch, at the end of the span. */
  at: number;
  /** null: the platform's own cost. */
  app: string | null;
  machine: string;
  /** Default: run for an app, bring-up for the platform. */
  kind?: UsageKind;
  /** Microseconds of CPU time; default 0. */
  cpuUs?: number;
  /** Bytes of memory held, integrated over seconds; default 0. */
  byteSeconds?: number;
  /** Invocations finished; default 0. */
  requests?: number;
}

export interface UsageSummary {
  cpuSeconds: number;
  /** A GB is 2^30 bytes. */
  gbSeconds: number;
  requests: number;
  /** In the currency of the prices. */
  cost: number;
}

export interface Ledger {
  readonly prices: Prices;
  /** Cheap enough for each invocation: deltas are summed in memory and stored together. */
  record(delta: UsageDelta): void;
  /** Stores what is in memory. Done by itself every few seconds; kill -9 loses what came since. Throws "disk-full". */
  flush(): void;
  /** Of an app, of the platform (null), or of everything. Includes what is not stored yet, unless it cannot be. */
  summary(app?: string | null): UsageSummary;
  /** Of each app that ever used anything, by name; removed apps stay on the books. */
  byApp(): ({ app: string } & UsageSummary)[];
  /** Stores, then closes. */
  close(): void;
}
