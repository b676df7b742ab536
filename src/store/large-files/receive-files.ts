/** Takes an upload's files as they arrive: the list first, then contents, which small ones keep in memory and large ones write at once. */
import { MayflyError } from "../../base/errors/error.ts";
import type { FileEntry } from "../../wire/protocol.ts";
import { LIST_AT, readEntries } from "../catalog/app-files.ts";
import { failureOf } from "../sqlite/failure.ts";
import { beginFilesDigest, filesDigest } from "./files-digest.ts";
import { areLarge, type IncomingFiles, type LargeDraft, MOST_BYTES, type Received } from "./large-files.ts";
import { layoutOf, type FilesWriter } from "./write-files.ts";

/** A place on the disk for one upload. */
export interface DraftPlace {
  writer: FilesWriter;
  keep: (digest: string) => Promise<void>;
  discard: () => Promise<void>;
  /** For errors. */
  folder: string;
}

/** The list of as many files as are possible, with long paths. */
const LIST_BYTES = 8_388_608;

/** @param begin makes a place for large files */
export function receiveFiles(begin: (list: Uint8Array, entries: FileEntry[]) => Promise<DraftPlace>): IncomingFiles {
  const pieces: Buffer[] = [];
  /** Bytes of the pieces, and how many of them are needed before there is anything to do. */
  let kept = 0;
  let needed = LIST_AT;
  let list: { bytes: Uint8Array; entries: FileEntry[]; left: number } | undefined;
  let large: { place: DraftPlace; hash: ReturnType<typeof beginFilesDigest> } | undefined;
  /** What push() or end() does now, which may be making what discard() has to remove. */
  let underWay: Promise<unknown> = Promise.resolve();
  let isDiscarded = false;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (isDiscarded) throw new MayflyError("bad-request", { what: "the upload was given up" });
    const done = work();
    underWay = done.catch(() => undefined);
    return done;
  }

  /** Once the list is there, begins to write what is large. */
  async function takeList(): Promise<number> {
    if (kept < needed) return 0;
    const all = gathered();
    const length = all.readUInt32LE(0);
    if (length > LIST_BYTES) refuse(`its list has ${length} bytes; ${LIST_BYTES} are possible`);
    needed = LIST_AT + length;
    if (kept < needed) return 0;
    const bytes = all.subarray(LIST_AT, needed);
    const entries = readEntries(bytes);
    const left = entries.reduce((sum, [, size]) => sum + size, 0);
    if (left > MOST_BYTES) throw new MayflyError("code-too-large", { bytes: left, limit: MOST_BYTES });
    list = { bytes, entries, left };
    if (!areLarge(entries.length, left)) {
      count(all.length - needed);
      return 0;
    }
    large = { place: await begin(bytes, entries), hash: beginFilesDigest(bytes) };
    pieces.length = 0;
    return write(all.subarray(needed));
  }

  /** The pieces as one, which is all that is left of them. */
  function gathered(): Buffer {
    const all = Buffer.concat(pieces);
    pieces.splice(0, pieces.length, all);
    return all;
  }

  function count(bytes: number): void {
    list!.left -= bytes;
    if (list!.left < 0) refuse("its files have more bytes than its list says");
  }

  async function write(chunk: Uint8Array): Promise<number> {
    const { place, hash } = large!;
    count(chunk.byteLength);
    hash.update(chunk);
    await place.writer.push(chunk).catch((error: unknown) => {
      throw failureOf(error, place.folder);
    });
    return chunk.byteLength;
  }

  async function finish({ place, hash }: NonNullable<typeof large>): Promise<LargeDraft> {
    const { entries, bytes } = list!;
    try {
      await place.writer.end();
    } catch (error) {
      throw failureOf(error, place.folder);
    } finally {
      await place.writer.close();
    }
    const digest = filesDigest(hash);
    const size = entries.reduce((sum, [, each]) => sum + each, LIST_AT + bytes.byteLength);
    let isKept = false;
    return {
      digest,
      entries,
      bytes: size,
      stored: layoutOf(entries).size,
      async keep() {
        isKept = true;
        await place.keep(digest).catch((error: unknown) => {
          isKept = false;
          throw failureOf(error, place.folder);
        });
      },
      discard: async () => (isKept ? undefined : place.discard()),
    };
  }

  async function push(chunk: Uint8Array): Promise<number> {
    if (large !== undefined) return write(chunk);
    // The parser uses the memory of its chunks again.
    pieces.push(Buffer.from(chunk));
    kept += chunk.byteLength;
    if (list === undefined) return takeList();
    count(chunk.byteLength);
    return 0;
  }

  async function end(): Promise<Received> {
    if (list === undefined) refuse("its list is cut off");
    if (list.left > 0) refuse(`its files lack ${list.left} bytes of those in its list`);
    if (large !== undefined) return { draft: await finish(large) };
    return { bundle: gathered() };
  }

  return {
    push: (chunk) => inTurn(() => push(chunk)),
    end: () => inTurn(end),
    async discard() {
      isDiscarded = true;
      await underWay;
      if (large === undefined) return;
      await large.place.writer.close().catch(() => undefined);
      await large.place.discard();
    },
  };
}

function refuse(what: string): never {
  throw new MayflyError("bad-request", { what: `the part files is no bundle of files: ${what}` });
}
