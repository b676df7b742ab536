/** Opens the folders that a server needs, and keeps other servers out of its state folder. */
import { join } from "node:path";
import type { ServerStart } from "../../base/config/server-start.ts";
import { lockStateFolder, type StateLock } from "./lock.ts";
import { openCacheFolder, openRunFolder, openStateFolder } from "./open-folders.ts";
import { lendForStart } from "./reserve.ts";

const DISK_FULL =
  "The disk of the state folder is full: half of what is held in reserve was given up for this start. Free space, or remove apps";

/**
 * Throws "state-locked", "state-unusable" or "bad-config".
 * @param pid what the lock names as the server's process; by default this one
 * @param locked called as soon as no other server can get in
 */
export function lockFolders({ config, log, closing }: ServerStart, pid: number | undefined, locked: () => void): StateLock {
  const { stateDir, cacheDir, runDir } = config;
  const notices = openStateFolder(stateDir);
  if (lendForStart(join(stateDir, "reserve"), stateDir)) notices.push(DISK_FULL);
  openCacheFolder(cacheDir);
  const lock = closing.adopt(lockStateFolder(stateDir, pid), (held) => held.release());
  locked();
  for (const notice of notices) log.warn(notice);
  closing.defer(openRunFolder(runDir));
  return lock;
}
