/**
 * An app's files as one bundle, like those that `app-files.ts` describes, but with contents that stay on this host's disk until they are uploaded.
 */
import { closeSync, constants, openAsBlob, openSync, readSync } from "node:fs";
import { MayflyError } from "../../base/errors/error.ts";
import type { FileEntry } from "../../wire/protocol.ts";
import { filesHead } from "./app-files.ts";
import type { Bundle } from "./catalog.ts";

/** A file's bytes, or where they are. */
export type Content = Uint8Array | { from: string; bytes: number };

export interface UnreadFile {
  /** Relative, with "/" between its parts. */
  path: string;
  content: Content;
  executable: boolean;
}

/** A bundle to be uploaded. Large files are not in memory, but read while they are sent. */
export interface UploadBundle extends Omit<Bundle, "code"> {
  code: Bundle["code"] | UnreadFiles;
}

/** Bytes that are read at a time. */
const PIECE_BYTES = 1_048_576;

export class UnreadFiles {
  /** Sorted by path. */
  readonly files: readonly UnreadFile[];
  /** Of the whole bundle, in bytes. */
  readonly size: number;
  readonly #head: Buffer<ArrayBuffer>;

  constructor(files: UnreadFile[]) {
    this.files = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    this.#head = filesHead(this.files.map(({ path, content, executable }): FileEntry => [path, bytesOf(content), executable]));
    this.size = this.files.reduce((sum, { content }) => sum + bytesOf(content), this.#head.length);
  }

  /** The bundle's bytes. Each piece is valid until the next is asked for. Throws "not-done" if a file cannot be read, or has become shorter. */
  *pieces(): Generator<Uint8Array, void> {
    yield this.#head;
    yield* contentsOf(this.files);
  }

  async blob(): Promise<Blob> {
    const contents = this.files.map(async ({ content }) =>
      content instanceof Uint8Array ? new Blob([content as Uint8Array<ArrayBuffer>]) : openAsBlob(content.from),
    );
    return new Blob([this.#head, ...(await Promise.all(contents))]);
  }
}

export function bytesOf(content: Content): number {
  return content instanceof Uint8Array ? content.byteLength : content.bytes;
}

/** The contents after each other, in pieces of 1 MiB, of which only the last is shorter. */
export function* contentsOf(files: Iterable<Pick<UnreadFile, "path" | "content">>): Generator<Uint8Array, void> {
  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let filled = 0;
  for (const { path, content } of files) {
    const { read, close } = opened(path, content);
    try {
      for (let at = 0, bytes = bytesOf(content); at < bytes;) {
        const count = read(buffer, filled, Math.min(buffer.length - filled, bytes - at), at);
        if (count === 0) throw unreadable(path, "it has become shorter");
        at += count;
        filled += count;
        if (filled < buffer.length) continue;
        yield buffer;
        filled = 0;
      }
    } finally {
      close();
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

type Read = (into: Buffer, offset: number, length: number, position: number) => number;

/** Small files are read at once, which takes a third of the time that the system's threads need for each. */
function opened(path: string, content: Content): { read: Read; close: () => void } {
  if (content instanceof Uint8Array) {
    const read: Read = (into, offset, length, position) => {
      into.set(content.subarray(position, position + length), offset);
      return length;
    };
    return { read, close: () => undefined };
  }
  const inWords = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw unreadable(path, (error as Error).message, error);
    }
  };
  // A pipe that has come in its place would be waited for.
  const fd = inWords(() => openSync(content.from, constants.O_RDONLY | constants.O_NONBLOCK));
  const read: Read = (into, offset, length, position) => inWords(() => readSync(fd, into, offset, length, position));
  return { read, close: () => closeSync(fd) };
}

function unreadable(path: string, why: string, cause?: unknown): MayflyError {
  return new MayflyError("not-done", { what: `the file ${path} of the app cannot be read any more: ${why}` }, cause);
}
