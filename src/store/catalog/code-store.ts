/**
 * Stores code by its SHA-256, each code once, in parts of at most 1 MiB.
 *
 * Owns: the tables code and parts, and the list of code that is being uploaded or read.
 * 1. One part is written, or copied from the write-ahead log into the file, or a few parts are removed, in one turn of the event loop, so that nobody
 *    waits for a whole upload. Parts are not waited for on the disk: the commit that makes a function refer to them is, and it comes after them in the log.
 * 2. Stored parts are compared with those of an upload before they count as stored, so that deploying again repairs what the disk has damaged,
 *    for every app that shares the code.
 * 3. Code that no function refers to is removed, unless it is being uploaded or read. What a killed server had written of an upload is removed at
 *    its next start.
 */
import type { LargeDraft, LargeFiles } from "../large-files/large-files.ts";
import { inParts, nextTurn } from "./revision-digest.ts";
import type { CodeQueries } from "./queries/code.ts";

export interface CodeStore {
  /** Writes the parts of the code that are not stored yet, or are not what they should be. Until the returned release() is called, the code stays, even if no function refers to it. */
  hold(uploads: CodeUpload[]): Promise<() => void>;
  /** Like hold(), for files that are written already. */
  holdLarge(draft: LargeDraft): Promise<() => void>;
  /** Until the returned release() is called, the code stays, even if no function refers to it. */
  keep(digests: string[]): () => void;
  /** Gives the code's parts in order, and reads each when it is asked for. */
  read(digest: string): Generator<Uint8Array, void>;
  /** Removes a few parts of code that nothing refers to. Returns whether there were any. */
  sweep(): boolean;
}

interface CodeUpload {
  digest: string;
  code: Uint8Array;
}

/** How many parts are removed in one turn of the event loop. */
const SWEPT_PARTS = 8;
/** How many bytes the write-ahead log gets before it is copied into the file. */
const COPIED_BYTES = 1_048_576;
/** The bytes of the pages that a part, and the row of its code, change besides the part's own: about four of 4 KiB. */
const PAGES_OF_PART = 16_384;

export interface CodeStoreParts {
  queries: CodeQueries;
  /** Runs a change in a transaction of its own. */
  write: (work: () => void) => void;
  /** Does so without waiting for the disk. */
  writeLoosely: (work: () => void) => void;
  /** Does so even on a full disk. */
  remove: (work: () => void) => void;
  /** Copies what the write-ahead log has into the file. */
  checkpoint: () => void;
  large: Pick<LargeFiles, "remove">;
}

export function openCodeStore({ queries, write, writeLoosely, remove, checkpoint, large }: CodeStoreParts): CodeStore {
  /** How many uploads and readers hold each code, by its digest. */
  const held = new Map<string, number>();

  function keep(digests: string[]): () => void {
    for (const digest of digests) held.set(digest, (held.get(digest) ?? 0) + 1);
    return () => digests.forEach(letGo);
  }

  function letGo(digest: string): void {
    const left = (held.get(digest) ?? 1) - 1;
    if (left === 0) held.delete(digest);
    else held.set(digest, left);
  }

  /** @param copied copies the log into the file once enough was written */
  async function store({ digest, code }: CodeUpload, copied: (bytes: number) => Promise<void>): Promise<void> {
    writeLoosely(() => void queries.add(digest, code.byteLength));
    let at = 0;
    for (const part of inParts(code)) {
      const place = at++;
      const stored = queries.part(digest, place)?.bytes;
      await nextTurn();
      if (stored !== undefined && Buffer.compare(stored, part) === 0) continue;
      writeLoosely(() => void queries.setPart(digest, place, part));
      await nextTurn();
      await copied(part.byteLength);
    }
    if (queries.hasPartFrom(digest, at) !== undefined) write(() => void queries.removePartsFrom(digest, at));
  }

  /**
   * Returns a function that is called after each part is written, with its bytes, and that copies the write-ahead log into the file for each
   * MiB. Left to SQLite, this would come with every fourth MiB, and hold the event loop for 4 MiB at once. After each part of an app of a
   * thousand small functions, it would make the disk wait a thousand times.
   */
  function copying(): (bytes: number) => Promise<void> {
    let since = 0;
    return async (bytes) => {
      since += bytes + PAGES_OF_PART;
      if (since < COPIED_BYTES) return;
      since = 0;
      checkpoint();
      await nextTurn();
    };
  }

  return {
    async hold(uploads) {
      const release = keep(uploads.map(({ digest }) => digest));
      const copied = copying();
      try {
        for (const upload of uploads) await store(upload, copied);
        return release;
      } catch (error) {
        release();
        throw error;
      }
    },
    async holdLarge(draft) {
      const release = keep([draft.digest]);
      try {
        // The row comes first: by it the files are found to be unused if the deploy fails, or the server is killed. On a full disk they never come in place.
        writeLoosely(() => void queries.addLarge(draft.digest, draft.bytes, draft.stored));
        await draft.keep();
        return release;
      } catch (error) {
        release();
        throw error;
      }
    },
    keep,
    *read(digest) {
      for (let at = 0, part = queries.part(digest, at); part !== undefined; part = queries.part(digest, ++at)) yield part.bytes;
    },
    sweep() {
      const unused = queries.unused().find(({ digest }) => !held.has(digest));
      if (unused === undefined) return false;
      if (unused.stored > 0) large.remove(unused.digest);
      remove(() => {
        if (queries.removeParts(unused.digest, SWEPT_PARTS) < SWEPT_PARTS) queries.remove(unused.digest);
      });
      return true;
    },
  };
}
