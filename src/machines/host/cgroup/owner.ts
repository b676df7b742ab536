/** Machines' groups stand in a folder named for the server that made them, so that a later one can tell what was left behind. */
import { processStartTime } from "./proc.ts";

/** "<pid>-<start time>" of this process. */
export const ownerName = `${process.pid}-${processStartTime(process.pid) ?? "0"}`;

/** The group that this process itself is in while it is a server. */
export const serverName = `${ownerName}-server`;

/** Whether the server that a folder is named for still runs. Undefined where the name is none of ours. */
export function ownerLives(name: string): boolean | undefined {
  const [, pid, started] = /^(\d+)-(\d+)(?:-server)?$/.exec(name) ?? [];
  return pid === undefined ? undefined : processStartTime(Number(pid)) === started;
}
