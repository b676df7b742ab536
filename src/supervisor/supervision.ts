import { isNamed } from "../control/names.ts";
import type { Stores } from "../store/open-stores.ts";
import { type LostCalls, lostCallsInWords } from "./lost-calls.ts";

/** What a supervisor gives to its worker, and what the worker reports to it. */
export interface Supervision {
  pid: number;
  /** File descriptors of sockets that are bound already; they replace the addresses in the settings. */
  sockets: { gateway: number; api: number };
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** The latest deaths of earlier workers, oldest first. */
  deaths: { at: number; reason: string; livedMs: number }[];
  restarts: number;
  /** Calls that were cut off by those deaths and are not yet mentioned in their apps' logs. */
  lost: LostCalls[];
  /** Ids of appliances that must not be resumed. */
  leaveAlone: string[];
  /** Ids of appliances that are suspected of having ended an earlier worker. */
  apart: { appliances: string[]; everyMs: number };
  /** Called when this worker has locked the state folder. */
  locked: () => void;
  starting: (appliance: string) => void;
  /** Called when an app has its first machine (`serves` is true) and when it has none any more. */
  serving: (app: string, serves: boolean) => void;
  takenUp: (appliance: string) => void;
}

/** Tells the apps' logs about the calls that died with earlier workers: the callers saw only a closed connection. */
export function tellLostCalls(lost: LostCalls[], { catalog, note }: Pick<Stores, "catalog" | "note">): void {
  for (const { apps, ...death } of lost)
    for (const [app, calls] of apps) if (isNamed(catalog.names, app)) note(app, lostCallsInWords(death, calls), death.at);
}
