/**
 * Writes files as their contents arrive, in either form. All is written by the operating system's own threads, some hundred kilobytes at a time, so that the
 * event loop is never held up.
 */
import { execFile } from "node:child_process";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { FilesForm } from "../../base/kind/files-form.ts";
import { planErofs } from "../../images/erofs/plan-erofs.ts";
import { filesDiskBytes } from "../../images/guest-layout.ts";
import type { FileEntry } from "../../wire/protocol.ts";

export interface FilesWriter {
  /** Takes the next bytes of the contents, which come in the order of the list. */
  push(chunk: Uint8Array): Promise<void>;
  /** Resolves when all is safe on the disk. */
  end(): Promise<void>;
  /** Closes what is open. */
  close(): Promise<void>;
}

export async function openFilesWriter(form: FilesForm, place: string, entries: FileEntry[]): Promise<FilesWriter> {
  return form === "image" ? new ImageWriter(await open(place, "wx", 0o644), entries) : new FolderWriter(place, entries);
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
  readonly #plan: ReturnType<typeof planErofs>;
  readonly #buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #filled = 0;
  /** Where the buffer's bytes go in the file. */
  #place = 0;

  constructor(file: FileHandle, entries: FileEntry[]) {
    super(entries);
    this.#file = file;
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
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

class FolderWriter extends InOrder {
  readonly #folder: string;
  readonly #made = new Set<string>();
  #file: FileHandle | undefined;

  constructor(folder: string, entries: FileEntry[]) {
    super(entries);
    this.#folder = folder;
  }

  protected async begin(at: number): Promise<void> {
    await this.close();
    const [path, , executable] = this.entries[at]!;
    const place = join(this.#folder, path);
    const folder = dirname(place);
    if (!this.#made.has(folder)) await mkdir(folder, { recursive: true, mode: 0o755 });
    this.#made.add(folder);
    this.#file = await open(place, "wx", executable ? 0o755 : 0o644);
  }

  protected async write(part: Uint8Array): Promise<void> {
    for (let at = 0; at < part.byteLength;) at += (await this.#file!.write(part, at)).bytesWritten;
  }

  async end(): Promise<void> {
    await this.rest();
    await this.close();
    // One call for all files, however many; in a process of its own, because it may take long.
    await promisify(execFile)("sync", ["--file-system", this.#folder]);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
