/** Tells a caller why no machine was free in time for an invocation, and what would have helped. */
import type { ErrorDetails } from "../base/errors/error.ts";
import { counted } from "../base/words/counted.ts";
import type { Invocation } from "./invocation-run.ts";
import type { MachineRecord } from "./machine-record.ts";

/** The details of the error "queue-timeout". */
export function noMachineInTime(
  { app, appName, timeoutMs }: Pick<Invocation, "app" | "appName" | "timeoutMs">,
  machines: Iterable<MachineRecord>,
  now: number,
): ErrorDetails {
  let running = 0;
  let startedAt = Infinity;
  for (const machine of machines) {
    if (machine.app === app && machine.boundAt > 0) running++;
    else if (startsFor(machine, app)) startedAt = Math.min(startedAt, machine.startAt);
  }
  const startingMs = startedAt === Infinity ? undefined : Math.round(now - startedAt);
  return { app: appName, ms: timeoutMs, ...inWords(appName, running, startingMs) };
}

/** A machine that belongs to no app yet may have become this app's. */
function startsFor(machine: MachineRecord, app: string): boolean {
  return machine.app === app || (machine.app === null && machine.blankAt === 0 && (machine.startedFor ?? app) === app);
}

function inWords(app: string, running: number, startingMs: number | undefined): { state: string; cure: string } {
  if (running > 0)
    return {
      state: `${counted(running, "machine")} of it ran, with other calls${startingMs === undefined ? "" : `; another had been starting for ${startingMs} ms`}`,
      cure: "Raise maxMachines or concurrency in the app's mayfly.json, or give the host more memory.",
    };
  if (startingMs !== undefined)
    return {
      state: `none of it ran, and its first one had been starting for ${startingMs} ms`,
      cure: "Call again: it may be up now. Raise timeoutMs in the app's mayfly.json above what a start takes on this host, or keep machines ready with minMachines or reservedBlanks there.",
    };
  return {
    state: "none of it ran, and none could be started",
    cure: `\`mayfly explain ${app}\` says why: the host may be full (more memory, or the server's maxMachines and maxMemoryMb), or starts have failed.`,
  };
}
