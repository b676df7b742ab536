/** Signals for a machine's process and all processes that it started. Processes that are gone are passed over. */
import type { Clock } from "../../../base/clock/clock.ts";
import type { Cgroup } from "../cgroup/cgroup.ts";

/** Signals all processes at once, and again as long as some were started meanwhile. */
export function signalAll(leader: number, cgroup: Cgroup, signal: NodeJS.Signals): void {
  const first = cgroup.pids();
  signalGroup(leader, signal);
  signalMembers(first, cgroup, signal);
}

function signalMembers(first: number[], cgroup: Cgroup, signal: NodeJS.Signals, spare?: number): void {
  const done = new Set(spare === undefined ? [] : [spare]);
  for (let left = first; left.length > 0; left = cgroup.pids().filter((pid) => !done.has(pid))) {
    for (const pid of left.filter((pid) => !done.has(pid))) signalOne(pid, signal);
    left.forEach((pid) => done.add(pid));
  }
}

const REAP_MS = 1_000;

/** Kills what the leader started. The leader then ends by itself, or is killed a second later. Returns how to call that off. */
export function endBelow(leader: number, cgroup: Cgroup, clock: Clock): () => void {
  signalMembers(cgroup.pids(), cgroup, "SIGKILL", leader);
  signalOne(leader, "SIGCONT");
  return clock.after(REAP_MS, () => signalAll(leader, cgroup, "SIGKILL"));
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Signals a process and all of its process group. Does nothing where they are gone. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  signalOne(-leader, signal);
}
