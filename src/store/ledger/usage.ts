/** What the fleet and the appliances report about the use of machines, for the accounts. */

export interface UsageSink {
  record(entry: UsageEntry): void;
}

/** What one machine used since its last entry. */
export interface UsageEntry {
  /** Null for the platform itself. */
  app: string | null;
  machine: string;
  /** start: before an app takes the machine. bind: from then until the machine is bound. run: from then on. */
  kind: "start" | "bind" | "run";
  /** Microseconds; negative if the CPU of a start moves from the platform to the app that took the machine. */
  cpuUs: number;
  /** Bytes of memory held, times the seconds for which they were held. */
  byteSeconds: number;
  /** Wall clock, in milliseconds since the epoch. */
  at: number;
}
