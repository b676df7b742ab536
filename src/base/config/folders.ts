/** Where state and cache live unless told otherwise. Free of dependencies: every command needs it. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

type Env = Record<string, string | undefined>;

export function defaultStateDir(env: Env, isRoot = runsAsRoot()): string {
  if (isRoot) return "/var/lib/mayfly";
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local/state"), "mayfly");
}

export function defaultCacheDir(env: Env, isRoot = runsAsRoot()): string {
  if (isRoot) return "/var/cache/mayfly";
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "mayfly");
}

/**
 * Apart from the state folder, so that a full disk keeps no machine from starting; each state folder has its own.
 * Where there is no folder for such things, it is in the state folder after all.
 */
export function defaultRunDir(env: Env, stateDir: string, isRoot = runsAsRoot()): string {
  const base = isRoot ? "/run" : env.XDG_RUNTIME_DIR;
  if (!base) return join(stateDir, "run");
  return join(base, "mayfly", createHash("sha256").update(resolve(stateDir)).digest("hex").slice(0, 12));
}

function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}
