import { chmod, lstat } from "node:fs/promises";
import { join } from "node:path";
import { pathsIn } from "./paths-in.ts";

/** File modes in images depend only on the kind of file, not on the builder's umask. Nothing is writable or setuid. */
export const modes = { folder: 0o755, file: 0o444, program: 0o555 } as const;

/** Gives all files and folders of a tree the modes for images. */
export async function settleModes(tree: string): Promise<void> {
  await chmod(tree, modes.folder);
  for (const name of await pathsIn(tree)) {
    const path = join(tree, name);
    const stats = await lstat(path);
    if (stats.isDirectory()) await chmod(path, modes.folder);
    else if (stats.isFile()) await chmod(path, settledMode(stats.mode));
  }
}

export function settledMode(mode: number): number {
  return (mode & 0o111) === 0 ? modes.file : modes.program;
}
