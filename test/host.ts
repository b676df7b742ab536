/** What is left on this host: processes and control groups. */
import { globSync, readFileSync } from "node:fs";

/** Process ids below this one, however deep. */
export function descendants(pid: number): number[] {
  const children = globSync(`/proc/${pid}/task/*/children`).flatMap((file) =>
    readFileSync(file, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return children.concat(children.flatMap(descendants));
}

/** A zombie that nobody has collected yet is not alive. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false; // No such process.
  }
}

/** Folders of a server's control groups. */
export function cgroupsOf(pid: number): string[] {
  return globSync(`/sys/fs/cgroup/**/mayfly*/**/*${pid}*`);
}

/** The control group whose share of CPU time a process has, from the root of its tree; "" where the process is gone. */
export function cpuGroup(pid: number): string {
  if (!isAlive(pid)) return "";
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8");
  return (/^\d+:(?:[^:\n]*,)?cpu(?:,[^:\n]*)?:(.*)$/m.exec(lines) ?? /^0::(.*)$/m.exec(lines))?.[1] ?? "";
}
