/**
 * Shares of CPU time for processes of the server that are not machines. Without one they would have the server's own share, which is far
 * above any app's.
 */
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { hostHome } from "./detect.ts";
import { removeGroups } from "./remove.ts";
import { type OwnShare, removeIfEmpty } from "./share.ts";
import { makeInShareV1 } from "./v1.ts";
import { makeInShareV2 } from "./v2.ts";
import type { CgroupHome } from "./home.ts";

/**
 * @param use starts processes, and passes the pid of each to `join` at once: the process, and all that it starts from then on, has the share. A process that
 * has not ended when `use` settles is killed.
 */
export async function withShare<T>(share: OwnShare, use: (join: (pid: number) => void) => Promise<T>, home = hostHome()): Promise<T> {
  if (home.kind === "none") return use(() => undefined);
  const folder = makeGroup(home, share);
  try {
    return await use((pid) => join(folder, pid));
  } finally {
    await removeGroups([folder]);
    removeIfEmpty(path.dirname(folder));
  }
}

function makeGroup(home: Exclude<CgroupHome, { kind: "none" }>, share: OwnShare): string {
  const id = randomUUID();
  return home.kind === "v1" ? makeInShareV1(home.cpu, share, id) : makeInShareV2(home.folder, share, id);
}

/** A process that has ended already cannot join; its end says why it ended. */
function join(folder: string, pid: number): void {
  try {
    fs.writeFileSync(path.join(folder, "cgroup.procs"), String(pid));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
