/** Figures of single processes from /proc. A process that is gone counts as zero: its owner keeps the last figure. */
import fs from "node:fs";

/** The kernel's USER_HZ, which is 100 on every architecture that Node runs on. */
const MICROSECONDS_PER_TICK = 10_000;

/** CPU time of all threads that the process has or had, in microseconds; it grows in steps of 10 ms. */
export function processCpuUs(pid: number): number {
  const fields = statFields(pid);
  return fields === undefined ? 0 : (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
}

/**
 * Bytes of memory that the process holds for itself, as control groups count them: pages that it wrote in private mappings, and its part of memory that it
 * shares with others. A template's pages that a clone only reads count for the server. Undefined where this process may not read the figures.
 */
export function processMemoryBytes(pid: number): number | undefined {
  const text = read(`/proc/${pid}/smaps`);
  return text === undefined || text === "" ? undefined : memoryIn(text) * 1024;
}

/** Kilobytes. @param smaps see proc_pid_smaps(5): a mapping begins with its addresses and its rights, the last of which is "s" where it is shared */
function memoryIn(smaps: string): number {
  let [total, shared] = [0, false];
  for (const [, rights, name, kilobytes] of smaps.matchAll(/^(?:[0-9a-f]+-[0-9a-f]+ (\S{4}) |(Pss|Anonymous): +(\d+) kB)/gm)) {
    if (rights !== undefined) shared = rights.endsWith("s");
    else if (name === (shared ? "Pss" : "Anonymous")) total += Number(kilobytes);
  }
  return total;
}

/** Tells a process from a later one with the same pid. Undefined if there is no such process. */
export function processStartTime(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields === undefined || fields[0] === "Z" ? undefined : fields[19];
}

/** The first word of the command line, which a process can set itself. "" where the process is gone. */
export function processTitle(pid: number): string {
  return read(`/proc/${pid}/cmdline`)?.split("\0")[0] ?? "";
}

export function parentOf(pid: number): number | undefined {
  const parent = statFields(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** The processes and all that descend from them, parents first. Looks at every process of the host. */
export function processTree(...roots: number[]): number[] {
  const children = new Map<number, number[]>();
  for (const child of list("/proc").map(Number).filter(Number.isInteger)) {
    const parent = parentOf(child);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const tree = new Set(roots);
  // A set gives out what is added to it meanwhile as well.
  for (const pid of tree) for (const child of children.get(pid) ?? []) tree.add(child);
  return [...tree];
}

/** The numbers in a text like that of cgroup.procs. */
export function numbers(text: string): number[] {
  return text.split(/\s+/).filter(Boolean).map(Number);
}

/** The fields after the command's name, which may itself hold spaces and brackets: state is [0], parent [1]. */
function statFields(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "latin1");
  } catch {
    return undefined; // the process is gone, or may not be looked at: both are answers here
  }
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return []; // the process is gone
  }
}
