/**
 * The server's own share of CPU time. While the server serves, this process is in <tree>/mayfly/<pid>-<start time>-server, beside the one group that all of
 * its machines are in. Processes that it starts from then on begin there as well and must be moved: drivers move machines, and withShare moves the rest.
 *
 * 1. The server weighs four times as much as all of its machines together, however many apps compute.
 * 2. The group mayfly has twice the usual weight, as much as a process of the usual weight and a group of machines had together before they shared the
 *    group. So neither of them loses against the rest of the host.
 * 3. Where the system refuses any part of that, the process stays where it was.
 */
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { hostHome, ownCpuFolder } from "./detect.ts";
import { USUAL_SHARES, USUAL_WEIGHT, write } from "./files.ts";
import { serverName } from "./owner.ts";
import { membersOf } from "./remove.ts";
import { removeIfEmpty } from "./share.ts";
import type { CgroupHome } from "./home.ts";

const SERVER = 4;
const WHOLE = 2;

/** The server waits so long at its end until the processes that it started have left the group. The next server's sweep removes what is left then. */
const PATIENCE_MS = 2_000;

export interface ServerGroup {
  /** Why the server has no share of its own, as a clause. Undefined where it has one. */
  readonly lacks: string | undefined;
  /** Moves this process back, and removes the group. Idempotent. */
  leave(): Promise<void>;
}

/** Several servers in one process, as in tests, have one share together: the last one that leaves gives it up. */
let stay: Stay | undefined;

interface Stay {
  folder: string;
  /** The group that this process came from, and others that it may go to where that one is gone. */
  origins: string[];
  servers: number;
}

export function joinServerGroup(home: CgroupHome = hostHome(), proc = "/proc/self"): ServerGroup {
  if (home.kind === "none") return { lacks: home.reason, leave: async () => undefined };
  try {
    stay ??= enter(home, proc);
  } catch (error) {
    return { lacks: (error as Error).message, leave: async () => undefined };
  }
  const joined = stay;
  joined.servers++;
  let isIn = true;
  return {
    lacks: undefined,
    async leave() {
      if (!isIn) return;
      isIn = false;
      if (--joined.servers > 0) return;
      stay = undefined;
      await giveUp(joined);
    },
  };
}

function enter(home: Exclude<CgroupHome, { kind: "none" }>, proc: string): Stay {
  const [tree, file, usual] = home.kind === "v1" ? [home.cpu, "cpu.shares", USUAL_SHARES] : [home.folder, "cpu.weight", USUAL_WEIGHT];
  const parent = path.dirname(tree);
  const own = ownCpuFolder(home.kind, proc);
  // delegate.ts made this leaf: no process may be in a group that hands controllers down.
  const origins = [...(own === undefined ? [] : [own]), ...(home.kind === "v2" ? [path.join(parent, "mayfly-server")] : []), parent];
  const folder = path.join(tree, serverName);
  let isIn = false;
  fs.mkdirSync(folder, { recursive: true });
  try {
    write(folder, file, SERVER * usual);
    write(folder, "cgroup.procs", 0);
    isIn = true;
    write(tree, file, WHOLE * usual);
  } catch (error) {
    if (isIn) goBack(origins);
    removeIfEmpty(folder);
    throw error;
  }
  return { folder, origins, servers: 0 };
}

async function giveUp({ folder, origins }: Stay): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const to = goBack(origins);
  for (;;) {
    // Processes that callers of this process started here, such as a test's other servers, are moved along.
    if (to !== undefined) for (const pid of membersOf(folder)) if (pid !== process.pid) tryMove(pid, to);
    removeIfEmpty(folder);
    if (!fs.existsSync(folder) || performance.now() > end) return;
    await sleep(20);
    // Another server in this process has joined meanwhile: the group belongs to that server now.
    if (stay !== undefined) return;
  }
}

/** Returns the group that took the process; undefined if none did. */
function goBack(origins: string[]): string | undefined {
  return origins.find((origin) => tryMove(process.pid, origin));
}

/** Returns whether the process is in the group now: the process may have ended, or the group may be gone. */
function tryMove(pid: number, to: string): boolean {
  try {
    fs.writeFileSync(path.join(to, "cgroup.procs"), String(pid), { flag: "r+" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return false;
  }
}
