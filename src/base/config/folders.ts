/** The default places of state and cache. This file has no dependencies, because every command needs it. */
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
 * The run folder lies outside the state folder, so that a full disk does not prevent machines from starting. Each state folder has a run
 * folder of its own. If the host has no folder for runtime files, the run folder lies inside the state folder.
 */
export function defaultRunDir(env: Env, stateDir: string, isRoot = runsAsRoot()): string {
  const base = isRoot ? "/run" : env.XDG_RUNTIME_DIR;
  if (!base) return join(stateDir, "run");
  return join(base, "mayfly", createHash("sha256").update(resolve(stateDir)).digest("hex").slice(0, 12));
}

function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}
