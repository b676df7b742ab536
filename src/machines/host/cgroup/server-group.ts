/**
 * The server's own share of CPU time: while it serves, this process stands in <tree>/mayfly/<pid>-<start time>-server, beside the one group
 * that all of its machines are in. What it starts from then on begins there as well, and has to be put elsewhere: machines are, and withShare
 * does it for the rest.
 *
 * 1. The server weighs four times as much as all of its machines together, however many apps compute.
 * 2. The group mayfly weighs twice the usual, as a process of the usual weight and a group of machines did before they shared it: neither loses
 *    against the rest of the host.
 * 3. Where any part of that is refused, the process is where it was.
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

/** How long the server waits at its end for what it started there to leave. What is then left, the next server's sweep removes. */
const PATIENCE_MS = 2_000;

export interface ServerGroup {
  /** Why it has no share of its own: a clause. Undefined where it has one. */
  readonly lacks: string | undefined;
  /** Moves everything back, and removes the group. Idempotent. */
  leave(): Promise<void>;
}

/** Several servers in one process, as tests have them, have one share: the last that leaves gives it up. */
let stay: Stay | undefined;

interface Stay {
  folder: string;
  /** Where this process came from, and where else it may go if that is no more. */
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
  // The leaf is delegate.ts's: above it no process may be where controllers are handed down.
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
    // What was started here by callers of this process, such as a test's other servers, goes along.
    if (to !== undefined) for (const pid of membersOf(folder)) if (pid !== process.pid) tryMove(pid, to);
    removeIfEmpty(folder);
    if (!fs.existsSync(folder) || performance.now() > end) return;
    await sleep(20);
    // Another server of this process has joined meanwhile: the group is its.
    if (stay !== undefined) return;
  }
}

/** Returns where to; undefined where nothing takes it. */
function goBack(origins: string[]): string | undefined {
  return origins.find((origin) => tryMove(process.pid, origin));
}

/** Returns whether it is there: it may have ended, or the group be gone. */
function tryMove(pid: number, to: string): boolean {
  try {
    fs.writeFileSync(path.join(to, "cgroup.procs"), String(pid), { flag: "r+" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return false;
  }
}
