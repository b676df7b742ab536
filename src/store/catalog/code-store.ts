/**
 * Stores code by its SHA-256, each code once, in parts of at most 1 MiB.
 *
 * Owns: the tables code and parts, and the list of code that is being uploaded.
 * 1. One part is written, or a few parts are removed, in one turn of the event loop, so that nobody waits for a whole upload.
 * 2. Code that no function refers to is removed, unless it is being uploaded. What a killed server had written of an upload is removed at
 *    its next start.
 */
import { inParts, nextTurn } from "./revision-digest.ts";
import type { CodeQueries } from "./queries/code.ts";

export interface CodeStore {
  /** Writes the code that is not stored yet. Until the returned release() is called, the code stays, even if no function refers to it. */
  hold(uploads: CodeUpload[]): Promise<() => void>;
  read(digest: string): Uint8Array;
  /** Removes a few parts of code that nothing refers to. Returns whether there were any. */
  sweep(): boolean;
}

interface CodeUpload {
  digest: string;
  code: Uint8Array;
}

/** How many parts are removed in one turn of the event loop. */
const SWEPT_PARTS = 8;

/** @param write runs a change in a transaction of its own; `remove` does so even on a full disk */
export function openCodeStore(queries: CodeQueries, write: (work: () => void) => void, remove: (work: () => void) => void): CodeStore {
  /** How many uploads hold each code, by its digest. */
  const held = new Map<string, number>();

  function release(uploads: CodeUpload[]): void {
    for (const { digest } of uploads) {
      const left = (held.get(digest) ?? 1) - 1;
      if (left === 0) held.delete(digest);
      else held.set(digest, left);
    }
  }

  async function store({ digest, code }: CodeUpload): Promise<void> {
    write(() => void queries.add(digest, code.byteLength));
    let at = 0;
    for (const part of inParts(code)) {
      const place = at++;
      if (queries.hasPart(digest, place) !== undefined) continue;
      write(() => void queries.addPart(digest, place, part));
      await nextTurn();
    }
  }

  return {
    async hold(uploads) {
      for (const { digest } of uploads) held.set(digest, (held.get(digest) ?? 0) + 1);
      try {
        for (const upload of uploads) await store(upload);
        return () => release(uploads);
      } catch (error) {
        release(uploads);
        throw error;
      }
    },
    read: (digest) => Buffer.concat(queries.parts(digest).map(({ bytes }) => bytes)),
    sweep() {
      const unused = queries.unused().find(({ digest }) => !held.has(digest));
      if (unused === undefined) return false;
      remove(() => {
        if (queries.removeParts(unused.digest, SWEPT_PARTS) < SWEPT_PARTS) queries.remove(unused.digest);
      });
      return true;
    },
  };
}
