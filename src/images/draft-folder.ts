/**
 * Folders in which something is made before it is renamed to its final place. Their names contain the maker's process id, so that the next
 * maker recognises and removes what a crashed one left.
 */
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

const prefix = ".draft-";

/** Runs `make` with a new folder in `parent`, and removes the rest of the folder afterwards. */
export async function withDraftFolder<T>(parent: string, make: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeDraftFolder(parent);
  try {
    return await make(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes a folder in `parent` that the caller removes, or the next maker if this process cannot. */
export async function makeDraftFolder(parent: string): Promise<string> {
  await removeAbandoned(parent);
  return mkdtemp(join(parent, `${prefix}${process.pid}-`));
}

/** Moves a made folder to its place, unless another process was first: that one's is equal, and stays. */
export async function moveUnlessThere(made: string, place: string): Promise<void> {
  await rename(made, place).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
}

async function removeAbandoned(parent: string): Promise<void> {
  const drafts = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  const abandoned = drafts.filter((name) => !isAlive(Number.parseInt(name.slice(prefix.length), 10)));
  for (const name of abandoned) await rm(join(parent, name), { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM means that the process is alive but belongs to another user.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
