/**
 * The command line that runs a program in a root folder as if it were the host's own: by a mount namespace and pivot_root, as in a mere
 * chroot the kernel makes no user namespaces. With a process namespace, so that all of it ends when its first process does, and the mounts
 * with it. The network is the host's.
 */
import type { FreshGroups } from "./groups.ts";

export type Groups = Pick<FreshGroups, "joinFiles" | "hierarchies">;

export interface Entry {
  root: string;
  /** Inside. */
  cwd: string;
  /** Sizes of memory file systems by where they are inside, beside /run. */
  tmpfs?: string[];
  groups?: Groups | undefined;
}

/** Runs `command` inside of the root; its variables are those of the caller's spawn. */
export function enterRoot({ root, cwd, tmpfs = [], groups }: Entry, command: string[]): string[] {
  const more = [...tmpfs.map((path) => `tmpfs:${path}`), ...(groups?.hierarchies ?? [])];
  return inNamespaces(["/bin/sh", "-c", ENTER, "sh", root, cwd, ...more, "--", ...command], groups);
}

/** Runs `command` on the host's own root, in namespaces that take its mounts and processes along when they end. */
export function inNamespaces(command: string[], groups?: Groups): string[] {
  const spaces = ["--mount", "--pid", "--fork", "--kill-child=KILL", "--ipc", "--uts", ...(groups ? ["--cgroup"] : [])];
  const join = ["/bin/sh", "-c", JOIN, "sh", ...(groups?.joinFiles ?? []), "--"];
  return ["/usr/bin/setpriv", "--pdeathsig=KILL", ...join, "/usr/bin/unshare", ...spaces, ...command];
}

const JOIN = 'while [ "$1" != -- ]; do echo 0 > "$1" || exit 1; shift; done; shift; exec "$@"';

/**
 * The shell stays as the namespace's first process, and reaps what others leave. Groups of version 2 that are divided hold no process
 * themselves, so that it moves itself into one below.
 */
const ENTER = `
set -e
root=$1 cwd=$2
shift 2
hostname fresh
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
groups=$root/sys/fs/cgroup
while [ "$1" != -- ]; do
  case $1 in
    tmpfs:*) mount -t tmpfs -o mode=1777 tmpfs "$root\${1#tmpfs:}" ;;
    unified)
      mount -t cgroup2 cgroup2 "$groups"
      mkdir "$groups/init"
      echo $$ > "$groups/init/cgroup.procs"
      ;;
    *)
      mountpoint -q "$groups" || mount -t tmpfs -o mode=755 tmpfs "$groups"
      mkdir "$groups/$1"
      mount -t cgroup -o "$1" cgroup "$groups/$1"
      ;;
  esac
  shift
done
shift
cd "$root"
pivot_root . .
umount -l .
cd "$cwd"
set +e
"$@"
exit $?
`;
