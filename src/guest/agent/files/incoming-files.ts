/**
 * Writes the app's files as they arrive with a Bind, so that they are never in memory as a whole besides the file system, which is in memory,
 * too.
 */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BindFiles, FileEntry } from "../../../wire/protocol.ts";
import { linkFolder } from "./linked-folder.ts";
import { emptyTaskRoot, taskRoot } from "./task-root.ts";

export class IncomingFiles {
  readonly #list: Buffer[] = [];
  /** Bytes of the list that are still to come. */
  #listLeft: number;
  #left: number;
  #entries: FileEntry[] = [];
  #at = 0;
  /** The file that is being written, and how many of its bytes are still to come. */
  #file: number | null = null;
  #fileLeft = 0;
  readonly #folders = new Set<string>([taskRoot]);

  /** @throws Error if the files come in a way that a later host knows, or what the file system throws, as push() does */
  constructor(files: BindFiles | undefined) {
    if (files !== undefined && files.type !== "frames" && files.type !== "folder") throw unknownWay(files);
    const { list, bytes } = files?.type === "frames" ? files : { list: 0, bytes: 0 };
    this.#listLeft = list;
    this.#left = bytes;
    if (list > 0) emptyTaskRoot();
    if (files?.type === "folder") linkFolder(files);
  }

  /** @returns the part of the chunk that comes after the files */
  push(chunk: Buffer): Buffer {
    let rest = chunk;
    if (this.#listLeft > 0) rest = this.#takeList(rest);
    while (rest.length > 0 && this.#left > 0) rest = this.#write(rest);
    return rest;
  }

  #takeList(chunk: Buffer): Buffer {
    const part = chunk.subarray(0, this.#listLeft);
    this.#list.push(part);
    this.#listLeft -= part.length;
    if (this.#listLeft > 0) return chunk.subarray(part.length);
    this.#entries = JSON.parse(Buffer.concat(this.#list).toString()) as FileEntry[];
    this.#list.length = 0;
    this.#nextFile();
    return chunk.subarray(part.length);
  }

  #write(chunk: Buffer): Buffer {
    if (this.#file === null) throw new Error("the app's files are larger than their list says");
    const part = chunk.subarray(0, this.#fileLeft);
    for (let at = 0; at < part.length;) at += writeSync(this.#file, part, at);
    this.#left -= part.length;
    this.#fileLeft -= part.length;
    if (this.#fileLeft === 0) this.#nextFile();
    return chunk.subarray(part.length);
  }

  /** Opens the next file that has bytes to come; empty ones before it are done at once. */
  #nextFile(): void {
    for (;;) {
      if (this.#file !== null) closeSync(this.#file);
      this.#file = null;
      const entry = this.#entries[this.#at++];
      if (entry === undefined) return;
      const [path, bytes, executable] = entry;
      this.#file = openSync(this.#place(path), "wx", executable ? 0o755 : 0o644);
      this.#fileLeft = bytes;
      if (bytes > 0) return;
    }
  }

  #place(path: string): string {
    const place = join(taskRoot, path);
    const folder = dirname(place);
    if (!this.#folders.has(folder)) mkdirSync(folder, { recursive: true });
    this.#folders.add(folder);
    return place;
  }
}

function unknownWay(files: never): Error {
  return new Error(`the app's files come as ${JSON.stringify((files as { type: unknown }).type)}, which this agent does not know`);
}
