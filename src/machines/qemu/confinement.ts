/**
 * What stands between a QEMU that its guest has taken over and the host. As root: a user id of its own for every machine
 * (so that none can signal, trace or read another), a root folder with nothing in it but QEMU itself, network and IPC
 * namespaces without anything, no capabilities. Without root: a user namespace with empty networks, where the host
 * permits that. Always: no new privileges, QEMU's own system call filter (command-line.ts), limits on resources, an
 * empty environment, and death with Mayfly.
 *
 * Invariant: a user id is held by one machine at a time, and given back when nothing of it is left.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { MayflyError } from "../../base/errors/error.ts";
import type { HostFacts } from "./host-facts.ts";
import { buildJail, type Jail } from "./jail.ts";

export interface Confinement {
  /** One line on what holds. */
  detail: string;
  /** Takes a user id; `command` is what comes before QEMU's arguments. */
  take(needs?: Needs): Confined;
  remove(): void;
}

/** What a machine needs beyond a function's. */
interface Needs {
  /** Bytes up to which it may write in a file that it was given; none where absent. */
  fileBytes?: number;
  /** The host's network, where we have no root: only root reaches into a network of the machine's own. */
  hostNetwork?: boolean;
}

export interface Confined {
  /** Undefined without root: QEMU runs as we do. */
  uid: number | undefined;
  command: string[];
  /** A folder that we write to, as we and as QEMU see it. */
  exchange: { outside: string; inside: string };
  release(): void;
}

/** Far above what Debian, systemd and container managers give out. A server has a thousand, by its own process id. */
const FIRST_UID = 1_900_000_000;
const UIDS = 1_000;

export function createConfinement(facts: HostFacts, runDir: string): Confinement {
  return process.getuid?.() === 0 ? createJailed(facts, runDir) : createUnprivileged(facts, runDir);
}

function createJailed(facts: HostFacts, runDir: string): Confinement {
  const jail = buildJail(facts, path.join(runDir, "qemu-jail"));
  const ownMounts = mountSpace(jail);
  const uids = createUids();
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
 * How a machine gets a /proc that nobody else sees. In a chroot whose root folder is no mount point the kernel makes no mounts private; there the
 * /proc is nobody else's only if the file system below is not shared with others, which a trial shows. Throws "missing-part" where it is.
 */
function mountSpace(jail: Jail): string[] {
  const into = ["--mount-proc", `--root=${jail.root}`, "--wd=/"];
  const trial = (words: string[]) => spawnSync("/usr/bin/unshare", [...words, jail.setpriv, "--version"], { encoding: "utf8" });
  const { status, stderr } = trial(into);
  if (status === 0 || !stderr.includes("propagation")) return into;
  const unchanged = ["--propagation=unchanged", ...into];
  const proc = path.join(jail.root, "proc");
  const worked = trial(unchanged).status === 0;
  const seen = fs.existsSync(path.join(proc, "self"));
  if (seen) spawnSync("umount", [proc]);
  if (worked && !seen) return unchanged;
  jail.remove();
  throw new MayflyError("missing-part", {
    part: "mounts of its own for each machine",
    reason: `this root folder is no mount point, and what is below it is shared with others (${stderr.trim()})`,
    cure: "Before you enter the folder, bind it onto itself: mount --bind FOLDER FOLDER && mount --make-private FOLDER && chroot FOLDER.",
  });
}

/** QEMU needs threads, sockets and memory; a function's writes no file. */
function limits(fileBytes: number): string[] {
  return ["/usr/bin/prlimit", "--core=0", `--fsize=${fileBytes}`, "--nofile=128", "--memlock=0"];
}

/** Counted over all processes of a user, so only where the machine is its own. */
const PROCESSES = ["--nproc=128"];

/** The order matters: a change of user id clears the signal, so that `setpriv` sets it last. */
const always = ["--no-new-privs", "--pdeathsig=KILL"];

function createUnprivileged(facts: HostFacts, runDir: string): Confinement {
  if (facts.root !== "/") throw new Error(`only root runs the QEMU of another root folder, ${facts.root}`);
  const namespaces = ["/usr/bin/unshare", "--user", "--map-current-user", "--net", "--ipc"];
  const allowed = spawnSync(namespaces[0] as string, [...namespaces.slice(1), "/usr/bin/true"]).status === 0;
  const qemu = ["/usr/bin/setpriv", ...always, facts.qemu];
  const spaces = ({ hostNetwork }: Needs) => namespaces.filter((word) => allowed && !(word === "--net" && hostNetwork));
  const folder = path.join(runDir, "qemu-exchange");
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

/** Of this process, whatever number of confinements there is in it. */
const taken = new Set<number>();

function createUids() {
  const first = FIRST_UID + (process.pid % 200_000) * UIDS;
  return {
    take() {
      let uid = first;
      while (taken.has(uid)) uid++;
      if (uid >= first + UIDS) throw new Error(`${UIDS} machines are alive already`);
      taken.add(uid);
      return { uid, release: () => void taken.delete(uid) };
    },
  };
}
