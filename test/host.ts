/** Finds what was left on this host: processes and control groups. */
import { globSync, readFileSync } from "node:fs";

/** All descendants of the process. */
export function descendants(pid: number): number[] {
  const children = globSync(`/proc/${pid}/task/*/children`).flatMap((file) => ofTheLiving(file).split(" ").filter(Boolean).map(Number));
  return children.concat(children.flatMap(descendants));
}

/** Reads a file of /proc; returns "" if its process or thread has ended since it was listed. */
export function ofTheLiving(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

/** A zombie that has not been reaped is not alive. */
export function isAlive(pid: number): boolean {
  const stat = ofTheLiving(`/proc/${pid}/stat`);
  return stat !== "" && !/^\d+ \(.*\) [ZX] /s.test(stat);
}

/** The folders of a server's control groups. */
export function cgroupsOf(pid: number): string[] {
  return globSync(`/sys/fs/cgroup/**/mayfly*/**/*${pid}*`);
}

/** The control group that determines a process's share of CPU time, relative to the root of its tree; "" if the process is gone. */
export function cpuGroup(pid: number): string {
  if (!isAlive(pid)) return "";
  const lines = ofTheLiving(`/proc/${pid}/cgroup`);
  return (/^\d+:(?:[^:\n]*,)?cpu(?:,[^:\n]*)?:(.*)$/m.exec(lines) ?? /^0::(.*)$/m.exec(lines))?.[1] ?? "";
}
