/** What the running system reports about itself: its machines, its status, and the reasons for its decisions. */
import type { Decision, RevisionFacts } from "../dispatch/live-dispatcher.ts";

export interface Overview {
  machines(): MachineFacts[];
  /** The decisions about an app that are still in memory. @param app its id */
  explain(app: string): Explanation;
  /** Tells the ledger what every machine has used up to now. */
  sample(): void;
  host(): HostFacts;
  status(): StatusFacts;
}

export interface MachineFacts {
  id: string;
  /** The app's name; null for a machine that is bound to no app. */
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
  /** What the policy makes of the app at present, as sentences. */
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
  /** The process that receives signals: the supervisor, or this process if there is none. */
  pid: number;
  /** The process that serves calls. */
  worker: number;
  since: number;
  /** When this worker started. */
  upSince: number;
  /** How many workers died and were replaced since the supervisor started. */
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
