/** Takes content in, of any size, without holding more than a few pieces of it: small content stays in memory, other content goes to a file as it comes. */
import { randomUUID } from "node:crypto";
import { MayflyError } from "../../../base/errors/error.ts";
import type { Algorithm } from "../checksums/checksum.ts";
import { Digests, type FinishedDigests, LargeDigests } from "../checksums/digests.ts";
import type { Hashing } from "../checksums/hashing.ts";
import { CHUNK_BYTES, letGo, sealChunks } from "../encryption/chunks.ts";
import type { NewContent } from "../store/files.ts";
import type { ContentFiles, NewFile } from "./content-files.ts";
import { type Piece, PIECE_BYTES, type PieceMemory } from "./piece-memory.ts";

/** Content up to this many bytes is kept in the index: one fsync then does for both. */
const SMALL_BYTES = 16_384;
/** What names of content begin with that is kept there. */
const IN_INDEX = "index-";

export function isInIndex(file: string): boolean {
  return file.startsWith(IN_INDEX);
}

/** One is written and hashed while the other one is filled. */
const PIECES = 2;

export interface TakenContent {
  content: NewContent;
  size: number;
  digests: FinishedDigests;
}

export interface TakingOptions {
  files: Pick<ContentFiles, "create">;
  hashing: Hashing;
  memory: PieceMemory;
  algorithms: readonly Algorithm[];
  /** The most bytes. */
  most: number;
  /** By which what is kept is encrypted; no other content may have it. Left out: it is kept as it comes. */
  dataKey?: Buffer | undefined;
}

/**
 * Resolves when the content is on the disk, or in memory because it is small. If `source` fails, or there are more than `most` bytes ("body-too-large"), nothing is left of it.
 * @param source may use the memory of a piece again when it is asked for the next one
 * @param check called with the digests before the content is kept; it may throw
 */
export async function takeContent(
  source: AsyncIterable<Uint8Array>,
  { files, hashing, memory, algorithms, most, dataKey }: TakingOptions,
  check: (digests: FinishedDigests, size: number) => void,
): Promise<TakenContent> {
  let chunks: Uint8Array[] = [];
  let size = 0;
  let large: LargeContent | null = null;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > most) throw new MayflyError("body-too-large", { limit: most });
      if (large === null) chunks.push(Buffer.from(chunk));
      else await large.add(chunk);
      if (large !== null || size <= PIECE_BYTES) continue;
      large = new LargeContent(await files.create(), new LargeDigests(algorithms, hashing), memory, dataKey);
      for (const each of chunks) await large.add(each);
      chunks = [];
    }
    const digests = large === null ? digestsOf(chunks, algorithms) : await large.digests();
    check(digests, size);
    if (size === 0) return { content: { segments: [] }, size, digests };
    if (size <= SMALL_BYTES) {
      const whole = chunks.length === 1 ? Buffer.from(chunks[0]!) : Buffer.concat(chunks);
      const bytes = dataKey === undefined ? whole : Buffer.concat(sealChunks(dataKey, 0, whole));
      return { content: { segments: [{ file: `${IN_INDEX}${randomUUID()}`, offset: 0, size }], bytes }, size, digests };
    }
    const name = await (large === null ? keepWhole(await files.create(), chunks, dataKey) : large.finish());
    return { content: { segments: [{ file: name, offset: 0, size }] }, size, digests };
  } catch (error) {
    await large?.discard();
    throw error;
  }
}

function digestsOf(chunks: readonly Uint8Array[], algorithms: readonly Algorithm[]): FinishedDigests {
  const digests = new Digests(algorithms);
  for (const chunk of chunks) digests.update(chunk);
  return digests.finish();
}

async function keepWhole(file: NewFile, chunks: Uint8Array[], dataKey: Buffer | undefined): Promise<string> {
  try {
    await file.write(dataKey === undefined ? chunks : sealChunks(dataKey, 0, Buffer.concat(chunks)));
    return await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Content on its way to its file. Memory is bounded by PIECES, and the source is not read while none of them is free. */
class LargeContent {
  readonly #file: NewFile;
  readonly #digests: LargeDigests;
  readonly #memory: PieceMemory;
  readonly #dataKey: Buffer | undefined;
  readonly #pieces: Piece[] = [];
  /** What each piece is waiting for. */
  readonly #busy: Promise<unknown>[] = Array.from({ length: PIECES }, () => Promise.resolve());
  #at = 0;
  #filled = 0;
  /** Pieces that were handed over. */
  #handed = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(file: NewFile, digests: LargeDigests, memory: PieceMemory, dataKey: Buffer | undefined) {
    this.#file = file;
    this.#digests = digests;
    this.#memory = memory;
    this.#dataKey = dataKey;
  }

  /** Copies the chunk. */
  async add(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length;) {
      const some = chunk.subarray(from, from + PIECE_BYTES - this.#filled);
      (this.#pieces[this.#at] ??= this.#memory.take()).set(some, this.#filled);
      this.#filled += some.length;
      from += some.length;
      if (this.#filled === PIECE_BYTES) await this.#handOver();
    }
  }

  async digests(): Promise<FinishedDigests> {
    if (this.#filled > 0) await this.#handOver();
    await Promise.all(this.#busy);
    this.#giveBack();
    return this.#digests.finish();
  }

  /** Called after digests(). */
  finish(): Promise<string> {
    return this.#file.finish();
  }

  async discard(): Promise<void> {
    await Promise.allSettled(this.#busy);
    this.#giveBack();
    this.#digests.drop();
    await this.#file.discard();
  }

  /** Called when no piece is being written or hashed. */
  #giveBack(): void {
    for (const piece of this.#pieces.splice(0)) this.#memory.giveBack(piece);
  }

  /** Begins to write and hash the piece, and waits until the next one is free. */
  async #handOver(): Promise<void> {
    const bytes = this.#pieces[this.#at]!.subarray(0, this.#filled);
    const first = (this.#handed++ * PIECE_BYTES) / CHUNK_BYTES;
    this.#written = this.#written.then(() => this.#write(bytes, first));
    const busy = both(this.#written, this.#digests.update(bytes));
    // It is waited for before the piece is used again; until then nobody listens.
    busy.catch(() => {});
    this.#busy[this.#at] = busy;
    this.#at = (this.#at + 1) % PIECES;
    this.#filled = 0;
    await this.#busy[this.#at];
  }

  /** @param first the number of its first chunk */
  async #write(bytes: Uint8Array, first: number): Promise<void> {
    if (this.#dataKey === undefined) return this.#file.write([bytes]);
    const sealed = sealChunks(this.#dataKey, first, bytes);
    await this.#file.write(sealed);
    letGo(sealed);
  }
}

/** Rejects only when both have ended: while one goes on, it uses the piece. */
async function both(written: Promise<void>, hashed: Promise<void>): Promise<void> {
  await Promise.allSettled([written, hashed]);
  await written;
  await hashed;
}
