/**
 * Limits and accounts for a machine on the host's side. `createCgroup` always returns a group. Where Mayfly may make no control groups on this host, the
 * group limits nothing and says so in `detail`.
 *
 * Layout: <tree>/mayfly/<server's pid>-<its start time>/…, so that servers on one host don't meet, then <machine id>. Where the cpu
 * controller is, <whose CPU time it is, which may be two levels>/<machine id>: see share.ts. The server itself is beside that, see server-group.ts.
 */
import fs from "node:fs";
import path from "node:path";

import type { Cgroup, CgroupSpec } from "./cgroup.ts";
import { hostHome } from "./detect.ts";
import { createNone } from "./none.ts";
import { ownerName } from "./owner.ts";
import { sweepHome, treesOf } from "./sweep.ts";
import { createV1 } from "./v1.ts";
import { createV2 } from "./v2.ts";

let trials = 0;

export function createCgroup(spec: CgroupSpec, home = hostHome()): Cgroup {
  if (home.kind === "v1") return withLastFigures(createV1(home, spec));
  if (home.kind === "v2") return withLastFigures(createV2(home, spec));
  return createNone(home.reason);
}

/**
 * The figures of a group that cannot be read at the moment, for lack of descriptors for example, are those that were read last. They are asked for while a
 * machine is stopped, woken and ended, none of which may fail for lack of a figure.
 */
function withLastFigures(group: Cgroup): Cgroup {
  let last = { cpuUs: 0, memoryBytes: 0 };
  return {
    ...group,
    usage: () => (last = orElse(() => group.usage(), last)),
    oomKilled: () => orElse(() => group.oomKilled(), false),
    // Those that are not signalled are killed when the group is removed.
    pids: () => orElse(() => group.pids(), []),
  };
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Resolves with a clause for a probe: by what machines are limited on this host. */
export async function describeLimits(home = hostHome()): Promise<string> {
  const trial = createCgroup({ id: `trial-${++trials}`, memoryMb: 64, vcpus: 1 }, home);
  await trial.remove();
  return trial.kind === "none" ? trial.detail : `memory and CPU limited by control groups (${trial.kind})`;
}

/** Removes the groups of servers that no longer run. Resolves with the number of those servers. */
export async function sweepCgroups(home = hostHome()): Promise<number> {
  return sweepHome(home);
}

/** Removes this server's own folders, which must hold no machine any more. A folder that holds one stays as it is. */
export function closeCgroups(home = hostHome()): void {
  for (const tree of treesOf(home)) {
    try {
      fs.rmdirSync(path.join(tree, ownerName));
    } catch (error) {
      if (!["ENOENT", "EBUSY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}
