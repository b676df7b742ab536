/** What is left on this host: processes and control groups. */
import { globSync, readFileSync } from "node:fs";

/** Process ids below this one, however deep. */
export function descendants(pid: number): number[] {
  const children = globSync(`/proc/${pid}/task/*/children`).flatMap((file) => ofTheLiving(file).split(" ").filter(Boolean).map(Number));
  return children.concat(children.flatMap(descendants));
}

/** A file of /proc; "" where its process or thread has ended since it was listed. */
export function ofTheLiving(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

/** A zombie that nobody has collected yet is not alive. */
export function isAlive(pid: number): boolean {
  const stat = ofTheLiving(`/proc/${pid}/stat`);
  return stat !== "" && !/^\d+ \(.*\) [ZX] /s.test(stat);
}

/** Folders of a server's control groups. */
export function cgroupsOf(pid: number): string[] {
  return globSync(`/sys/fs/cgroup/**/mayfly*/**/*${pid}*`);
}

/** The control group whose share of CPU time a process has, from the root of its tree; "" where the process is gone. */
export function cpuGroup(pid: number): string {
  if (!isAlive(pid)) return "";
  const lines = ofTheLiving(`/proc/${pid}/cgroup`);
  return (/^\d+:(?:[^:\n]*,)?cpu(?:,[^:\n]*)?:(.*)$/m.exec(lines) ?? /^0::(.*)$/m.exec(lines))?.[1] ?? "";
}
