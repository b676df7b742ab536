/** What all machines of this process use together, hypervisors and sandboxes included, as their common control group counts it. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hostHome } from "./detect.ts";
import { ownerName } from "./owner.ts";
import type { CgroupHome } from "./home.ts";

export interface AllMachines {
  /** CPU, microseconds, of the machines that have ended as well: in their own code and, for `qemu` without KVM, in the emulator. */
  userUs: number;
  /** CPU in the host's kernel, microseconds. */
  systemUs: number;
  /** Of their processes, as many as were looked at. */
  pids: readonly number[];
}

/** Version 1 counts CPU in ticks of a hundredth of a second. */
const TICK_US = 10_000;

/** Undefined where there are no control groups, or no machine was started yet. @param most pids at most */
export async function lookAtAllMachines(most: number, home: CgroupHome = hostHome()): Promise<AllMachines | undefined> {
  if (home.kind === "none") return undefined;
  const folder = join(home.kind === "v2" ? home.folder : home.cpuacct, ownerName);
  const stat = await readFile(join(folder, home.kind === "v2" ? "cpu.stat" : "cpuacct.stat"), "utf8").catch(() => "");
  if (stat === "") return undefined;
  const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
  const pids: number[] = [];
  await collectPids(folder, pids, most);
  return home.kind === "v2"
    ? { userUs: value("user_usec"), systemUs: value("system_usec"), pids }
    : { userUs: value("user") * TICK_US, systemUs: value("system") * TICK_US, pids };
}

/** A group may go while it is looked at. */
async function collectPids(folder: string, pids: number[], most: number): Promise<void> {
  if (pids.length >= most) return;
  const text = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
  for (const line of text.split("\n")) if (line !== "" && pids.length < most) pids.push(Number(line));
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await collectPids(join(folder, entry.name), pids, most);
}
