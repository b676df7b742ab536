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
