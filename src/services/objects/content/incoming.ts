/** Takes content in, of any size, without holding more than a few pieces of it: small content stays in memory, other content goes to a file as it comes. */
import { randomUUID } from "node:crypto";
import { MayflyError } from "../../../base/errors/error.ts";
import type { Algorithm } from "../checksums/checksum.ts";
import { Digests, type FinishedDigests } from "../checksums/digests.ts";
import type { NewContent } from "../store/files.ts";
import type { ContentFiles, NewFile } from "./content-files.ts";

/** Content up to this many bytes is kept in the index: one fsync then does for both. */
const SMALL_BYTES = 16_384;
/** What names of content begin with that is kept there. */
const IN_INDEX = "index-";

export function isInIndex(file: string): boolean {
  return file.startsWith(IN_INDEX);
}

/** Bytes that are written at once. */
const PIECE_BYTES = 524_288;

export interface TakenContent {
  content: NewContent;
  size: number;
  digests: FinishedDigests;
}

export interface TakingOptions {
  files: Pick<ContentFiles, "create">;
  algorithms: readonly Algorithm[];
  /** The most bytes. */
  most: number;
}

/**
 * Resolves when the content is on the disk, or in memory because it is small. If `source` fails, or there are more than `most` bytes ("body-too-large"), nothing is left of it.
 * @param check called with the digests before the content is kept; it may throw
 */
export async function takeContent(
  source: AsyncIterable<Uint8Array>,
  { files, algorithms, most }: TakingOptions,
  check: (digests: FinishedDigests, size: number) => void,
): Promise<TakenContent> {
  const digests = new Digests(algorithms);
  let chunks: Uint8Array[] = [];
  let [waiting, size] = [0, 0];
  let file: NewFile | null = null;
  /** One piece is written while the next one comes. */
  let writing: Promise<void> = Promise.resolve();
  const flush = async () => {
    await writing;
    file ??= await files.create();
    writing = file.write(chunks);
    // It is waited for before anything else is done with the file; until then nobody listens.
    writing.catch(() => {});
    [chunks, waiting] = [[], 0];
  };
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > most) throw new MayflyError("body-too-large", { limit: most });
      digests.update(chunk);
      chunks.push(chunk);
      waiting += chunk.length;
      if (waiting >= PIECE_BYTES) await flush();
    }
    const finished = digests.finish();
    check(finished, size);
    if (size === 0) return { content: { segments: [] }, size, digests: finished };
    if (file === null && size <= SMALL_BYTES) {
      const bytes = chunks.length === 1 ? Buffer.from(chunks[0]!) : Buffer.concat(chunks);
      return { content: { segments: [{ file: `${IN_INDEX}${randomUUID()}`, offset: 0, size }], bytes }, size, digests: finished };
    }
    if (chunks.length > 0) await flush();
    await writing;
    const name = await file!.finish();
    return { content: { segments: [{ file: name, offset: 0, size }] }, size, digests: finished };
  } catch (error) {
    await writing.catch(() => {});
    await (file as NewFile | null)?.discard();
    throw error;
  }
}
