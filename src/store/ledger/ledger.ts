/** The record of CPU and memory used, and of requests served. It only grows. */

/**
 * What was used for what. server: Mayfly's own process. template: making what machines are cloned from. start: a machine's life until an
 * app takes it. bind: from then until it is bound to the app. run: from then on. calls: the invocations of a function; their CPU is an
 * estimate, and part of run. reads, writes: requests to a service that keeps something. stored: what it keeps. out: bytes of it that left the host.
 */
export type UsageKind = "server" | "template" | "start" | "bind" | "run" | "calls" | ServiceUse;

type ServiceUse = "reads" | "writes" | "stored" | "out";

/** What is added up. An amount that is absent counts as 0. */
export interface Amounts {
  /** Microseconds of CPU time; negative if they move to another account. */
  cpuUs: number;
  /** Bytes of memory held, or of what is stored, times the seconds for which they were held; of "out", the bytes themselves. */
  byteSeconds: number;
  /** The number of invocations that ended, or of reads or writes. */
  requests: number;
  /** The wall time of those invocations, in milliseconds, each rounded up. */
  wallMs: number;
  /** The wall time of those invocations in seconds, times the bytes of memory that their app asks for. */
  wallByteSeconds: number;
}

/** What was used since the last delta, from the host's accounting. */
export interface UsageDelta extends Partial<Amounts> {
  /** Milliseconds since the epoch, at the end of the span. */
  at: number;
  /** The id of an app, an appliance, or a tenant that has something of its own; null for the platform itself. */
  app: string | null;
  kind: UsageKind;
  /** Of "calls", the function; of a service's use, the service. */
  function?: string;
}

/** The sum of all deltas with the same app, kind and function, of a month or of all months. */
export interface UsageRow extends Amounts {
  app: string | null;
  kind: UsageKind;
  /** Of "calls", the function; of a service's use, the service; otherwise empty. */
  function: string;
}

/** What an app may use in a month; null means no limit. */
export interface Limits {
  /** In the currency of the prices. */
  spend: number | null;
  requests: number | null;
  cpuSeconds: number | null;
}

export interface Ledger {
  /** Cheap enough to be called for each invocation: deltas are summed in memory and stored together. */
  record(delta: UsageDelta): void;
  /** Stores what is in memory. The ledger does this by itself every few seconds; kill -9 loses what came since. Throws "disk-full". */
  flush(): void;
  /**
   * The rows of a month such as "2026-11" (UTC), of one app if it is given. They include what is not stored yet, unless that cannot be
   * stored.
   */
  rows(filter: { month: string; app?: string }): UsageRow[];
  /** The limits of every app that has any. */
  limits(): Map<string, Limits>;
  /** Throws "disk-full". */
  setLimits(app: string, limits: Limits): void;
  /** Stores what is in memory, then closes the file. */
  close(): void;
}
