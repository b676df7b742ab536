/**
 * A store in a folder. Others who write there may leave symbolic links, pipes or devices. So only plain files are read, up to the allowed
 * size, and nothing is read or written outside the folder.
 */
import { randomUUID } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { lstat, mkdir, open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { Store } from "./store.ts";

/** Without NONBLOCK, opening a pipe would wait for a writer. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export function createFolderStore(place: string): Store {
  const folder = resolve(place);
  const failed = (error: unknown): never => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof Foreign) throw new MayflyError("store-damaged", { store: place, what: message }, error);
    if (code === "ENOSPC") throw new MayflyError("disk-full", { file: basename(folder) }, error);
    throw new MayflyError("store-unreachable", { store: place, reason: message }, error);
  };
  return {
    name: place,
    async read(path, mostBytes) {
      if (!existsSync(folder)) failed(new Error("there is no such folder"));
      return readPlain(folder, path, mostBytes).catch((error: NodeJS.ErrnoException) =>
        error.code === "ENOENT" ? undefined : failed(error),
      );
    },
    has: (path) => isPlain(folder, path).catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? false : failed(error))),
    write: (path, data) => writeWhole(folder, path, data).catch(failed),
  };
}

/** Something in the folder that no push creates. */
class Foreign extends Error {}

async function isPlain(folder: string, path: string): Promise<boolean> {
  return (await lstat(await within(folder, path))).isFile();
}

async function readPlain(folder: string, path: string, mostBytes: number): Promise<Buffer> {
  const place = await within(folder, path);
  await using file = await open(place, READ).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ELOOP") throw error;
    throw new Foreign(`${path} is a symbolic link, and not a file`, { cause: error });
  });
  const stats = await file.stat();
  if (!stats.isFile()) throw new Foreign(`${path} is not a file`);
  if (stats.size > mostBytes) throw new Foreign(`${path} has more than the ${mostBytes} bytes that it may have`);
  const data = Buffer.alloc(stats.size);
  const { bytesRead } = await file.read(data, 0, stats.size, 0);
  return data.subarray(0, bytesRead);
}

async function writeWhole(folder: string, path: string, data: Buffer): Promise<void> {
  // Folders are created one by one: the store's own folder may be reached through links, folders inside it may not.
  await mkdir(folder, { recursive: true });
  await makeParents(folder, path);
  const place = await within(folder, path);
  const draft = `${place}.${randomUUID()}`;
  try {
    {
      await using file = await open(draft, "wx", 0o644);
      await file.writeFile(data);
      await file.datasync();
    }
    await rename(draft, place);
  } finally {
    await rm(draft, { force: true });
  }
}

async function makeParents(folder: string, path: string): Promise<void> {
  const parent = dirname(path);
  if (parent === ".") return;
  await makeParents(folder, parent);
  const place = await within(folder, parent);
  await mkdir(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/** The path with the links of its folder resolved. Rejects if they lead out of the store. */
async function within(folder: string, path: string): Promise<string> {
  const root = await realpath(folder);
  const parent = await realpath(dirname(join(folder, path)));
  if (parent !== root && !parent.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new Foreign(`${path} lies outside of the store: a symbolic link leads to ${parent}`);
  return join(parent, path.slice(path.lastIndexOf("/") + 1));
}
