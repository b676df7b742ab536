import type { ChildProcess } from "node:child_process";

/**
 * Returns the child process if it was started. Throws if the system had no descriptor or process left, or has no such program. In that case
 * the child has no streams, and its "error" event would end this process if nobody listened.
 */
export function spawned<C extends ChildProcess>(child: C): C {
  child.on("error", () => undefined); // also emitted if the child cannot be signalled because it has ended
  if (child.pid !== undefined) return child;
  throw new Error(`${child.spawnfile} could not be started: it is missing, or this host has no descriptors or processes left`);
}
