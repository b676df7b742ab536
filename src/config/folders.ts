/** Where state and cache live unless told otherwise. Free of dependencies: every command needs it. */
import { homedir } from "node:os";
import { join } from "node:path";

type Env = Record<string, string | undefined>;

export function defaultStateDir(env: Env, isRoot = runsAsRoot()): string {
  if (isRoot) return "/var/lib/mayfly";
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local/state"), "mayfly");
}

export function defaultCacheDir(env: Env, isRoot = runsAsRoot()): string {
  if (isRoot) return "/var/cache/mayfly";
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "mayfly");
}

function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}
