/**
 * Runs a program that unpacks foreign archives, such as npm, with few rights. If Mayfly runs as root, the program runs under a user id that
 * owns only one folder, without capabilities and without a way to gain any. Otherwise it runs as Mayfly's user. The program has the
 * network, and reads what all users may read.
 *
 * Invariants:
 * 1. When `work` receives the folder, no process of the program is left.
 * 2. A program that writes more than `mostBytes` is killed about a second later: a compressed megabyte may otherwise fill the disk.
 */
import { spawnSync } from "node:child_process";
import { chownSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { Uids } from "../../base/uids/uids.ts";
import { runProgram } from "../run-program.ts";
import { MOST_BYTES } from "./copy-foreign.ts";
import { watchSize } from "./watch-size.ts";

export interface Confined {
  /** A new folder, owned by the program. It must not lie inside a folder that other users may not enter, as a cache may be. */
  folder: string;
  /** Undefined if Mayfly does not run as root: the program then runs as Mayfly's user. */
  uid: number | undefined;
  /** Runs the program in the folder, with only this environment. Rejects like runProgram(). */
  run: (program: string, args: string[], env: Record<string, string>) => Promise<string>;
}

/** @param uids hands out the user id that the program runs under */
export async function withConfined<T>(uids: Uids, work: (confined: Confined) => Promise<T>, { mostBytes = MOST_BYTES } = {}): Promise<T> {
  const held = process.getuid?.() === 0 ? uids.take() : undefined;
  const uid = held?.uid;
  const folder = await mkdtemp(join(tmpdir(), "mayfly-confined-"));
  if (uid !== undefined) chownSync(folder, uid, uid);
  try {
    return await work({
      folder,
      uid,
      async run(program, args, env) {
        const [first, ...rest] = [...asUser(uid), program, ...args] as [string, ...string[]];
        const name = `${program} ${args[0] ?? ""}`;
        let pid: number | undefined;
        const watch = watchSize(folder, mostBytes, () => end(uid, pid));
        try {
          return await runProgram(first, rest, { cwd: folder, env, bare: true, name, started: (own) => (pid = own) });
        } catch (error) {
          if (!watch.isOver()) throw error;
          throw new MayflyError("image-build-failed", { what: `${name} was ended: it wrote over ${mostBytes} bytes` }, error);
        } finally {
          watch.stop();
          killAll(uid);
        }
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
    held?.release();
  }
}

function asUser(uid: number | undefined): string[] {
  if (uid === undefined) return [];
  const drop = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"];
  return ["setpriv", ...drop];
}

/** Without a user id of the program's own, only the program itself is killed: the user's other processes are not ours to end. */
function end(uid: number | undefined, pid: number | undefined): void {
  if (uid !== undefined) killAll(uid);
  else if (pid !== undefined) process.kill(pid, "SIGKILL");
}

/**
 * Kills everything that the program left running. Repeats until nothing is left, because a killed process takes a moment to end, and
 * orphans remain until they are reaped.
 */
function killAll(uid: number | undefined): void {
  if (uid === undefined) return;
  const [program, ...drop] = asUser(uid);
  spawnSync(program!, [...drop, "/bin/sh", "-c", "n=0; while [ $n -lt 50 ] && kill -KILL -1; do n=$((n + 1)); sleep 0.02; done"], {
    stdio: "ignore",
  });
}
