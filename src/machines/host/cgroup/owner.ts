/** Machines' groups are in a folder that is named for the server that made them, so that a later server can tell which groups were left behind. */
import { processStartTime } from "./proc.ts";

/** The name for this process: "<pid>-<start time>". */
export const ownerName = `${process.pid}-${processStartTime(process.pid) ?? "0"}`;

/** The group that this process itself is in while it is a server. */
export const serverName = `${ownerName}-server`;

/** Whether the server that a folder is named for still runs. Undefined where the name is not of this form. */
export function ownerLives(name: string): boolean | undefined {
  const [, pid, started] = /^(\d+)-(\d+)(?:-server)?$/.exec(name) ?? [];
  return pid === undefined ? undefined : processStartTime(Number(pid)) === started;
}
