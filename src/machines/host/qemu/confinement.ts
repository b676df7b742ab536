/**
 * What stands between the host and a QEMU that its guest has taken over. As root: every machine has a user id of its own, so that no
 * machine can signal, trace or read another one; a root folder that contains only QEMU itself; empty network and IPC namespaces; and no
 * capabilities. Without root: a user namespace with an empty network, if the host permits that. Always: no new privileges, QEMU's own
 * filter of system calls (words.ts), limits on resources, an empty environment, and a signal that kills it when Mayfly dies.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { MayflyError } from "../../../base/errors/error.ts";
import type { HostFacts } from "./host-facts.ts";
import type { Uids } from "../../../base/uids/uids.ts";
import { buildJail, type Jail } from "./jail.ts";

export interface Confinement {
  /** One line on what confines machines on this host. */
  detail: string;
  /** Takes a user id, which the caller must give back when nothing of the machine is left. */
  take(needs?: Needs): Confined;
  remove(): void;
}

/** What a machine needs beyond what a function's machine may do. */
interface Needs {
  /** The size in bytes up to which it may write to a file that it was given. If absent, it may not write. */
  fileBytes?: number;
  /** The host's network, where Mayfly does not run as root: only root can lead connections into a network of the machine's own. */
  hostNetwork?: boolean;
}

export interface Confined {
  /** Undefined without root; then QEMU runs as Mayfly's user. */
  uid: number | undefined;
  /** The words that come before QEMU's arguments. */
  command: string[];
  /** A folder that Mayfly writes to, by its paths outside and inside of QEMU's root folder. */
  exchange: { outside: string; inside: string };
  release(): void;
}

/** @param folder where QEMU's root folder is made. Throws "missing-part" where this host lets no machine have mounts of its own. */
export function createConfinement(facts: HostFacts, folder: string, uids: Uids): Confinement {
  return process.getuid?.() === 0 ? createJailed(facts, folder, uids) : createUnprivileged(facts, folder);
}

function createJailed(facts: HostFacts, folder: string, uids: Uids): Confinement {
  const jail = buildJail(facts, path.join(folder, "qemu-jail"));
  const ownMounts = mountSpace(jail);
  return {
    detail: "each machine: own user id, own root folder, empty network",
    remove: () => jail.remove(),
    take({ fileBytes = 0 } = {}) {
      const { uid, release } = uids.take();
      const into = ["/usr/bin/unshare", "--net", "--ipc", ...ownMounts];
      const drop = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"];
      return {
        uid,
        release,
        exchange: jail.exchange,
        command: [...limits(fileBytes), ...PROCESSES, ...into, jail.setpriv, ...drop, ...always, jail.qemu],
      };
    },
  };
}

/**
 * How a machine gets a /proc that nobody else sees. In a chroot whose root folder is not a mount point the kernel makes no mounts private.
 * There the machine's /proc is its own only if the file system below is not shared with others, which a trial shows. Throws "missing-part"
 * if no way works.
 */
function mountSpace(jail: Jail): string[] {
  const into = ["--mount-proc", `--root=${jail.root}`, "--wd=/"];
  const trial = (words: string[]) => spawnSync("/usr/bin/unshare", [...words, jail.setpriv, "--version"], { encoding: "utf8" });
  const { status, stderr } = trial(into);
  if (status === 0) return into;
  const unchanged = ["--propagation=unchanged", ...into];
  const proc = path.join(jail.root, "proc");
  const worked = trial(unchanged).status === 0;
  const seen = fs.existsSync(path.join(proc, "self"));
  if (seen) spawnSync("umount", [proc]);
  if (worked && !seen) return unchanged;
  jail.remove();
  throw new MayflyError("missing-part", {
    part: "mounts of its own for each machine",
    reason: seen ? `the file system of this root folder is shared with others (${stderr.trim()})` : stderr.trim(),
    cure: "In a chroot: before you enter the folder, bind it onto itself: mount --bind FOLDER FOLDER && mount --make-private FOLDER && chroot FOLDER.",
  });
}

/** QEMU needs threads, sockets and memory. It writes to no file but those that it was given. */
function limits(fileBytes: number): string[] {
  return ["/usr/bin/prlimit", "--core=0", `--fsize=${fileBytes}`, "--nofile=128", "--memlock=0"];
}

/** The kernel counts all processes of a user, so this limit makes sense only where each machine has a user of its own. */
const PROCESSES = ["--nproc=128"];

/** The order matters: a change of user id clears the signal of a parent's death, so `setpriv` sets it last. */
const always = ["--no-new-privs", "--pdeathsig=KILL"];

function createUnprivileged(facts: HostFacts, jailDir: string): Confinement {
  if (facts.root !== "/") throw new Error(`only root runs the QEMU of another root folder, ${facts.root}`);
  const namespaces = ["/usr/bin/unshare", "--user", "--map-current-user", "--net", "--ipc"];
  const allowed = spawnSync(namespaces[0] as string, [...namespaces.slice(1), "/usr/bin/true"]).status === 0;
  const qemu = ["/usr/bin/setpriv", ...always, facts.qemu];
  const spaces = ({ hostNetwork }: Needs) => namespaces.filter((word) => allowed && !(word === "--net" && hostNetwork));
  const folder = path.join(jailDir, "qemu-exchange");
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    detail: allowed ? "no root: machines share our user id, in an empty network" : "no root: machines share our user id and network",
    take(needs = {}) {
      const command = [...limits(needs.fileBytes ?? 0), ...spaces(needs), ...qemu];
      return { uid: undefined, command, exchange: { outside: folder, inside: folder }, release: () => undefined };
    },
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
