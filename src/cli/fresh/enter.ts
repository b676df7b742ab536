/**
 * The command line that runs a program in a root folder as if the folder were the host's root. It uses a mount namespace and pivot_root,
 * because in a plain chroot the kernel does not create user namespaces. A process namespace ends all processes and mounts when its first
 * process ends. The network is the host's.
 */
import type { FreshGroups } from "./groups.ts";

export type Groups = Pick<FreshGroups, "joinFiles" | "hierarchies">;

export interface Entry {
  root: string;
  /** The working directory inside the root. */
  cwd: string;
  /** Mount points inside the root for memory file systems, in addition to /run. */
  tmpfs?: string[];
  groups?: Groups | undefined;
}

/** Runs `command` inside the root; its environment is the one with which the caller spawns it. */
export function enterRoot({ root, cwd, tmpfs = [], groups }: Entry, command: string[]): string[] {
  const more = [...tmpfs.map((path) => `tmpfs:${path}`), ...(groups?.hierarchies ?? [])];
  return inNamespaces(["/bin/sh", "-c", ENTER, "sh", root, cwd, ...more, "--", ...command], groups);
}

/** Runs `command` in the host's own root, in namespaces that remove its mounts and processes when they end. */
export function inNamespaces(command: string[], groups?: Groups): string[] {
  const spaces = ["--mount", "--pid", "--fork", "--kill-child=KILL", "--ipc", "--uts", ...(groups ? ["--cgroup"] : [])];
  const join = ["/bin/sh", "-c", JOIN, "sh", ...(groups?.joinFiles ?? []), "--"];
  return ["/usr/bin/setpriv", "--pdeathsig=KILL", ...join, "/usr/bin/unshare", ...spaces, ...command];
}

const JOIN = 'while [ "$1" != -- ]; do echo 0 > "$1" || exit 1; shift; done; shift; exec "$@"';

/**
 * The shell remains the namespace's first process and reaps orphans. A version 2 group with subgroups may not contain processes, so the
 * shell moves itself into a subgroup.
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
