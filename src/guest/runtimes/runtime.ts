/** What the agent needs of a runtime: an app's functions, and what runs each of them. */
import type { BindFunction } from "../../wire/protocol.ts";
import type { Failures } from "../agent/invocation/failures.ts";
import type { Log } from "../agent/log/log.ts";
import type { Runner } from "./node/handlers/runner.ts";
import type { SourceMaps } from "./node/code/source-maps.ts";

export interface FunctionSet {
  has(name: string): boolean;
  /** What runs the function; a promise only while code is evaluated. Must be called only with a function of the set. */
  runner(name: string): Runner | Promise<Runner>;
  /** Makes the function ready ahead of its first call. Rejects with the reason if it can't. */
  preload(name: string): Promise<unknown>;
  /** Tells the functions, which were all made ready, that they run in a clone from now on. Rejects if one can't go on. */
  restored?(): Promise<unknown>;
}

/** What the agent gives to every runtime. */
export interface AgentParts {
  log: Log;
  failures: Failures;
  sourceMaps: SourceMaps;
  /** Ends this process, and with it the machine. The reason is a sentence for the app's log. */
  endMachine(reason: string, code: number): never;
  /** Tells for the statistics how many milliseconds a call waited for the program. */
  waited(ms: number): void;
}

/** The formats that are programs beside the agent's own Node. */
type ProgramFormat = "provided" | "server";

export type ProgramFunction = BindFunction & { format: ProgramFormat };

export function isProgram(each: BindFunction): each is ProgramFunction {
  return each.format === "provided" || each.format === "server";
}
