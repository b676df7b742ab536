/**
 * The files of objects' content, in a folder of the state folder.
 *
 * 1. Content is written under `incoming/`, put on the disk (fdatasync), moved to its place under `content/`, and the move is put on the disk (fsync of the folder).
 *    Only then does the index name it. So a file that the index names is whole.
 * 2. What a server left that was killed is removed: all of `incoming/` before anything is written, and files that the index does not name by the sweep.
 * 3. A file that is being read is not removed before the reader is done.
 *
 * A file's name begins with the hour of its making, which is its folder, and the server's run: the sweep looks at no folder that an earlier sweep has seen whole, and at
 * no file of this run.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isBackedUp } from "../../../store/state-folder/backup-lock.ts";
import { failureOf } from "../../../store/sqlite/failure.ts";

export interface ContentFiles {
  /** Starts a file. */
  create(): Promise<NewFile>;
  /** Resolves with null if there is no such file. The file stays until it is closed here, even if it is removed meanwhile. */
  open(file: string): Promise<OpenFile | null>;
  /** Keeps files from being removed. Returns what lets go of them. */
  hold(files: readonly string[]): () => void;
  /** Removes what is not held, and returns that; nothing while a backup is made. What there is not counts as removed. */
  remove(files: readonly string[]): Promise<string[]>;
  /** Removes the files of earlier runs for which `unknown` says that nobody knows them. @param from the first hour to look at @returns the hour that it is */
  sweep(from: string, unknown: (files: string[]) => Promise<string[]>): Promise<string>;
}

/** A file that is being written. */
export interface NewFile {
  /** Bytes that one after the other are asked for come one after the other. */
  write(chunks: Uint8Array[]): Promise<void>;
  /** Puts the file on the disk, in its place. Returns its name. */
  finish(): Promise<string>;
  discard(): Promise<void>;
}

export interface OpenFile {
  /** Fewer bytes than asked for only at the end of the file. @param memory where they go, if not to new memory */
  read(offset: number, bytes: number, memory?: Buffer): Promise<Buffer>;
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;
/** Names that are looked up together. */
const TOGETHER = 500;

/** Makes the folders, and removes what was being written. Throws "disk-full" or "state-unusable". @param now wall clock, ms */
export function openContentFiles(folder: string, now: () => number): ContentFiles {
  const [incoming, content] = [join(folder, "incoming"), join(folder, "content")];
  try {
    rmSync(incoming, { recursive: true, force: true });
    mkdirSync(incoming, { recursive: true, mode: 0o700 });
    mkdirSync(content, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw failureOf(error, folder);
  }
  const run = randomBytes(5).toString("hex");
  const hour = () =>
    Math.floor(now() / HOUR_MS)
      .toString(36)
      .padStart(5, "0");
  const pathOf = (file: string) => join(content, file.split("-", 1)[0]!, file);
  const made = new Set<string>();
  const held = new Map<string, number>();
  let count = 0;

  async function folderOf(at: string): Promise<string> {
    const path = join(content, at);
    if (made.has(at)) return path;
    await mkdir(path, { recursive: true, mode: 0o700 });
    await onDisk(content);
    made.add(at);
    return path;
  }

  return {
    async create() {
      const at = hour();
      const name = `${at}-${run}-${(count++).toString(36)}`;
      const path = join(incoming, name);
      const handle = await open(path, "wx", 0o600).catch((error: unknown) => {
        throw failureOf(error, path);
      });
      return new IncomingFile(handle, path, async () => {
        const place = await folderOf(at);
        await rename(path, join(place, name));
        await onDisk(place);
        return name;
      });
    },
    async open(file) {
      const path = pathOf(file);
      try {
        return new StoredFile(await open(path, "r"), path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw failureOf(error, path);
      }
    },
    hold(files) {
      for (const file of files) held.set(file, (held.get(file) ?? 0) + 1);
      return () => {
        for (const file of files) {
          const left = (held.get(file) ?? 0) - 1;
          if (left > 0) held.set(file, left);
          else held.delete(file);
        }
      };
    },
    async remove(files) {
      if (isBackedUp(dirname(folder))) return [];
      const free = files.filter((file) => !held.has(file));
      for (const file of free) await rm(pathOf(file), { force: true });
      return free;
    },
    async sweep(from, unknown) {
      const until = hour();
      for (const at of (await readdir(content)).filter((name) => name >= from).toSorted()) {
        const old = (await readdir(join(content, at))).filter((name) => !name.startsWith(`${at}-${run}-`));
        for (let first = 0; first < old.length; first += TOGETHER)
          for (const file of await unknown(old.slice(first, first + TOGETHER))) await rm(pathOf(file), { force: true });
      }
      return until;
    },
  };
}

class IncomingFile implements NewFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #place: () => Promise<string>;

  constructor(handle: FileHandle, path: string, place: () => Promise<string>) {
    this.#handle = handle;
    this.#path = path;
    this.#place = place;
  }

  async write(chunks: Uint8Array[]): Promise<void> {
    let left = chunks;
    try {
      while (left.length > 0) {
        const { bytesWritten } = await this.#handle.writev(left);
        left = after(left, bytesWritten);
      }
    } catch (error) {
      throw failureOf(error, this.#path);
    }
  }

  async finish(): Promise<string> {
    try {
      await this.#handle.datasync();
      await this.#handle.close();
      return await this.#place();
    } catch (error) {
      throw failureOf(error, this.#path);
    }
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await rm(this.#path, { force: true });
  }
}

class StoredFile implements OpenFile {
  readonly #handle: FileHandle;
  readonly #path: string;

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  async read(offset: number, bytes: number, memory?: Buffer): Promise<Buffer> {
    const buffer = memory ?? Buffer.allocUnsafe(bytes);
    try {
      const { bytesRead } = await this.#handle.read(buffer, 0, bytes, offset);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw failureOf(error, this.#path);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** What is left of the chunks after so many bytes. */
function after(chunks: Uint8Array[], bytes: number): Uint8Array[] {
  let at = 0;
  let skip = bytes;
  while (at < chunks.length && skip >= chunks[at]!.length) skip -= chunks[at++]!.length;
  const rest = chunks.slice(at);
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}

async function onDisk(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
