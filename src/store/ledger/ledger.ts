/** The record of CPU and memory used, and of requests served. It only grows. */

/**
 * server: Mayfly's own process. template: making what machines are cloned from. start: until an app takes the machine. bind: until it is bound to it. run: from then
 * on. calls: the invocations of a function; their CPU is an attribution, and is part of run.
 */
export type UsageKind = "server" | "template" | "start" | "bind" | "run" | "calls";

/** What is added up. Every one may be absent, which is 0. */
export interface Amounts {
  /** Microseconds of CPU time. Below zero where it moves to another account. */
  cpuUs: number;
  /** Bytes of memory held, integrated over seconds. */
  byteSeconds: number;
  /** Invocations finished. */
  requests: number;
  /** Milliseconds of their wall time, each rounded up. */
  wallMs: number;
  /** The same, times the memory that their app asks for, as bytes and seconds. */
  wallByteSeconds: number;
}

/** What was used since the last delta, from the host's accounting. */
export interface UsageDelta extends Partial<Amounts> {
  /** Milliseconds since the epoch, at the end of the span. */
  at: number;
  /** The id of an app or an appliance; null: the platform's own. */
  app: string | null;
  kind: UsageKind;
  /** Only for calls. */
  function?: string;
}

/** The sum of all deltas of a month, or of all months, that are alike. */
export interface UsageRow extends Amounts {
  app: string | null;
  kind: UsageKind;
  /** Empty but for calls. */
  function: string;
}

/** What an app may use in a month; null: as much as it likes. */
export interface Limits {
  /** In the currency of the prices. */
  spend: number | null;
  requests: number | null;
  cpuSeconds: number | null;
}

export interface Ledger {
  /** Cheap enough for each invocation: deltas are summed in memory and stored together. */
  record(delta: UsageDelta): void;
  /** Stores what is in memory. Done by itself every few seconds; kill -9 loses what came since. Throws "disk-full". */
  flush(): void;
  /** Of a month such as "2026-11" (UTC) and of one app, where given. Includes what is not stored yet, unless it cannot be. */
  rows(filter: { month: string; app?: string }): UsageRow[];
  /** Of every app that has any. */
  limits(): Map<string, Limits>;
  /** Throws "disk-full". */
  setLimits(app: string, limits: Limits): void;
  /** Stores, then closes. */
  close(): void;
}
