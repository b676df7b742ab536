/** What the running system reports about itself: its machines, its status, and the reasons for its decisions. */
import { APPLIANCE_STATES } from "../appliances/spec.ts";
import type { MachineKind, RuntimeName } from "../base/kind/machine-kind.ts";
import type { Decision, RevisionFacts } from "../dispatch/live-dispatcher.ts";
import { MACHINE_PHASES } from "../policy/machine-facts.ts";
import type { ReserveLook } from "../store/state-folder/look-at-reserves.ts";
import type { Seen } from "./seen.ts";

export interface Overview {
  /** The machines that somebody sees, with the CPU time and memory that each has used up to now. Machines of no app are for who sees the whole server. */
  machines(seen: Seen): ShownMachine[];
  /** The same machines with what each had used when it was last measured, which costs no measurement, and how many calls wait or run. */
  glance(seen: Seen): { machines: ShownMachine[]; inFlight: number };
  /** The decisions about an app that are still in memory. @param app its id */
  explain(app: string): Explanation;
  /** Why a machine was started, bound, drained and killed, oldest first; nothing of what is not seen. @param machine its name */
  explainMachine(seen: Seen, machine: string): Decision[];
  /** Tells the ledger what every machine has used up to now. */
  sample(): void;
  host(): HostFacts;
  status(): StatusFacts;
}

export const SHOWN_STATES = [...MACHINE_PHASES, ...APPLIANCE_STATES.map((state) => `appliance, ${state}` as const)] as const;

/** A machine as people know it: it has its name and its app's in place of ids, and appliances' machines are shown in the same way. */
export interface ShownMachine {
  /** The machine's name. */
  id: string;
  /** The name of its app or appliance; null: it belongs to no app yet. */
  app: string | null;
  /** The number of the app's revision whose code it was given; null: it was given none yet, or is an appliance's. */
  revision: number | null;
  driver: string;
  /** The machine's kind; null for an appliance's machine, whose image and size its appliance has. */
  kind: Omit<MachineKind, "key"> | null;
  state: (typeof SHOWN_STATES)[number];
  slots: { used: number; total: number };
  memoryBytes: number;
  cpuUs: number;
  ageMs: number;
}

export interface Explanation {
  app: string;
  /** What the policy knows of the app now, as sentences. */
  now: string[];
  /** The facts behind these sentences, for each revision that calls go to. */
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
  /** What is held of the disk for removals when it is full. */
  reserves: ReserveLook[];
  apps: number;
  machines: number;
  /** The number of machines of each runtime that has some. */
  runtimes: Partial<Record<RuntimeName, number>>;
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
