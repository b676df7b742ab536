/**
 * Writes files as their contents arrive, in either form. All is written by the operating system's own threads, some hundred kilobytes at a time, so that the
 * event loop is never held up.
 */
import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { writeFile } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { FilesForm } from "../../base/kind/files-form.ts";
import { planErofs } from "../../images/erofs/plan-erofs.ts";
import { filesDiskBytes } from "../../images/guest-layout.ts";
import type { FileEntry } from "../../wire/protocol.ts";
import type { KnownFiles } from "./known-files.ts";

export interface FilesWriter {
  /** Takes the next bytes of the contents, which come in the order of the list. */
  push(chunk: Uint8Array): Promise<void>;
  /** Resolves when all is written, and safe on the disk if it is to survive a power cut. */
  end(): Promise<void>;
  /** Closes what is open. */
  close(): Promise<void>;
  /** Called with the folder in which the files are at last. */
  settled(folder: string): void;
}

/** Where the folder goes with the server. */
export interface Ephemeral {
  known: KnownFiles;
  /** Whose files are linked to. Left out: nobody's. */
  app?: string | undefined;
}

/** @param ephemeral left out: what is written survives a power cut */
export async function openFilesWriter(form: FilesForm, place: string, entries: FileEntry[], ephemeral?: Ephemeral): Promise<FilesWriter> {
  return form === "image"
    ? new ImageWriter(await open(place, "wx", 0o644), entries, ephemeral === undefined)
    : new FolderWriter(place, entries, ephemeral);
}

export function layoutOf(entries: FileEntry[]): ReturnType<typeof planErofs> {
  return planErofs(entries.map(([path, bytes, executable]) => ({ path, bytes, executable })));
}

/** How many bytes are written at once. */
const PIECE_BYTES = 1_048_576;

/** Takes the parts of one file after the other: `begin` before its first bytes, which may be none at all. */
abstract class InOrder implements FilesWriter {
  readonly entries: FileEntry[];
  #at = -1;
  #left = 0;

  constructor(entries: FileEntry[]) {
    this.entries = entries;
  }

  protected abstract begin(at: number): Promise<void>;
  protected abstract write(part: Uint8Array): Promise<void>;
  abstract end(): Promise<void>;
  abstract close(): Promise<void>;

  settled(_folder: string): void {
    // Only files of their own can be linked.
  }

  async push(chunk: Uint8Array): Promise<void> {
    for (let rest = chunk; rest.byteLength > 0;) {
      while (this.#left === 0) await this.#next();
      const part = rest.subarray(0, this.#left);
      await this.write(part);
      this.#left -= part.byteLength;
      rest = rest.subarray(part.byteLength);
    }
  }

  /** Begins the files that are left, which are empty. */
  protected async rest(): Promise<void> {
    while (this.#at < this.entries.length - 1) await this.#next();
  }

  async #next(): Promise<void> {
    this.#at += 1;
    const entry = this.entries[this.#at];
    if (entry === undefined) throw new Error("files have more bytes than their list says");
    this.#left = entry[1];
    await this.begin(this.#at);
  }
}

class ImageWriter extends InOrder {
  readonly #file: FileHandle;
  readonly #survives: boolean;
  readonly #plan: ReturnType<typeof planErofs>;
  readonly #buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #filled = 0;
  /** Where the buffer's bytes go in the file. */
  #place = 0;

  constructor(file: FileHandle, entries: FileEntry[], survives: boolean) {
    super(entries);
    this.#file = file;
    this.#survives = survives;
    this.#plan = layoutOf(entries);
  }

  protected async begin(at: number): Promise<void> {
    if (at === 0) await this.write(this.#plan.head);
    const zeros = this.#plan.places[at]! - this.#place - this.#filled;
    if (zeros > 0) await this.write(Buffer.alloc(zeros));
  }

  protected async write(part: Uint8Array): Promise<void> {
    for (let rest = part; rest.byteLength > 0;) {
      const taken = rest.subarray(0, this.#buffer.length - this.#filled);
      this.#buffer.set(taken, this.#filled);
      this.#filled += taken.byteLength;
      rest = rest.subarray(taken.byteLength);
      if (this.#filled === this.#buffer.length) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#filled);
    for (let at = 0; at < bytes.length;) at += (await this.#file.write(bytes, at, bytes.length - at, this.#place + at)).bytesWritten;
    this.#place += bytes.length;
    this.#filled = 0;
  }

  async end(): Promise<void> {
    await this.rest();
    await this.#flush();
    // Whatever their size, machines see a disk of this one. The rest takes no space.
    await this.#file.truncate(filesDiskBytes);
    if (this.#survives) await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Small files are written several at a time: each takes little of the disk, and three turns of the system's threads. */
const AT_ONCE = 16;
const NOTHING = new Uint8Array();
const writeWhole = promisify(writeFile);

class FolderWriter extends InOrder {
  readonly #folder: string;
  readonly #ephemeral: Ephemeral | undefined;
  readonly #keys = new Map<string, string>();
  readonly #made = new Set<string>();
  /** The file that is being taken. */
  #at = 0;
  /** Of a file that comes in several parts. */
  #file: FileHandle | undefined;
  /** Files that came in one part, and are being written. */
  #writing: Promise<void>[] = [];

  constructor(folder: string, entries: FileEntry[], ephemeral: Ephemeral | undefined) {
    super(entries);
    this.#folder = folder;
    this.#ephemeral = ephemeral;
  }

  override async push(chunk: Uint8Array): Promise<void> {
    try {
      await super.push(chunk);
    } finally {
      // The chunk's memory is used again, and what is removed after a failure must not come back.
      await this.#written();
    }
  }

  protected async begin(at: number): Promise<void> {
    await this.close();
    this.#at = at;
    const folder = dirname(this.#place());
    if (!this.#made.has(folder)) await mkdir(folder, { recursive: true, mode: 0o755 });
    this.#made.add(folder);
    if (this.entries[at]![1] === 0) await this.write(NOTHING);
  }

  protected async write(part: Uint8Array): Promise<void> {
    const [path, bytes, executable] = this.entries[this.#at]!;
    const mode = executable ? 0o755 : 0o644;
    if (part.byteLength === bytes) {
      if (this.#isLinked(path, part, executable)) return;
      const writing = writeWhole(this.#place(), part, { flag: "wx", mode });
      // #written() tells it. Until then, what failed while a folder is made would be nobody's, which ends the process.
      writing.catch(() => undefined);
      this.#writing.push(writing);
      if (this.#writing.length >= AT_ONCE) await this.#written();
      return;
    }
    this.#file ??= await open(this.#place(), "wx", mode);
    for (let at = 0; at < part.byteLength;) at += (await this.#file.write(part, at)).bytesWritten;
  }

  #isLinked(path: string, content: Uint8Array, executable: boolean): boolean {
    const { known, app } = this.#ephemeral ?? {};
    if (known === undefined || app === undefined) return false;
    const key = `${hash("sha256", content)} ${executable} ${app} ${path}`;
    this.#keys.set(path, key);
    return known.link(key, this.#place());
  }

  #place(): string {
    return join(this.#folder, this.entries[this.#at]![0]);
  }

  /** Rejects only when nothing is being written any more. */
  async #written(): Promise<void> {
    const results = await Promise.allSettled(this.#writing.splice(0));
    const failed = results.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async end(): Promise<void> {
    try {
      await this.rest();
    } finally {
      await this.#written();
    }
    await this.close();
    // One call for all files, however many; in a process of its own, because it may take long.
    if (this.#ephemeral === undefined) await promisify(execFile)("sync", ["--file-system", this.#folder]);
  }

  override settled(folder: string): void {
    this.#ephemeral?.known.remember(folder, this.#keys);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
