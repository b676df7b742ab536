/**
 * Compresses replies, outside of the event loop's thread, for as many replies at a time as bound the memory and the CPU time that this takes. Further ones
 * go as they are, which every client understands.
 *
 * Owns: the count of compressors that run.
 */
import {
  brotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  zstdCompress,
  type BrotliCompress,
  type Gzip,
  type ZstdCompress,
} from "node:zlib";
import { guarded } from "../../../base/errors/guarded.ts";
import type { Coding } from "./accepted-coding.ts";

/** Each takes up to about 1 MB of memory. */
const MOST_AT_ONCE = 32;

/** Levels that compress well enough at the speed of a network; a window of 256 KiB is what bounds their memory. */
const options = {
  zstd: { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 18 } },
  br: { params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 } },
  gzip: { level: 5 },
};

type Stream = BrotliCompress | Gzip | ZstdCompress;
const streams: Record<Coding, () => Stream> = {
  zstd: () => createZstdCompress(options.zstd),
  br: () => createBrotliCompress(options.br),
  gzip: () => createGzip(options.gzip),
};
type Whole = (body: Buffer, done: (error: Error | null, compressed: Buffer) => void) => void;
const wholes: Record<Coding, Whole> = {
  zstd: (body, done) => zstdCompress(body, options.zstd, done),
  br: (body, done) => brotliCompress(body, options.br, done),
  gzip: (body, done) => gzip(body, options.gzip, done),
};

/** How each coding is told to give out all that it has so far. */
const flushes: Record<Coding, number> = {
  zstd: constants.ZSTD_e_flush,
  br: constants.BROTLI_OPERATION_FLUSH,
  gzip: constants.Z_SYNC_FLUSH,
};

export class Compression {
  readonly #most: number;
  #running = 0;

  constructor(most = MOST_AT_ONCE) {
    this.#most = most;
  }

  get hasRoom(): boolean {
    return this.#running < this.#most;
  }

  /** Calls `done` with the compressed body, or with null if that is no shorter. */
  whole(coding: Coding, body: Buffer, done: (compressed: Buffer | null) => void): void {
    this.#running += 1;
    wholes[coding](body, (error, compressed) => {
      this.#running -= 1;
      done(error === null && compressed.length < body.length ? compressed : null);
    });
  }

  /** @param write gives bytes to the client, and calls back when they have been written @param failed called if the rest cannot be compressed */
  stream(coding: Coding, write: (bytes: Buffer, taken: () => void) => void, failed: () => void): Compressor {
    this.#running += 1;
    return new Compressor(coding, write, failed, () => (this.#running -= 1));
  }
}

/** A body that is compressed as it comes: what was written so far can be read by the client, whatever follows and when. */
export class Compressor {
  readonly #stream: Stream;
  readonly #flush: number;
  readonly #closed: () => void;
  /** Writes of compressed bytes that the client has not taken. */
  #pending = 0;
  #whenTaken: (() => void) | null = null;
  #isClosed = false;

  constructor(coding: Coding, write: (bytes: Buffer, taken: () => void) => void, failed: () => void, closed: () => void) {
    this.#stream = streams[coding]();
    this.#flush = flushes[coding];
    this.#closed = closed;
    const onData = (bytes: Buffer) => {
      this.#pending += 1;
      write(bytes, () => {
        this.#pending -= 1;
        this.#tell();
      });
    };
    this.#stream.on("data", guarded(onData, failed));
    this.#stream.on("error", guarded(failed, failed));
  }

  /** Calls back when all that the bytes became has been taken. Must not be called again before that. */
  write(bytes: Buffer, taken: () => void): void {
    this.#stream.write(bytes);
    this.#stream.flush(this.#flush, () => {
      this.#whenTaken = taken;
      this.#tell();
    });
  }

  end(whenEnded: () => void): void {
    this.#stream.once(
      "end",
      guarded(() => {
        this.close();
        whenEnded();
      }, whenEnded),
    );
    this.#stream.end();
  }

  /** Frees its memory. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stream.destroy();
    this.#closed();
  }

  #tell(): void {
    if (this.#pending > 0 || this.#whenTaken === null) return;
    const taken = this.#whenTaken;
    this.#whenTaken = null;
    taken();
  }
}
