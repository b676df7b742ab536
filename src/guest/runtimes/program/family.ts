/**
 * Finds and kills the processes that a program has started, and those that these have started. Some of them may no longer have the program as an ancestor, in a
 * session of their own (daemons), so that neither the tree of processes nor groups tell all of them: each inherits a variable that is in the program's environment
 * alone.
 */
import { readdirSync, readFileSync } from "node:fs";

/** Its value is another one for each start of a program. */
const MARK = "MAYFLY_PROGRAM";
/** Processes may start others between a look at all of them and their end. */
const MOST_LOOKS = 20;

/** What is to be in the environment of the program. */
export function markOf(id: string): Record<string, string> {
  return { [MARK]: id };
}

/** Kills the program, if it is given and runs, and all of its family. @param id as given to markOf */
export function killFamily(id: string, program: number | undefined): void {
  const killed = new Set<number>([process.pid]);
  for (let look = 0; look < MOST_LOOKS; look++) {
    const found = familyOf(id, program).filter((pid) => !killed.has(pid));
    if (found.length === 0) return;
    for (const pid of found) {
      killed.add(pid);
      kill(pid);
    }
  }
}

function familyOf(id: string, program: number | undefined): number[] {
  const all = processes();
  const family = new Set(all.filter((pid) => read(`/proc/${pid}/environ`).split("\0").includes(`${MARK}=${id}`)));
  if (program !== undefined) family.add(program);
  // A child that was given another environment is found by its parent.
  const parents = new Map(all.map((pid) => [pid, parentOf(pid)]));
  for (let size = 0; size < family.size;) {
    size = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  return [...family];
}

function processes(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return []; // no /proc
  }
}

/** 0 if the process is gone. */
function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // The command's name may itself hold spaces and brackets. Behind it are the state and the parent.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

/** "" if the process is gone, or is another user's. */
function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}
