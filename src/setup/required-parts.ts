import { existsSync } from "node:fs";
import { join } from "node:path";

/** A program that must be on the host and that Debian has a package for. */
export interface Part {
  /** The Debian package. */
  name: string;
  /** The program whose presence shows that the package is installed. */
  program: string;
  why: string;
}

/** All that Mayfly needs from the host beyond a minimal Debian 12 and Node with npm. Everything else is fetched into the cache. */
export const requiredParts: Part[] = [
  { name: "qemu-system-x86", program: "qemu-system-x86_64", why: "runs the virtual machines" },
  { name: "erofs-utils", program: "mkfs.erofs", why: "packs the machines' root" },
  { name: "qemu-utils", program: "qemu-img", why: "writes the disk formats of hypervisors" },
  { name: "e2fsprogs", program: "mke2fs", why: "makes the volumes of appliances" },
];

/** Folders of programs for root, which a user's PATH may lack. */
function searchPath(): string[] {
  return [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/bin", "/sbin", "/bin"].filter((folder) => folder !== "");
}

export function findProgram(name: string, folders: string[] = searchPath()): string | undefined {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export function missingParts(parts: Part[] = requiredParts, folders: string[] = searchPath()): Part[] {
  return parts.filter(({ program }) => findProgram(program, folders) === undefined);
}
