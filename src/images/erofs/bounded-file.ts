/**
 * Synchronous reads at any offset of a file, because a walk makes a hundred thousand small reads. Invariants:
 * 1. Nothing beyond the file system's length is read; an attempt throws UnsoundErofs.
 * 2. At most 4 MiB are held in memory, however large the file is.
 * 3. The file is not read many times over, even if small reads are scattered: mkfs.erofs stores together what a walk reads in sequence.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { expect } from "./format.ts";

const WINDOW = 64 << 10;
const WINDOWS = 64;
const MOST_TIMES_ITS_SIZE = 16;

export class BoundedFile {
  readonly #fd: number;
  readonly size: number;
  /** By number; the least recently used window comes first. */
  readonly #windows = new Map<number, Buffer>();
  #loaded = 0;

  constructor(path: string) {
    this.#fd = openSync(path, "r");
    this.size = fstatSync(this.#fd).size;
  }

  /** @param what names the data in the error's message */
  read(at: number, length: number, what: string): Buffer {
    expect(at >= 0 && at + length <= this.size, `${what} lies beyond its end`);
    const first = Math.floor(at / WINDOW);
    const last = Math.floor((at + length - 1) / WINDOW);
    if (first === last) return this.#window(first).subarray(at - first * WINDOW, at - first * WINDOW + length);
    const bytes = Buffer.alloc(length);
    for (let from = at; from < at + length;) {
      const window = Math.floor(from / WINDOW);
      from += this.#window(window).copy(bytes, from - at, from - window * WINDOW);
    }
    return bytes;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #window(number: number): Buffer {
    const found = this.#windows.get(number) ?? this.#load(number);
    this.#windows.delete(number);
    this.#windows.set(number, found);
    if (this.#windows.size > WINDOWS) this.#windows.delete(this.#windows.keys().next().value!);
    return found;
  }

  #load(number: number): Buffer {
    const bytes = Buffer.alloc(Math.min(WINDOW, this.size - number * WINDOW));
    this.#loaded += bytes.length;
    expect(this.#loaded <= MOST_TIMES_ITS_SIZE * this.size, "what lies in one folder is strewn all over it");
    const read = readSync(this.#fd, bytes, 0, bytes.length, number * WINDOW);
    expect(read === bytes.length, "it became shorter while it was read");
    return bytes;
  }
}
