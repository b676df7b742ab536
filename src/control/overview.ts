/** What the running system tells of itself: its machines, its standing, the reasons of its decisions. */
import type { Decision, RevisionFacts } from "../dispatch/live-dispatcher.ts";

export interface Overview {
  machines(): MachineFacts[];
  /** Every decision that is kept. @param app its id */
  explain(app: string): Explanation;
  /** Has the ledger told what every machine has used up to now. */
  sample(): void;
  host(): HostFacts;
  status(): StatusFacts;
}

export interface MachineFacts {
  id: string;
  /** Its name; null: a blank, or a machine that is not bound yet. */
  app: string | null;
  driver: string;
  state: string;
  slots: { used: number; total: number };
  memoryBytes: number;
  cpuUs: number;
  ageMs: number;
}

export interface Explanation {
  app: string;
  /** What the policy makes of the app at present, in sentences. */
  now: string[];
  /** The same as data, for each revision that calls go to. */
  facts: RevisionFacts[];
  /** Oldest first. */
  decisions: Decision[];
}

export interface Urls {
  gateway: string;
  api: string;
}

interface HostFacts {
  version: string;
  pid: number;
  uptimeMs: number;
  driver: { name: string; detail: string };
  urls: Urls;
}

/** Times are milliseconds since the epoch. */
export interface StatusFacts {
  version: string;
  /** Of the supervisor, which signals are for. */
  pid: number;
  /** Pid of the process that does the work. */
  worker: number;
  since: number;
  /** Since when this worker runs. */
  upSince: number;
  /** Workers that died and were replaced since the supervisor started. */
  restarts: number;
  deaths: Death[];
  driver: { name: string; detail: string; damage: string | null };
  apps: number;
  machines: number;
  appliances: {
    running: number;
    total: number;
    leftAlone: string[];
    waiting: { name: string; reason: string }[];
  };
}

export interface Death {
  at: number;
  reason: string;
  livedMs: number;
}
