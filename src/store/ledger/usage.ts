/** What machines used, as the fleet and the appliances tell whoever keeps the accounts. */

export interface UsageSink {
  record(entry: UsageEntry): void;
}

/** What one machine used since its last entry. */
export interface UsageEntry {
  /** null: the platform's own cost. */
  app: string | null;
  machine: string;
  /** start: before an app takes the machine. bind: until it is bound. run: from then on. */
  kind: "start" | "bind" | "run";
  /** Below zero where the CPU of a start moves from the platform to the app that took the machine. */
  cpuUs: number;
  /** Bytes of memory held, integrated over seconds. */
  byteSeconds: number;
  /** Wall clock, ms since the epoch. */
  at: number;
}
