/** Copies files from below one folder to below another, with the folders that they are in, and puts what it copied on the disk. */
import { createHash } from "node:crypto";
import { chownSync, constants, copyFileSync, createReadStream, existsSync, linkSync, mkdirSync, statSync } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

/** The paths of all files below a folder, relative to it. Empty if there is no folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  return (await below(folder))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Puts a folder and all folders below it on the disk: the names that are in them. */
export async function foldersOnDisk(folder: string): Promise<void> {
  for (const entry of await below(folder)) if (entry.isDirectory()) await onDisk(join(entry.parentPath, entry.name));
  await onDisk(folder);
}

async function below(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true, recursive: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** @param path below both folders @returns whether there was such a file */
export async function copyInto(from: string, to: string, path: string): Promise<boolean> {
  if (!existsSync(join(from, path))) return false;
  makeParents(from, to, path);
  try {
    // On file systems that can, the copy shares the disk's blocks until one of the two is written.
    copyFileSync(join(from, path), join(to, path), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  await onDisk(join(to, path));
  return true;
}

/** The same file under another name, where both are on one disk; otherwise a copy. Only for files that never change. */
export async function linkInto(from: string, to: string, path: string): Promise<boolean> {
  if (!existsSync(join(from, path))) return false;
  makeParents(from, to, path);
  try {
    linkSync(join(from, path), join(to, path));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    return copyInto(from, to, path);
  }
}

/** Makes the folders that a file is in, with the rights that they have where it comes from: machines may read some of them. */
function makeParents(from: string, to: string, path: string): void {
  const folder = dirname(path);
  if (folder === "." || existsSync(join(to, folder))) return;
  makeParents(from, to, folder);
  mkdirSync(join(to, folder), { mode: statSync(join(from, folder)).mode & 0o777 });
}

/** Gives files, and the folders that they are in, to the user whose a folder is: root restores for a server of another user. @param paths below the folder */
export function giveToOwner(folder: string, paths: readonly string[], { uid, gid } = statSync(folder)): void {
  if (process.geteuid?.() !== 0) return;
  const all = new Set(paths);
  for (const path of paths) for (let at = dirname(path); at !== "."; at = dirname(at)) all.add(at);
  for (const path of all) chownSync(join(folder, path), uid, gid);
}

export async function sizeOf(file: string): Promise<number> {
  return (await stat(file)).size;
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** @param path of a file or a folder */
export async function onDisk(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
