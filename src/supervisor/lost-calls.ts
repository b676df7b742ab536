/** Calls that were lost when a worker died, and the lines about them that the next worker writes to the apps' logs. */
import { counted } from "../base/words/counted.ts";

export interface LostCalls {
  /** Milliseconds since the epoch. */
  at: number;
  /** Why the worker died. */
  reason: string;
  /** How many calls of each app were in flight. Null if the worker could not say: then the app had machines, and may have had calls. */
  apps: [app: string, calls: number | null][];
}

/** @param serving the apps that had machines @param counted the calls that the worker reported before it died, if it could */
export function lostCalls(
  death: { at: number; reason: string },
  serving: Iterable<string>,
  told: [string, number][] | undefined,
): LostCalls {
  return { at: death.at, reason: death.reason, apps: told ?? Array.from(serving, (app) => [app, null]) };
}

export function lostCallsInWords({ reason }: Pick<LostCalls, "reason">, calls: number | null): string {
  const cut = "got no reply, and may have run in part";
  const which = calls === null ? `Calls in flight then ${cut}` : `${counted(calls, "call")} in flight ${cut}`;
  return `The server's worker died, and the app's machines with it: ${reason.replace(/\.$/, "")}. ${which}. Another worker has taken over.`;
}
