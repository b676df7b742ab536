/** What OSv's root contains in addition to, or instead of, the same image's root under Linux. */
import type { TreeEntry } from "../tree.ts";
import { forRingZero } from "./ring-zero.ts";

/** OSv mounts these from /etc/fstab, so the folders must exist. /data is for volumes. */
const mountPoints = ["/dev", "/proc", "/sys", "/tmp", "/data"];

const files: Record<string, string> = {
  "/etc/fstab": [
    "/dev/vblk0.1 / rofs defaults 0 0",
    "none /dev devfs defaults 0 0",
    "none /proc procfs defaults 0 0",
    "none /sys sysfs defaults 0 0",
    "none /tmp ramfs defaults 0 0",
    "",
  ].join("\n"),
  // OSv has no IPv6.
  "/etc/hosts": "127.0.0.1 localhost mayfly\n",
  // The host resolves names for Node, Python and Java themselves. Nothing listens on this address.
  "/etc/resolv.conf": "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n",
};

/**
 * OSv starts the runtime through its dynamic loader, under this name. The loader is a real file, so that the very first read does not depend on a
 * symbolic link.
 */
export const loaderPath = "/lib64/ld-linux-x86-64.so.2";

/** The content of OSv's disk for an image with this root. Rejects with "image-build-failed" if a program in it can't run there. */
export async function osvRoot(linux: TreeEntry[]): Promise<TreeEntry[]> {
  return forRingZero(osvTree(linux));
}

/** @param linux the image's root as a Linux guest has it; it must contain the loader's target */
export function osvTree(linux: TreeEntry[]): TreeEntry[] {
  const loader = linux.find(({ kind, path }) => kind === "file" && path.endsWith("/ld-linux-x86-64.so.2"));
  const ours: TreeEntry[] = [
    ...mountPoints.map((path): TreeEntry => ({ kind: "folder", path, mode: 0o755 })),
    ...Object.entries(files).map(([path, text]): TreeEntry => ({ kind: "file", path, mode: 0o444, content: Buffer.from(text) })),
    { kind: "symlink", path: "/etc/mnttab", target: "/proc/mounts" },
    ...(loader?.kind === "file" ? [{ ...loader, path: loaderPath }] : []),
  ];
  const replaced = new Set(ours.map(({ path }) => path));
  return [...linux.filter(({ path }) => !replaced.has(path)), ...ours];
}
