/**
 * `mkdir -p`, instead of Node's `recursive` option, which never returns if the kernel says that a folder's parent is missing although it
 * exists, as in /proc. Throws the file system's error, with the path that it refused.
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

export function makeFolder(path: string, mode = 0o777): void {
  const folder = resolve(path);
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  // If the parent is not a folder, the call below throws ENOTDIR.
  if (statSync(parent, { throwIfNoEntry: false }) === undefined) makeFolder(parent, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Somebody else may have made the folder meanwhile. Anything else in its place is an error.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
