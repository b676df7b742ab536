import type { ChildProcess } from "node:child_process";

/**
 * A child process that was started. Where the system had no descriptor or process left, or no such program, there is none: its streams are missing, and
 * its "error" event would end this process if nobody listened. Throws then.
 */
export function spawned<C extends ChildProcess>(child: C): C {
  child.on("error", () => undefined); // also where it cannot be signalled: it has ended
  if (child.pid !== undefined) return child;
  throw new Error(`${child.spawnfile} could not be started: it is missing, or this host has no descriptors or processes left`);
}
