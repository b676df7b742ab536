/**
 * Unpacks what a .deb installs, without dpkg. Mayfly's own code reads the archive and its names, and xz is unpacked inside WebAssembly, so
 * that no native program handles a package's bytes with our rights. Behaves the same for root and for other users.
 */
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import xz from "xz-decompress";
import { MayflyError } from "../../base/errors/error.ts";
import { expect, UnsoundArchive } from "../archive/expect.ts";
import { type Member, readAr } from "../archive/read-ar.ts";
import { unpackTar } from "../archive/unpack-tar.ts";
import { readPieces } from "../read-pieces.ts";
import { settleModes } from "../settle-modes.ts";

/** @param into must not exist. Rejects with "image-build-failed" if the package is not sound. */
export async function unpackDeb(deb: string, into: string): Promise<void> {
  await using file = await open(deb);
  try {
    await unpackTar(soundly(unpacked(file, await dataOf(file))), into);
  } catch (error) {
    if (!(error instanceof UnsoundArchive)) throw error;
    throw new MayflyError("image-build-failed", { what: `the package ${basename(deb)} cannot be unpacked: ${error.message}` }, error);
  }
  // Makes the modes independent of the umask.
  await settleModes(into);
}

async function dataOf(file: FileHandle): Promise<Member> {
  const members = await readAr(file);
  expect(members[0]?.name === "debian-binary", "it does not begin with debian-binary");
  const data = members.find(({ name }) => name.startsWith("data.tar"));
  expect(data !== undefined && data.bytes > 0, "it has no data.tar");
  return data;
}

function unpacked(file: FileHandle, { name, at, bytes }: Member): AsyncIterable<Uint8Array> {
  const packed = readPieces(file, [{ at, bytes }]);
  switch (name) {
    case "data.tar":
      return packed;
    case "data.tar.gz":
      return unpackBy(createGunzip(), packed);
    case "data.tar.zst":
      return unpackBy(createZstdDecompress(), packed);
    case "data.tar.xz":
      return unpackXz(packed);
    default:
      throw new UnsoundArchive(`its ${JSON.stringify(name)} is packed in a way that we do not know`);
  }
}

async function* unpackBy(unpacker: Transform, packed: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array, void> {
  const done = pipeline(Readable.from(packed), unpacker);
  // The reader of the unpacker's output receives the error. If the reader stops early, the error does not matter.
  done.catch(() => undefined);
  for await (const bytes of unpacker) yield bytes as Buffer;
}

/** When the last one that took a turn has given it back. */
let lastTurn: Promise<void> = Promise.resolve();

/**
 * All streams of the library take their memory from one WebAssembly instance. It lets them do so one after the other, but one that is read no further than the archive goes
 * disturbs the next: it gives back twice what it had, and writes the input that it still waits for into memory that is another's by then. So they take turns here,
 * and a turn is over when the stream can no longer do anything.
 */
async function* unpackXz(packed: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array, void> {
  const before = lastTurn;
  const { promise, resolve: over } = Promise.withResolvers<void>();
  lastTurn = promise;
  await before;
  try {
    yield* unpackXzNow(packed);
  } finally {
    over();
  }
}

async function* unpackXzNow(packed: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array, void> {
  const source = packed[Symbol.asyncIterator]();
  let ended = false;
  let input: Promise<unknown> = Promise.resolve();
  const next = async () => {
    const result = await source.next();
    ended ||= result.done === true;
    return result as IteratorResult<Buffer<ArrayBuffer>, void>;
  };
  const noticing: AsyncIterator<Buffer<ArrayBuffer>, void> = { next: () => (input = next()) };
  const reader = new xz.XzReadableStream(ReadableStream.from({ [Symbol.asyncIterator]: () => noticing })).getReader();
  try {
    for (let isEmpty = false; ;) {
      const { done, value } = await reader.read();
      if (done) return;
      // If the data are cut off, the unpacker returns empty pieces for ever; a valid archive gives at most one, before its end.
      expect(!(isEmpty && value.length === 0), "its xz data are cut short");
      isEmpty = ended && value.length === 0;
      yield value;
    }
  } finally {
    // The stream asks for no more input than it has room for, and goes on with it in microtasks.
    await input.catch(() => undefined);
    await setImmediate();
    // This fails if everything is already unpacked; there is nothing left to release.
    await reader.cancel().catch(() => undefined);
  }
}

/** Errors of the unpacker are the archive's fault; errors of the disk are not. */
async function* soundly(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* bytes;
  } catch (error) {
    if (error instanceof UnsoundArchive || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new UnsoundArchive(`its data are damaged: ${(error as Error).message}`, { cause: error });
  }
}
