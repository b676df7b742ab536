import { chmod, lstat } from "node:fs/promises";
import { join } from "node:path";
import { pathsIn } from "./paths-in.ts";

/** Modes of what goes into an image: by kind alone, whatever the builder's umask. Nothing there may be written, nothing is setuid. */
export const modes = { folder: 0o755, file: 0o444, program: 0o555 } as const;

/** Gives all files and folders of a tree the modes of images. */
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
