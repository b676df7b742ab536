/** The messages between a supervisor and its worker. Both are parts of Mayfly; strangers influence only names and reasons in them. */
import type { Config } from "../base/config/schema.ts";
import type { LostCalls } from "./lost-calls.ts";
import type { Death } from "./standing.ts";

export interface StartMessage {
  config: Config;
  /** Whether errors at the start are printed as JSON. */
  json: boolean;
  /** The numbers of the file descriptors that the worker inherits: bound sockets, which the supervisor keeps open when the worker dies. */
  sockets: { gateway: number; api: number };
  pid: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  deaths: Death[];
  restarts: number;
  /** Calls lost by earlier workers, not yet written to the apps' logs. */
  lost: LostCalls[];
  leaveAlone: string[];
  /** Appliances to start one after the other, each this long after the one before, and the first this long after everything else. */
  apart: { appliances: string[]; everyMs: number };
}

/** The supervisor asks whether the worker still answers. */
export interface Ask {
  type: "ask";
}

export interface UpInfo {
  gatewayUrl: string;
  apiUrl: string;
  driver: { name: string; detail: string };
}

export type FromWorker =
  /** The answer to an Ask. */
  | { type: "alive" }
  /** The worker holds the lock of the state folder. */
  | { type: "locked" }
  | ({ type: "up" } & UpInfo)
  /** The worker has printed why it can't start, and ends. Starting it again would not help. */
  | { type: "refused"; exitCode: number }
  /** The worker received a signal and is ending; this many calls are still in flight. */
  | { type: "stopping"; calls: number }
  /** The worker is starting an appliance. */
  | { type: "starting"; appliance: string }
  /** A user started the appliance by name: the supervisor forgets any suspicion against it. */
  | { type: "taken-up"; appliance: string }
  /** The app now has machines, or no longer has any. */
  | { type: "serving"; app: string; serves: boolean }
  /** The worker is about to die; these calls are in flight. */
  | { type: "dying"; reason: string; inFlight: [app: string, calls: number][] };
