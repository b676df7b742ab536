/** What a supervisor and its worker tell each other. Both are ours: nothing in it comes from strangers but names and reasons. */
import type { Config } from "../base/config/schema.ts";
import type { LostCalls } from "./lost-calls.ts";
import type { Death } from "./standing.ts";

export interface StartMessage {
  config: Config;
  /** Whether what is in the way is told as JSON. */
  json: boolean;
  /** Descriptors that the worker inherited: bound sockets, kept by the supervisor over the worker's death. */
  sockets: { gateway: number; api: number };
  pid: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  deaths: Death[];
  restarts: number;
  /** Of workers before this one, not told to the apps' logs yet. */
  lost: LostCalls[];
  leaveAlone: string[];
}

/** Whether the worker still answers. */
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
  /** The state folder is ours. */
  | { type: "locked" }
  | ({ type: "up" } & UpInfo)
  /** It said what is in the way, and ends: starting it again would change nothing. */
  | { type: "refused"; exitCode: number }
  /** A signal came, and so many calls are in flight still. */
  | { type: "stopping"; calls: number }
  /** An appliance is being started. */
  | { type: "starting"; appliance: string }
  /** A user started one by its name: whatever it was suspected of is forgotten. */
  | { type: "taken-up"; appliance: string }
  /** An app has machines from now on, or none any more. */
  | { type: "serving"; app: string; serves: boolean }
  /** Its last words, and the calls in flight. */
  | { type: "dying"; reason: string; inFlight: [app: string, calls: number][] };
